"""`cleaner mine`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleaner.cli.frame import print_json, readable, say

if TYPE_CHECKING:
    import pyarrow as pa

    from cleaner.io.inputs import InputFile
    from cleaner.io.records import ReadOptions
    from cleaner.noise.mine import Place
    from cleaner.noise.mined import Mined
    from cleaner.noise.propose import Proposal

_EXAMPLES = """\b
Examples:
  cleaner mine 'data/*.jsonl.zst'
  cleaner mine data --min-documents 20 --min-share 0.01 --out my-rules.yaml
  cleaner mine data --by-host --hosts news.example"""
_EXPANSION = 4  # text in a compressed byte, roughly: only the size of a table depends on it


def _language(_context: click.Context, _option: click.Parameter, code: str) -> str:
    """Refuse what no pack can have as its language."""
    if not re.fullmatch(r"any|[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", code):
        raise click.BadParameter(f"{code!r} is neither `any` nor a code such as vi or pt-BR")
    return code


@click.command(epilog=_EXAMPLES)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "--min-documents",
    type=click.IntRange(2),
    default=5,
    show_default=True,
    metavar="N",
    help="Lines that fewer documents have are not looked at.",
)
@click.option(
    "--min-share",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    metavar="SHARE",
    help="Of the documents of a host with 20 and more, or of all.",
)
@click.option(
    "--hosts",
    multiple=True,
    metavar="HOST",
    help="Only documents of this host; may be given several times.",
)
@click.option("--by-host", is_flag=True, help="Show what each host repeats, one after the other.")
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="Only the first N documents (of --hosts)."
)
@click.option(
    "--sample",
    type=click.FloatRange(0, 1, min_open=True),
    metavar="SHARE",
    help="Only this share of the documents, chosen by a hash of their text.",
)
@click.option(
    "--top",
    type=click.IntRange(0),
    default=60,
    show_default=True,
    metavar="N",
    help="Show, and propose, so many lines; 0: all.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="RULES.yaml",
    help="Write a rule pack to review; it must not exist yet.",
)
@click.option(
    "--severity",
    type=click.Choice(["likely", "certain"]),
    default="likely",
    show_default=True,
    help="Of the rules of the pack: `likely` ones need support from the lines around.",
)
@click.option(
    "--known",
    is_flag=True,
    help="Propose lines that built-in rules find already, too: for a pack that stands alone.",
)
@click.option(
    "--language",
    default="any",
    show_default=True,
    metavar="CODE",
    callback=_language,
    help="Of the pack: vi, en, … or any.",
)
@click.option("--text-column", default="text", show_default=True, help="Of JSONL and Parquet.")
@click.option("--url-column", default="url", show_default=True, help="Tells the hosts apart.")
@click.option("--json", "as_json", is_flag=True, help="Print all figures as JSON.")
def mine(
    inputs: tuple[str, ...],
    *,
    min_documents: int,
    min_share: float,
    hosts: tuple[str, ...],
    by_host: bool,
    limit: int | None,
    sample: float | None,
    top: int,
    out: Path | None,
    severity: str,
    known: bool,
    language: str,
    text_column: str,
    url_column: str,
    as_json: bool,
) -> None:
    """Find the lines that a corpus repeats, and propose rules.

    INPUT is what a config may name under `input`: files, folders and globs of .txt, .jsonl and
    .parquet, plain or compressed. It is read in bounded memory, a large one twice. Shown are lines,
    heads of lists of links, and ends of pages, with the documents and hosts that have them, the
    rule that finds them already, and what speaks for their being text.
    """
    if limit is not None and sample is not None:
        raise click.UsageError("--limit and --sample: give one of them")
    if out is not None:
        _check_out(out)
    from cleaner.io.records import ReadOptions
    from cleaner.noise.mined import rank
    from cleaner.noise.pack import load_packs
    from cleaner.noise.propose import propose

    options = ReadOptions(
        text_column=text_column, url_column=url_column, date_column=None, keep_meta=False
    )
    stream = Stream(find_files(inputs), options, frozenset(map(str.lower, hosts)), limit, sample)
    found = rank(count(stream, min_documents), load_packs(), min_share=min_share)
    proposal = None
    if out is not None:
        most = top or len(found.lines)
        proposal = propose(
            found,
            name=pack_name(out),
            most=most,
            language=language,
            severity="certain" if severity == "certain" else "likely",
            known=known,
        )
        _write(out, proposal)
    if as_json:
        print_json(_as_json(found, stream, top, by_host, out if proposal else None))
        return
    from cleaner.cli.mine_tables import print_mined

    print_mined(found, top=top, by_host=by_host)
    if stream.bad:
        say(f"not read: {_reasons(stream.bad)}")
    if out is not None and proposal is not None:
        rules = len(proposal.pack.rules)
        click.echo(
            readable(f"{out}: {proposal.lines} lines in {rules} rules; review it, then use it")
        )


def find_files(inputs: Sequence[str]) -> tuple[InputFile, ...]:
    """The files that a run of these inputs would read, in its order."""
    from cleaner.io.inputs import survey

    return survey(list(inputs), base=Path.cwd()).files


@dataclass(slots=True)
class Stream:
    """The documents of some files, which may be read again and again.

    `bad`: records that could not be used, by reason; of the last reading.
    """

    files: Sequence[InputFile]
    options: ReadOptions
    hosts: frozenset[str] = frozenset()
    limit: int | None = None
    sample: float | None = None
    bad: Counter[str] = field(default_factory=Counter)

    @property
    def text_bytes(self) -> int:
        """About as many bytes of text."""
        return sum(f.size * (_EXPANSION if f.compression else 1) for f in self.files)

    def batches(self) -> Iterator[tuple[pa.Array, pa.Array, Place]]:
        """Texts, their hosts (null without one), and where they are from."""
        import numpy as np

        from cleaner.engine.load import host_names
        from cleaner.io.chunks import plan_chunks
        from cleaner.io.readers import read_chunk
        from cleaner.noise.mine import Place

        self.bad.clear()
        left = self.limit
        for chunk in plan_chunks(self.files, 1 << 62):  # no file is cut: records keep their numbers
            for read in read_chunk(chunk, self.files, self.options):
                self.bad.update(read.quarantine.column("reason").to_pylist())
                rows = self._chosen(read.documents)
                if left is not None:
                    rows = rows.slice(0, left)
                    left -= rows.num_rows
                if rows.num_rows:
                    file = rows.column("file").to_numpy().astype(np.int64)
                    place = Place(file, rows.column("record").to_numpy())
                    yield rows.column("text"), host_names(rows.column("url")), place
                if left == 0:
                    return

    def _chosen(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        """Rows of the wanted hosts, and of the sample."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        from cleaner.engine.load import host_names

        if self.hosts:
            wanted = pa.array(sorted(self.hosts), pa.string())
            rows = rows.filter(pc.is_in(host_names(rows.column("url")), value_set=wanted))
        if self.sample is not None and rows.num_rows:
            digests = b"".join(digest[:8] for digest in rows.column("sha256").to_pylist())
            numbers = np.frombuffer(digests, np.dtype("<u8"))
            bound = np.uint64(min(int(self.sample * 2**64), 2**64 - 1))
            rows = rows.filter(pa.array(numbers <= bound))
        return rows


def count(stream: Stream, min_documents: int) -> Any:
    """What the documents repeat, as `cleaner.noise.mine.Counted`.

    Raises:
        InputError: there is no document.
    """
    from cleaner.errors import InputError
    from cleaner.noise.mine import Miner

    miner = Miner(stream.text_bytes, min_documents)
    for text, hosts, place in stream.batches():
        miner.count(text, hosts, place)
    if not miner.holds_all:
        for text, hosts, place in stream.batches():
            miner.gather(text, hosts, place)
    counted = miner.counted()
    if not counted.documents:
        why = f" ({_reasons(stream.bad)})" if stream.bad else ""
        hint = "; is --hosts right?" if stream.hosts else "; is --text-column right?"
        raise InputError(f"no document could be read{why}{hint}")
    return counted


def pack_name(out: Path) -> str:
    """The name of a pack, from that of its file: my-rules.yaml → my_rules."""
    name = re.sub(r"[^a-z0-9]+", "_", out.stem.lower()).strip("_")
    return name[:21] if name[:1].isalpha() else f"own_{name}"[:21].rstrip("_")


def _check_out(out: Path) -> None:
    """Refuse before the work what could not be written after it."""
    if out.suffix not in (".yaml", ".yml"):
        raise click.UsageError(f"--out {out}: the name of a rule pack ends in .yaml")
    if out.exists():
        raise click.UsageError(f"--out {out}: is there already; move it away, or name another file")
    if not out.parent.is_dir():
        raise click.UsageError(f"--out {out}: there is no folder {out.parent}")
    from cleaner.noise.pack import BUILTIN

    if pack_name(out) in BUILTIN:
        raise click.UsageError(f"--out {out}: a built-in pack has that name; choose another")


def _write(out: Path, proposal: Proposal) -> None:
    """Write the pack and load it, as a run will."""
    from cleaner.io.store import write_bytes
    from cleaner.noise.pack import load_packs

    write_bytes(out, proposal.yaml.encode())
    load_packs([out])


def _reasons(bad: Counter[str]) -> str:
    """`3 records: bad_json 2, too_large 1`."""
    parts = ", ".join(f"{reason} {number:,}" for reason, number in sorted(bad.items()))
    return f"{bad.total():,} {'record' if bad.total() == 1 else 'records'}: {parts}"


def _as_json(
    found: Mined, stream: Stream, top: int, by_host: bool, out: Path | None
) -> dict[str, Any]:
    """All figures as plain data."""
    from dataclasses import asdict

    def plain(repeats: Sequence[Any]) -> list[dict[str, Any]]:
        rows = []
        for repeat in repeats[: top or None]:
            row = asdict(repeat)
            row["samples"] = [
                {
                    "text": sample.text,
                    "source": stream.files[sample.file].source,
                    "record": sample.record,
                }
                for sample in repeat.samples
            ]
            row["by_host"] = row["by_host"] if by_host else row["by_host"][:5]
            row |= {"is_head": repeat.is_head, "is_tail": repeat.is_tail}
            rows.append(row)
        return rows

    return {
        "documents": found.documents,
        "at_least": found.at_least,
        "lines": plain(found.lines),
        "tails": plain(found.tails),
        "quarantine": dict(sorted(stream.bad.items())),
        "pack": None if out is None else str(out),
    }
