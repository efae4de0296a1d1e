"""The frame of the command line: commands imported on demand, errors as text, exit codes."""

from __future__ import annotations

import errno
import importlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import click

from cleaner.errors import CleanerError, ConfigError

_GO_ON = "run the same command again to go on"


class LazyGroup(click.Group):
    """A group whose commands are named by "module:attribute" and listed without being imported.

    `lazy` maps a command's name to its place and its line in the help.
    """

    def __init__(self, *, lazy: Mapping[str, tuple[str, str]], **attributes: Any) -> None:
        super().__init__(**attributes)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """All names, in the order of the table."""
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command; None if there is none of that name."""
        if cmd_name not in self.lazy:
            return None
        module, _, attribute = self.lazy[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; an unknown command gets the nearest name as a hint."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            close = difflib.get_close_matches(args[0], self.lazy, n=1) if args else []
            if not close or "did you mean" in error.format_message().lower():
                raise
            hint = f"{error.format_message()} Did you mean {close[0]!r}?"
            raise click.UsageError(hint, ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of commands, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.lazy.items()])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command and exit; errors of ours become text on stderr and an exit code."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        sys.exit(self._exit_code(args, prog_name, complete_var, extra))

    def _exit_code(
        self,
        args: Sequence[str] | None,
        prog_name: str | None,
        complete_var: str | None,
        extra: dict[str, Any],
    ) -> int:
        try:
            result = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
            sys.stdout.flush()
        except click.ClickException as error:
            error.show()
            return error.exit_code
        except (click.Abort, KeyboardInterrupt):
            say(f"interrupted; {_GO_ON}")
            return 130
        except CleanerError as error:
            say(describe(error))
            return error.exit_code
        except OSError as error:
            return _os_error(error)
        except MemoryError:
            hint = "use fewer --workers or a smaller engine.shard_bytes"
            say(f"Error: memory ran out; {hint}, {_GO_ON}")
            return 1
        except Exception as error:  # noqa: BLE001  whatever is left is our own fault
            return _own_fault(error)
        return result if isinstance(result, int) else 0


def describe(error: CleanerError) -> str:
    """An error as the user reads it: the faults of a config one a line, with their number below."""
    if not isinstance(error, ConfigError):
        return f"Error: {error}"
    count = len(error.faults)
    return f"{error}\n{count} {'fault' if count == 1 else 'faults'}; nothing was run"


def say(text: str) -> None:
    """Print on stderr; what could steer a terminal is escaped."""
    click.echo(readable(text), err=True)


def readable(text: str) -> str:
    """The text with every unprintable character but the line end as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def print_json(document: object) -> None:
    """One JSON document on stdout, in ASCII, so that no locale can break it."""
    click.echo(json.dumps(document, indent=2, allow_nan=False))


def finish(code: int) -> NoReturn:
    """End the command with an exit code."""
    raise click.exceptions.Exit(code)


def _own_fault(error: Exception) -> int:
    """A fault of the program: said in a line, the traceback kept for who mends it."""
    import tempfile
    import traceback

    trace = "".join(traceback.format_exception(error))
    kept = "see below"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="cleaner-fault-", suffix=".txt", delete=False, encoding="utf-8",
            errors="backslashreplace",
        ) as file:  # fmt: skip
            file.write(f"{sys.argv}\n{trace}")
        kept = file.name
    except OSError:
        say(trace)
    say(
        f"Error: this is a fault of cleaner ({type(error).__name__}: {error}). Please report it "
        f"with the command and its traceback ({kept}); finished work is kept"
    )
    return 70  # EX_SOFTWARE of sysexits.h


def _os_error(error: OSError) -> int:
    """A reader that went away is no fault worth a word; a full disk is one with a way out."""
    if error.errno == errno.EPIPE:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())  # or the interpreter complains when it flushes
        return 1
    name = f": {os.fsdecode(error.filename)}" if isinstance(error.filename, str | bytes) else ""
    hint = f"; free some space, then {_GO_ON}" if error.errno == errno.ENOSPC else ""
    say(f"Error: {error.strerror or error}{name}{hint}")
    return 1
