"""Options that several commands have: to change a config, and to draw lines of a run."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from cleaner.config.model import RunConfig
    from cleaner.config.overrides import Override

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Changes:
    """What the command line changes in a config; later ones win: `--set`, then the others."""

    inputs: tuple[str, ...] = ()
    output: str | None = None
    workers: str | None = None
    engine: str | None = None
    seed: int | None = None
    settings: tuple[str, ...] = ()
    no_plugins: bool = False

    def load(self, config: str) -> RunConfig:
        """Load the config with these changes; raises ConfigError."""
        from cleaner.config.load import load

        overrides: list[str | Override] = [*self.settings, *self._named()]
        return load(config, overrides=overrides, allow_plugins=not self.no_plugins)

    def _named(self) -> list[Override]:
        from cleaner.config.overrides import Override

        named: list[Override] = []
        if self.inputs:
            named.append(Override(("input",), list(self.inputs), "--input"))
        if self.output is not None:
            named.append(Override(("output",), self.output, "--output"))
        if self.workers is not None:
            workers = int(self.workers) if _is_count(self.workers) else self.workers
            named.append(Override(("engine", "workers"), workers, f"--workers {self.workers}"))
        if self.engine is not None:
            label = f"--engine {self.engine}"
            named.append(Override(("engine", "kind"), self.engine, label))
        if self.seed is not None:
            named.append(Override(("seed",), self.seed, f"--seed {self.seed}"))
        return named


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def changes_config(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the argument CONFIG and the options; it gets `config` and `changes`."""

    @functools.wraps(command)  # carries the options that click has put on the command
    def with_changes(*args: Any, **options: Any) -> R:
        names = ("inputs", "output", "workers", "engine", "seed", "settings", "no_plugins")
        changes = Changes(**{name: options.pop(name) for name in names})
        return command(*args, changes=changes, **options)

    described: Callable[..., R] = with_changes
    for decorate in reversed(_OPTIONS):
        described = decorate(described)
    return described


def no_plugins(what: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """The option `--no-plugins`, in a command's own words; an environment variable sets it, too."""
    return click.option(
        "--no-plugins", is_flag=True, envvar="CLEANER_NO_PLUGINS", show_envvar=True, help=what
    )


def drawn_lines(seed: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """The options of a sample of lines, `per_rule`, `keeps` and `seed`, which `seed` describes."""
    options = (
        click.option(
            "--per-rule",
            type=click.IntRange(1, 10_000),
            default=20,
            show_default=True,
            metavar="N",
            help="Cuts of each rule; and a quarter as many kept lines beside them.",
        ),
        click.option(
            "--keeps",
            type=click.IntRange(0, 100_000),
            metavar="N",
            help="Kept lines that are beside no cut.  [default: four times --per-rule]",
        ),
        click.option(
            "--seed",
            type=click.IntRange(0, 2**63 - 1),
            default=0,
            show_default=True,
            metavar="N",
            help=seed,
        ),
    )

    def describe(command: Callable[..., R]) -> Callable[..., R]:
        for option in reversed(options):
            command = option(command)
        return command

    return describe


_OPTIONS = (
    click.argument("config"),
    click.option(
        "--input",
        "inputs",
        multiple=True,
        metavar="PATH",
        help="Read this instead of the config's input; may be given several times.",
    ),
    click.option("--output", metavar="DIR", help="The run's folder."),
    click.option("--workers", metavar="N", help="Worker processes, or `auto`."),
    click.option("--engine", metavar="KIND", help="What does the work: local, inline or ray."),
    click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="KEY=VALUE",
        help="Set a key, such as `stages.noise.min=3`; may be given several times.",
    ),
    click.option("--seed", type=int, metavar="N", help="The seed of all samples."),
    no_plugins("Refuse stages and readers that are not built in."),
)
