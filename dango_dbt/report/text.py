"""Results for people, with rich: readable without colour, at 80 columns, and in a log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from dango_dbt.deployment import Deployment
from dango_dbt.errors import DangoError, ExitCode
from dango_dbt.findings import JoinedGraph, ProjectStatus, SourceList, Validation
from dango_dbt.report import (
    adding,
    checking,
    deployment,
    discovery,
    listing,
    sample_test,
    schedules,
    sections,
    status,
    tree,
)
from dango_dbt.report.github import inert
from dango_dbt.report.words import Verbosity, clean, count
from dango_dbt.results import AddedSource, Failure, FileResult, RunResult
from dango_dbt.sampled import Discovery, SourceTest

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

__all__ = [
    "created",
    "error",
    "joined_graph",
    "lines",
    "project_status",
    "round_done",
    "source_added",
    "source_discovered",
    "source_list",
    "source_tested",
    "summary",
    "validation",
]

#: What stands for our marks where the stream's encoding has none of them.
_ASCII = str.maketrans({"✓": "+", "✗": "x", "→": ">", "├": "|", "└": "`", "│": "|", "─": "-"})

#: How many changed files, and built nodes, are named before they are only counted.
_NAMED, _NAMED_NODES = 3, 10

#: How much of a row of data is shown where there is no terminal.
_LONG_LINE = 120


def summary(result: RunResult, console: Console, verbosity: Verbosity = Verbosity.NORMAL) -> None:
    """Print what a run did: sources, schema changes, files, build, and a closing line.

    Args:
        result: the run.
        console: where to; see `console_on`.
        verbosity: QUIET prints only what failed, and nothing where nothing did; VERBOSE prints
            every table, file and node.
    """
    found, files = result.sources or (), result.files or ()
    interrupted = result.exit_code == ExitCode.INTERRUPTED  # dbt calls what it stops failed
    parts = [
        sections.sources(found, verbosity),
        schedules.not_due(result.schedules or (), verbosity),
        sections.schema_changes(result.schema_changes or found, verbosity),
        sections.impacts(result.impacts or (), verbosity),
        sections.files(files, verbosity, "Plan" if result.command == "plan" else "Files"),
        sections.diffs(files),
        sections.build(result.build, verbosity) if result.build and not interrupted else [],
        sections.failed(result.error),
        sections.closing(result, verbosity),
    ]
    blank = [sections.Line(())]
    spaced = list(chain.from_iterable([*blank, *part] for part in parts if part))
    _print(spaced[1:], console)


def error(err: DangoError, console: Console) -> None:
    """Print an error: `Error: file:line:column: message`, and what to do on the next line."""
    _print(sections.failed(Failure.of(err)), console)


def round_done(changed: Sequence[str], result: RunResult, at: str, console: Console) -> None:
    """Print what `dev` did about some changes, as one compact block.

    Args:
        changed: the files; none: it has just started.
        result: what was done.
        at: the time of day.
        console: where to.
    """
    named = ", ".join(changed[:_NAMED]) or "start"
    more = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
    nodes = result.build.nodes if result.build else ()
    few = Verbosity.VERBOSE if len(nodes) <= _NAMED_NODES else Verbosity.NORMAL
    files = [file for file in result.files or () if file.action != "unchanged"]
    lines = [
        sections.Line(((at, "dim"), f"  {clean(named)}{more}")),
        *sections.sources(result.sources or (), Verbosity.NORMAL),
        *sections.schema_changes(result.sources or (), Verbosity.NORMAL),
        *sections.impacts(result.impacts or (), Verbosity.NORMAL),
        *sections.files(files, Verbosity.NORMAL),
        *(sections.build(result.build, few) if result.build else []),
        *sections.failed(result.error),
        *sections.closing(result, Verbosity.NORMAL),
        sections.Line(()),
    ]
    _print(lines, console)


def source_list(found: SourceList, console: Console) -> None:
    """Print the sources as a table."""
    _print(listing.source_list_lines(found), console)


def joined_graph(found: JoinedGraph, console: Console) -> None:
    """Print the graph as a tree."""
    _print(tree.tree_lines(found), console)


def project_status(found: ProjectStatus, console: Console) -> None:
    """Print how each source stands."""
    _print(status.status_lines(found), console)


def lines(composed: Iterable[sections.Line], console: Console) -> None:
    """Print lines that another part of this package has composed."""
    _print(list(composed), console)


def deployed(done: Deployment, console: Console) -> None:
    """Print what `deploy` has written, what that needs, and what to do next."""
    _print(deployment.deployment_lines(done), console)


def source_added(added: AddedSource, console: Console) -> None:
    """Print what `source add` has written, what is to be filled in, and what to run next."""
    _print(adding.source_add_lines(added), console)


def source_discovered(found: Discovery, console: Console) -> None:
    """Print what is in a source; rows are cut to the terminal's width, or to a long line's."""
    width = console.width if console.is_terminal else _LONG_LINE
    _print(discovery.discovery_lines(found, width), console)


def source_tested(found: SourceTest, console: Console) -> None:
    """Print what was checked of a source, and what was found."""
    _print(sample_test.source_test_lines(found), console)


def validation(found: Validation, console: Console) -> None:
    """Print what is wrong with a project, or that nothing is."""
    _print(checking.validation_lines(found), console)


def created(
    files: Sequence[FileResult], notes: Sequence[str], next_step: str, console: Console
) -> None:
    """Print what `init` has written, what is left to the user, and what to run next."""
    written = [file for file in files if file.action == "created"]
    lines = [sections.Line((("+ ", "green"), file.path)) for file in written]
    kept = len(files) - len(written)
    if kept:
        lines.append(sections.Line((f"{count(kept, 'file')} left as found",)))
    lines += [sections.Line((("! ", "yellow"), note)) for note in notes]
    lines += [sections.Line(()), sections.Line((("Next: ", "bold"), next_step))]
    _print(lines, console)


def _print(lines: list[sections.Line], console: Console) -> None:
    from rich.text import Text

    for line in lines:
        # Text is never read as rich's markup, whatever is in it.
        text = Text.assemble(*(_encodable(part, console.encoding) for part in line.parts))
        for indent, row in _rows(text, line.indent, console):
            console.print(Text(" " * indent).append_text(row) if row else "", soft_wrap=True)


def _rows(text: Text, indent: int, console: Console) -> list[tuple[int, Text]]:
    """Wrap a line under its indent on a terminal; in a log or a pipe it stays whole.

    So does one with a word too long for the terminal: paths and names are there to be copied.
    """
    leading = len(text.plain) - len(text.plain.lstrip())
    hanging = indent + leading + 2
    width = console.width - hanging
    if not console.is_terminal or any(len(word) > width for word in text.plain.split()):
        return [(indent, text)]
    first, *rest = text.wrap(console, width) or [text]
    return [(indent, first), *((hanging, row) for row in rest)]


def _encodable(part: str | tuple[str, str], encoding: str) -> tuple[str, str]:
    text, style = (part, "") if isinstance(part, str) else part
    text = inert(text)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(_ASCII).encode(encoding, "replace").decode(encoding)
    return text, style
