"""The pii stage: personal data and secrets, masked or counted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from cleaner.stages.base import Apply, MapStage

if TYPE_CHECKING:
    from cleaner.batch import Batch
    from cleaner.pii.find import Finder, Options
    from cleaner.pii.hit import Hit

Kind: TypeAlias = Literal["email", "phone", "ip", "national_id", "bank_card", "iban", "url_secret"]
KINDS: tuple[Kind, ...] = (
    "email", "phone", "ip", "national_id", "bank_card", "iban", "url_secret",
)  # fmt: skip
WORDS: Mapping[str, str] = {
    "email": "an e-mail address",
    "phone": "a phone number",
    "ip": "an IP address",
    "national_id": "a national id, or a passport number",
    "bank_card": "the number of a bank card",
    "iban": "an international bank account number",
    "url_secret": "credentials, a token or a key, mostly in a URL",
}
"""Kind → the rule in words."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_LONGEST = 100
_MOST_PATTERNS = 200


def _codes(given: tuple[str, ...]) -> tuple[str, ...]:
    """Codes of countries: two capitals each."""
    for code in given:
        if not re.fullmatch("[A-Z]{2}", code):
            raise ValueError(f"{code!r} is no code of a country; expected ISO 3166, such as VN")
    return given


def _regions(given: tuple[str, ...]) -> tuple[str, ...]:
    import phonenumbers

    unknown = [code for code in _codes(given) if code not in phonenumbers.SUPPORTED_REGIONS]
    if unknown:
        raise ValueError(f"no numbering plan is known for {', '.join(unknown)}")
    return given


def _countries(given: tuple[str, ...]) -> tuple[str, ...]:
    from cleaner.pii.national_id import COUNTRIES

    unknown = [code for code in _codes(given) if code not in COUNTRIES]
    if unknown:
        raise ValueError(
            f"no ids are known of {', '.join(unknown)}; known: {', '.join(sorted(COUNTRIES))}"
        )
    return given


Texts = Annotated[tuple[str, ...], Field(strict=False)]


class Pii(MapStage):
    """Finds personal data by its form, check digits and the words beside it.

    `mask` puts a replacement in its place; what stood there is secret from then on, and no report
    shows it. `annotate` leaves the text as it is and tells what stands where.
    """

    version: ClassVar[int] = 1
    summary: ClassVar[str] = (
        "masks or counts e-mail, phone, IP, national id, card, account and secrets of URLs"
    )
    uses: ClassVar[frozenset[str]] = frozenset({"byline", "dateline"})
    adds: ClassVar[frozenset[str]] = frozenset({"pii_counts", "pii_spans"})

    use: Literal["pii"] = "pii"
    action: Literal["mask", "annotate"] = Field(
        default="mask",
        description="mask: put a replacement in its place. annotate: leave the text, and add the"
        " columns `pii_counts` and `pii_spans`.",
    )
    kinds: Annotated[tuple[Kind, ...], Field(strict=False)] = Field(
        default=KINDS, description="The kinds to look for."
    )
    replacements: dict[str, str] = Field(
        default={},
        description="Kind, or name of a pattern → what to put in its place; by default its name in"
        " brackets, such as [EMAIL].",
    )
    patterns: dict[str, str] = Field(
        default={},
        description="Kinds of your own: name → a pattern in the syntax of RE2; they win where kinds"
        " overlap.",
    )
    phone_regions: Annotated[Texts, AfterValidator(_regions)] | None = Field(
        default=None,
        description="Countries (ISO 3166) whose national phone numbers are looked for; numbers with"
        " a plus are found wherever they are from. By default 19 countries (docs/pii.md).",
    )
    id_countries: Annotated[Texts, AfterValidator(_countries)] | None = Field(
        default=None, description="Countries whose national ids are looked for; by default all."
    )
    hotlines: Literal["keep", "mask"] = Field(
        default="keep",
        description="Phone numbers of public services: free, of shared cost, 1800 and 1900.",
    )
    private_ips: Literal["keep", "mask"] = Field(
        default="keep",
        description="IP addresses of private and reserved nets, and of public resolvers.",
    )
    keep_domains: Texts = Field(
        default=(), description="E-mail addresses at these domains, and below them, stay."
    )
    keep: Texts = Field(
        default=(),
        description="Values that stay, such as your own public address; spaces, dots and dashes in"
        " numbers do not matter.",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Names and patterns are checked together, so that all mistakes are told at once."""
        wrong = [*self._wrong_patterns(), *self._wrong_replacements()]
        wrong += [
            f"keep_domains: {domain!r} is no domain, such as example.org"
            for domain in self.keep_domains
            if "@" in domain or "." not in domain.strip(".")
        ]
        if not self.kinds and not self.patterns:
            wrong.append("neither kinds nor patterns: there is nothing to look for")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def _wrong_patterns(self) -> list[str]:
        from cleaner.text.patterns import PatternError, compile_pattern

        wrong = []
        if len(self.patterns) > _MOST_PATTERNS:
            wrong.append(f"patterns: more than {_MOST_PATTERNS}")
        for name, pattern in self.patterns.items():
            if name in KINDS or not _NAME.fullmatch(name):
                wrong.append(
                    f"patterns: {name[:40]!r} is no name for a pattern (small letters, digits and"
                    " _, and no kind)"
                )
                continue
            try:
                compiled = compile_pattern(pattern)
            except PatternError as error:
                wrong.append(f"patterns.{name}: {error}")
                continue
            if compiled.span("") is not None:
                wrong.append(f"patterns.{name}: matches the empty text; it needs a character")
        return wrong

    def _wrong_replacements(self) -> list[str]:
        """A replacement is short and on one line."""
        wrong = []
        for name, text in self.replacements.items():
            if name not in KINDS and name not in self.patterns:
                wrong.append(f"replacements: {name[:40]!r} is neither a kind nor one of `patterns`")
            elif not text or len(text) > _LONGEST or not text.isprintable():
                wrong.append(
                    f"replacements.{name}: expected 1 to {_LONGEST} printable characters"
                    " (to cut without a trace is to change what a sentence says)"
                )
        return wrong

    def rules(self) -> dict[str, str]:
        """See `Stage.rules`."""
        found = {f"pii.{kind}": WORDS[kind] for kind in KINDS if kind in self.kinds}
        return found | {f"pii.{name}": "matches a pattern of the config" for name in self.patterns}

    def publishes(self) -> Mapping[str, Any]:
        """See `Stage.publishes`; nothing if the text is masked: then the ledger has it."""
        if self.action == "mask":
            return {}
        return {"pii_counts": _counts_type(), "pii_spans": _spans_type()}

    def digest(self) -> str:
        """The version of the numbering plans."""
        if "phone" not in self.kinds:
            return ""
        import phonenumbers

        return f"phonenumbers-{phonenumbers.__version__}"

    def options(self) -> Options:
        """The settings, as `cleaner.pii` takes them."""
        from cleaner.pii.find import Options, plain
        from cleaner.pii.national_id import COUNTRIES
        from cleaner.pii.phone import REGIONS

        return Options(
            kinds=frozenset(self.kinds),
            patterns=tuple(sorted(self.patterns.items())),
            regions=REGIONS if self.phone_regions is None else self.phone_regions,
            countries=frozenset(COUNTRIES if self.id_countries is None else self.id_countries),
            hotlines=self.hotlines == "mask",
            private_ips=self.private_ips == "mask",
            keep_domains=frozenset(d.casefold().strip(".") for d in self.keep_domains),
            keep=frozenset(map(plain, self.keep)),
        )

    def hides(self) -> Callable[[str], str] | None:
        """See `Stage.hides`."""
        if self.action != "mask":
            return None
        from cleaner.pii.find import finder

        return finder(self.options()).veiled

    def open(self) -> Apply:
        """Compile the patterns."""
        from cleaner.pii.find import finder

        found = finder(self.options())
        if self.action == "annotate":
            return partial(_annotated, found)
        texts = {k: self.replacements.get(k, f"[{k.upper()}]") for k in (*KINDS, *self.patterns)}
        return partial(_masked, found, texts)


def _found(finder: Finder, batch: Batch) -> list[tuple[int, str, list[Hit]]]:
    """(passage, its text, finds) of each passage that has any."""
    import numpy as np

    flags = finder.flags(batch.passage_text)
    found = []
    for passage in np.flatnonzero(flags).tolist():
        text: str = batch.passage_text[passage].as_py()
        hits = finder.find(text, int(flags[passage]))
        if hits:
            found.append((passage, text, hits))
    return found


def _masked(finder: Finder, texts: Mapping[str, str], batch: Batch) -> Batch:
    """Every find replaced; the ledger keeps what stood there, the evidence does not name it."""
    import pyarrow as pa

    from cleaner.batch import Edit

    edits = [
        Edit(passage, hit.start, hit.end, f"pii.{hit.kind}", texts[hit.kind], None, hit.evidence)
        for passage, text, hits in _found(finder, batch)
        for hit in hits
        if text[hit.start : hit.end] != texts[hit.kind]
    ]
    batch = batch.rewrite(edits)
    for name in sorted(Pii.uses & set(batch.docs.schema.names)):
        lines = batch.docs.column(name).to_pylist()
        masked = [line and _replaced(finder, texts, line) for line in lines]
        batch = batch.annotate(name, pa.array(masked, pa.string()))
    return batch


def _replaced(finder: Finder, texts: Mapping[str, str], line: str) -> str:
    """A line that was cut from the text and kept as a column: masked, too."""
    for hit in reversed(finder.find(line)):
        line = f"{line[: hit.start]}{texts[hit.kind]}{line[hit.end :]}"
    return line


def _annotated(finder: Finder, batch: Batch) -> Batch:
    """How many of each kind a document has, and where they stand in its original."""
    import numpy as np
    import pyarrow as pa

    spans: list[list[dict[str, Any]]] = [[] for _ in range(batch.num_docs)]
    counts: list[dict[str, int]] = [{} for _ in range(batch.num_docs)]
    found = _found(finder, batch)
    owners = np.searchsorted(batch.first, [p for p, *_ in found], side="right") - 1
    for doc, (passage, text, hits) in zip(owners.tolist(), found, strict=True):
        for hit, (start, end) in zip(hits, _origins(batch, doc, passage, text, hits), strict=True):
            spans[doc].append({"kind": hit.kind, "start": start, "end": end})
            counts[doc][hit.kind] = counts[doc].get(hit.kind, 0) + 1
    counted = [[{"kind": k, "count": n} for k, n in sorted(mine.items())] for mine in counts]
    return batch.annotate("pii_counts", pa.array(counted, _counts_type())).annotate(
        "pii_spans", pa.array(spans, _spans_type())
    )


def _origins(
    batch: Batch, doc: int, passage: int, text: str, hits: Sequence[Hit]
) -> list[tuple[int, int]]:
    """Where finds stand in the original; of a rewritten piece the whole piece."""
    from cleaner.text.pieces import Change, apply

    key = int(batch.ordinals[doc]), passage - int(batch.first[doc])
    origin, marks = int(batch.start[passage]), batch.marks.get(key, [])
    places = []
    for hit in hits:
        _, _, (row, *_) = apply(text, origin, marks, [Change(hit.start, hit.end, "")])
        places.append((row.start, row.end))
    return places


def _counts_type() -> Any:
    import pyarrow as pa

    return pa.list_(pa.struct([("kind", pa.string()), ("count", pa.int32())]))


def _spans_type() -> Any:
    import pyarrow as pa

    return pa.list_(pa.struct([("kind", pa.string()), ("start", pa.int32()), ("end", pa.int32())]))
