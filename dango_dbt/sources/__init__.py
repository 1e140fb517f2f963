"""A configured source → a dlt source object: finds the user's module and calls its function.

dlt is imported inside functions only.
"""

from __future__ import annotations

from dango_dbt.sources.loading import limited, load
from dango_dbt.sources.user_code import forget_modules, import_modules, user_frame

__all__ = ["forget_modules", "import_modules", "limited", "load", "user_frame"]
