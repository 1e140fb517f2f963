"""A dlt verified source becomes part of a project: its code, what it needs, and its entry."""

from dango_dbt.adding.adding import add_verified

__all__ = ["add_verified"]
