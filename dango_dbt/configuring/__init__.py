"""`source configure`: what a source has to be told, where that stands, and writing it there."""

from dango_dbt.configuring.configuring import Configuration, configuration
from dango_dbt.configuring.wanted import Wanted

__all__ = ["Configuration", "Wanted", "configuration"]
