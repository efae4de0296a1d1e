"""What a config may say: frozen pydantic models. The reference is generated from the descriptions.

All paths are relative to the folder in which the command is run, as on any command line; a config
may thus be kept anywhere. Sizes are bytes, or text such as "512MB" (10^6) or "1GiB" (2^30).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    SerializeAsAny,
    model_validator,
)

from cleaner.config.values import (
    SLUG,
    HttpStatus,
    MaxBad,
    PathText,
    Size,
    SizeOrAuto,
    SizeOrNone,
    Workers,
    encoding_name,
    one_or_more,
    run_name,
    shares_by_name,
)
from cleaner.stages.base import Stage


def expand_engine(value: object) -> object:
    """A bare kind stands for {kind: …}; what does not fit stays as it is."""
    return {"kind": value} if isinstance(value, str) else value


def expand_input(value: object) -> object:
    """One path, and bare paths in a list, stand for {path: …}; what does not fit stays as it is."""
    if isinstance(value, list | tuple):
        return [{"path": item} if isinstance(item, str) else item for item in value]
    if isinstance(value, str | dict | Input):
        return expand_input([value])
    return value


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class Input(_Model):
    """A place to read from."""

    path: PathText = Field(
        description="A file, a folder (read with all below it), a glob (`**` for any depth), or a"
        " URI; relative to the folder in which the command is run."
    )
    label: str | None = Field(
        default=None,
        pattern=r"^[^/\\\x00-\x1f\x7f]{1,200}$",
        description="The name of this input in `source` and in every document id; by default the"
        " name of its folder. Give one if the folder may be renamed.",
    )
    priority: int = Field(
        default=0,
        ge=-1_000_000,
        le=1_000_000,
        description="Which copy the keep policy `source` prefers: the higher number stays.",
    )


class Read(_Model):
    """How files become documents."""

    text_column: str = Field(
        default="text",
        min_length=1,
        description="The field of JSONL and Parquet records with the text.",
    )
    id_column: str | None = Field(
        default=None,
        min_length=1,
        description="The field with the record's own id, kept as `source_id`.",
    )
    url_column: str | None = Field(
        default="url",
        min_length=1,
        description="The field with the URL; used where a record has it.",
    )
    date_column: str | None = Field(
        default="date",
        min_length=1,
        description="The field with the date; used where it is there.",
    )
    encoding: Annotated[str | None, BeforeValidator(encoding_name)] = Field(
        default=None,
        description="The encoding of .txt files, if known; by default it is found for each file.",
    )
    max_document_bytes: Size = Field(
        default=64 << 20, description="Longer documents are quarantined as `too_large`."
    )
    max_lines: int = Field(
        default=200_000,
        ge=1,
        description="Documents of more lines (or sentences, where `segment` cuts them) are"
        " quarantined as `too_many_lines`: each takes up to a kilobyte of memory, however short"
        " it is.",
    )
    max_bad_bytes_ratio: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="The share of undecodable bytes from which a document is quarantined; below it"
        " they are kept as latin-1 characters and recorded.",
    )
    max_ratio: float = Field(
        default=200.0,
        ge=1,
        description="The expansion from which a compressed file is quarantined as a bomb.",
    )
    html_extractor: Literal["resiliparse", "trafilatura"] = Field(
        default="resiliparse",
        description="What makes text of HTML (needs `cleaner[html]`). `trafilatura`, to be"
        " installed by itself, gives the main content only.",
    )
    main_content: bool = Field(
        default=False,
        description="Whether the extractor leaves out navigation and the like; by default all text"
        " of a page is read, and the stage `noise` decides.",
    )
    html_seconds: float = Field(
        default=10.0,
        gt=0,
        le=3600,
        description="Processor time that a page may take; then it is quarantined as `timeout`.",
    )
    http_status: Annotated[tuple[HttpStatus, ...], Field(strict=False, min_length=1)] = Field(
        default=(200,),
        description="The responses of web archives that are read; others are passed by.",
    )
    readers: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(),
        description="Readers of plugins, by the names that their packages give them: files with"
        " their suffixes are read, too. `cleaner stages` lists those that are installed.",
    )
    segment: Literal["line", "paragraph", "sentence"] = Field(
        default="line",
        description="What a passage is: a line with its line end; a paragraph with the blank lines"
        " after it; or a sentence, for texts whose lines are long (the stage `noise` wants lines).",
    )


class Write(_Model):
    """The shape of the corpus files, and where each document goes."""

    documents_per_part: int = Field(
        default=25_000, ge=1, le=10_000_000, description="Documents in a `corpus/part-*.parquet`."
    )
    part_size: SizeOrNone = Field(
        default=None,
        description="About how many bytes a file of the corpus has, such as 256MB; by default"
        " `documents_per_part` decides.",
    )
    row_group_documents: int = Field(
        default=2_000, ge=1, le=10_000_000, description="Documents in a Parquet row group."
    )
    compression: Literal["zstd"] = Field(
        default="zstd", description="The codec of all Parquet files."
    )
    compression_level: int = Field(default=1, ge=1, le=22, description="The level of the codec.")
    format: Literal["parquet", "jsonl"] = Field(
        default="parquet",
        description="The files of the corpus: Parquet, or JSON lines with zstd (`.jsonl.zst`).",
    )
    layout: Literal["plain", "huggingface"] = Field(
        default="plain",
        description="`plain`: `corpus/part-00000.parquet`; `huggingface`:"
        " `data/train-00000-of-00012.parquet`, as the Hub names files.",
    )
    shuffle: bool = Field(
        default=False,
        description="Documents in an order drawn by the seed, not in that of the input.",
    )
    split: Annotated[dict[str, float], BeforeValidator(shares_by_name)] = Field(
        default_factory=dict,
        description="Names of splits and their shares of the documents, such as"
        " {validation: 0.01}; all others are `train`. Drawn by the seed.",
    )
    split_by: Literal["cluster", "host", "source"] = Field(
        default="cluster",
        description="What is never on two sides of a split: a cluster (documents that share a"
        " marked passage are all `train`), a host, or a file of the input.",
    )
    partition_by: Annotated[
        tuple[Literal["split", "lang", "host", "source"], ...],
        Field(strict=False, max_length=4),
        BeforeValidator(one_or_more),
    ] = Field(
        default=(),
        description="Folders of the corpus: `split=…`, `language=…` (lang), `site=…` (host),"
        " `label=…` (source); a name or a list. Splits are folders, named here or not.",
    )
    max_folders: int = Field(
        default=1_000,
        ge=1,
        le=100_000,
        description="With more folders than that the run stops and says so.",
    )

    @model_validator(mode="after")
    def _places_fit(self) -> Write:
        by = self.partition_by
        if len(set(by)) < len(by):
            raise ValueError("partition_by: each name once")
        if "split" in by and not self.split:
            raise ValueError("partition_by: split needs shares, such as split: {validation: 0.01}")
        if "split" in by and self.layout == "huggingface":
            raise ValueError(
                "partition_by: leave out split; layout: huggingface has it in the names of files"
            )
        return self

    @property
    def is_placed(self) -> bool:
        """Whether documents go anywhere but, in their order, to `corpus/part-*.parquet`."""
        is_other = self.format != "parquet" or self.layout != "plain" or self.part_size is not None
        return is_other or self.shuffle or bool(self.split) or bool(self.partition_by)


class Engine(_Model):
    """What does the work. But for `document_seconds`, nothing here changes a byte of the output."""

    kind: Literal["local", "inline", "ray"] = Field(
        default="local",
        description="`local`: a pool of worker processes; `inline`: in this process, for tests;"
        " `ray`: on a Ray cluster (needs `cleaner[ray]`).",
    )
    address: str | None = Field(
        default=None,
        min_length=1,
        description="Of kind `ray`: the cluster, as `auto` or host:port of its head; by default Ray"
        " is started on this machine.",
    )
    workers: Workers = Field(
        default="auto", description='Worker processes; "auto": as many as there are CPUs to use.'
    )
    document_seconds: float = Field(
        default=60.0,
        gt=0,
        le=86_400,
        description="What one document may take in one stage, or one record in a plugin's reader;"
        " then it is quarantined as `timeout`."
        " The one setting here that can change the output.",
    )
    shard_bytes: Size = Field(
        default=32 << 20,
        description="Bytes of text in a shard, the unit that is committed or redone; a corpus of"
        " less than 32 such shards is cut finer.",
    )
    memory_budget: SizeOrAuto = Field(
        default="auto",
        description="Memory for all processes of a run on this machine together: fewer workers are"
        ' started, and less is sorted at a time, where it is small; "auto": 70 % of what is free.',
    )


class RunConfig(_Model):
    """A run: what to read, what to do with it, and where to leave it."""

    name: Annotated[str, BeforeValidator(run_name)] = Field(
        pattern=SLUG,
        description="The run's name: letters, digits, `.`, `_` and `-`. By default made from the"
        " config's file name.",
    )
    input: Annotated[
        tuple[Input, ...], Field(strict=False, min_length=1), BeforeValidator(expand_input)
    ] = Field(
        description="What to read: a path, or a list of paths or of {path, label, priority}."
        " The order does not matter.",
    )
    output: PathText = Field(
        default_factory=lambda data: f"out/{data['name']}",
        description="The run's folder; by default `out/<name>`. Relative to the folder in which the"
        " command is run.",
    )
    license: str | None = Field(
        default=None,
        pattern=r"^[^\x00-\x1f\x7f]{1,200}$",
        description="The licence of the texts, as SPDX names it (`CC-BY-4.0`) or in words, for the"
        " dataset card and `croissant.json`; by default they say that it is not known.",
    )
    read: Read = Field(default_factory=Read, description="How files become documents.")
    stages: tuple[SerializeAsAny[InstanceOf[Stage]], ...] = Field(
        description="What to do with the documents, in order; `use:` names the stage."
    )
    write: Write = Field(default_factory=Write, description="The shape of the corpus files.")
    engine: Annotated[Engine, BeforeValidator(expand_engine)] = Field(
        default_factory=Engine, description="What does the work: a kind, or {kind, workers, …}."
    )
    max_bad: MaxBad = Field(
        default=0.01,
        description="How many records may be bad before the run stops with exit code 3: a share"
        " (0.01, with a point) or a count (100, without).",
    )
    on_bad_record: Literal["quarantine", "fail"] = Field(
        default="quarantine",
        description="`quarantine`: put a bad record aside and go on; `fail`: stop at the first.",
    )
    keep_work: bool = Field(
        default=False, description="Keep `work/`, the files of the phases, after a successful run."
    )
    seed: int = Field(
        default=0,
        ge=0,
        le=2**63 - 1,
        description="The seed of all samples: the same seed, the same bytes.",
    )
