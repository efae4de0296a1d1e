"""The console that everything is printed on."""

from __future__ import annotations

import io
import sys

import pytest
from rich.text import Text

from cleaner.report.terminal import console, print_summary
from tests.report.reports import made_up


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_letters_that_a_terminal_lacks_become_escapes(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No figure, line or name can make the summary fail; what can be shown is shown."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    on = console()
    print_summary(made_up(), on)
    on.print(Text("caf\xe9 \u0111"))
    sys.stdout.flush()
    lines = raw.getvalue().decode(encoding).splitlines()
    assert "tidy.empty" in "\n".join(lines)
    shown = {"ascii": "caf\\xe9 \\u0111", "latin-1": "caf\xe9 \\u0111"}
    assert lines[-1] == shown[encoding]


def test_text_is_never_markup(capsys: pytest.CaptureFixture[str]) -> None:
    """Square brackets, emoji names and numbers are printed as they are."""
    console().print("[red]1,234[/] :smile:")
    console(stderr=True).print("[bold]x")
    out, err = capsys.readouterr()
    assert out == "[red]1,234[/] :smile:\n"
    assert err == "[bold]x\n"
