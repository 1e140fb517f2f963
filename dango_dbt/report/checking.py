"""What validation has found → lines and JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from dango_dbt.errors import DangoError
from dango_dbt.findings import Validation
from dango_dbt.report.sections import Line
from dango_dbt.report.words import clean, count

__all__ = ["validation_json", "validation_lines"]


def validation_lines(found: Validation) -> list[Line]:
    """One problem after the other, each with what to do, and how many there are."""
    lines = [line for problem in found.problems for line in _problem(problem)]
    if found.problems:
        return [*lines, Line(()), Line((("✗", "red"), f" {count(len(found.problems), 'problem')}"))]
    return [Line((("✓", "green"), f" No problem in {count(len(found.sources), 'source')}"))]


def validation_json(found: Validation) -> str:
    """Give what was found as a JSON document, without a newline at its end."""
    document = {
        "command": "validate",
        "status": "failed" if found.problems else "success",
        "exit_code": int(found.exit_code),
        "count": len(found.problems),
        "problems": [_document(problem) for problem in found.problems],
        "warnings": list(found.warnings),
        "unreferenced": [asdict(file) for file in found.unreferenced],
    }
    return json.dumps(document, indent=2)


def _problem(problem: DangoError) -> list[Line]:
    first, *rest = clean(str(problem)).strip().splitlines() or [""]
    lines = [Line((("✗", "red"), f" {first}")), *(Line((row.rstrip(),), 4) for row in rest)]
    if problem.hint:
        lines.append(Line((("→ ", "cyan"), " ".join(clean(problem.hint).split())), 2))
    return lines


def _document(problem: DangoError) -> dict[str, object]:
    place = problem.place
    return {
        "path": place.path.as_posix() if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "message": problem.message,
        "hint": problem.hint,
    }
