"""`cleaner doctor`."""

from __future__ import annotations

import click

from cleaner.cli.frame import finish, print_json

_EPILOG = """\b
Example:
  cleaner doctor"""


@click.command(epilog=_EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(*, as_json: bool) -> None:
    """Look at the machine, and compile.

    Says what is installed and what the machine has. The first run on a machine compiles its inner
    loops, which takes up to a minute; this command does it beforehand, and says where the compiled
    code is kept.
    """
    from cleaner.report.doctor import examine

    findings = examine()
    if as_json:
        print_json([{"what": f.what, "value": f.value, "problem": f.problem} for f in findings])
    else:
        width = max(len(f.what) for f in findings)
        for finding in findings:
            click.echo(f"{finding.what:<{width}}  {finding.value}")
            if finding.problem:
                click.secho(f"{'':<{width}}  {finding.problem}", fg="yellow")
    finish(int(any(f.problem for f in findings)))
