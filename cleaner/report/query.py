"""SQL over the Parquet files of a run, by DuckDB: it reads this run's tables and nothing else."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from cleaner.errors import CleanerError, InputError
from cleaner.io.corpus import corpus_files, in_order, read_manifest
from cleaner.io.schema import CLUSTERS, CORPUS, LEDGER, PAIRS, QUARANTINE
from cleaner.pii.hit import VEIL
from cleaner.report.secrecy import veil_of_run
from cleaner.stages.veil import Veil

TABLES = MappingProxyType(
    {
        "corpus": ("corpus/part", CORPUS),
        "ledger": ("ledger/part", LEDGER),
        "quarantine": ("quarantine/part", QUARANTINE),
        "pairs": ("duplicates/pairs", PAIRS),
        "clusters": ("duplicates/clusters", CLUSTERS),
    }
)
"""Name in SQL → (folder/prefix of the files, schema)."""
BRIEF = MappingProxyType(
    {
        "corpus": ("doc_id", "lang", "n_chars", "removed_chars", "text"),
        "ledger": ("doc_id", "rule", "action", "before", "after"),
        "quarantine": ("source", "record", "stage", "reason", "detail"),
        "pairs": ("action", "doc_id", "kept_doc_id", "similarity"),
        "clusters": ("cluster_id", "size", "source", "record"),
    }
)
"""The columns that fit a terminal."""
_AT_ONCE = 1_000
_SETTINGS = {
    "enable_external_access": "false",  # no file, no network, no ATTACH, no COPY TO
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",  # a name in SQL is no variable of this program
    "temp_directory": "",  # a query that does not fit the memory fails, and leaves no file
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a query: names of columns, and an iterator of tuples in their order."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


def query(run: Path, sql: str, limit: int | None, *, secrets: bool = False) -> Answer:
    """Ask the tables `corpus`, `ledger`, `quarantine`, `pairs` and `clusters` of a run.

    The statement can read these and nothing else: no file, no network, no setting. Rows come as
    they are asked for.

    Args:
        run: the folder of a finished run.
        sql: one SELECT (or WITH, FROM, DESCRIBE, SUMMARIZE) in DuckDB's dialect.
        limit: rows at most; None for all.
        secrets: whether to show what the run masks; else it is hidden in what is answered.

    Raises:
        InputError: the folder is no finished run, or the statement is none that reads.
        CleanerError: DuckDB is not installed, or fails on the statement.
    """
    if not (run / "manifest.json").is_file():
        raise InputError(f"{run} is not a finished run (no manifest.json in it)")
    duckdb = _duckdb()
    veil = Veil() if secrets else veil_of_run(run, read_manifest(run))
    stack = ExitStack()
    if corpus_files(run).schema is not None:  # JSON lines: DuckDB gets them as Parquet
        run = stack.enter_context(in_order(run))
    connection = _connect(duckdb, run, veil)
    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise InputError("expected one statement that reads, such as SELECT … FROM corpus")
        connection.execute(statements[0])
        columns = tuple(column[0] for column in connection.description)
    except duckdb.Error as error:
        raise _failed(error) from error
    except BaseException:
        stack.close()
        raise
    return Answer(columns, islice(map(veil.value, _rows(duckdb, connection, stack)), limit))


def select(table: str, where: str | None, *, brief: bool) -> str:
    """The statement for rows of one table, all or those that a condition names."""
    columns = ", ".join(f'"{name}"' for name in BRIEF[table]) if brief else "*"
    condition = f"\nWHERE (\n{where}\n)" if where else ""  # a comment in it ends with its line
    return f"SELECT {columns} FROM {table}{condition}"  # noqa: S608  it is for the user to ask


def plain(value: Any) -> Any:
    """A value as JSON can hold it: no NaN, no bytes, no dates."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    return str(value)


def _duckdb() -> Any:
    try:
        return importlib.import_module("duckdb")
    except ModuleNotFoundError:
        raise CleanerError(
            "this command needs DuckDB, which is not installed; "
            "install it with: pip install 'cleaner[show]'"
        ) from None


def _connect(duckdb: Any, run: Path, veil: Veil) -> Any:
    """A database in memory that knows the run's tables; its settings cannot be changed any more."""
    try:
        connection = duckdb.connect(":memory:", config=dict(_SETTINGS))
        for name, (prefix, schema) in TABLES.items():
            hides = name == "ledger" and bool(veil)
            table = _corpus(run) if name == "corpus" else _table(run, prefix, schema)
            connection.register(f"{name}_as_it_is" if hides else name, table)
            if hides:
                connection.execute(_hidden(name, veil))
        connection.execute("SET lock_configuration = true")
    except (duckdb.Error, OSError, UnicodeError, pa.ArrowException) as error:
        raise _failed(error) from error
    return connection


def _hidden(name: str, veil: Veil) -> str:
    """A view of the ledger in which the rows of secret stages do not say what stood there."""
    stages = ", ".join("'" + stage.replace("'", "''") + "'" for stage in sorted(veil.stages))
    return (
        f"CREATE VIEW {name} AS SELECT * REPLACE (CASE WHEN stage IN ({stages}) "  # noqa: S608
        f"THEN repeat('{VEIL}', length(before)) ELSE before END AS before) FROM {name}_as_it_is"
    )


def _table(run: Path, prefix: str, schema: pa.Schema) -> Any:
    """The files of a table, as Arrow reads them; without files, no rows."""
    paths = [str(path) for path in sorted(run.glob(f"{prefix}-*.parquet"))]
    return ds.dataset(paths, format="parquet") if paths else schema.empty_table()


def _corpus(run: Path) -> Any:
    """The documents, in whatever files they are."""
    return ds.dataset([str(path) for path in corpus_files(run).paths], format="parquet")


def _rows(duckdb: Any, connection: Any, stack: ExitStack) -> Iterator[tuple[Any, ...]]:
    """The rows of the statement that was executed; the connection lives until the last."""
    try:
        while rows := connection.fetchmany(_AT_ONCE):
            yield from rows
    except duckdb.Error as error:
        raise _failed(error) from error
    finally:
        connection.close()
        stack.close()


def _failed(error: Exception) -> CleanerError:
    lines = [line.rstrip() for line in str(error).strip().split("\n") if line.strip()]
    return CleanerError("the query failed: " + "\n  ".join(lines))
