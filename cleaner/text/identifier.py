"""The back ends that tell languages, by name: same answer in any process, on any processor."""

from __future__ import annotations

from cleaner.text.bayes import BayesIdentifier, bayes_model
from cleaner.text.blend import BlendIdentifier
from cleaner.text.language import MAX_CHARS, Backend, Identifier
from cleaner.text.profiles import ProfileIdentifier


def identifier(backend: Backend = "blend", max_chars: int = MAX_CHARS) -> Identifier:
    """Load a back end, once a process; `max_chars` characters from a text's first letter decide.

    Raises:
        ValueError: `max_chars` is below 1.
    """
    if max_chars < 1:
        raise ValueError("max_chars must be at least 1")
    if backend == "langdetect":
        return ProfileIdentifier(max_chars)
    bayes = BayesIdentifier(bayes_model(), max_chars)
    if backend == "py3langid":
        return bayes
    return BlendIdentifier(bayes, max_chars)
