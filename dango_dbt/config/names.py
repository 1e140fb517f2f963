"""How sources and datasets may be named."""

from __future__ import annotations

import re

__all__ = [
    "DATASET",
    "STAGING_DATASET_SUFFIX",
    "WORDS",
    "default_dataset",
    "is_dataset_name",
    "is_source_name",
]

#: dlt stages the merges and replaces of a dataset in a dataset of this name beside it.
STAGING_DATASET_SUFFIX = "_dlt_staging"

# No `__`, which parts source from table in names, and no `_` at the end, which would make `a_` with
# table `b` look like `a` with table `_b`. dlt's own names for datasets follow the same rule.
WORDS = "[a-z][a-z0-9]*(_[a-z0-9]+)*"
DATASET = f"^_?{WORDS}$"


def is_source_name(name: str) -> bool:
    """Tell whether a source may have this name."""
    return re.fullmatch(WORDS, name) is not None


def is_dataset_name(name: str) -> bool:
    """Tell whether a source may be loaded into a dataset of this name."""
    return re.fullmatch(DATASET, name) is not None


def default_dataset(source: str) -> str:
    """Name the dataset of a source that names none."""
    return f"raw_{source}"
