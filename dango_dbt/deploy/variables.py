"""Which variables a project needs where it runs; their values are never looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from dango_dbt.config import SourceConfig
from dango_dbt.credentials import variables
from dango_dbt.deployment import Variable
from dango_dbt.errors import ConfigError, Place
from dango_dbt.project import SOURCES_FILE
from dango_dbt.toml_files import placeholders, toml_problem

__all__ = ["needed"]

_SECRETS = Path(".dlt", "secrets.toml")


def needed(
    sources: Iterable[SourceConfig], in_profile: Mapping[str, bool], root: Path
) -> tuple[Variable, ...]:
    """Name the variables that sources.yml, profiles.yml and dlt's secrets file ask for.

    What stands in the secrets file, which is not in git, dlt takes from variables as well: a key
    `api_key` of `[sources.shop]` is SOURCES__SHOP__API_KEY. It is left out where sources.yml names
    a variable for the same argument.

    Args:
        sources: those that are to be loaded.
        in_profile: the variables of the target, and whether each has a default.
        root: the project's root.

    Raises:
        ConfigError: the secrets file is not TOML.
    """
    found: dict[str, Variable] = {}

    def add(name: str, place: str, *, required: bool) -> None:
        before = found.get(name, Variable(name, required=False, used_by=()))
        places = dict.fromkeys((*before.used_by, place))
        found[name] = Variable(name, required or before.required, tuple(places))

    text = _secrets(root)
    for source in sources:
        kwargs = source.code.kwargs
        required = set(variables(kwargs, required=True))
        for name in variables(kwargs):
            add(name, SOURCES_FILE.as_posix(), required=name in required)
        for path in placeholders(text, ("sources", source.name)):
            if not any(variables(kwargs.get(path[0]))):
                name = "__".join(("sources", source.name, *path)).upper()
                add(name, _SECRETS.as_posix(), required=True)
    for name, has_default in in_profile.items():
        add(name, "profiles.yml", required=not has_default)
    return tuple(found.values())


def _secrets(root: Path) -> str:
    if problem := toml_problem(root / _SECRETS, _SECRETS):
        raise problem
    try:
        return (root / _SECRETS).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", place=Place(_SECRETS)) from error
