"""What `init` writes: a project that works at once, or what is missing beside a dbt project.

No file that exists is overwritten, nor is anything in it changed.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dango_dbt import macros
from dango_dbt.config import load
from dango_dbt.deploy import first_workflow
from dango_dbt.errors import ConfigError
from dango_dbt.files import Generated, apply, change_of, read_text, write_atomic
from dango_dbt.project import SOURCES_FILE, DbtProject, ProjectLayout
from dango_dbt.results import FileResult

__all__ = ["ScaffoldResult", "scaffold"]

_TEMPLATES = Path(__file__).parent / "templates"
_WORKFLOW = ".github/workflows/dango.yml"
_SCHEMA_MACRO = "dbt_project/macros/generate_schema_name.sql"

#: Destination → template. Templates have no leading dots, so that no tool overlooks them.
_BESIDE = {
    SOURCES_FILE.as_posix(): "sources.yml",
    "custom_sources/solar_system.py": "solar_system.py",
    ".dlt/config.toml": "dlt_config.toml",
    ".env.example": "env.example",
    ".gitattributes": "gitattributes",
    ".gitignore": "gitignore_beside",
}
_NEW = _BESIDE | {
    ".gitignore": "gitignore",
    _WORKFLOW: "workflow.yml",
    "README.md": "README.md",
    "requirements.txt": "requirements.txt",
    "dbt_project/profiles.yml": "profiles.yml",
    _SCHEMA_MACRO: "generate_schema_name.sql",
    "dbt_project/models/marts/_marts__models.yml": "_marts__models.yml",
    "dbt_project/models/marts/planets_explored.sql": "planets_explored.sql",
    # last, for a dbt project that is there is taken for the user's own: what an interrupted run
    # has left out would stay out
    "dbt_project/dbt_project.yml": "dbt_project.yml",
}

#: Lists of lines, which work only if ours are among the user's.
_LISTS = (".gitattributes", ".gitignore", "requirements.txt")

#: Names that dbt refuses (dbt/contracts/project.py), and those of its own packages for DuckDB.
_RESERVED = frozenset(
    "adapter api column config context database dbt dbt_duckdb env env_var exceptions execute"  # noqa: SIM905 - shorter
    " flags fromjson fromyaml graph invocation_id load_agate_table load_result log model modules"
    " post_hooks pre_hooks ref render return run_started_at schema source sql sql_now store_result"
    " store_raw_result target this tojson toyaml try_or_compiler_error var write".split()
)


@dataclass(frozen=True)
class ScaffoldResult:
    """What became of each file (`created` or `unchanged`), and what is left to the user."""

    files: tuple[FileResult, ...]
    notes: tuple[str, ...] = ()


def scaffold(directory: Path, *, dbt_project: Path | None = None) -> ScaffoldResult:
    """Set up a project.

    Without a dbt project, `dbt_project/` is written as well, and an example source is loaded by the
    first run. A dbt project that exists (the one given, the one that sources.yml names, or
    `dbt_project/`) gets nothing but the macros that generated tests use, and the example is
    disabled, so that nothing reaches the user's warehouse unasked.

    Args:
        directory: the project's root; made if it is not there.
        dbt_project: folder of an existing dbt project: the root itself, below it or beside it.

    Returns:
        The files, their paths relative to the root, and notes on what the user has to do.

    Raises:
        ConfigError: a path is not what it should be, or no name can be made for a dbt project.
        GenerateError: a file cannot be read or written.
    """
    if directory.exists() and not directory.is_dir():
        raise ConfigError(f"{directory} is not a folder", hint="name a folder: it may be a new one")
    root = directory.resolve()
    dbt_directory = _dbt_directory(root, dbt_project)
    existing = (dbt_directory / "dbt_project.yml").is_file()
    if existing:
        DbtProject.read(dbt_directory)  # refused before anything is written
    templates = _BESIDE if existing else _NEW
    values = {
        "__DBT_PROJECT__": _yaml_string(_relative(dbt_directory, root)),
        "__ENABLED__": "false" if existing else "true",
    }
    if not existing:
        values["__PROJECT_NAME__"] = _project_name(root)
        if _has_schema_macro(dbt_directory / "macros"):
            templates = {path: name for path, name in templates.items() if path != _SCHEMA_MACRO}
    texts = {path: _fill(name, values) for path, name in templates.items()}
    if not existing:
        texts[_WORKFLOW] = first_workflow()
    files = [_write(root, path, text) for path, text in texts.items()]
    notes = _notes(root, texts, files, existing=existing)
    files += _write_macros(ProjectLayout(root, DbtProject.read(dbt_directory)))
    return ScaffoldResult(tuple(files), tuple(notes))


def _dbt_directory(root: Path, given: Path | None) -> Path:
    """Find the folder of the dbt project; without one, say where it is to be."""
    configured = _configured(root)
    if given is None:
        if configured is None and (root / "dbt_project.yml").is_file():
            raise ConfigError(
                f"{root} is a dbt project itself",
                hint="to set up beside it, name it: --dbt-project PATH",
            )
        return configured or root / "dbt_project"
    directory = given.resolve()
    if not (directory / "dbt_project.yml").is_file():
        raise ConfigError(
            f"there is no dbt_project.yml in {given}",
            hint="--dbt-project takes the folder of a dbt project that exists; leave it out to"
            " create one",
        )
    if configured not in {None, directory}:
        raise ConfigError(
            f"{SOURCES_FILE.as_posix()} is there, and names another dbt project",
            hint=f"set `dbt_project: {_yaml_string(_relative(directory, root))}` in it, or leave"
            " --dbt-project out",
        )
    return directory


def _configured(root: Path) -> Path | None:
    """Find the dbt project that an earlier `init`, or the user, has named in sources.yml."""
    path = root / SOURCES_FILE
    return (root / load(path).dbt_project).resolve() if path.is_file() else None


def _project_name(root: Path) -> str:
    """Make a name that dbt takes (letters, digits, underscores) from the folder's name.

    Raises:
        ConfigError: nothing is left of it.
    """
    ascii_only = unicodedata.normalize("NFKD", root.name).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "_", ascii_only.lower()).strip("_")
    if not name:
        raise ConfigError(
            f"no name for a dbt project can be made from the folder's name `{root.name}`",
            hint="give the folder a name with letters from a to z",
        )
    return f"project_{name}" if name[0].isdigit() or name in _RESERVED else name


def _has_schema_macro(folder: Path) -> bool:
    """Whether there is a `generate_schema_name`: a second one is a compile error."""
    return any(
        re.search(r"\bmacro\s+generate_schema_name\b", read_text(path) or "")
        for path in folder.rglob("*.sql")
    )


def _fill(template: str, values: Mapping[str, str]) -> str:
    """Read a template and put values in; the marks are such that `${VAR}` and Jinja stay."""
    text = (_TEMPLATES / template).read_text(encoding="utf-8")
    for mark, value in values.items():
        text = text.replace(mark, value)
    return text


def _write(root: Path, path: str, text: str) -> FileResult:
    if os.path.lexists(root / path):  # a link that leads nowhere is the user's too
        return FileResult(path, "unchanged")
    write_atomic(root / path, text)
    return FileResult(path, "created")


def _write_macros(layout: ProjectLayout) -> list[FileResult]:
    """Write the macros with their pristine copies, so that `generate` keeps them up to date."""
    results = []
    for name, text in macros.texts().items():
        path = layout.dbt.macros / "dango" / name
        relative = layout.shown(path)
        if os.path.lexists(path):
            results.append(FileResult(relative, "unchanged"))
            continue
        change = change_of(Generated(path, layout.pristine(path), text))
        apply(change)
        results.append(FileResult(relative, change.action))
    return results


def _notes(
    root: Path, texts: Mapping[str, str], files: list[FileResult], *, existing: bool
) -> list[str]:
    """Say what is left to the user, since their files are not changed."""
    actions = {file.path: file.action for file in files}
    notes = []
    for path in _LISTS:
        if actions.get(path) == "unchanged":
            there = {_item(line) for line in (read_text(root / path) or "").splitlines()}
            wanted = [line for line in texts[path].splitlines() if line and line[0] != "#"]
            if missing := [line for line in wanted if _item(line) not in there]:
                notes.append(f"{path} was there: add to it {', '.join(missing)}")
    if existing and actions[SOURCES_FILE.as_posix()] == "created":
        notes.append(
            f"the example source is disabled: nothing is loaded until {SOURCES_FILE.as_posix()}"
            " says `enabled: true`, or names a source of yours"
        )
    return notes


def _item(line: str) -> str:
    """What a line of a list is about: a path without slashes around it, a package's name."""
    return re.split(r"[\s<>=~!\[;@]", line, maxsplit=1)[0].strip("/")


def _relative(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()


def _yaml_string(text: str) -> str:
    """Quote a string for YAML."""
    return "'" + text.replace("'", "''") + "'"
