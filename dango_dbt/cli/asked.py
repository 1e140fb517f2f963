"""What a command line asks for, read from its arguments, for what ends before a command runs.

A command that refuses its arguments, or that Ctrl-C meets while it imports, cannot report by
itself: what it was asked for is told here all the same.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dango_dbt.results import RunResult

__all__ = ["Asked"]

_JUNIT = "--junit-xml"


@dataclass(frozen=True)
class Asked:
    """What to report, and how.

    Attributes:
        command: its name, such as `source list`.
        junit_xml: the JUnit file, of a command that writes one.
    """

    command: str
    as_json: bool
    as_lines: bool
    junit_xml: Path | None = None

    @classmethod
    def of(cls, group: click.Group, args: Sequence[str]) -> Asked:
        """Read the arguments of a command line, right or wrong; what follows `--` is not ours."""
        ours = args[: args.index("--")] if "--" in args else args
        names = list[str]()
        command: click.Command = group
        for arg in ours:
            if isinstance(command, click.Group) and arg in command.commands:
                names.append(arg)
                command = command.commands[arg]
        pairs = list(pairwise(ours))
        junit = [value for option, value in pairs if option == _JUNIT]
        junit += [arg.partition("=")[2] for arg in ours if arg.startswith(f"{_JUNIT}=")]
        writes = any(parameter.name == "junit_xml" for parameter in command.params)
        return cls(
            " ".join(names),
            "--json" in ours,
            "--log-format=json" in ours or ("--log-format", "json") in pairs,
            Path(junit[-1]) if junit and junit[-1] and writes else None,
        )

    def tell_wrong_usage(self, error: click.UsageError) -> None:
        """Tell wrong usage as it was asked for; click says it in words, and exits with 2."""
        from dango_dbt.errors import ExitCode
        from dango_dbt.results import Failure, RunResult

        failure = Failure("UsageError", error.format_message())
        self._tell(RunResult(self.command, error=failure, error_code=ExitCode.USAGE))

    def tell_interrupted(self) -> int:
        """Tell that Ctrl-C has ended the command; give the exit code."""
        from dango_dbt.errors import ExitCode
        from dango_dbt.results import Failure, RunResult

        failure = Failure("KeyboardInterrupt", "interrupted")
        self._tell(RunResult(self.command, error=failure, error_code=ExitCode.INTERRUPTED))
        if not self.as_lines:
            click.echo("Interrupted", err=True)
        return int(ExitCode.INTERRUPTED)

    def _tell(self, result: RunResult) -> None:
        from dango_dbt import report

        if self.junit_xml:
            from dango_dbt.cli.attempt import Attempt
            from dango_dbt.cli.reports import with_junit

            with_junit(Attempt(result), self.junit_xml)
        if self.as_json:
            click.echo(report.to_json(result))
        if self.as_lines:
            report.LineProgress(sys.stderr).run_finished(result)
