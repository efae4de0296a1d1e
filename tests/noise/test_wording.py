"""The model's features in words."""

from __future__ import annotations

from cleaner.noise import columns, vicinity
from cleaner.noise.wording import WORDS, in_words


def test_each_feature_has_words_of_its_own() -> None:
    """No two say the same, and none shows a name with underscores."""
    names = (*columns.NAMES, *vicinity.NAMES)
    said = [in_words(name) for name in names]
    assert len(set(said)) >= len(set(names)) - 1  # the zone's words come in two ways
    assert all("_" not in words and words == words.strip() for words in said)


def test_all_that_is_worded_exists() -> None:
    """A feature that was renamed must not leave its old words behind."""
    own = {*columns.OWN, *columns.PLACE, *columns.PAGE, *columns.MEANS, *vicinity.PAGE}
    assert set(WORDS) - own == {"words_score"}


def test_neighbours_and_windows_say_where() -> None:
    """Above or below, and how far."""
    assert in_words("words_+1") == "words, 1 line below"
    assert in_words("lexicon_-3") == "what its words mostly are, 3 lines above"
    assert in_words("mean_prose_10") == "paragraphs per mille within 10 lines"
    assert in_words("mean_words_score_5") == "likeness to text by words within 5 lines"
