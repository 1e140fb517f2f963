"""selectors.yml: whether dbt takes one of its selectors where nothing else is selected."""

from __future__ import annotations

import yaml

from dango_dbt.project import DbtProject
from dango_dbt.yaml_files import read_text

__all__ = ["has_default_selector"]


def has_default_selector(project: DbtProject) -> bool:
    """Tell whether a selector may be the default one (its `default:` may be Jinja).

    https://docs.getdbt.com/reference/node-selection/yaml-selectors#default
    """
    try:
        raw = yaml.safe_load(read_text(project.directory / "selectors.yml"))
        return any(selector.get("default") for selector in raw["selectors"])
    except FileNotFoundError:
        return False
    except (yaml.YAMLError, TypeError, KeyError, AttributeError):
        return False  # dbt says what is wrong with it
