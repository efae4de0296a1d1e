"use strict";
(() => {
  const one = (id) => document.getElementById(id);
  const token = new URLSearchParams(location.search).get("token") ?? "";
  const isPages = document.body.dataset.mode === "pages";
  const known = new Map(); // number → item, fetched ahead
  let items = [];
  let at = 0; // number of the item
  let item = null;
  let cursor = 0; // line of a page
  let isBusy = true;
  const asked = one("asked"); // what is said of the line to judge: shown below it

  async function call(path, body) {
    const options = { headers: { "X-Cleaner-Token": token }, cache: "no-store" };
    if (body) {
      options.method = "POST";
      options.headers["Content-Type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    let answer;
    try {
      answer = await fetch(path, options);
    } catch {
      throw new Error("The command that serves this page has ended. All labels are saved; start it again to go on.");
    }
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.error);
    return found;
  }

  const get = (number) => call(`/api/item?number=${number}`);

  // A key that is pressed while an answer is awaited does nothing: it was meant for what was shown.
  async function run(action) {
    if (isBusy) return;
    isBusy = true;
    document.body.dataset.state = "busy";
    try {
      await action();
      one("notice").hidden = true;
    } catch (error) {
      one("notice").textContent = error.message;
      one("notice").hidden = false;
    }
    isBusy = false;
    document.body.dataset.state = "ready";
  }

  function element(kind, name, text) {
    const node = document.createElement(kind);
    node.className = name;
    node.textContent = text;
    return node;
  }

  const isText = (line) => line.label === "1";
  const stateOf = { keep: "kept", cut: "cut", copy: "copy" };

  function lineNode(line, number) {
    const node = element("li", line.state, "");
    if (isPages) {
      node.classList.add(isText(line) ? "main" : "noise");
      node.classList.toggle("changed", line.label !== line.own);
      node.setAttribute("role", "option");
      node.setAttribute("aria-selected", String(number === cursor));
      node.id = `line-${number}`;
    } else {
      node.classList.toggle("target", line.target);
    }
    const mark = isPages ? (isText(line) ? "text" : "noise") : stateOf[line.state];
    node.append(element("span", "mark", mark), element("span", "text", line.text));
    if (line.rule && !line.target) node.append(element("small", "why", line.rule));
    if (isPages) node.addEventListener("click", (event) => choose(number, event.target));
    return node;
  }

  function choose(number, target) {
    move(number);
    if (target.classList.contains("mark")) run(() => setLine(isText(item.lines[cursor]) ? "0" : "1"));
  }

  function show(found) {
    item = found;
    known.set(found.number, found);
    items[found.number].value = found.value;
    one("item").hidden = false;
    one("end").hidden = true;
    if (asked) one("item").prepend(asked);
    one("lines").replaceChildren(...found.lines.map(lineNode));
    if (asked) [...document.querySelectorAll(".target")].at(-1)?.append(asked);
    one("place").textContent = found.place;
    one("value").textContent = found.value;
    one("value").dataset.value = found.value;
    if (isPages) {
      one("language").textContent = found.language;
      const noise = found.lines.filter((line) => !isText(line)).length;
      one("sizes").textContent = ` · ${found.lines.length} lines, ${noise} of them noise`;
    } else {
      one("badge").textContent = found.action;
      one("badge").className = `badge ${found.action}`;
      one("rule").textContent = found.rule;
      const band = { none: "", other: "", near: "kept beside a cut of this rule" }[found.band]
        ?? `drawn from those ${found.band}`;
      const score = found.score === null ? "" : `score ${found.score.toFixed(3)}`;
      one("band").textContent = [score, band].filter(Boolean).join(", ");
      one("reason").textContent = found.reason;
      for (const [id, count] of [["above", found.above], ["below", found.below]]) {
        one(id).textContent = count ? `${count} more lines ${id}` : "";
      }
    }
    counted();
  }

  function counted() {
    const done = items.filter((other) => other.value).length;
    one("progress").max = items.length;
    one("progress").value = done;
    one("count").textContent = `${at + 1} of ${items.length} · ${done} ${isPages ? "done" : "judged"}`;
  }

  async function go(number) {
    if (number < 0 || number >= items.length) return;
    const found = known.get(number) ?? await get(number);
    at = number;
    cursor = 0;
    show(found);
    const target = one("lines").querySelector(".target");
    if (target) target.scrollIntoView({ block: "center" });
    else scrollTo(0, 0);
    if (number + 1 < items.length && !known.has(number + 1)) {
      get(number + 1).then((next) => { if (!known.has(number + 1)) known.set(number + 1, next); }, () => {});
    }
    for (const other of known.keys()) if (Math.abs(other - number) > 8) known.delete(other);
  }

  function open() {
    const after = items.findIndex((other, number) => number > at && !other.value);
    return after >= 0 ? after : items.findIndex((other) => !other.value);
  }

  async function next() {
    const number = open();
    if (number >= 0) {
      await go(number);
      return;
    }
    ended("All done", "Every one has a label. Go back to change some, or press Finish.");
    counted();
  }

  function ended(title, text) {
    one("item").hidden = true;
    one("end").hidden = false;
    one("end-title").textContent = title;
    one("end-text").textContent = text;
  }

  async function judge(value) {
    show((await call("/api/label", { id: item.id, value })).item);
    await next();
  }

  async function setLine(value) {
    show((await call("/api/label", { id: item.id, line: cursor, value })).item);
  }

  async function undo() {
    const { number, item: found } = await call("/api/undo", {});
    if (number === null) return;
    if (number !== at) cursor = 0;
    at = number;
    show(found);
  }

  async function finish() {
    await call("/api/finish", {});
    document.querySelectorAll("button").forEach((button) => { button.disabled = true; });
    ended("Finished", "The summary stands where the command was started. This tab may be closed.");
  }

  function move(number) {
    if (!item || number < 0 || number >= item.lines.length) return;
    one(`line-${cursor}`)?.setAttribute("aria-selected", "false");
    cursor = number;
    const node = one(`line-${cursor}`);
    node.setAttribute("aria-selected", "true");
    one("lines").setAttribute("aria-activedescendant", node.id);
    const box = node.getBoundingClientRect();
    const keys = document.querySelector(".keys").getBoundingClientRect();
    if (box.top < 70 || box.bottom > keys.top - 40) node.scrollIntoView({ block: "center" });
  }

  async function setAndGo(value) {
    await setLine(value);
    move(cursor + 1);
  }

  function help() {
    const dialog = one("help");
    if (dialog.open) dialog.close();
    else dialog.showModal();
  }

  const isShown = () => item && !one("item").hidden;
  const shown = (action) => () => (isShown() ? run(action) : undefined);
  const isCut = () => item.action === "cut";
  const common = {
    back: () => run(() => (isShown() ? go(at - 1) : go(at))),
    skip: shown(() => go(at + 1)),
    next: () => run(next),
    undo: () => run(undo),
    finish: () => run(finish),
    help,
  };
  const actions = isPages ? {
    ...common,
    done: shown(() => judge("done")),
    flip: shown(() => setLine(isText(item.lines[cursor]) ? "0" : "1")),
    noise: shown(() => setAndGo("0")),
    keep: shown(() => setAndGo("1")),
    up: () => move(cursor - 1),
    down: () => move(cursor + 1),
  } : {
    ...common,
    right: shown(() => judge("right")),
    wrong: shown(() => judge("wrong")),
    unsure: shown(() => judge("unsure")),
    noise: shown(() => judge(isCut() ? "right" : "wrong")),
    keep: shown(() => judge(isCut() ? "wrong" : "right")),
  };
  const keys = {
    r: "right", 1: "right", w: "wrong", 2: "wrong", u: "unsure", 3: "unsure", n: "noise", k: "keep",
    b: "back", arrowleft: "back", s: "skip", arrowright: "skip", g: "next", z: "undo", "?": "help",
    f: "flip", " ": "flip", enter: "done", arrowup: "up", arrowdown: "down",
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isButton = event.target.matches("button");
    if (isButton && (event.key === "Enter" || event.key === " ")) return;
    const action = keys[event.key.toLowerCase()];
    if (!action || !actions[action] || (one("help").open && action !== "help")) return;
    event.preventDefault();
    // A held key moves; it labels once.
    if (!event.repeat || action === "up" || action === "down") actions[action]();
  });
  for (const button of document.querySelectorAll("button[data-do]")) {
    button.addEventListener("click", () => {
      actions[button.dataset.do]();
      if (button.dataset.do !== "help") button.blur(); // so that Enter and Space act as keys again
    });
  }

  isBusy = false;
  run(async () => {
    ({ items } = await call("/api/overview"));
    at = Math.max(0, items.findIndex((other) => !other.value));
    if (items.every((other) => other.value)) await next();
    else await go(at);
  });
})();
