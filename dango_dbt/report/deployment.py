"""What `deploy` has written → lines and JSON."""

from __future__ import annotations

import json

from dango_dbt.deployment import Deployment, Variable
from dango_dbt.report.sections import Line
from dango_dbt.report.words import clean

__all__ = ["deployment_json", "deployment_lines"]

_MARKS = {"created": ("+ ", "green"), "updated": ("~ ", "yellow")}


def deployment_lines(found: Deployment) -> list[Line]:
    """Say what was written, what it runs and when, what it needs, and what to do next."""
    path = clean(found.file.path)
    if found.file.action == "unchanged":
        return [Line((f"{path} is up to date: nothing to do",)), *_noted(found)]
    lines = [
        Line((_MARKS[found.file.action], path)),
        Line((f"runs {clean(found.command)}",), 2),
        Line((f"at {found.schedule} (cron, UTC)",), 2),
    ]
    if found.variables:
        lines += [Line(()), Line((("Needs:", "bold"),))]
        width = max(len(each.name) for each in found.variables)
        lines += [Line((_needed(each, width),), 2) for each in found.variables]
    lines += _noted(found)
    lines += [Line(()), Line((("Next:", "bold"),))]
    return lines + [Line((clean(step),), 2) for step in found.next_steps]


def _noted(found: Deployment) -> list[Line]:
    return [Line((("! ", "yellow"), clean(note))) for note in found.notes]


def _needed(each: Variable, width: int) -> str:
    default = "" if each.required else ", has a default"
    return clean(f"{each.name:<{width}}  {', '.join(each.used_by)}{default}")


def deployment_json(found: Deployment) -> str:
    """Give what was done as a JSON document, without a newline at its end."""
    document = {
        "command": "deploy",
        "status": "success",
        "exit_code": 0,
        "platform": found.platform,
        "files": [{"path": found.file.path, "action": found.file.action}],
        "runs": found.command,
        "schedule": found.schedule,
        "variables": [
            {"name": each.name, "required": each.required, "used_by": list(each.used_by)}
            for each in found.variables
        ],
        "notes": list(found.notes),
        "next": list(found.next_steps),
    }
    return json.dumps(document, indent=2)
