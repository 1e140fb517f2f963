"""A plan as Markdown, for a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dango_dbt.report.words import clean, count, failure_text, file_counts, use_text
from dango_dbt.results import FileResult, Impact, RunResult, SourceChanges

__all__ = ["to_markdown"]


def to_markdown(result: RunResult) -> str:
    """Give a plan as Markdown, with a newline at its end: impact first, then what is behind it."""
    return "\n".join([*_lines(result), ""])


def _lines(result: RunResult) -> Iterator[str]:
    yield "### dango-dbt plan"
    if result.error:
        yield from ("", f"**It failed:** {_text(failure_text(result.error))}")
        return
    files = [file for file in result.files or () if file.action != "unchanged"]
    breaking = sum(impact.breaking for impact in result.impacts or ())
    if breaking:
        yield from ("", f"**{count(breaking, 'breaking change')}.**")
    elif not files:
        yield from ("", "Nothing changes.")
    yield from _impacts(result.impacts or ())
    yield from _schema_changes(result.schema_changes or ())
    yield from _files(files)
    if diff := "".join(file.diff or "" for file in files).rstrip("\n"):
        fence = _fence(diff, 3)
        yield from ("", "<details><summary>Diff</summary>", "", f"{fence}diff")
        yield from diff.split("\n")
        yield from (fence, "", "</details>")


def _impacts(impacts: Sequence[Impact]) -> Iterator[str]:
    if impacts:
        yield from ("", "#### Impact", "")
    for impact in impacts:
        mark = "**breaking**" if impact.breaking else "nothing relies on it"
        name = ".".join(filter(None, (impact.source, impact.table, impact.column)))
        yield f"- {_code(name)} {_text(impact.change)}: {mark}"
        for use in impact.uses:
            yield f"  - {use.kind} {_code(use.name)} {_text(use_text(use))}".rstrip()
        if impact.unknown:
            yield f"  - what uses it is not known: {_text(impact.unknown)}"


def _schema_changes(sources: Sequence[SourceChanges]) -> Iterator[str]:
    if sources:
        yield from ("", "#### Schema changes", "")
    for source in sources:
        for change in source.schema_changes:
            name = ".".join(filter(None, (source.name, change.table, change.column)))
            yield f"- {_code(name)} {_text(change.change)}"


def _files(files: Sequence[FileResult]) -> Iterator[str]:
    if not files:
        return
    yield from ("", "#### Files", "", file_counts(files), "", "| file | |", "| --- | --- |")
    for file in files:
        cell = _code(file.path).replace("|", "\\|")
        yield f"| {cell} | {file.action} |"


def _code(text: str) -> str:
    """Write a name as code, whatever is in it."""
    text = clean(text).replace("\n", " ")
    fence = _fence(text, 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"


def _text(text: str) -> str:
    """Write text so that nothing in it is Markdown or HTML."""
    return re.sub(r"([\\`*_\[\]<>|#&])", r"\\\1", clean(text)).replace("\n", " ")


def _fence(text: str, least: int) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)
