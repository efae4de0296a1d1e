"""`cleaner mine`: tables, JSON, rule packs, and what it refuses."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from cleaner.cli import main
from cleaner.cli.mine import Stream, count, find_files, pack_name
from cleaner.io.records import ReadOptions
from cleaner.noise.pack import load_packs

FRAME = ["Tide tables of the bay", "Boats for hire today", "Crane hours and fees", "Harbour radio"]
PROSE = "The boat number {0} came in at noon with the last of the nets, and nobody on the pier "
PROSE += "could say where it had been since the day before; the crew of boat {0} kept silent, too."


def invoke(*args: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, ["mine", *args])


def pages(count: int = 12, first: int = 0) -> list[dict[str, str]]:
    """Pages with a text of their own and a frame below."""
    found = []
    for number in range(first, first + count):
        own = f"Boat {chr(97 + number)} is home"
        short = f"They say boat {chr(97 + number)} was late again."
        text = "\n".join([own, short, PROSE.format(number), *FRAME, f"Seen {number} times"])
        host = "bay.example" if number % 3 else "pier.example"
        found.append({"text": text, "url": f"https://{host}/{number}"})
    return found


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the same kind of pages in three formats, and a bad record."""
    (tmp_path / "in").mkdir()
    lines = [json.dumps(page) for page in pages(8)]
    lines.insert(3, "{bad")
    (tmp_path / "in" / "a.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    pq.write_table(pa.Table.from_pylist(pages(6, 8)), tmp_path / "in" / "b.parquet")
    (tmp_path / "in" / "c.txt").write_text(pages(1, 20)[0]["text"], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_all_formats_are_read_as_a_run_reads_them(data: Path) -> None:
    """Lines of JSONL, Parquet and .txt count together; a bad record is told, not fatal."""
    done = invoke("in", "--json")
    found = json.loads(done.stdout)
    assert found["documents"] == 15
    assert found["quarantine"] == {"bad_json": 1}
    lines = {one["lines"][0]: one for one in found["lines"]}
    assert set(FRAME) <= set(lines)
    radio = lines["Harbour radio"]
    assert (radio["documents"], radio["hosts"]) == (15, 2)
    assert radio["samples"] == [{"text": "Harbour radio", "source": "in/a.jsonl.gz", "record": 0}]
    seen = next(one for text, one in lines.items() if text.startswith("Seen"))
    assert (seen["documents"], seen["any_number"], len(seen["samples"])) == (15, True, 3)
    shown = invoke("in")
    assert "15 documents; lines that at least 5 of them have" in shown.stdout
    assert "Harbour radio" in shown.stdout
    assert "not read: 1 record: bad_json 1" in shown.stderr


def stream(*inputs: str, **chosen: Any) -> Stream:
    """The documents of some inputs, as the command reads them."""
    options = ReadOptions(date_column=None, keep_meta=False)
    return Stream(find_files(inputs), options, **chosen)


def test_the_order_of_the_inputs_changes_nothing(data: Path) -> None:
    """Nor whether they are named one by one: labels alone tell where a sample is from."""
    names = ["in/a.jsonl.gz", "in/b.parquet", "in/c.txt"]
    one, other = count(stream(*names), 5), count(stream(*reversed(names)), 5)
    assert one.keys.tolist() == other.keys.tolist()
    assert one.sums.tolist() == other.sums.tolist()
    assert one.samples.equals(other.samples)
    assert one.stay == other.stay
    assert count(stream("in"), 5).sums.tolist() == one.sums.tolist()


def test_hosts_limit_and_sample(data: Path) -> None:
    """Parts of the corpus: one host, the first documents, a share by the hash of the text."""
    (data / "many.jsonl").write_text("".join(json.dumps(p) + "\n" for p in pages(26)))

    def texts(**chosen: Any) -> list[str]:
        batches = stream("many.jsonl", **chosen).batches()
        return [text for batch, _, _ in batches for text in batch.to_pylist()]

    assert len(texts(hosts=frozenset(["pier.example"]))) == 9
    assert len(texts(hosts=frozenset(["pier.example", "bay.example"]))) == 26
    assert texts(limit=7) == [page["text"] for page in pages(7)]
    assert len(texts(sample=1.0)) == 26
    half = texts(sample=0.5)
    assert 0 < len(half) < 26
    assert set(texts(sample=0.2)) <= set(half)
    done = invoke("many.jsonl", "--by-host", "--hosts", "PIER.example", "--hosts", "bay.example")
    assert "bay.example: 17 documents; too few to judge by the share" in done.stdout
    assert done.stdout.index("bay.example") < done.stdout.index("pier.example: 9 documents")


def test_a_pack_is_written_and_loads(data: Path) -> None:
    """It finds the frame, leaves the text of the pages alone, and can be used in a run."""
    done = invoke("in", "--out", "Own rules-1.yaml")
    assert done.exit_code == 0, done.stderr
    assert "review it, then use it" in done.stdout
    packs = load_packs([data / "Own rules-1.yaml"])
    assert packs.check_examples() == []
    assert {rule.id.split(".")[0] for rule in packs.rules} == {"own_rules_1"}
    assert {rule.severity for rule in packs.rules} == {"likely"}
    config = "name: a\ninput: [in]\noutput: out\nmax_bad: 0.5\nengine: inline\n"
    config += "stages: [{use: noise, packs: ['Own rules-1.yaml']}]\n"
    (data / "a.yaml").write_text(config)
    ran = CliRunner().invoke(main, ["run", "a.yaml", "--quiet"])
    assert ran.exit_code == 0, ran.output
    rules = set(pq.read_table(data / "out" / "ledger").column("rule").to_pylist())
    assert any(rule.startswith("own_rules_1.") for rule in rules)
    left = count(stream("out/corpus"), 2).samples.column("text").to_pylist()
    assert left
    assert not set(FRAME) <= set(left)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["nowhere"], "does not exist"),
        (["in", "--text-column", "body", "--hosts", "x.example"], "no document could be read"),
        (["in/a.jsonl.gz", "--text-column", "body"], "is --text-column right?"),
        (["in", "--hosts", "other.example"], "is --hosts right?"),
        (["in", "--out", "a.txt"], "ends in .yaml"),
        (["in", "--out", "no/a.yaml"], "there is no folder"),
        (["in", "--out", "vi.yaml"], "a built-in pack has that name"),
        (["in", "--out", "in"], "is a directory"),
        (["in", "--language", "Vietnamese"], "is neither `any` nor a code"),
        (["in", "--limit", "3", "--sample", "0.5"], "give one of them"),
        (
            ["in", "--min-documents", "14", "--out", "a.yaml", "--hosts", "pier.example"],
            "nothing to",
        ),
        (["in", "--sample", "0"], "--sample"),
        ([], "Missing argument"),
    ],
)
def test_what_is_refused_says_why(data: Path, args: list[str], words: str) -> None:
    """A sentence, exit code 2, no traceback, and nothing written."""
    done = invoke(*args)
    assert done.exit_code == 2
    assert words in done.stderr
    assert "Traceback" not in done.output
    assert sorted(path.name for path in data.iterdir()) == ["in"]


def test_a_pack_is_never_written_over(data: Path) -> None:
    """It may have been reviewed."""
    (data / "a.yaml").write_text("mine")
    done = invoke("in", "--out", "a.yaml")
    assert done.exit_code == 2
    assert "is there already" in done.stderr
    assert (data / "a.yaml").read_text() == "mine"


def test_nothing_that_comes_often_is_a_sentence(data: Path) -> None:
    """Not an empty table."""
    done = invoke("in", "--min-documents", "100")
    assert done.exit_code == 0
    assert "no line comes so often; lower --min-documents or --min-share" in done.stdout


def test_mined_lines_cannot_steer_a_terminal(tmp_path: Path) -> None:
    """Escapes are spelled out; such a line is not proposed."""
    line = "\x1b[2J\u202eevil [bold]box[/bold]"
    for number in range(6):
        (tmp_path / f"{number}.txt").write_text(
            f"{line}\nown {chr(97 + number)}\n{line} {number}\n"
        )
    done = invoke(str(tmp_path))
    assert done.exit_code == 0
    assert "\x1b" not in done.output
    assert "\u202e" not in done.output
    assert "[bold]" in done.output
    assert "unseen characters" in " ".join(done.output.split())


def test_names_of_packs_are_made_of_file_names() -> None:
    """Always one that a pack can have."""
    names = ["my-rules.yaml", "Báo Mới.yaml", "2024.yaml", "----.yaml", "a" * 60 + ".yaml"]
    assert [pack_name(Path(name)) for name in names] == [
        "my_rules", "b_o_m_i", "own_2024", "own", "a" * 21,
    ]  # fmt: skip
