"""dlt's log: what it says of a failed job may hold secrets."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from dango_dbt.sync.job import SyncJob
from dango_dbt.sync.messages import redacted

__all__ = ["redacted_logs"]


@contextmanager
def redacted_logs(jobs: Sequence[SyncJob]) -> Iterator[None]:
    """Take all sources' secrets out of what dlt logs meanwhile, however much the user asks for.

    To be entered within `dlt_context`.
    """
    logger = logging.getLogger("dlt")
    redactor = _Redactor(jobs)
    logger.addFilter(redactor)
    try:
        yield
    finally:
        logger.removeFilter(redactor)


class _Redactor(logging.Filter):
    def __init__(self, jobs: Sequence[SyncJob]) -> None:
        super().__init__()
        self._jobs = jobs

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact a record, its traceback included."""
        message = record.getMessage()
        if record.exc_info:
            message += f"\n{logging.Formatter().formatException(record.exc_info)}"
        for job in self._jobs:
            message = redacted(message, job)
        record.msg, record.args, record.exc_info, record.exc_text = message, (), None, None
        return True
