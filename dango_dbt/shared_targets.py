"""Raw data is not shared by accident: which targets of a profile would load into one database.

A source's dataset has the same name in every target, so two targets that resolve to one database
have one copy of all raw data: a try in `dev` would change what production reads.
"""

from __future__ import annotations

from collections.abc import Iterable

from dango_dbt.config import SourcesConfig
from dango_dbt.destinations import same_database
from dango_dbt.errors import ConfigError
from dango_dbt.project import SOURCES_FILE, Target

__all__ = ["shared_database"]


def shared_database(
    target: Target, others: Iterable[Target], config: SourcesConfig
) -> ConfigError | None:
    """Say what is wrong with loading into a target, if another one has the same database.

    Args:
        target: where to load.
        others: the profile's other targets, as far as they are known here.
        config: its `shared_targets` may have one database among them.

    Returns:
        The error, placed at the target in profiles.yml; None where all is well.
    """
    meant = config.shared_targets if target.name in config.shared_targets else ()
    shared = [other for other in others if other.name not in meant and same_database(target, other)]
    if not shared:
        return None
    named = ", ".join(f"`{other.name}` (line {other.place.line})" for other in shared)
    names = dict.fromkeys([*config.shared_targets, target.name, *(other.name for other in shared)])
    return ConfigError(
        f"target `{target.name}` has the same database as {named}: a sync into one changes the raw"
        " data of the other",
        place=target.place,
        hint=f"give each a database of its own, or write `shared_targets: [{', '.join(names)}]`"
        f" into {SOURCES_FILE.as_posix()} if this is meant",
    )
