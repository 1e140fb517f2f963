"""The warm loop: stays in memory, watches the project, and runs what a change affects.

What is imported, and the last manifest, stay: a run costs no process's start. Importing this is
cheap.
"""

from __future__ import annotations

from dango_dbt.dev.loop import DevOptions, Round, watch

__all__ = ["DevOptions", "Round", "watch"]
