"""Runs any `dbt` executable: another environment's, or a dbt without a Python API."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from dango_dbt.build.events import is_read
from dango_dbt.build.runners import Event, Outcome, environment
from dango_dbt.project import DbtProject

__all__ = ["ExecutableRunner"]

#: How long dbt has to cancel its queries and to end, in seconds.
_CANCELLING = 5.0


@dataclass(frozen=True)
class ExecutableRunner:
    """A `dbt` executable by its absolute path."""

    path: Path

    def run(
        self, project: DbtProject, args: Sequence[str], on_event: Callable[[Event], None]
    ) -> Outcome:
        """See `Runner`. The start and the end of a node are in the log at level debug only."""
        command = [str(self.path), *args, "--log-format", "json", "--log-level", "debug"]
        with (
            TemporaryFile() as stderr,
            subprocess.Popen(  # noqa: S603 - the user's own dbt
                command,
                cwd=project.directory,
                env=os.environ | environment(project),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                # Ctrl-C reaches this process alone, which hands it on once: a second one would
                # interrupt dbt while it cancels its queries.
                start_new_session=True,
            ) as process,
        ):
            try:
                _read_events(process, on_event)
                code = process.wait()
            except KeyboardInterrupt:
                process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
                try:
                    process.wait(_CANCELLING)
                except subprocess.TimeoutExpired:
                    process.terminate()  # it has missed a query that was about to begin
                    process.wait()
                raise
            stderr.seek(0)
            said = stderr.read().decode(errors="replace")
        return Outcome(code, _last_words(said) if code else None)

    def pass_on(self, project: DbtProject, args: Sequence[str], target: str | None) -> int:
        """See `Runner`."""
        with subprocess.Popen(  # noqa: S603 - the user's own dbt
            [str(self.path), *args],
            cwd=project.directory,
            env=os.environ | environment(project, target),
        ) as process:
            try:
                return process.wait()
            except KeyboardInterrupt:
                process.wait()  # the terminal has interrupted dbt too: let it clean up
                raise


def _read_events(process: subprocess.Popen[bytes], on_event: Callable[[Event], None]) -> None:
    for line in process.stdout or ():
        text = line.decode(errors="replace")
        try:
            event = json.loads(text)
            info = event["info"]
            wanted = is_read(info["name"], info["level"])
        except (ValueError, TypeError, KeyError):
            sys.stderr.write(text)  # printed by a Python model
            continue
        if wanted:
            on_event(event)


def _last_words(stderr: str) -> str | None:
    """What click says of wrong usage, without the usage itself; of a traceback its last line."""
    text = stderr.strip()
    if "Traceback (most recent call last)" in text:
        return text.splitlines()[-1]
    return re.sub(r"\A.*^Error: ", "", text, flags=re.DOTALL | re.MULTILINE) or None
