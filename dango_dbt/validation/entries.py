"""What may be wrong though sources.yml is valid: variables, datasets, and dlt's own files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dango_dbt.arguments import Arguments, read_arguments
from dango_dbt.config import STAGING_DATASET_SUFFIX, SourceConfig, SourcesConfig
from dango_dbt.credentials import redact, secret_values, unset_error
from dango_dbt.destinations import Warehouse
from dango_dbt.errors import ConfigError, Place
from dango_dbt.toml_files import placeholders, toml_problem

__all__ = [
    "arguments_of",
    "dataset_problem",
    "declarations",
    "dlt_file_problems",
    "placeholder_problems",
    "variable_problems",
]

_DLT_FILES = (Path(".dlt", "config.toml"), Path(".dlt", "secrets.toml"))


def dlt_file_problems(root: Path) -> list[ConfigError]:
    """Find out which of dlt's files are no TOML."""
    found = [toml_problem(root / file, file) for file in _DLT_FILES]
    return [problem for problem in found if problem]


def placeholder_problems(config: SourcesConfig, root: Path) -> Iterator[ConfigError]:
    """Find what enabled sources' sections in dlt's files still hold as `source add` wrote it.

    A value that stands elsewhere, where dlt looks earlier, fills a placeholder in as well: an
    argument in sources.yml, a variable of the environment, or secrets.toml before config.toml.
    """
    files = [(shown, _text(root / shown)) for shown in reversed(_DLT_FILES)]
    for source in config.sources:
        section = ("sources", source.name)
        filled: set[tuple[str, ...]] = set()
        for shown, text in files if source.enabled else ():
            for key, line in placeholders(text, section).items():
                given = key[0] in source.code.kwargs
                if line and not given and key not in filled and not _in_environment(key):
                    yield ConfigError(
                        f"source `{source.name}`: `{'.'.join(key)}` is not filled in yet",
                        place=Place(shown, line),
                        hint=f"`dango-dbt source configure {source.name}` asks for it; or remove"
                        " the line",
                    )
                filled.add(key)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):  # which `dlt_file_problems` tells
        return ""


def _in_environment(key: tuple[str, ...]) -> bool:
    """Tell whether a variable gives a key, or what holds it, by any of dlt's names for it."""
    names = ["__".join(key[:end]).upper() for end in range(1, len(key) + 1)]
    return any(
        variable == name or (variable.startswith("SOURCES__") and variable.endswith(f"__{name}"))
        for variable in os.environ
        for name in names
    )


def arguments_of(config: SourcesConfig, root: Path) -> list[tuple[SourceConfig, Arguments]]:
    """Give the enabled sources, each with its arguments.

    Raises:
        ConfigError: a secrets file may stand in for one, and is not TOML.
    """
    sources = [source for source in config.sources if source.enabled]
    return list(zip(sources, read_arguments(config, sources, root), strict=True))


def variable_problems(given: Iterable[tuple[SourceConfig, Arguments]]) -> Iterator[ConfigError]:
    """Find the `${VAR}`s among sources' arguments that are not set, or are none."""
    for source, arguments in given:
        yield from (unset_error(source.name, [item]) for item in arguments.unset)
        if arguments.broken:
            yield arguments.broken


@dataclass(frozen=True)
class Declarations:
    """What is wrong with sources that are described in sources.yml, and what is only doubtful."""

    problems: tuple[ConfigError, ...]
    doubts: tuple[str, ...]


def declarations(
    config: SourcesConfig, given: Iterable[tuple[SourceConfig, Arguments]]
) -> Declarations:
    """Check the REST APIs, databases and files that are described in sources.yml.

    dlt is imported where there are any: its own types say what it takes. What is told holds no
    value of a variable.
    """
    problems: list[ConfigError] = []
    doubts: list[str] = []
    secrets = secret_values([source.code.kwargs for source in config.sources])
    for source, arguments in given:
        if not source.code.own:
            from dango_dbt import declared

            complete = not (arguments.unset or arguments.broken)
            kwargs = {**arguments.kwargs, **arguments.from_secrets}
            place_of = partial(config.place_of, source)
            found = declared.check(
                source, kwargs if complete else source.code.kwargs, place_of, complete=complete
            )
            problems += (
                ConfigError(
                    redact(error.message, secrets),
                    place=error.place,
                    hint=error.hint and redact(error.hint, secrets),
                )
                for error in found
            )
            if complete and not found:
                found = declared.doubts(source, kwargs, place_of)
                doubts += (redact(f"{error}; {error.hint}", secrets) for error in found)
    return Declarations(tuple(problems), tuple(doubts))


def dataset_problem(
    config: SourcesConfig, source: SourceConfig, warehouse: Warehouse
) -> ConfigError | None:
    """Say why the warehouse cannot hold a source's dataset; None where it can."""
    place = config.place_of(source, "dataset_name" if source.dataset_name else "name")
    longest = warehouse.longest_name
    if longest and len(source.dataset.encode()) > longest - len(STAGING_DATASET_SUFFIX):
        return ConfigError(
            f"dataset `{source.dataset}` has a name of {len(source.dataset)} characters, and the"
            f" warehouse cuts names off: its staging dataset's would be longer than {longest}",
            place=place,
            hint="give the source a shorter `dataset_name:`",
        )
    if source.dataset.lower() not in warehouse.reserved:
        return None
    return ConfigError(
        f"dataset `{source.dataset}` is named like the warehouse file, and DuckDB cannot tell the"
        " two apart",
        place=place,
        hint="give the source another `dataset_name:`, or the file another name",
    )
