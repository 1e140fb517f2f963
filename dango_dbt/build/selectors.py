"""What dbt takes where nothing else is said: a default selector, and the tests of what is selected.

https://docs.getdbt.com/reference/node-selection/yaml-selectors#default
https://docs.getdbt.com/reference/node-selection/test-selection-examples#indirect-selection
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import yaml

from dango_dbt.project import DbtProject, dbt_variable
from dango_dbt.yaml_files import read_text

__all__ = ["has_default_selector", "indirect_selection", "selects"]

_OPTION = "--indirect-selection"
_SELECT = frozenset({"--select", "-s", "--models", "--model", "-m"})


def has_default_selector(project: DbtProject) -> bool:
    """Tell whether a selector may be the default one (its `default:` may be Jinja)."""
    return any(selector.get("default") for selector in _selectors(project))


def selects(args: Iterable[str]) -> bool:
    """Tell whether arguments of dbt's select or exclude: no default selector is taken then."""
    return any(name in {*_SELECT, "--exclude", "--selector"} for name, _ in _options(args))


def indirect_selection(project: DbtProject, args: Sequence[str]) -> list[str]:
    """Leave out the tests of which a parent is not there, unless the user has said otherwise.

    dbt runs all tests that touch a selected node, and one that is generated for two tables fails
    where only one of them has been built. The option is for what is excluded, too, where it would
    leave in the tests of what is excluded and of what is not. Criteria such as `orders+` take
    these along by themselves; with any other one dbt's default stays.

    Args:
        project: the dbt project.
        args: what dbt is asked for.
    """
    options = list(_options(args))
    if any(name == _OPTION for name, _ in options) or _said(project):
        return []
    names = {name for name, _ in options}
    if not _SELECT.isdisjoint(names):
        excluded = [word for name, value in options if name == "--exclude" for word in value]
        whole = all(each.endswith("+") and "," not in each for each in excluded)
    elif "--selector" in names or (not selects(args) and has_default_selector(project)):
        whole = not any(map(_excludes, _selectors(project)))
    else:
        whole = False
    return [_OPTION, "buildable"] if whole else []


def _options(args: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Give each option with its words."""
    name, words = "", list[str]()
    for arg in args:
        if arg.startswith("-"):
            yield name, words
            name, _, value = arg.partition("=")
            words = value.split()
        else:
            words += arg.split()
    yield name, words


def _said(project: DbtProject) -> bool:
    if dbt_variable("INDIRECT_SELECTION"):
        return True
    try:
        raw = yaml.safe_load(read_text(project.directory / "dbt_project.yml"))
        return bool((raw.get("flags") or {}).get("indirect_selection"))
    except (FileNotFoundError, yaml.YAMLError, AttributeError):
        return False  # dbt says what is wrong with it


def _selectors(project: DbtProject) -> list[dict[str, Any]]:
    try:
        raw = yaml.safe_load(read_text(project.directory / "selectors.yml"))
        return [each for each in raw["selectors"] if isinstance(each, dict)]
    except (FileNotFoundError, yaml.YAMLError, TypeError, KeyError):
        return []  # dbt says what is wrong with it


def _excludes(part: object) -> bool:
    """Whether a selector excludes something."""
    if isinstance(part, dict):
        return "exclude" in part or any(map(_excludes, part.values()))
    return isinstance(part, list) and any(map(_excludes, part))
