"use strict";
(() => {
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const one = (id) => document.getElementById(id);
  const [query, found, stage, action, order] = ["q", "found", "stage", "action", "order"].map(one);
  const items = all(".item").map((node) => ({ node, text: node.textContent.toLowerCase() }));
  const rules = all(".rule");
  const list = one("rule-list");
  const unfold = one("unfold");
  const further = one("further");

  let isAll = false;

  document.documentElement.classList.add("script");

  function fits(item, words) {
    const { node } = item;
    if (!words.every((word) => item.text.includes(word))) return false;
    if (!node.classList.contains("rule")) return true;
    return (!stage.value || node.dataset.stage === stage.value)
      && (!action.value || node.dataset.action === action.value);
  }

  function filter() {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    let hits = 0;
    for (const item of items) {
      const isShown = fits(item, words);
      item.node.hidden = !isShown;
      hits += isShown;
    }
    const isShort = Boolean(further) && !isAll && !words.length && !stage.value && !action.value;
    list?.classList.toggle("short", isShort);
    if (further) further.hidden = !isShort;
    const shown = isShort ? further.dataset.first : rules.filter((rule) => !rule.hidden).length;
    found.textContent = words.length ? `${hits} of ${items.length}` : "";
    document.body.classList.toggle("searching", words.length > 0);
    if (list) one("shown").textContent = `${shown} of ${rules.length} rules`;
    for (const section of all("section")) {
      const inside = all(".item", section);
      section.classList.toggle("empty", inside.length > 0 && inside.every((node) => node.hidden));
    }
  }

  function showAll() {
    isAll = true;
    filter();
  }

  function sort() {
    const key = order.value;
    const compare = key === "name"
      ? (a, b) => (a.dataset.name < b.dataset.name ? -1 : 1)
      : (a, b) => b.dataset[key] - a.dataset[key];
    list.append(...rules.sort(compare));
  }

  function openAll() {
    const isOpen = unfold.getAttribute("aria-pressed") !== "true";
    unfold.setAttribute("aria-pressed", String(isOpen));
    unfold.textContent = isOpen ? "Close all" : "Open all";
    for (const rule of rules) rule.open = isOpen;
  }

  function keys(event) {
    const isTyping = event.target.matches("input, select, textarea");
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      query.focus();
      query.select();
    } else if (event.key === "Escape" && event.target === query) {
      query.value = "";
      filter();
      query.blur();
    }
  }

  query.form.addEventListener("submit", (event) => event.preventDefault());
  query.addEventListener("input", filter);
  document.addEventListener("keydown", keys);
  if (list) {
    for (const select of [stage, action]) select.addEventListener("change", filter);
    order.addEventListener("change", sort);
    unfold.addEventListener("click", openAll);
    further?.addEventListener("click", showAll);
  }
  // A browser may fill the fields again when the page is reloaded.
  if (list) sort();
  filter();

  const links = new Map(all("nav a").map((link) => [link.hash.slice(1), link]));
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      for (const link of links.values()) link.removeAttribute("aria-current");
      links.get(target.id)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-20% 0px -70% 0px" });
  for (const id of links.keys()) seen.observe(one(id));
})();
