"""One source of a project: what it wants to be told, and what a sample of it shows."""

from __future__ import annotations

from collections.abc import Sequence

from dango_dbt.api.sampling import discover, prove, source_named, test
from dango_dbt.config import SourcesConfig
from dango_dbt.configuring import Configuration, configuration
from dango_dbt.progress import Progress
from dango_dbt.project import ProjectLayout
from dango_dbt.results import Proof
from dango_dbt.sampled import Discovery, SourceTest

__all__ = ["SAMPLE_PAGES", "ProjectSource"]

#: How many pages of each resource a sample has unless the caller says otherwise.
SAMPLE_PAGES = 3


class ProjectSource:
    """One source of a project, enabled or not; see `Project.source`."""

    def __init__(self, layout: ProjectLayout, config: SourcesConfig, name: str) -> None:
        self.layout = layout
        self.config = config
        self.name = name
        self.entry = source_named(config, name)

    def configuration(self) -> Configuration:
        """Find out which secrets and settings it wants, and where they stand.

        Raises:
            ConfigError: one of dlt's files is no TOML.
        """
        return configuration(self.entry, self.layout.root, self.layout.custom_sources)

    def prove(self, *, progress: Progress | None = None) -> Proof:
        """Ask for one page of one resource: it answers, or says why it does not.

        Raises:
            ConfigError: the project is wrong.
        """
        return prove(self.layout, self.config, self.name, progress or Progress())

    def discover(
        self,
        *,
        resources: Sequence[str] = (),
        pages: int = SAMPLE_PAGES,
        progress: Progress | None = None,
    ) -> Discovery:
        """Look at a sample: tables, columns, keys, relationships, rows.

        It is loaded into a temporary folder; nothing of the project changes.

        Args:
            resources: only these; none: all that its entry allows.
            pages: how many pages of each resource to read at most.
            progress: is told what happens while it happens.

        Raises:
            ConfigError: the project or an argument is wrong.
            SyncError: the sample cannot be loaded.
        """
        told = progress or Progress()
        return discover(self.layout, self.config, self.name, resources, pages, told)

    def test(
        self,
        *,
        resources: Sequence[str] = (),
        pages: int = SAMPLE_PAGES,
        progress: Progress | None = None,
    ) -> SourceTest:
        """Load a sample twice, and check that it loads as it says.

        The arguments are those of `discover`; nothing of the project changes.

        Raises:
            ConfigError: the project or an argument is wrong.
        """
        told = progress or Progress()
        return test(self.layout, self.config, self.name, resources, pages, told)
