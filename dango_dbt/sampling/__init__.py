"""Look at a sample of a source: what is in it, and whether it loads as it says. Knows no dlt."""

from dango_dbt.sampling.discovering import described
from dango_dbt.sampling.rows import SampleRows, opened
from dango_dbt.sampling.tested import Run, Tested, counted
from dango_dbt.sampling.testing import checks

__all__ = ["Run", "SampleRows", "Tested", "checks", "counted", "described", "opened"]
