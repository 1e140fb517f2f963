"""What takes dbt to find out."""

from __future__ import annotations

from dango_dbt import build as dbt
from dango_dbt.config import SourcesConfig
from dango_dbt.errors import BuildError, Place
from dango_dbt.project import ProjectLayout

__all__ = ["parse_problem"]


def parse_problem(
    config: SourcesConfig, layout: ProjectLayout, target: str | None
) -> BuildError | str | None:
    """Let dbt parse the project.

    Returns:
        Why it does not parse. A text, no error, where it cannot parse yet: a model refers to what
        is generated from a source that has never been synced.

    Raises:
        DangoError: dbt, or a package that the project needs, is not there.
    """
    failure = dbt.parse(layout.dbt, target=target)
    if failure is None:
        return None
    never = [
        source.name
        for source in config.sources
        if source.enabled and not layout.accepted_schema(source.name).is_file()
    ]
    if never and dbt.lacks_generated(failure):
        names = ", ".join(f"`{name}`" for name in never)
        return (
            f"dbt cannot parse the project yet: {names} has never been synced, and models refer to"
            " what is generated from it; run `dango-dbt sync`, then validate again"
        )
    return BuildError(
        f"dbt cannot parse the project: {failure.message}",
        place=Place(layout.dbt.directory),
        hint=failure.hint,
    )
