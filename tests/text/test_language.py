"""Language identification: right on plain cases, the same everywhere, never an exception."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.text.identifier import identifier
from cleaner.text.language import UNKNOWN, Guess, Identifier, excerpt, iso, version_of

SENTENCES = {
    "vi": "Hôm nay trời mưa to nên nhiều tuyến phố trong trung tâm bị ngập sâu.",
    "en": "The committee will meet again next week to decide about the new bridge.",
    "fr": "Le conseil municipal se réunira la semaine prochaine pour voter le budget.",
    "de": "Der Gemeinderat trifft sich nächste Woche, um über die Brücke zu entscheiden.",
    "ru": "На следующей неделе совет соберётся снова, чтобы решить вопрос о мосте.",
    "zh": "市议会将于下周再次开会，决定是否修建新的大桥。",
    "ja": "市議会は来週ふたたび集まり、新しい橋について決めます。",
    "ar": "سيجتمع المجلس البلدي الأسبوع المقبل لاتخاذ قرار بشأن الجسر الجديد.",
}
BACKENDS = ("blend", "py3langid", "langdetect")


@pytest.fixture(scope="module", params=BACKENDS)
def model(request: pytest.FixtureRequest) -> Identifier:
    """Each back end."""
    return identifier(request.param)


@pytest.mark.parametrize("lang", SENTENCES)
def test_plain_sentences(model: Identifier, lang: str) -> None:
    """A sentence of each of eight languages is told with a high probability."""
    guess = model.identify(SENTENCES[lang])
    assert guess.lang == lang
    assert 0.7 < guess.score <= 1.0
    assert guess.score == round(guess.score, 4)
    assert lang in model.languages


@pytest.mark.parametrize(
    "text", ["", " \n\t", "12.5 % – 30/4/2024", "!!! ???", "🎉🎉", "\u0301\u0301"]
)
def test_without_a_letter_it_is_undetermined(model: Identifier, text: str) -> None:
    """Empty text, numbers and signs have no language; nothing is raised."""
    assert model.identify(text) == UNKNOWN == Guess("und", 0.0)


@settings(max_examples=60)
@given(text=st.text(max_size=60))
def test_any_text_has_an_answer(model: Identifier, text: str) -> None:
    """Any string gives a known code, and the same one when asked again."""
    guess = model.identify(text)
    assert guess == UNKNOWN or guess.lang in model.languages
    assert model.identify(text) == guess


def test_the_answer_does_not_depend_on_the_order(model: Identifier) -> None:
    """What was asked before does not matter, although langdetect draws lots."""
    texts = [*SENTENCES.values(), "ok", "", "một hai ba"]
    forward = model.identify_many(texts)
    assert model.identify_many(texts[::-1])[::-1] == forward
    assert [model.identify(t) for t in texts] == forward


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_answer_does_not_depend_on_the_process(backend: str) -> None:
    """Another process, with another hash seed, gives the same languages and scores."""
    texts = ["ok computer", "xin chào", "la vie est", *SENTENCES.values()]
    code = (
        "import sys; from cleaner.text.identifier import identifier;"
        f"print(ascii(identifier({backend!r}).identify_many({texts!r})))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    here = ascii(identifier(backend).identify_many(texts)) + "\n"
    assert found == {here.encode()}


def test_it_agrees_with_py3langid() -> None:
    """Integer arithmetic gives the library's own languages and probabilities."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    theirs = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    ours = identifier("py3langid", max_chars=10_000)
    for text in [*SENTENCES.values(), "xin chào các bạn", "HELLO WORLD AGAIN", "Dobrý den všem"]:
        lang, score = theirs.classify(text)
        guess = ours.identify(text)
        assert guess.lang == iso(lang)
        if lang not in {"ar", "zh"}:  # there, several labels of the library are one of ours
            assert guess.score == pytest.approx(score, abs=2e-3)


def test_only_the_first_letters_count() -> None:
    """`max_chars` characters from the first letter on decide, however much follows."""
    assert excerpt("12: abc", 2) == "ab"
    assert excerpt("... 12", 5) == ""
    short = identifier("py3langid", max_chars=len(SENTENCES["vi"]))
    assert short.identify("1. " + SENTENCES["vi"] + SENTENCES["ru"] * 5).lang == "vi"
    with pytest.raises(ValueError, match="max_chars"):
        identifier("py3langid", max_chars=0)


def test_codes_are_those_of_iso_639_1() -> None:
    """Varieties and other spellings of a code become the usual code."""
    assert [iso(c) for c in ("zh-cn", "nb", "arz", "vi", "zxx")] == ["zh", "no", "ar", "vi", "und"]
    assert identifier("langdetect").languages >= {"zh", "vi", "no"}
    assert version_of("langdetect") == "langdetect-1.0.9/1"
