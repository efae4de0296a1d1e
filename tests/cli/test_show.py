"""`cleaner show`: SQL over a run that reads the run's tables and nothing else."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cleaner.cli import main
from tests.report.tiny_run import SCRIPT, make_run

try:
    import duckdb  # noqa: F401  whether it is there
except ModuleNotFoundError:
    HAS_DUCKDB = False
else:
    HAS_DUCKDB = True
needs_duckdb = pytest.mark.skipif(not HAS_DUCKDB, reason="DuckDB is not installed")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with copies, repairs and bad records."""
    return make_run(tmp_path_factory.mktemp("show"))


def show(run: Path, *args: str) -> Result:
    """Run the command in this process, as on a terminal of 100 columns."""
    return CliRunner(env={"COLUMNS": "100"}).invoke(main, ["show", str(run), *args])


def rows(run: Path, *args: str) -> list[dict[str, Any]]:
    """What it prints as JSON."""
    done = show(run, *args, "--format", "json")
    assert done.exit_code == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@needs_duckdb
def test_a_filter_gives_rows_of_a_table(tiny: Path) -> None:
    """`--where` is a condition of SQL, `--table` the table that it is about."""
    found = rows(tiny, "--table", "ledger", "--where", "rule = 'tidy.empty'")
    assert [(row["action"], row["stage"]) for row in found] == [("drop", "tidy")]
    found = rows(tiny, "--where", "host = 'park.example' -- the park")
    assert len(found) == 4
    assert all(row["text"] for row in found)
    bad = rows(tiny, "--table", "quarantine", "--where", "reason = 'missing_text'")
    assert bad[0]["raw"] == '{"words": "\\u202e"}'


@needs_duckdb
@pytest.mark.parametrize("table", ["corpus", "ledger", "quarantine", "pairs", "clusters"])
def test_every_table_can_be_asked(tiny: Path, table: str) -> None:
    """Its rows are those of the files."""
    ((count,),) = (row.values() for row in rows(tiny, f"SELECT count(*) FROM {table}"))
    assert count == len(rows(tiny, "--table", table, "--limit", "0"))
    assert count > 0


@needs_duckdb
def test_a_table_without_files_is_empty(tmp_path: Path) -> None:
    """A run without near-duplicates has no pairs, and no error."""
    run = make_run(tmp_path, [{"use": "tidy"}])
    assert not list((run / "duplicates").glob("*"))
    assert rows(run, "SELECT doc_id FROM pairs") == []
    assert show(run, "--table", "clusters").stdout.splitlines()[-1] == "0 rows"


@needs_duckdb
def test_sql_joins_and_adds_up(tiny: Path) -> None:
    """Any SELECT will do, and comments and a semicolon with it."""
    found = rows(
        tiny,
        "SELECT rule, sum(cut_chars) AS chars FROM ledger JOIN corpus USING (doc_id)"
        " GROUP BY rule ORDER BY chars DESC, rule; -- all",
    )
    assert found
    assert found[0]["chars"] >= found[-1]["chars"]
    described = {row["column_name"] for row in rows(tiny, "DESCRIBE corpus", "--limit", "0")}
    assert {"doc_id", "text"} <= described


@needs_duckdb
@pytest.mark.parametrize(
    "sql",
    [
        "COPY corpus TO '{there}'",
        "COPY (SELECT 1) TO '{there}' (FORMAT parquet)",
        "EXPORT DATABASE '{there}'",
        "ATTACH '{there}' AS other",
        "CREATE TABLE mine AS SELECT 1",
        "DROP VIEW corpus",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT 1; COPY corpus TO '{there}'",
        "SELECT * FROM query('COPY corpus TO ''{there}''')",
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM '{secret}'",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM sqlite_scan('{secret}', 'a')",
        "SELECT * FROM read_csv('https://example.com/a.csv')",
        "SELECT * FROM HAS_DUCKDB",
        "",
    ],
)
def test_sql_reads_the_run_and_nothing_else(tiny: Path, tmp_path: Path, sql: str) -> None:
    """No file is written or read, no setting changed, no extension loaded, no variable seen."""
    secret = tmp_path / "secret.csv"
    secret.write_text("word\nSESAME\n")
    there = tmp_path / "there"
    done = show(tiny, sql.format(there=there, secret=secret, folder=tmp_path) or ";")
    assert done.exit_code in {1, 2}
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr
    assert "SESAME" not in done.output
    assert list(tmp_path.iterdir()) == [secret]


@needs_duckdb
def test_a_filter_cannot_break_out(tiny: Path, tmp_path: Path) -> None:
    """What closes the bracket and goes on is no condition."""
    there = tmp_path / "there"
    for where in (f"1=1); COPY corpus TO '{there}'; SELECT (1", "1=1) UNION (SELECT 1", "1=1 /*"):
        done = show(tiny, "--where", where)
        assert done.exit_code in {1, 2}, where
        assert done.stdout == ""
    assert not there.exists()


@needs_duckdb
def test_a_mistake_is_told_in_words(tiny: Path) -> None:
    """The message of DuckDB names the columns that were probably meant."""
    done = show(tiny, "SELECT n_char FROM corpus")
    assert done.exit_code == 1
    assert "n_chars" in done.stderr


@needs_duckdb
def test_tables_are_cut_to_the_terminal_and_inert(tiny: Path) -> None:
    """No line is wider than the terminal, nothing steers it, ids can be copied whole."""
    done = show(tiny)
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["doc_id", "lang", "n_chars", "removed_chars", "text"]
    assert max(map(len, lines)) <= 100
    assert all(len(line.split()[0]) == 24 for line in lines[1:-1])
    assert lines[-1] == f"{len(lines) - 2} rows"
    found = show(tiny, "SELECT chr(27) || '[2J' || chr(10) || chr(8238) AS a").stdout
    assert found.splitlines()[1].rstrip() == "\\x1b[2J\\n\\u202e"


@needs_duckdb
def test_many_columns_go_below_each_other(tiny: Path) -> None:
    """Where they do not fit beside each other."""
    done = show(tiny, "SELECT * FROM corpus", "--limit", "1")
    assert any(line.startswith("removed_chars") for line in done.stdout.splitlines())
    assert done.stdout.splitlines()[-1] == "1 row; there are more, --limit 10 shows them"


@needs_duckdb
def test_json_and_csv_hold_every_type(tiny: Path) -> None:
    """Dates, decimals, bytes, lists and NaN become what JSON and CSV can hold."""
    sql = (
        "SELECT DATE '2024-05-06' AS d, 1.50::DECIMAL(5,2) AS n, 'nan'::DOUBLE AS x,"
        " '\\xff'::BLOB AS b, [1, NULL] AS l, {'a': 'ă'} AS s, NULL AS z, 'a,\"b' AS t"
    )
    (found,) = rows(tiny, sql)
    assert found == {
        "d": "2024-05-06",
        "n": "1.50",
        "x": None,
        "b": "\\xff",
        "l": [1, None],
        "s": {"a": "ă"},
        "z": None,
        "t": 'a,"b',
    }
    done = show(tiny, sql, "--format", "csv")
    (head, row) = csv.reader(io.StringIO(done.stdout))
    assert dict(zip(head, row, strict=True)) == {
        "d": "2024-05-06",
        "n": "1.50",
        "x": "",
        "b": "\\xff",
        "l": "[1, null]",
        "s": '{"a": "ă"}',
        "z": "",
        "t": 'a,"b',
    }


@needs_duckdb
@pytest.mark.parametrize("style", ["json", "csv"])
def test_a_limit_is_never_silent(tiny: Path, style: str) -> None:
    """That rows were left out is said, and not on stdout."""
    done = show(tiny, "--format", style, "--limit", "2")
    assert done.stderr == "the first 2 rows; there are more, --limit 0 gives all\n"
    whole = show(tiny, "SELECT 1 AS a", "--format", style, "--limit", "1")
    assert whole.stderr == ""
    assert whole.stdout in {'[\n{"a": 1}\n]\n', "a\n1\n"}


@needs_duckdb
def test_text_is_given_unchanged(tiny: Path) -> None:
    """A program gets what the corpus holds."""
    texts = [row["text"] for row in rows(tiny, "SELECT text FROM corpus")]
    assert any(text.startswith(SCRIPT) for text in texts)
    done = show(tiny, "SELECT text FROM corpus", "--format", "csv", "--limit", "0")
    assert [row[0] for row in csv.reader(io.StringIO(done.stdout))][1:] == texts


def test_without_duckdb_it_says_what_to_install(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra is named; nothing else is tried."""
    monkeypatch.setitem(sys.modules, "duckdb", None)
    done = show(tiny)
    assert done.exit_code == 1
    assert done.stderr == (
        "Error: this command needs DuckDB, which is not installed; "
        "install it with: pip install 'cleaner[show]'\n"
    )


def test_wrong_arguments_are_told(tiny: Path, tmp_path: Path) -> None:
    """A folder that is missing or is no run, and SQL beside a filter."""
    done = show(tmp_path / "nowhere")
    assert done.exit_code == 2
    assert "does not exist" in done.stderr
    done = show(tmp_path)
    assert done.exit_code == 2
    assert "is not a finished run" in done.stderr
    done = show(tiny, "SELECT 1", "--where", "true")
    assert done.exit_code == 2
    assert "not both" in done.stderr
