"""The front matter of a dataset card: what Hugging Face shows, and how it finds the files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cleaner.io.places import ENDINGS, globs, values_of
from cleaner.report.licence import hub_licence
from cleaner.report.stats import RunReport

if TYPE_CHECKING:
    import pyarrow as pa

FOLDERS = 100
"""Folders of a corpus that are configurations of the dataset, each by itself."""
_SIZES = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")
_LEAST_SHARE = 0.01
"""Of the documents; rarer languages are in the table, not among the dataset's own."""


def front_matter(
    report: RunReport, paths: Sequence[str], columns: pa.Schema, licence: str | None
) -> dict[str, Any]:
    """The front matter."""
    documents = report.corpus["documents"]
    found = [
        lang
        for lang, count in languages_of(report)
        if re.fullmatch(r"[a-z]{2,3}", lang) and count >= documents * _LEAST_SHARE
    ]
    front: dict[str, Any] = dict(hub_licence(licence))
    if found:
        front["language"] = found
    return front | {
        "pretty_name": report.name,
        "size_categories": [size_category(documents)],
        "task_categories": ["text-generation"],
        "configs": _configs(paths),
        **_types(paths, columns),
    }


def _types(paths: Sequence[str], columns: pa.Schema) -> dict[str, Any]:
    """The types of the columns where files do not hold them: JSON lines."""
    if not paths[0].endswith(ENDINGS["jsonl"]):
        return {}
    features = [{"name": column.name, **_feature(column.type)} for column in columns]
    names = [config["config_name"] for config in _configs(paths)]
    return {"dataset_info": [{"config_name": name, "features": features} for name in names]}


def _feature(kind: pa.DataType) -> dict[str, Any]:
    """A type as Hugging Face writes it: a list of numbers or texts, a list of records, or plain."""
    if not hasattr(kind, "value_type"):
        return {"dtype": str(kind).replace("double", "float64")}
    inner = kind.value_type
    if not hasattr(inner, "fields"):
        return {"list": _feature(inner)["dtype"]}
    return {"list": [{"name": field.name, **_feature(field.type)} for field in inner.fields]}


def _configs(paths: Sequence[str]) -> list[dict[str, Any]]:
    """The whole corpus, and each of its folders if there are not too many, by split."""
    groups = {"default": globs(paths)}
    folders: dict[str, list[str]] = {}
    for path in paths:
        values = values_of(path).values()
        if values:
            name = "_".join(re.sub(r"[^A-Za-z0-9.-]", "-", value) for value in values)
            folders.setdefault(name, []).append(path)
    names = {tuple(values_of(path).items()) for path in paths}
    if len(folders) == len(names) <= FOLDERS and "default" not in folders:
        for name, mine in sorted(folders.items()):
            groups[name] = globs(mine, any_folder=False)
    return [
        {
            "config_name": name,
            "data_files": [{"split": split, "path": path} for split, path in found.items()],
        }
        for name, found in groups.items()
    ]


def size_category(documents: int) -> str:
    """The class that Hugging Face puts a dataset of so many rows in."""
    limit = 1000
    for number, size in enumerate(_SIZES):
        if documents < limit:
            return f"n<{size}" if not number else f"{_SIZES[number - 1]}<n<{size}"
        limit *= 10
    return f"n>{_SIZES[-1]}"


def languages_of(report: RunReport) -> list[tuple[str, int]]:
    """Languages and their documents, most first; empty if no stage told any."""
    found = report.corpus.get("langs", {})
    if not any(found):
        return []
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))
