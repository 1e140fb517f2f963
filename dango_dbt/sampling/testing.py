"""All checks of `source test`."""

from __future__ import annotations

from dango_dbt.sampled import Check
from dango_dbt.sampling.cursors import check_cursors
from dango_dbt.sampling.keys import check_keys
from dango_dbt.sampling.second_run import check_second_run
from dango_dbt.sampling.shapes import check_shapes
from dango_dbt.sampling.tested import Tested

__all__ = ["checks"]


def checks(tested: Tested) -> tuple[Check, ...]:
    """Make all checks of two loads of a sample, or of what one that failed has left to check."""
    return (
        *check_shapes(tested),
        *check_keys(tested),
        *check_cursors(tested),
        *check_second_run(tested),
    )
