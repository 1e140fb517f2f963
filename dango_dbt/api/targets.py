"""Which dbt targets a run is about: the one to load into, and the one that text follows."""

from __future__ import annotations

from dango_dbt import build as dbt
from dango_dbt.config import SourcesConfig
from dango_dbt.project import ProjectLayout, Target
from dango_dbt.shared_targets import shared_database

__all__ = ["adapter_followed", "target_to_load"]


def target_to_load(layout: ProjectLayout, config: SourcesConfig, name: str | None) -> Target:
    """Resolve a target, and refuse one that would share its raw data by accident.

    Raises:
        ConfigError: it is not there, or it would.
    """
    target = dbt.resolve_target(layout.dbt, name)
    others = dbt.other_targets(layout.dbt, target)
    if error := shared_database(target, others, config):
        raise error
    return target


def adapter_followed(layout: ProjectLayout, config: SourcesConfig) -> str:
    """Tell the adapter that generated text follows, whichever target is loaded into.

    Raises:
        ConfigError: the target is not there or, with sources to generate from, not supported.
    """
    from dango_dbt import destinations

    name = config.generate.target or dbt.default_target(layout.dbt)
    adapter = dbt.adapter_type(layout.dbt, name)
    if any(source.enabled for source in config.sources):
        destinations.adapter(adapter)
    return adapter
