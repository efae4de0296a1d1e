import pickle
from pathlib import Path

import pytest

from cleaner.errors import ConfigError
from cleaner.noise.line import look
from cleaner.noise.pack import BUILTIN, Packs, load_packs

HEAD = """\
pack: my
language: vi
version: 1
rules:
"""
EMPTY = HEAD.replace("rules:", "rules: []").encode()
RULE = """\
  - id: my.{name}
    kind: widget
    severity: certain
    reason: a rule for this test
    {what}
    examples:
      match: {match}
      no_match: [one, two, three]
"""


def write(folder: Path, *rules: str, head: str = HEAD) -> Path:
    """A pack file."""
    path = folder / "my.yaml"
    path.write_text(head + "".join(rules), encoding="utf-8")
    return path


def rule(what: str, match: str = "[a, b, c]", name: str = "test") -> str:
    """The YAML of one rule."""
    return RULE.format(what=what, match=match, name=name)


def found(packs: Packs, text: str) -> list[str]:
    """Ids of the rules that fit a line."""
    return [packs.rules[index].id for index in packs.find(look(text))]


@pytest.fixture(scope="module")
def builtin() -> Packs:
    """The packs that come with the package."""
    return load_packs()


def test_every_example_of_every_builtin_pack_holds(builtin: Packs) -> None:
    """Rules find the lines that they must find, and not those that they must not."""
    assert builtin.check_examples() == []
    assert {pack.pack for pack in builtin.packs} == set(BUILTIN)


def test_every_rule_has_examples_enough(builtin: Packs) -> None:
    """Each rule is tested with ten lines a side in Vietnamese and English, else with five."""
    for pack in builtin.packs:
        needed = 10 if pack.pack in {"vi", "en"} else 5
        for rule in pack.rules:
            assert len(set(rule.examples.match)) >= needed, rule.id
            assert len(set(rule.examples.no_match)) >= needed, rule.id


def test_every_language_has_the_main_families(builtin: Packs) -> None:
    """Heads, comments, forms, share bars, copyright, applications, cookies and tags."""
    families = {
        "related_head", "related_inline", "comment_head", "comment_form", "share_bar", "copyright",
        "cookie", "tags", "section_name",
    }  # fmt: skip
    for pack in builtin.packs:
        if pack.pack != "any":
            names = {rule.id.partition(".")[2] for rule in pack.rules}
            assert families <= names, pack.pack


@pytest.mark.parametrize("text", ["I agree.", "Got it.", "Back.", "Email.", "Đóng.", "Gửi."])
def test_a_word_on_a_button_has_no_full_stop(builtin: Packs, text: str) -> None:
    """With one it is an answer in a dialogue; without one it is a button."""
    kinds = {"widget", "form_field"}
    assert not {builtin.rules[index].kind for index in builtin.find(look(text))} & kinds


def test_names_of_menus_are_known(builtin: Packs) -> None:
    """Sections, site links and buttons are; heads, labels of forms and other words are not."""
    assert all(map(builtin.is_menu_name, ["sport", "privacy policy", "trang chủ", "thể thao"]))
    assert not any(map(builtin.is_menu_name, ["read more", "họ và tên", "millbrook", ""]))


def test_builtin_packs_use_no_ascii_word_boundaries_in_other_scripts(builtin: Packs) -> None:
    r"""RE2's \b and \w know ASCII only, so only the English pack may use them."""
    for pack in builtin.packs:
        patterns = [p for r in pack.rules for p in (*r.any_, *r.all_)]
        has_ascii_classes = any("\\b" in p or "\\w" in p for p in patterns)
        assert pack.pack == "en" or not has_ascii_classes, pack.pack


def test_an_example_that_fails_is_named(tmp_path: Path) -> None:
    """check_examples says which rule fails on which line, and how."""
    path = write(tmp_path, rule("phrases: [a, b, two]"))
    assert load_packs([path]).check_examples() == [
        "my.test: does not match 'c'",
        "my.test: matches 'two'",
    ]


def test_phrases_are_whole_lines(tmp_path: Path) -> None:
    """A phrase fits a line without regard to case, tone place, marks around and a count behind."""
    packs = load_packs([write(tmp_path, rule("phrases: [Thoả thuận hoà bình]"))])
    assert found(packs, "» THỎA THUẬN HÒA  BÌNH (3):") == ["my.test"]
    assert found(packs, "Thỏa thuận hòa bình đã ký") == []


def test_any_and_all(tmp_path: Path) -> None:
    """One of `any` and each of `all` must occur; `all` alone is enough where there is no `any`."""
    both = load_packs([write(tmp_path, rule("any: [x, y]\n    all: [m, n]"))])
    assert found(both, "m n x") == ["my.test"]
    assert found(both, "m x") == []
    assert found(both, "m n") == []
    alone = load_packs([write(tmp_path, rule("all: [m, n]"))])
    assert found(alone, "n m") == ["my.test"]
    assert found(alone, "n") == []


def test_scope_limits_the_size(tmp_path: Path) -> None:
    """A line outside the limits of words or characters is not found."""
    what = "any: ['^go']\n    scope: {max_words: 3, min_words: 2, max_chars: 12}"
    packs = load_packs([write(tmp_path, rule(what))])
    assert found(packs, "go home") == ["my.test"]
    assert found(packs, "go") == []
    assert found(packs, "go home now please") == []
    assert found(packs, "go homewards again") == []


def test_rules_can_be_switched_off() -> None:
    """A rule in `off` does not act, stays listed, and changes the digest."""
    on, off = load_packs(["vi"]), load_packs(["vi"], off=["vi.copyright"])
    assert "vi.copyright" in found(on, "Bản quyền thuộc về Báo Ví Dụ")
    assert "vi.copyright" not in found(off, "Bản quyền thuộc về Báo Ví Dụ")
    assert len(off.all_rules()) == len(on.all_rules()) == len(off.rules) + 1
    assert on.digest() != off.digest()
    assert on.digest() == load_packs(["vi"]).digest()
    with pytest.raises(ConfigError, match=r"vi\.copyrigt.*did you mean 'vi\.copyright'"):
        load_packs(["vi"], off=["vi.copyrigt"])


def test_packs_are_values() -> None:
    """Packs that were pickled find the same and have the same digest."""
    packs = load_packs(["any", "en"])
    copy = pickle.loads(pickle.dumps(packs))
    assert found(copy, "Share this article") == found(packs, "Share this article") != []
    assert copy.digest() == packs.digest()


def test_faults_have_file_line_and_column(tmp_path: Path) -> None:
    """Each mistake of a pack is named with its place, all of them at once."""
    path = write(
        tmp_path,
        rule("any: ['(?=x)y']"),
        rule("phrases: [a]\n    severty: likely", name="other"),
    )
    with pytest.raises(ConfigError) as caught:
        load_packs([path])
    first, second = map(str, caught.value.faults)
    assert first.startswith(f"{path}:9:10: rules.0.any")
    assert "look-around is not supported" in first
    assert second.startswith(f"{path}:18:5: rules.1.severty: unknown key")
    assert "did you mean 'severity'?" in second


@pytest.mark.parametrize(
    ("what", "match", "message"),
    [
        ("phrases: ['***']", "[a, b, c]", "no letters or digits"),
        ("any: ['x*']", "[a, b, c]", "matches the empty text"),
        ("scope: {max_chars: 9}", "[a, b, c]", "needs `phrases`, `any` or `all`"),
        ("phrases: [a]", "[a, b]", "at least 3 entries"),
        ("phrases: [a]\n    scope: {where: middle}", "[a, b, c]", "'anywhere', 'outside'"),
        ("phrases: [7]", "[a, b, c]", "valid string"),
    ],
)
def test_wrong_rules_are_refused(tmp_path: Path, what: str, match: str, message: str) -> None:
    """A rule that finds nothing, or any line, or has too few examples, is a fault."""
    path = write(tmp_path, rule(what, match))
    with pytest.raises(ConfigError, match=message) as caught:
        load_packs([path])
    assert str(caught.value.faults[0]).startswith(f"{path}:")


def test_ids_belong_to_their_pack_and_are_unique(tmp_path: Path) -> None:
    """An id starts with its pack's name and stands once; a pack is given once."""
    twice = write(tmp_path, rule("phrases: [a]"), rule("phrases: [b]"))
    with pytest.raises(ConfigError, match=r"'my\.test' is defined twice"):
        load_packs([twice])
    other = write(tmp_path, rule("phrases: [a]"), head=HEAD.replace("my", "mine"))
    with pytest.raises(ConfigError, match=r"must begin with 'mine\.'"):
        load_packs([other])
    with pytest.raises(ConfigError, match="given twice"):
        load_packs(["vi", "vi"])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("vi_", "did you mean .vi."),
        ("no/such.yaml", "no such rule pack file"),
        ("klingon", "a built-in rule pack, or a path"),
    ],
)
def test_unknown_packs_are_named(name: str, message: str) -> None:
    """A pack that does not exist is a fault with the nearest name."""
    with pytest.raises(ConfigError, match=message):
        load_packs([name])


def test_what_is_no_yaml_is_a_fault(tmp_path: Path) -> None:
    """Broken YAML, other encodings and other shapes are faults, never other exceptions."""
    for raw in (b"rules: [", b"\xff\xfe\x00", b"- 1\n- 2\n", b"", b"pack: my\npack: me\n", EMPTY):
        path = tmp_path / "bad.yaml"
        path.write_bytes(raw)
        with pytest.raises(ConfigError):
            load_packs([path])
