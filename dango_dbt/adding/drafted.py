"""A drafted source becomes part of a project: its code, its entry, and what it wants filled in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from dango_dbt.adding.drafts import Draft
from dango_dbt.adding.project_files import (
    CONFIG,
    REQUIREMENTS,
    SECRETS,
    not_ignored,
    project_root,
    refuse_hiding,
    refuse_taken,
    refuse_tracked,
    with_entry,
)
from dango_dbt.adding.requirements import add_requirements
from dango_dbt.adding.toml_keys import add_keys
from dango_dbt.adding.writing import Edit, write_all
from dango_dbt.config import SourcesConfig, load
from dango_dbt.errors import ConfigError
from dango_dbt.files import read_exactly
from dango_dbt.project import SOURCES_FILE
from dango_dbt.results import AddedSource, FileResult
from dango_dbt.toml_files import PLACEHOLDER

__all__ = ["add_draft"]


def add_draft(start: Path, name: str, draft: Draft) -> AddedSource:
    """Add a source to the project that a folder lies in; nothing that is there is overwritten.

    Args:
        start: a folder of the project.
        name: what the source is to be called.
        draft: what is to be written.

    Raises:
        ConfigError: the name is taken, is none or code cannot have it, a file of the project is
            broken, or git would track a secret; nothing has been written then.
        GenerateError: a file cannot be read or written; nothing is left of it then.
    """
    root = project_root(start)
    config = load(root / SOURCES_FILE) if (root / SOURCES_FILE).is_file() else SourcesConfig()
    if draft.code is not None:
        refuse_taken(root, name)
        refuse_hiding(name)
    if name in config.names:
        raise ConfigError(
            f"there is a source `{name}` already",
            hint="choose another name, or `dango-dbt source remove` it first",
        )
    section = ("sources", name)

    def text(path: Path) -> str | None:
        return read_exactly(root / path)

    def keys(path: Path, values: Mapping[str, Any]) -> tuple[str, list[str]]:
        known = [key for key, value in values.items() if value != PLACEHOLDER]
        return add_keys(text(path) or "", section, values, path, known)

    secrets, new_secrets = keys(SECRETS, draft.secrets)
    if any(draft.secrets[key] != PLACEHOLDER for key in new_secrets):
        refuse_tracked(root)
    settings, new_settings = keys(CONFIG, draft.settings)
    needs = [Requirement(line) for line in draft.requirements]
    requirements, new_requirements = add_requirements(text(REQUIREMENTS) or "", needs)
    wanted = [
        (Path("custom_sources", f"{name}.py"), draft.code, False),
        (REQUIREMENTS, requirements, False),
        (CONFIG, settings, False),
        (SECRETS, secrets, bool(new_secrets)),
        (SOURCES_FILE, with_entry(text(SOURCES_FILE), draft.entry), False),
    ]
    edits = [
        Edit(root / path, text(path), after, private)
        for path, after, private in wanted
        if after is not None and after != (text(path) or "")
    ]
    write_all(edits)
    native = draft.entry.get("dlt_native") or {}
    return AddedSource(
        name=name,
        origin=draft.origin,
        module=native.get("source_module"),
        function=native.get("source_function"),
        files=tuple(
            FileResult(
                edit.path.relative_to(root).as_posix(),
                "created" if edit.before is None else "updated",
            )
            for edit in edits
        ),
        requirements=tuple(new_requirements),
        secrets=_unfilled(new_secrets, draft.secrets),
        config=_unfilled(new_settings, draft.settings),
        notes=(*draft.notes, *not_ignored(root, new_secrets)),
    )


def _unfilled(keys: list[str], values: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(key for key in keys if values.get(key) == PLACEHOLDER)
