"""A source that was added → lines and JSON."""

from __future__ import annotations

import json

from dango_dbt.report.sections import Line
from dango_dbt.report.words import clean
from dango_dbt.results import AddedSource

__all__ = ["source_add_json", "source_add_lines"]

#: How many notes are shown: what is left out of a large API's description goes on for pages.
_NOTES = 15
_MARKS = {"created": ("+ ", "green"), "updated": ("~ ", "yellow")}


def source_add_lines(added: AddedSource) -> list[Line]:
    """Say what was written, what is to be filled in where, and what to run next."""
    lines = [Line((_MARKS[file.action], clean(file.path))) for file in added.files]
    places = {
        f".dlt/secrets.toml under [sources.{added.name}]": added.secrets,
        f".dlt/config.toml under [sources.{added.name}]": added.config,
        ".env, or the environment": added.variables,
    }
    to_fill = {place: keys for place, keys in places.items() if keys}
    if to_fill:
        lines += [Line(()), Line((("Fill in:", "bold"),))]
    for place, keys in to_fill.items():
        lines.append(Line((f"{place}: {clean(', '.join(keys))}",), 2))
    lines += [Line((("! ", "yellow"), clean(note))) for note in added.notes[:_NOTES]]
    if len(added.notes) > _NOTES:
        more = len(added.notes) - _NOTES
        lines.append(Line(((f"and {more} more notes, which --json has", "dim"),), 2))
    lines += [Line(()), Line((("Next: ", "bold"), " && ".join(added.next_steps)))]
    return lines


def source_add_json(added: AddedSource) -> str:
    """Give what was done as a JSON document, without a newline at its end."""
    document = {
        "command": "source add",
        "status": "success",
        "exit_code": 0,
        "name": added.name,
        "origin": added.origin,
        "verified": added.verified,
        "location": added.location,
        "module": added.module,
        "function": added.function,
        "files": [{"path": file.path, "action": file.action} for file in added.files],
        "requirements": added.requirements,
        "secrets": added.secrets,
        "config": added.config,
        "variables": added.variables,
        "notes": added.notes,
        "next": added.next_steps,
    }
    return json.dumps(document, indent=2)
