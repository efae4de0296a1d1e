"""`croissant.json`: the corpus described for machines (MLCommons Croissant, version 1.0)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from cleaner.io.corpus import is_corpus
from cleaner.io.places import ENDINGS, globs

_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""As the specification gives it (docs.mlcommons.org/croissant, 1.0, appendix "JSON-LD context")."""
_FORMATS = ("application/x-parquet", "application/jsonlines")
_FILES = "corpus-files"
_RECORDS = "documents"


def croissant(manifest: Mapping[str, Any], columns: pa.Schema, description: str) -> dict[str, Any]:
    """The metadata of a run's corpus.

    Args:
        manifest: of the run; `files` has the parts of the corpus with size and sha256.
        columns: schema of the corpus; each field carries its description.
        description: of the dataset, in a sentence.

    Returns:
        JSON-LD: one file object a part, all parts as one file set, one record set of the columns.
        There is no date in it, for it depends on the run alone, and no licence unless the config
        names one.
    """
    licence = manifest["config"].get("license")
    parts = [name for name in sorted(manifest["files"]) if is_corpus(name)]
    kind = _FORMATS[parts[0].endswith(ENDINGS["jsonl"])]
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": manifest["config"]["name"],
        "description": description,
        **({"license": licence} if licence else {}),
        "isLiveDataset": False,
        "distribution": [
            *(_file(name, manifest["files"][name], kind) for name in parts),
            {
                "@type": "cr:FileSet",
                "@id": _FILES,
                "name": _FILES,
                "description": "all parts of the corpus, in the order of the documents"
                if "parts" not in manifest
                else "all files of the corpus",
                "encodingFormat": kind,
                "includes": _includes(parts),  # below the folder of this file
            },
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": _RECORDS,
                "name": _RECORDS,
                "description": "one record a document",
                "key": {"@id": f"{_RECORDS}/doc_id"},
                "field": [_field(column) for column in columns],
            }
        ],
    }


def _includes(parts: Sequence[str]) -> str | list[str]:
    """Patterns of all files; one alone where that will do."""
    found = list(globs(parts).values())
    return found[0] if len(found) == 1 else found


def _file(name: str, facts: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "contentSize": f"{facts['bytes']} B",
        "encodingFormat": kind,
        "sha256": facts["sha256"],
    }


def _field(column: pa.Field) -> dict[str, Any]:
    """A column; a list is a repeated field, a struct one with sub-fields."""
    own = f"{_RECORDS}/{column.name}"
    kind = column.type
    about = (column.metadata or {}).get(b"description", b"").decode()
    field: dict[str, Any] = {"@type": "cr:Field", "@id": own, "name": column.name}
    if about:
        field["description"] = about
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    if is_list:
        field["repeated"] = True
        kind = kind.value_type
    if not pa.types.is_struct(kind):
        return {**field, "dataType": _data_type(kind), "source": _source(column.name)}
    field["subField"] = [
        {
            "@type": "cr:Field",
            "@id": f"{own}/{part.name}",
            "name": part.name,
            "dataType": _data_type(part.type),
            "source": _source(column.name) | {"transform": {"jsonPath": part.name}},
        }
        for part in kind
    ]
    return field


def _source(column: str) -> dict[str, Any]:
    return {"fileSet": {"@id": _FILES}, "extract": {"column": column}}


def _data_type(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "sc:Boolean"
    if pa.types.is_integer(kind):
        return "sc:Integer"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "sc:Float"
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return "sc:Date"
    return "sc:Text"
