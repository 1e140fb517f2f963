"""Runs dbt in this process: no interpreter to start, and the imports are paid once."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dango_dbt.build import duckdb_file
from dango_dbt.build.artefacts_of_ours import without_dbts_own, write
from dango_dbt.build.events import is_read
from dango_dbt.build.interrupts import interrupts
from dango_dbt.build.manifests import Parsed
from dango_dbt.build.runners import Event, Outcome, environment
from dango_dbt.project import DbtProject

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

__all__ = ["InProcessRunner"]


class InProcessRunner:
    """dbt's own `dbtRunner`, which raises nothing."""

    def run(
        self, project: DbtProject, args: Sequence[str], on_event: Callable[[Event], None]
    ) -> Outcome:
        """See `Runner`."""
        from dbt_common.events.functions import msg_to_dict

        # What Python models and macros print is not ours to put on stdout either.
        with _inside(project.directory, environment(project)), redirect_stdout(sys.stderr):
            parsed = Parsed(project, args)

            def callback(message: Any) -> None:  # noqa: ANN401 - protobuf: EventMsg has no types
                parsed.listen(message.info.name)
                if message.info.name == duckdb_file.HAS_ASKED:
                    duckdb_file.hold()
                if is_read(message.info.name, message.info.level):
                    on_event(msg_to_dict(message))

            ours = without_dbts_own(args)
            given = [*(ours or args), "--log-level", "none"]
            result = _invoke(given, [callback], parsed.manifest)
            if ours is not None:
                written = project.target_path / "manifest.json"
                fresh = None if parsed.manifest and written.is_file() else parsed.used
                write(project, args, result.result, fresh)
        if result.exception is None:
            return Outcome(0 if result.success else 1)
        return Outcome(2, str(result.exception) or type(result.exception).__name__)

    def pass_on(self, project: DbtProject, args: Sequence[str], target: str | None) -> int:
        """See `Runner`."""
        from dbt.cli.exceptions import DbtUsageException

        with _inside(project.directory, environment(project, target)):
            result = _invoke(list(args), [])
        if result.exception is None:
            return 0 if result.success else 1
        if isinstance(result.exception, DbtUsageException):  # all others dbt has printed
            print(f"Error: {result.exception}", file=sys.stderr)  # noqa: T201 - dbt's own words, where dbt prints them
        return 2


def _invoke(
    args: list[str], callbacks: list[Callable[[Any], None]], manifest: Manifest | None = None
) -> dbtRunnerResult:
    from dbt.cli.main import dbtRunner

    try:
        with interrupts() as interrupted:
            result = dbtRunner(manifest=manifest, callbacks=callbacks).invoke(args)
    finally:
        duckdb_file.let_go()
    if isinstance(result.exception, KeyboardInterrupt) or (interrupted and not result.success):
        raise KeyboardInterrupt from result.exception
    return result


@contextmanager
def _inside(folder: Path, variables: Mapping[str, str]) -> Iterator[None]:
    """Be in a folder with some environment variables, and put everything back."""
    before = Path.cwd()
    environ = {name: os.environ.get(name) for name in variables}
    os.chdir(folder)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.chdir(before)
        for name, value in environ.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
