"""Names of folders and files of a corpus: safe, distinct, and read back."""

from __future__ import annotations

from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from cleaner.io.places import escaped, folders_of, globs, path_of, split_of, values_of


@given(st.text(max_size=400))
def test_any_value_is_a_safe_name_and_comes_back(value: str) -> None:
    """One part of a path, in ASCII, not too long; what was not cut is read back."""
    name = escaped(value)
    assert name.isascii()
    assert 0 < len(name) <= 150
    assert not set(name) & set('/\\=:*?"<>| \n\0')
    if value and "~" not in name:
        assert unquote(name) == value


@given(st.lists(st.text(max_size=60), min_size=2, max_size=2, unique=True))
def test_two_values_have_two_names(values: list[str]) -> None:
    """But for none and the word for it; on file systems that see no case, too."""
    one, other = (f"site={escaped(value)}" for value in values)
    if {"", "unknown"} != set(values):
        found = folders_of([one, other])
        assert found[one].lower() != found[other].lower()


def test_paths_tell_split_and_folders() -> None:
    """Of both layouts; a pattern names the files of one split alone."""
    plain = path_of("plain", "parquet", "split=test/language=vi", 3, 9)
    hub = path_of("huggingface", "jsonl", "split=test/language=vi", 3, 9)
    assert plain == "corpus/split=test/language=vi/part-00003.parquet"
    assert hub == "data/language=vi/test-00003-of-00009.jsonl.zst"
    assert split_of(plain) == split_of(hub) == "test"
    assert split_of("corpus/part-00000.parquet") == "train"
    assert values_of(plain) == values_of(hub) == {"language": "vi"}
    assert globs([plain]) == {"test": "corpus/split=test/language=*/*.parquet"}
    assert globs([hub], any_folder=False) == {"test": "data/language=vi/test-*.jsonl.zst"}
