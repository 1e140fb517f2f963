"""The Python API: what each command does, in order; the command line only adds words to it.

from dango_dbt import Project

result = Project.find().sync_and_build()
result.exit_code, result.sources, result.files, result.build
"""

from __future__ import annotations

from dango_dbt.api.project import PARALLEL_SOURCES, Project

__all__ = ["PARALLEL_SOURCES", "Project"]
