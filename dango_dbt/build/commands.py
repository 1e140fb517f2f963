"""`dbt build` with its results, and any other dbt command passed on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from dango_dbt.build.artefacts import read_run_results, run_results_file, with_paths
from dango_dbt.build.events import EventReader, plain
from dango_dbt.build.packages import ensure_packages
from dango_dbt.build.profile import taken_target
from dango_dbt.build.runners import Outcome, runner
from dango_dbt.build.selectors import indirect_selection
from dango_dbt.errors import BuildError, ConfigError
from dango_dbt.held_files import held_hint
from dango_dbt.progress import Progress
from dango_dbt.project import DbtProject
from dango_dbt.results import BuildResult, Failure

__all__ = ["build", "dbt", "failure_of", "parse", "target_option"]

#: What these need no packages for: they install or remove them, or do not parse the project.
_WITHOUT_PACKAGES = frozenset({"clean", "debug", "deps", "init"})
_HELP = frozenset({"--help", "-h", "--version", "-V", "-v"})

#: What to do about some of dbt's messages, by a part of the message.
_HINTS = {
    "depends on a node named 'stg_": "run `dango-dbt sync` first: it writes the staging models",
    "depends on a source named": "run `dango-dbt sync` first: it writes the sources",
    "Cannot open file": "if nothing has been loaded here yet, run `dango-dbt sync` first",
    "Could not find adapter type": "install dbt's adapter: `pip install 'dango-dbt[NAME]'`, such as"
    " dango-dbt[postgres]",
    "No such option": "`dango-dbt dbt build --help` lists dbt's options",
}


def build(  # noqa: PLR0913 - dbt's own options
    project: DbtProject,
    *,
    args: Sequence[str] = (),
    target: str | None,
    threads: int | None,
    full_refresh: bool,
    progress: Progress,
) -> BuildResult:
    """Run `dbt build`, with nothing on stdout; missing packages are installed first.

    Args:
        project: the dbt project; dbt runs inside its folder.
        args: further arguments for `dbt build`, as a user would give them.
        target: dbt's `--target`; None takes the profile's.
        threads: dbt's `--threads`; None takes the profile's.
        full_refresh: dbt's `--full-refresh`.
        progress: receives dbt's progress, from dbt's threads.

    Returns:
        What became of each node. A node that fails is a result; where dbt did not get to its
        nodes the status is `not_run`, and `error` has dbt's message.

    Raises:
        ConfigError: no dbt can be found, or packages.yml is no YAML.
        KeyboardInterrupt: dbt was interrupted, and has ended.
    """
    started = time.monotonic()
    options = [*target_option(project, target)]
    if threads is not None:
        options += ["--threads", str(threads)]
    if full_refresh:
        options.append("--full-refresh")
    try:
        ensure_packages(project, progress)
        progress.build_started("dbt build")
        result = _build(project, [*options, *args], progress)
    except BuildError as error:
        result = BuildResult("not_run", error=Failure.of(error))
    result = replace(result, seconds=time.monotonic() - started)
    progress.build_finished(result)
    return result


def parse(project: DbtProject, *, target: str | None) -> Failure | None:
    """Run `dbt parse`, with nothing on stdout; missing packages are installed first.

    Returns:
        Why the project does not parse; None where it does.

    Raises:
        BuildError: the packages cannot be installed.
        ConfigError: as `build`.
        KeyboardInterrupt: dbt was interrupted, and has ended.
    """
    ensure_packages(project, Progress())
    reader = EventReader(Progress())
    outcome = runner().run(project, ["parse", *target_option(project, target)], reader)
    return None if outcome.exit_code == 0 else failure_of(outcome, reader.error)


def dbt(project: DbtProject, args: Sequence[str], *, target: str | None) -> int:
    """Run any dbt command with its usual output; missing packages are installed first.

    Args:
        project: the dbt project; dbt runs inside its folder.
        args: the command and its arguments. A `--target` among them wins.
        target: the target for commands that take one; None takes the profile's.

    Returns:
        dbt's exit code: 0, 1 if a node failed, 2 if it did not run.

    Raises:
        BuildError: the packages cannot be installed.
        ConfigError: as `build`.
        KeyboardInterrupt: dbt was interrupted, and has ended.
    """
    command = next((arg for arg in args if not arg.startswith("-")), None)
    if command is not None and command not in _WITHOUT_PACKAGES and _HELP.isdisjoint(args):
        ensure_packages(project, Progress())
    named = target_option(project, target)
    return runner().pass_on(project, args, named[1] if named else None)


def target_option(project: DbtProject, target: str | None) -> list[str]:
    """Give `--target`, unless it changes nothing: dbt parses anew when it comes or goes."""
    if target is None:
        return []
    try:
        taken = taken_target(project)
    except ConfigError:
        taken = None  # dbt says itself what is wrong with the profile
    return [] if target == taken else ["--target", target]


def _build(project: DbtProject, args: list[str], progress: Progress) -> BuildResult:
    file = run_results_file(project, args)
    reader = EventReader(progress)
    # The results are read from the file, whatever the user's flags say of it.
    options = [*indirect_selection(project, args), "--write-json"]
    outcome = runner().run(project, ["build", *args, *options], reader)
    results = read_run_results(file)
    # Runs on other targets, and the user's own, write into the same file.
    if results is not None and results.invocation == reader.invocation:
        nodes = with_paths(results.nodes, file.with_name("manifest.json"), project)
    elif reader.finished and outcome.exit_code in {0, 1}:
        nodes = tuple(reader.finished)  # one of them has come between
    else:
        return BuildResult("not_run", error=failure_of(outcome, reader.error))
    if outcome.exit_code == 0:
        return BuildResult("success", nodes=nodes, invocation=reader.invocation)
    error = None if outcome.exit_code == 1 else failure_of(outcome, reader.error)
    return BuildResult("failed", nodes=nodes, error=error, invocation=reader.invocation)


def failure_of(outcome: Outcome, said: str | None) -> Failure:
    """Say why dbt did not do what it was asked, in its own words and with our advice."""
    message = plain(said or outcome.error or "")
    message = message.removeprefix("Encountered an error:").strip()
    if not message:
        message = f"dbt ended with exit code {outcome.exit_code} and wrote no run results"
    hint = held_hint(message) or next(
        (hint for part, hint in _HINTS.items() if part in message), None
    )
    return Failure(BuildError.__name__, message, hint)
