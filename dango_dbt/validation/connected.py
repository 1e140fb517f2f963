"""What takes dbt to find out."""

from __future__ import annotations

from dango_dbt import build as dbt
from dango_dbt.config import SourcesConfig
from dango_dbt.errors import BuildError, Place
from dango_dbt.project import ProjectLayout
from dango_dbt.references import advice, is_to_be_synced

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
    missing = dbt.missing_reference(failure.message)
    if missing and is_to_be_synced(missing, layout, config):
        file = layout.shown(layout.dbt.directory / missing.file)
        return (
            f"dbt cannot parse the project yet: source `{missing.source}` has never been synced,"
            f" and {file} refers to what is generated from it; run `dango-dbt sync`, then validate"
            " again"
        )
    known = config.names  # none: nothing of sources.yml could be read
    hint = advice(missing, layout, config) if missing and known else None
    return BuildError(
        f"dbt cannot parse the project: {failure.message}",
        place=Place(layout.dbt.directory),
        hint=hint or failure.hint,
    )
