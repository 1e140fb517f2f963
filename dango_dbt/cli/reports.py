"""What a run leaves for a CI service: a JUnit file, annotations, and a summary of the step."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

from dango_dbt.cli.attempt import Attempt
from dango_dbt.errors import ConfigError, ExitCode
from dango_dbt.results import Failure

__all__ = ["annotate", "summarize", "with_junit"]


def with_junit(attempt: Attempt, file: Path | None) -> Attempt:
    """Write the JUnit file, if one is asked for; where it cannot be written, the run has failed."""
    from dango_dbt import report

    if file is None:
        return attempt
    layout = attempt.project.layout if attempt.project else None
    folder = layout.shown(layout.dbt.directory) if layout else "."
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(report.to_junit(attempt.result, folder))
    except OSError as error:
        wrong = ConfigError(
            f"the JUnit file {file} cannot be written: {error.strerror}",
            hint="give --junit-xml a file in a folder that can be written to",
        )
        code = ExitCode.worst(attempt.result.error_code, wrong.exit_code)
        failure = attempt.result.error or Failure.of(wrong)
        return replace(attempt, result=replace(attempt.result, error=failure, error_code=code))
    return attempt


def annotate(attempt: Attempt, *, as_json: bool, as_lines: bool) -> None:
    """On GitHub, tell it what to show beside the code.

    GitHub reads both streams. stderr is for it, unless that is for lines of JSON; where stdout is
    for the document as well, there are no annotations.
    """
    from dango_dbt import report

    if not report.on_github() or (as_json and as_lines):
        return
    stream = sys.stdout if as_lines else sys.stderr
    found = report.github_annotations(
        attempt.result, attempt.warnings, root=attempt.root, dbt=attempt.dbt_folder
    )
    for line in found:
        print(line.encode("utf-8", "replace").decode(), file=stream, flush=True)


def summarize(attempt: Attempt) -> None:
    """On GitHub, add the run to the page of the job; a step has one file for all its commands."""
    from dango_dbt import report

    file = os.environ.get("GITHUB_STEP_SUMMARY")
    if not report.on_github() or not file:
        return
    text = report.to_step_summary(attempt.result)
    try:
        with Path(file).open("a", encoding="utf-8", errors="replace") as summary:
            summary.write(f"{text}\n")
    except OSError as error:
        report.PlainProgress(sys.stderr).warning(
            f"the summary of the step cannot be written to {file}: {error.strerror}"
        )
