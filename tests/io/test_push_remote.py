"""A run pushed to object storage, against a server that speaks S3 and runs here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cleaner.cli import main
from cleaner.errors import CleanerError
from cleaner.io.push import push
from tests.engine.runs import STAGES, bytes_of, make_config, make_corpus, make_run
from tests.io.test_remote import s3, server  # noqa: F401  fixtures

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


def objects(client: Any, bucket: str, prefix: str = "") -> dict[str, bytes]:
    """Key → content of the objects that are files."""
    listed = client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return {
        o["Key"].removeprefix(prefix): client.get_object(Bucket=bucket, Key=o["Key"])["Body"].read()
        for o in listed
        if not o["Key"].endswith("/")
    }


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A run of several parts, in folders."""
    make_corpus(tmp_path / "in", 24)
    write = {"documents_per_part": 8, "split": {"validation": 0.3}, "shuffle": True}
    make_run(tmp_path, [f"{STAGES}Mend"], write=write)
    return tmp_path / "run"


def test_a_run_arrives_and_later_ones_replace_it(
    finished: Path,
    tmp_path: Path,
    s3: Any,  # noqa: F811
) -> None:
    """Object by object what lies in the folder; a second push writes nothing."""
    s3.create_bucket(Bucket="corpora")
    result = CliRunner().invoke(main, ["push", str(finished), "s3://corpora/a/run", "--all"])
    assert result.exit_code == 0, result.output
    found = objects(s3, "corpora", "a/run/")
    assert "push.json" not in found
    for name in {*bytes_of(finished), "manifest.json"}:
        assert found[name] == (finished / name).read_bytes(), name
    assert push(finished, "s3://corpora/a/run/", everything=True).files == 0
    make_run(tmp_path, [f"{STAGES}Mend"], name="other")
    done = push(tmp_path / "other", "s3://corpora/a/run")
    assert done.removed > 5
    found = objects(s3, "corpora", "a/run/")
    assert {n for n in found if n.startswith("corpus/")} == {"corpus/part-00000.parquet"}


def test_a_pushed_corpus_can_be_read_as_input(finished: Path, tmp_path: Path, s3: Any) -> None:  # noqa: F811
    """The next run takes it from there."""
    s3.create_bucket(Bucket="corpora")
    push(finished, "s3://corpora/run")
    from cleaner.engine.driver import run

    config = make_config(tmp_path, [], name="next", input=["s3://corpora/run/corpus"])
    mine = run(config).corpus["documents"]
    assert (
        mine
        == make_run(tmp_path, [], name="local", input=[str(finished / "corpus")]).corpus[
            "documents"
        ]
    )


def test_a_place_that_cannot_be_written_is_told(finished: Path, s3: Any) -> None:  # noqa: F811
    """With what to do next."""
    with pytest.raises(CleanerError, match=r"s3://nowhere/x: cannot be written: .*run the same"):
        push(finished, "s3://nowhere/x")
