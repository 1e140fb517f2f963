"""The DuckDB file while dbt runs in this process: opened once, and let go of when dbt has ended.

With `keep_open: false` dbt-duckdb closes the file whenever none of its threads uses it, so between
the steps of a run, and opens it again for the next: a tenth of a small build, and whoever opens the
file meanwhile makes the rest of the build fail.
"""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["HAS_ASKED", "hold", "let_go"]

#: dbt's event after a query: now the file is open.
HAS_ASKED = "SQLQueryStatus"


def hold() -> None:
    """Keep the file open until `let_go`, once dbt has opened it."""
    manager = _manager()
    if manager is not None and manager._ENV is not None:  # noqa: SLF001 - dbt-duckdb has no public way
        manager._ENV._keep_open = True  # noqa: SLF001 - likewise


def let_go() -> None:
    """Close dbt-duckdb's connection, which otherwise locks the file until this process ends."""
    factory, manager = sys.modules.get("dbt.adapters.factory"), _manager()
    if factory is None or manager is None:
        return
    factory.reset_adapters()
    if manager._ENV is not None:  # noqa: SLF001 - forgetting it is public, closing it is not
        manager._ENV.close()  # noqa: SLF001 - likewise
    manager.close_all_connections()


def _manager() -> Any:  # noqa: ANN401 - dbt-duckdb has no types
    module = sys.modules.get("dbt.adapters.duckdb.connections")
    return None if module is None else module.DuckDBConnectionManager
