"""`cleaner rules`."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleaner.cli.frame import finish, print_json, readable, say

if TYPE_CHECKING:
    from cleaner.noise.pack import Packs, Rule

MIN_REASON = 24
"""Columns that a reason gets at least, however narrow the terminal is."""


_EPILOG = """\b
Examples:
  cleaner rules
  cleaner rules vi.related_head
  cleaner rules test --pack my-rules.yaml"""


@click.command(epilog=_EPILOG)
@click.argument("what", default="list", metavar="[list|test|RULE_ID]")
@click.option(
    "--pack",
    "own",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    metavar="FILE",
    help="A rule pack of your own, to be listed, shown or tested with the built-in ones.",
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def rules(what: str, own: tuple[Path, ...], as_json: bool) -> None:
    """List the noise rules, or test their examples.

    `list` prints id, severity and reason of every rule; `shape` instead of a severity stands at
    rules that look at a page's shape and not at words. RULE_ID shows one with its patterns, scope
    and examples. `test` runs the examples that each rule must match and must not match; the exit
    code is 1 if one fails.
    """
    from cleaner.noise.pack import BUILTIN, load_packs

    packs = load_packs([*own, *BUILTIN])
    if what == "test":
        _test(packs, as_json)
    elif what == "list":
        _list(packs, as_json)
    else:
        _show(packs, what, as_json)


def _list(packs: Packs, as_json: bool) -> None:
    from cleaner.noise.judge import REASONS

    found = sorted(packs.all_rules(), key=lambda rule: rule.id)
    if as_json:
        print_json([rule.model_dump(mode="json", by_alias=True) for rule in found])
        return
    rows = [(rule.id, str(rule.severity), rule.reason) for rule in found]
    rows += [(rule_id, "shape", reason) for rule_id, reason in sorted(REASONS.items())]
    for line in table(rows, _columns()):
        click.echo(readable(line))


def table(rows: list[tuple[str, str, str]], columns: int | None) -> Iterator[str]:
    """Lines of a table of three columns; the last is wrapped to the terminal's, if it has some."""
    first = max((len(row[0]) for row in rows), default=0)
    second = max((len(row[1]) for row in rows), default=0)
    indent = first + second + 4
    width = None if columns is None else max(columns - indent, MIN_REASON)
    for name, kind, text in rows:
        parts = [text] if width is None else textwrap.wrap(text, width)
        yield f"{name:<{first}}  {kind:<{second}}  {parts[0]}"
        yield from (" " * indent + part for part in parts[1:])


def _columns() -> int | None:
    """Columns of the terminal; None where the output goes into a file or another program."""
    if not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns


def _show(packs: Packs, rule_id: str, as_json: bool) -> None:
    from cleaner.noise.judge import REASONS

    known = {rule.id: rule for rule in packs.all_rules()}
    if rule_id in known:
        rule = known[rule_id]
        if as_json:
            print_json(rule.model_dump(mode="json", by_alias=True))
        else:
            click.echo(readable("\n".join(describe(rule))))
    elif rule_id in REASONS:
        if as_json:
            print_json({"id": rule_id, "severity": "shape", "reason": REASONS[rule_id]})
        else:
            click.echo(f"{rule_id}\n{REASONS[rule_id]}\nIt looks at the shape of a page.")
    else:
        import difflib

        near = difflib.get_close_matches(rule_id, [*known, *REASONS], n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise click.UsageError(f"There is no rule {rule_id!r}.{hint}")


def describe(rule: Rule) -> Iterator[str]:
    """A rule as lines: what it is, where it acts, what it looks for, what it must and must not."""
    yield rule.id
    yield f"{rule.reason} ({rule.kind}, {rule.severity})"
    scope = rule.scope
    where = {"head": "above the article", "tail": "below it", "outside": "outside the article"}
    place = where.get(scope.where, "anywhere") + (", beside noise" if scope.near_noise else "")
    yield (
        f"scope: {place}; {scope.min_words} to {scope.max_words} words, "
        f"up to {scope.max_chars} characters"
    )
    for title, lines in (
        ("whole lines", rule.phrases),
        ("any of the patterns", rule.any_),
        ("and all of the patterns" if rule.any_ else "all of the patterns", rule.all_),
        ("must match", rule.examples.match),
        ("must not match", rule.examples.no_match),
    ):
        if lines:
            yield f"{title}:"
            yield from (f"  {line}" for line in lines)


def _test(packs: Packs, as_json: bool) -> None:
    failures = packs.check_examples()
    if as_json:
        print_json(failures)
    else:
        for failure in failures:
            say(failure)
        click.echo(f"{len(packs.all_rules())} rules, {len(failures)} failures")
    finish(1 if failures else 0)
