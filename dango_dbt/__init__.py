"""dbt as the only interface: load with dlt, generate dbt staging from it, build with dbt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dango_dbt.api import Project
    from dango_dbt.results import RunResult

__all__ = ["Project", "RunResult", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the type depends on the name (PEP 562)
    """Import the API on first use, so that `dango-dbt --help` loads nothing of it."""
    if name == "Project":
        from dango_dbt.api import Project

        return Project
    if name == "RunResult":
        from dango_dbt.results import RunResult

        return RunResult
    raise AttributeError(f"module 'dango_dbt' has no attribute {name!r}")
