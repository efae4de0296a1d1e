"""A config for some texts, from what was seen of them: YAML with a word on every choice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cleaner.config.guess import Guess
from cleaner.config.load import slug
from cleaner.config.yaml_source import dump

_WIDTH = 44
"""Where the comments beside the keys begin."""
_NAMED = 4
"""Languages, hosts, rules that are named."""


@dataclass(frozen=True, slots=True)
class Format:
    """Input files of one format, such as `jsonl.gzip`, and their bytes as stored."""

    name: str
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class RuleSeen:
    """A rule that acted on the sample: its reason, how often, and characters that it removed."""

    rule: str
    reason: str
    count: int
    chars: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen: of all files their names and sizes, of a sample of documents all else.

    Attributes:
        place: the folder or file, as the user named it.
        formats: most files first; `skipped` counts files that are passed over, by reason.
        documents, chars: of the sample, as they were read; `kept` of them, after all stages.
        unread: reason → records of the sample, or files, that could not be used.
        long: documents that were too long for the sample.
        guess: the fields of records; None if there are no records.
        languages, encodings, hosts: kept documents of each, most first; '' is a language not told.
        damaged: kept documents that were repaired; `damage` by what rules.
        noise: the rules that cut something, most characters first; `noise_chars` in all.
        repeated_chars: cut because a document says it twice.
        copies, near_copies: documents that would go as copies of another of the sample.
        urls_twice: documents whose URL another has, too.
    """

    place: str
    files: int
    bytes: int
    formats: Sequence[Format]
    skipped: Mapping[str, int]
    seed: int
    documents: int
    kept: int
    chars: int
    unread: Mapping[str, int]
    long: int
    guess: Guess | None
    languages: Sequence[tuple[str, int]]
    encodings: Sequence[tuple[str, int]]
    hosts: Sequence[tuple[str, int]]
    host_count: int
    damaged: int
    damage: Sequence[RuleSeen]
    noise: Sequence[RuleSeen]
    noise_chars: int
    repeated_chars: int
    copies: int
    near_copies: int
    urls_twice: int


def propose(seen: Seen, *, schema: str | None = None) -> str:
    """The text of a config for these files; `plan` and `run` take it as it is.

    `schema` is the path of the JSON Schema, as an editor finds it from the config.
    """
    lines: list[str] = []
    if schema is not None:
        lines.append(f"# yaml-language-server: $schema={printable(schema)}")
    lines += [_comment(line) for line in _seen(seen)]
    lines += ["", *_run(seen), ""]
    if seen.guess is not None:
        lines += [*_read(seen.guess), ""]
    lines += ["stages:", *_stages(seen), "", *_limits(seen)]
    return "\n".join(lines) + "\n"


def printable(text: str) -> str:
    """Text that may stand in a comment: one line, nothing that YAML refuses."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _seen(seen: Seen) -> Iterator[str]:
    """What was looked at, and what it holds."""
    yield f"Proposed by `cleaner init {seen.place}`. Every line may be changed:"
    yield "`cleaner plan` shows what a run would do, `cleaner stages NAME` all keys of a stage."
    yield ""
    formats = ", ".join(f"{f.files:,} {f.name}" for f in seen.formats)
    yield f"{_count(seen.files, 'file')}, {_size(seen.bytes)}: {formats}"
    if seen.skipped:
        why = ", ".join(f"{n:,} {reason}" for reason, n in seen.skipped.items())
        yield f"passed over: {why}"
    yield (
        f"Looked into {_count(seen.documents, 'document')} ({seen.chars:,} characters), "
        f"drawn by seed {seen.seed}; the shares below are of these."
    )
    if seen.languages:
        yield f"languages: {_shares(seen.languages, seen.kept, 'not told')}"
    yield f"encodings: {_shares(seen.encodings, seen.kept)}"
    if seen.hosts:
        yield f"{_count(seen.host_count, 'host')}, most: {_shares(seen.hosts, seen.kept)}"
    if seen.unread:
        bad = ", ".join(f"{n:,} {reason}" for reason, n in seen.unread.items())
        yield f"could not be used: {bad}"
    if seen.long:
        yield f"too long to look into: {_count(seen.long, 'document')}"


def _run(seen: Seen) -> Iterator[str]:
    name = slug(seen.place.rstrip("/")) or "corpus"
    yield _key(f"name: {_scalar(name)}", "the run's name; its folder is out/<name>")
    yield "input:"
    more = "more paths, globs and {path, label, priority} may follow"
    yield _key(f"  - {_scalar(seen.place)}", more)


def _read(guess: Guess) -> Iterator[str]:
    """The fields of records, and what else there is."""
    yield "read:"
    of = f"text in {_share(guess.has_text, guess.records)} of the records"
    found = f"{of}, {guess.mean_chars:,} characters on average"
    yield _key(f"  text_column: {_scalar(guess.text)}", found)
    for key, name, what in (
        ("id_column", guess.id, "the record's own id, kept as source_id"),
        ("url_column", guess.url, "gives url and host"),
        ("date_column", guess.date, "kept as date"),
    ):
        none = f"no field looks like {'an' if key == 'id_column' else 'a'} {key[:-7]}"
        yield _key(f"  {key}: {_scalar(name)}", what if name else none)
    if guess.others:
        some = ", ".join(guess.others[:12]) + (", …" if len(guess.others) > 12 else "")
        yield f"  {_comment(f'kept in meta: {some}')}"


def _stages(seen: Seen) -> Iterator[str]:
    """All stages that a first run wants, each with what it did to the sample."""
    repaired = f"{_share(seen.damaged, seen.kept)} of the documents needed it"
    yield _stage("unicode", f"repairs mojibake, entities, invisible characters; {repaired}")
    yield from _rules(seen.damage)
    yield _stage("repeats", "counts how many documents have each line, for noise")
    cut = f"{_share(seen.noise_chars, seen.chars)} of the characters"
    yield _stage("noise", f"menus, related links, teasers, widgets, credits; {cut}")
    yield from _rules(seen.noise)
    twice = f"{_share(seen.repeated_chars, seen.chars)} of the characters"
    yield _stage("repeated_passages", f"what a document says twice; {twice}")
    yield _stage("language", "adds lang and lang_score, and drops nothing")
    told = [name for name, _ in seen.languages if name]
    if len(told) > 1:
        others = sum(n for name, n in seen.languages if name != told[0])
        would = f"would drop {_share(others, seen.kept)} of the documents"
        yield _key(f"    # keep: [{printable(told[0])}]", would)
    if seen.guess is not None and seen.guess.url:
        urls = f"one document a URL; {_share(seen.urls_twice, seen.kept)} have one that"
        yield _key("  # - use: exact_duplicates", f"{urls} another has")
        yield "  #   id: same_url"
        yield "  #   by: url"
    same = f"{_share(seen.copies, seen.documents)} of the documents"
    yield _stage("exact_duplicates", f"one text under several names; {same}")
    near = f"{_share(seen.near_copies, seen.documents)} of the documents, more in the whole"
    yield _stage("near_duplicates", f"nearly the same text; {near}")
    yield "    id: near_documents"
    yield _key("    threshold: 0.8", "Jaccard similarity of word 5-grams; `cleaner curve`")
    yield _key("    measure_recall: true", "on a sample of the run, for the report")
    yield _stage("near_duplicates", "paragraphs that many documents share")
    yield "    id: near_passages"
    yield "    unit: passage"
    yield "    threshold: 0.8"
    yield _key("    min_documents: 3", "what only two documents share stays in both")
    yield _stage("tidy", "the blank lines that cuts leave behind; documents without text")


def _limits(seen: Seen) -> Iterator[str]:
    bad = sum(seen.unread.values())
    share = bad / max(1, bad + seen.documents)
    allowed = next((limit for limit in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if share < limit / 2), 1.0)
    of = f"{bad:,} of {bad + seen.documents:,} looked at were"
    yield _key(f"max_bad: {allowed}", f"share of records that may be bad; {of}")
    yield _key(f"seed: {seen.seed}", "of all samples: the same seed, the same bytes")


def _rules(rules: Sequence[RuleSeen]) -> Iterator[str]:
    for rule in rules[:_NAMED]:
        cut = f", {_count(rule.chars, 'character')}" if rule.chars else ""
        why = f": {rule.reason}" if rule.reason else ""
        yield f"    {_comment(f'{rule.rule} {rule.count:,}×{cut}{why}')}"


def _stage(use: str, why: str) -> str:
    return _key(f"  - use: {use}", why)


def _key(text: str, why: str) -> str:
    """A line of YAML with a comment beside it."""
    return f"{text.ljust(_WIDTH - 1)} {_comment(why)}"


def _comment(text: str) -> str:
    return f"# {printable(text)}".rstrip()


def _scalar(value: str | None) -> str:
    """A value as YAML, on one line, with nothing in it that nobody sees."""
    if value is None or value.isprintable():
        return dump([value]).removeprefix("- ").rstrip("\n")
    return '"' + "".join(c if _is_plain(c) else _escaped(c) for c in value) + '"'


def _is_plain(character: str) -> bool:
    return character.isprintable() and character not in '"\\'


def _escaped(character: str) -> str:
    """As double-quoted YAML has it: in two, four or eight digits."""
    code = ord(character)
    if code < 1 << 8:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code < 1 << 16 else f"\\U{code:08X}"


def _shares(counts: Sequence[tuple[str, int]], of: int, nameless: str = "") -> str:
    """`78 % vi, 20 % en, 2 % others`."""
    named = [f"{_share(n, of)} {name or nameless}" for name, n in counts[:_NAMED]]
    others = sum(n for _, n in counts[_NAMED:])
    return ", ".join([*named, f"{_share(others, of)} others"] if others else named)


def _share(part: int, whole: int) -> str:
    """In percent, never 0 of something."""
    percent = 100 * part / max(1, whole)
    return "<1 %" if 0 < percent < 1 else f"{percent:.0f} %"


def _size(size: int) -> str:
    for power, unit in ((3, "GB"), (2, "MB"), (1, "kB")):
        if size >= 1000**power:
            return f"{size / 1000**power:.1f} {unit}"
    return f"{size} B"


def _count(number: int, one: str) -> str:
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"
