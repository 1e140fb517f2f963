"""A run as Markdown, for the page that GitHub shows of a job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dango_dbt.report.markdown import (
    block,
    code,
    escaped,
    impacts,
    plan_to_markdown,
    schema_changes,
)
from dango_dbt.report.words import (
    count,
    duration,
    failure_text,
    node_label,
    one_line,
    outcome,
    outcomes,
)
from dango_dbt.results import BuildResult, Failure, NodeResult, RunResult, SyncResult

__all__ = ["to_step_summary"]

#: GitHub takes 1 MiB a step. Of long lists, and long texts, the log has the rest.
_LIMIT = 50
_LONGEST = 4000


def to_step_summary(result: RunResult) -> str:
    """Give what a run did as Markdown, with a newline at its end; all data in it stays text."""
    if result.command == "plan":
        return plan_to_markdown(result)
    return "\n".join([*_lines(result), ""])


def _lines(result: RunResult) -> Iterator[str]:
    mark = "✅" if result.status == "success" else "❌"
    target = f", target {code(result.target)}" if result.target else ""
    yield f"### {mark} dango-dbt {result.command}"
    yield from ("", f"{result.status}{target}, {duration(result.seconds)}")
    if result.error:
        yield from ("", "**The run ended before its end.**", *_failure(result.error, ""))
    yield from _sources(result.sources or ())
    if result.build:
        yield from _build(result.build)
    yield from _conflicts(result)
    yield from _cut(list(impacts(result.impacts or ())))
    changed = result.schema_changes or result.sources or ()
    yield from _cut(list(schema_changes([each for each in changed if each.schema_changes])))


def _sources(sources: Sequence[SyncResult]) -> Iterator[str]:
    if not sources:
        return
    yield from ("", "#### Sources", "")
    yield from ("| source | status | tables | rows | time |", "| --- | --- | ---: | ---: | ---: |")
    for source in sources:
        cells = (
            code(source.name).replace("|", "\\|"),
            source.status,
            f"{len(source.tables):,}" if source.tables else "",
            f"{source.rows:,}" if source.tables else "",
            duration(sum(source.seconds.values())) if source.seconds else "",
        )
        yield f"| {' | '.join(cells)} |"
    for source in sources:
        if source.error:
            yield from ("", f"- {code(source.name)} {source.status}", *_failure(source.error, "  "))


def _build(build: BuildResult) -> Iterator[str]:
    yield from ("", "#### Build", "")
    if build.error:
        yield from ("**dbt did not run.**", *_failure(build.error, ""))
    elif build.reason:
        yield f"{build.status.replace('_', ' ')}: {escaped(build.reason)}"
    if build.nodes:
        yield f"{count(len(build.nodes), 'node')} in {duration(build.seconds)}: " + escaped(
            outcomes(build.nodes)
        )
    failed = [node for node in build.nodes if node.failed or outcome(node) == "warn"]
    failed.sort(key=lambda node: not node.failed)
    for node in failed[:_LIMIT]:
        where = f" ({code(node.path)})" if node.path else ""
        yield from ("", f"- {code(node_label(node.unique_id))} {escaped(node.status)}{where}")
        if node.message:
            yield from block(_short(node.message), "  ")
    if len(failed) > _LIMIT:
        yield from ("", f"- and {len(failed) - _LIMIT:,} more")
    skipped = [node for node in build.nodes if outcome(node) == "skip"]
    if skipped:
        yield from ("", "Not built:", "")
        yield from _cut([_skipped(node) for node in skipped])


def _skipped(node: NodeResult) -> str:
    why = f": {escaped(_short(one_line(node.message)))}" if node.message else ""
    return f"- {code(node_label(node.unique_id))}{why}"


def _conflicts(result: RunResult) -> Iterator[str]:
    paths = [file.path for file in result.files or () if file.action == "conflict"]
    if paths:
        yield from ("", "#### Files in conflict with your edits", "")
        yield from _cut([f"- {code(path)}" for path in paths])


def _failure(failure: Failure, indent: str) -> Iterator[str]:
    yield from block(_short(failure_text(failure)), indent)
    if failure.hint:
        yield from ("", f"{indent}→ {escaped(_short(failure.hint))}")


def _cut(lines: Sequence[str]) -> Sequence[str]:
    more = len(lines) - 2 * _LIMIT
    return lines if more <= 0 else [*lines[: 2 * _LIMIT], f"- and {more:,} more"]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
