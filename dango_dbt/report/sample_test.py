"""What two loads of a sample have shown → lines and JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from dango_dbt.report.document import without_commands
from dango_dbt.report.sections import Line
from dango_dbt.report.words import clean, count, one_line
from dango_dbt.sampled import Check, SourceTest

__all__ = ["source_test_json", "source_test_lines"]

_MARKS = {"passed": ("✓", "green"), "finding": ("✗", "red"), "unchecked": ("-", "dim")}
_ORDER = ("passed", "unchecked", "finding")


def source_test_lines(found: SourceTest) -> list[Line]:
    """One line a check, findings last, where they are read; then how many there are."""
    checks = sorted(found.checks, key=lambda check: _ORDER.index(check.status))
    names = max((len(check.name) for check in checks), default=0)
    subjects = max((len(clean(check.subject)) for check in checks), default=0)
    lines = [line for check in checks for line in _check(check, names, subjects)]
    passed = sum(check.status == "passed" for check in checks)
    open_ = sum(check.status == "unchecked" for check in checks)
    rest = f"{passed:,} passed{f', {open_:,} could not be checked' if open_ else ''}"
    pages = f"two loads of up to {count(found.pages, 'page')} of each resource"
    if found.findings:
        total = count(len(found.findings), "finding")
        closing = Line((("✗", "red"), f" {total}, {rest} ({pages})"))
    else:
        closing = Line((("✓", "green"), f" No finding: {rest} ({pages})"))
    return [*lines, Line(()), closing]


def source_test_json(found: SourceTest) -> str:
    """Give what was found as a JSON document, without a newline at its end."""
    document = {
        "command": "source test",
        "status": "failed" if found.findings else "success",
        "exit_code": int(found.exit_code),
        "source": found.source,
        "pages": found.pages,
        "findings": len(found.findings),
        "checks": [asdict(check) for check in found.checks],
    }
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return without_commands(text.encode("utf-8", "backslashreplace").decode("utf-8"))


def _check(check: Check, names: int, subjects: int) -> list[Line]:
    subject = clean(check.subject).ljust(subjects)
    what = f" {check.name.ljust(names)}  {subject}  {one_line(check.evidence)}"
    lines = [Line((_MARKS[check.status], what))]
    if check.hint:
        lines.append(Line((("→ ", "cyan"), one_line(check.hint)), 2))
    return lines
