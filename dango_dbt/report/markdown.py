"""A plan as Markdown, for a comment on a pull request; and data in any Markdown, as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dango_dbt.report.words import clean, count, failure_text, file_counts, use_text
from dango_dbt.results import FileResult, Impact, RunResult, SourceChanges, SyncResult

__all__ = ["block", "code", "escaped", "impacts", "plan_to_markdown", "schema_changes"]


def plan_to_markdown(result: RunResult) -> str:
    """Give a plan as Markdown, with a newline at its end: impact first, then what is behind it."""
    return "\n".join([*_lines(result), ""])


def _lines(result: RunResult) -> Iterator[str]:
    yield "### dango-dbt plan"
    if result.error:
        yield from ("", f"**It failed:** {escaped(failure_text(result.error))}")
        return
    files = [file for file in result.files or () if file.action != "unchanged"]
    breaking = sum(impact.breaking for impact in result.impacts or ())
    if breaking:
        yield from ("", f"**{count(breaking, 'breaking change')}.**")
    elif not files:
        yield from ("", "Nothing changes.")
    yield from impacts(result.impacts or ())
    yield from schema_changes(result.schema_changes or ())
    yield from _files(files)
    if diff := "".join(file.diff or "" for file in files).rstrip("\n"):
        fence = _fence(diff, 3)
        yield from ("", "<details><summary>Diff</summary>", "", f"{fence}diff")
        yield from diff.split("\n")
        yield from (fence, "", "</details>")


def impacts(found: Sequence[Impact]) -> Iterator[str]:
    """List what uses the columns that are retyped or go; nothing where there are none."""
    if found:
        yield from ("", "#### Impact", "")
    for impact in found:
        mark = "**breaking**" if impact.breaking else "nothing relies on it"
        name = ".".join(filter(None, (impact.source, impact.table, impact.column)))
        yield f"- {code(name)} {escaped(impact.change)}: {mark}"
        for use in impact.uses:
            yield f"  - {use.kind} {code(use.name)} {escaped(use_text(use))}".rstrip()
        if impact.unknown:
            yield f"  - what uses it is not known: {escaped(impact.unknown)}"


def schema_changes(sources: Sequence[SourceChanges | SyncResult]) -> Iterator[str]:
    """List what is new in the data, by source; nothing where there are none."""
    if sources:
        yield from ("", "#### Schema changes", "")
    for source in sources:
        for change in source.schema_changes:
            name = ".".join(filter(None, (source.name, change.table, change.column)))
            yield f"- {code(name)} {escaped(change.change)}"


def _files(files: Sequence[FileResult]) -> Iterator[str]:
    if not files:
        return
    yield from ("", "#### Files", "", file_counts(files), "", "| file | |", "| --- | --- |")
    for file in files:
        cell = code(file.path).replace("|", "\\|")
        yield f"| {cell} | {file.action} |"


def code(text: str) -> str:
    """Write a name as code, whatever is in it."""
    text = clean(text).replace("\n", " ")
    fence = _fence(text, 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"


def escaped(text: str) -> str:
    """Write text so that nothing in it is Markdown or HTML."""
    return re.sub(r"([\\`*_\[\]<>|#&])", r"\\\1", clean(text)).replace("\n", " ")


def block(text: str, indent: str = "") -> Iterator[str]:
    """Write a text of several lines so that nothing in it is Markdown or HTML."""
    text = clean(text).strip("\n")
    fence = _fence(text, 3)
    yield from ("", f"{indent}{fence}text")
    yield from (f"{indent}{line}".rstrip() for line in text.splitlines())
    yield f"{indent}{fence}"


def _fence(text: str, least: int) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)
