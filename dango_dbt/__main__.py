"""`python -m dango_dbt` is `dango-dbt`."""

from __future__ import annotations

from dango_dbt.cli import main

if __name__ == "__main__":
    main()
