"""From `use:` to a class: built-ins, entry points, module:Class, and clear refusals."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cleaner.errors import ConfigError
from cleaner.registry import (
    BUILT_IN,
    BUILT_IN_FORMATS,
    BUILT_IN_SUFFIXES,
    known,
    known_readers,
    nearest,
    plugins_of,
    reader,
    readers,
    shadowed,
    stage_class,
)
from cleaner.stages.base import CorpusStage, MapStage


class DropTides(MapStage):
    """A user's stage."""


class NotAStage:
    """Something else."""


def plugin(
    folder: Path, package: str, entry: str, code: str = "", group: str = "cleaner.stages"
) -> None:
    """Install a package with one entry point into a folder, as pip leaves it."""
    about = folder / f"{package}-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{group}]\n{entry}\n")
    (folder / f"{package}.py").write_text(
        code
        or "from cleaner.stages.base import MapStage\nclass Tides(MapStage):\n    rows: int = 1\n"
    )


def refusal(use: str, *, allow_plugins: bool = True) -> str:
    """The one fault of a name that is refused."""
    with pytest.raises(ConfigError) as error:
        stage_class(use, allow_plugins=allow_plugins)
    (fault,) = error.value.faults
    assert fault.key == "use"
    return f"{fault.expected} ({fault.hint})" if fault.hint else fault.expected


def test_a_class_is_named_directly() -> None:
    """module:Class gives the very class."""
    assert stage_class("tests.test_registry:DropTides") is DropTides


@pytest.mark.parametrize("use", BUILT_IN)
def test_every_built_in_is_a_stage(use: str) -> None:
    """Each line of the table leads to a class that takes its own name."""
    cls = stage_class(use, allow_plugins=False)
    assert issubclass(cls, MapStage | CorpusStage)
    assert cls.model_validate({"use": use}).name == use


def test_nothing_is_imported_unasked() -> None:
    """Looking one stage up does not import the modules of the others."""
    code = (
        "import sys, cleaner.registry as r; r.known();"
        "print([m for m in r.BUILT_IN.values() if m.split(':')[0] in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_entry_point_gives_a_short_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package names its stage in the group `cleaner.stages`; it is listed after the built-ins."""
    plugin(tmp_path, "tide_stages", "tides = tide_stages:Tides")
    monkeypatch.syspath_prepend(tmp_path)
    cls = stage_class("tides")
    assert (cls.__module__, cls.__name__) == ("tide_stages", "Tides")
    assert list(known()) == [*BUILT_IN, "tides"]
    assert known()["tides"] == "tide_stages:Tides"
    assert refusal("tide") == "there is no stage 'tide' (did you mean 'tides'?)"
    assert list(known(allow_plugins=False)) == list(BUILT_IN)
    assert refusal("tides", allow_plugins=False) == (
        "'tides' is a plugin, and plugins are switched off (--no-plugins)"
        f" (built-in stages: {', '.join(BUILT_IN)})"
    )


def test_a_plugin_never_replaces_a_built_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table comes first."""
    plugin(tmp_path, "sly_stages", "tidy = sly_stages:Tides")
    monkeypatch.syspath_prepend(tmp_path)
    assert known()["tidy"] == BUILT_IN["tidy"]
    assert stage_class("tidy").__module__ == "cleaner.stages.tidy"
    assert shadowed() == [
        "sly_stages 1.0 has a stage 'tidy': that is built in, and its own is refused"
    ]


def test_a_name_of_two_packages_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which one would be used must not hang on the order of the path."""
    for package in ("one_stages", "two_stages"):
        plugin(tmp_path / package, package, f"tides = {package}:Tides")
        monkeypatch.syspath_prepend(tmp_path / package)
    assert refusal("tides") == (
        "'tides' is defined by more than one package: one_stages:Tides (one_stages 1.0),"
        " two_stages:Tides (two_stages 1.0)"
        " (name the one you mean as module:Class)"
    )


def test_a_plugin_that_fails_on_import_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its code raises becomes one fault."""
    plugin(tmp_path, "broken_stages", "broken = broken_stages:Tides", "raise OSError('no disk')\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert refusal("broken") == (
        "'broken' of the package broken_stages 1.0 cannot be imported: OSError: no disk"
        " (mend or uninstall broken_stages 1.0)"
    )


@pytest.mark.parametrize("code", ["import sys\nsys.exit(3)\n", "import no_such_module_here\n"])
def test_a_plugin_that_ends_the_program_or_misses_a_module_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """Neither an exit nor a missing dependency hides which package is at fault."""
    name = f"ending_stages{len(code)}"
    plugin(tmp_path, name, f"ending = {name}:Tides", code)
    monkeypatch.syspath_prepend(tmp_path)
    assert refusal("ending").startswith(f"'ending' of the package {name} 1.0 cannot be imported: ")


@pytest.mark.parametrize(
    ("use", "message"),
    [
        ("unicde", "there is no stage 'unicde' (did you mean 'unicode'?)"),
        ("xyz", f"there is no stage 'xyz' (known stages: {', '.join(BUILT_IN)})"),
        ("", f"there is no stage '' (known stages: {', '.join(BUILT_IN)})"),
        ("a/b:C", "'a/b:C' is not of the form module:Class (such as my_pkg.tides:DropTides)"),
        (".a:C", "'.a:C' is not of the form module:Class (such as my_pkg.tides:DropTides)"),
        ("a:b.c", "'a:b.c' is not of the form module:Class (such as my_pkg.tides:DropTides)"),
        ("tests.test_registry:Gone", "'tests.test_registry:Gone' cannot be imported: module"),
        ("no_such:C", "'no_such:C' cannot be imported: No module named 'no_such' (install"),
        (
            "tests.test_registry:NotAStage",
            "'tests.test_registry:NotAStage' is not a stage (a stage",
        ),
        ("cleaner.stages.base:MapStage", "'cleaner.stages.base:MapStage' is not a stage (a stage"),
        ("os:path", "'os:path' is not a stage (a stage derives from"),
        ("x\x1b" * 100, "there is no stage 'x\\x1bx"),
    ],
)
def test_what_is_no_stage_is_refused_in_a_sentence(use: str, message: str) -> None:
    """The message says what is wrong and what to try."""
    found = refusal(use)
    assert found.startswith(message)
    assert found.isprintable()


def test_without_plugins_module_and_class_are_refused_before_import() -> None:
    """Not a line of foreign code runs."""
    sys.modules.pop("antigravity", None)
    assert "plugins are switched off" in refusal("antigravity:fly", allow_plugins=False)
    assert "antigravity" not in sys.modules


def test_nearest_prefers_the_closest_and_is_empty_for_nothing_like_it() -> None:
    """The same answer whatever the order of the names."""
    assert nearest("languges", ["language", "languages"]) == "languages"
    assert nearest("languges", ["languages", "language"]) == "languages"
    assert nearest("zzz", ["language"]) == ""


READER = """\
from cleaner.reader import Reader, Record
def read(stream, settings):
    yield Record(stream.read().decode())
READER = Reader(suffixes={suffixes!r}, read=read)
"""


def refused(*names: str, allow_plugins: bool = True) -> str:
    """The fault of readers that are refused."""
    with pytest.raises(ConfigError) as error:
        readers(names, allow_plugins=allow_plugins)
    (fault,) = error.value.faults
    return f"{fault.expected} ({fault.hint})" if fault.hint else fault.expected


def add_reader(folder: Path, package: str, name: str, suffixes: object) -> None:
    """Install a package with a reader of these suffixes."""
    code = READER.format(suffixes=suffixes)
    plugin(folder, package, f"{name} = {package}:READER", code, "cleaner.readers")


def test_readers_are_found_by_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the name that the package gives; where it comes from is known."""
    assert refused("logs").startswith("there is no reader 'logs' (")
    add_reader(tmp_path, "log_reader", "logs", (".log",))
    monkeypatch.syspath_prepend(tmp_path)
    assert known_readers() == ["logs"]
    assert reader("logs").suffixes == (".log",)
    (about,) = plugins_of((), ["logs"])
    assert (about.kind, about.name, about.package, about.version) == (
        *("reader", "logs", "log_reader", "1.0"),
    )
    assert about.target == "log_reader:read"
    assert len(about.source) == 64
    assert refused("lgs") == "there is no reader 'lgs' (did you mean 'logs'?)"
    assert "plugins are switched off" in refused("logs", allow_plugins=False)


@pytest.mark.parametrize(
    ("name", "suffixes", "message"),
    [
        ("mine", (".mine", ".jsonl"), "'mine' (r_0 1.0) is for .jsonl, which is read already (a"),
        ("mine", (".gz",), "'mine' (r_1 1.0) is for .gz, which is read already (a"),
        ("mine", ("mine",), "'mine' is for suffixes ('mine',) (such as ('.srt',))"),
        ("mine", (), "'mine' is for suffixes () (such as ('.srt',))"),
        ("txt", (".mine",), "'txt' (r_4 1.0) cannot be the name of a reader (small letters"),
    ],
)
def test_a_reader_takes_nothing_that_is_built_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, suffixes: object, message: str
) -> None:
    """Neither a suffix nor the name of a format, and its suffixes look like suffixes."""
    package = message.partition("(r_")[2][:1] or str(len(str(suffixes)))
    add_reader(tmp_path, f"r_{package}", name, suffixes)
    monkeypatch.syspath_prepend(tmp_path)
    assert refused(name).startswith(message)


def test_a_package_with_damaged_metadata_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name and version are not known; nothing fails for that."""
    plugin(tmp_path, "nameless", "nameless = nameless:Tides")
    (tmp_path / "nameless-1.0.dist-info" / "METADATA").write_text("")
    plugin(tmp_path, "named", "named = named:Tides")
    monkeypatch.syspath_prepend(tmp_path)
    assert {"nameless", "named"} <= set(known())
    assert stage_class("nameless").__module__ == "nameless"


def test_two_readers_of_one_suffix_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which of them would read must not hang on an order."""
    add_reader(tmp_path, "first_logs", "alpha", (".log",))
    add_reader(tmp_path, "second_logs", "beta", (".log", ".out"))
    monkeypatch.syspath_prepend(tmp_path)
    assert refused("alpha", "beta") == "'alpha' and 'beta' are both for .log"
    assert set(readers(["beta"])) == {"beta"}


def test_another_version_of_a_reader_is_another_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the same package gives it, from the same file."""
    from cleaner.engine.context import reader_fingerprints

    add_reader(tmp_path, "versioned_logs", "logs", (".log",))
    monkeypatch.syspath_prepend(tmp_path)
    before = reader_fingerprints(["logs"])
    assert reader_fingerprints(["logs"]) == before
    module = sys.modules["versioned_logs"]
    monkeypatch.setattr(module, "READER", replace(reader("logs"), version=2))
    assert reader_fingerprints(["logs"]) != before
    assert reader_fingerprints([]) == [[], []]


def test_what_is_no_reader_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry point may name anything."""
    plugin(tmp_path, "odd_reader", "odd = odd_reader:Tides", group="cleaner.readers")
    monkeypatch.syspath_prepend(tmp_path)
    assert refused("odd") == "'odd' is not a reader (a reader is a cleaner.reader.Reader)"


def test_the_tables_of_what_is_built_in_agree() -> None:
    """The suffixes and formats that plugins may not take are those that inputs know."""
    from cleaner.io import names

    assert {*names._FORMATS, *names._COMPRESSIONS} == BUILT_IN_SUFFIXES
    assert set(names._FORMATS.values()) == BUILT_IN_FORMATS


def test_where_a_stage_comes_from_is_known() -> None:
    """A module of no package is told by its source; what is built in is no plugin."""
    use = "tests.test_registry:DropTides"
    (about,) = plugins_of([stage_class(use).model_validate({"use": use})], [])
    assert (about.kind, about.name, about.package) == ("stage", use, None)
    assert about.source
    assert plugins_of([stage_class("tidy").model_validate({"use": "tidy"})], []) == []
