"""What went wrong with a source, in one line."""

from __future__ import annotations

import re

from dlt.pipeline.exceptions import PipelineStepFailed

from dango_dbt import sources
from dango_dbt.credentials import redact
from dango_dbt.errors import DangoError, SyncError, first_line
from dango_dbt.sync import secrets
from dango_dbt.sync.job import SyncJob

__all__ = ["advice", "own_error", "redacted", "step_error"]


def redacted(message: str, job: SyncJob) -> str:
    """Take a source's secrets out of a message."""
    return redact(message, job.secrets | secrets.values(job.from_secrets))


def step_error(error: PipelineStepFailed, job: SyncJob) -> SyncError:
    """Say in one line what went wrong in which stage, and where in the user's code."""
    cause: BaseException = error.exception
    resource = getattr(cause, "pipe_name", None)
    while cause.__cause__ is not None and not isinstance(cause, DangoError):
        cause = cause.__cause__
        resource = getattr(cause, "pipe_name", resource)
    where = f"resource `{resource}`: " if resource else ""
    if isinstance(cause, DangoError):  # what we have found ourselves is said in our own words
        return SyncError(f"{error.step} failed: {where}{cause.message}", hint=cause.hint)
    said = _ANSWER.sub("", first_line(cause))
    what = f"{error.step} failed: {where}{type(cause).__name__}: {said}"
    place = sources.user_frame(error, job.custom_sources)
    return SyncError(what, place=place, hint=advice(cause, job.source.name))


def advice(cause: BaseException, source: str) -> str | None:
    """Say what to do about what a source, dlt or the warehouse has raised, if that is known."""
    from requests import HTTPError, JSONDecodeError

    if isinstance(cause, JSONDecodeError):
        return (
            "the answer is no JSON, but perhaps a page for people: see whether the address is right"
        )
    if isinstance(cause, HTTPError) and cause.response is not None:
        hint = _HTTP_HINTS.get(cause.response.status_code)
        return hint.format(source=source) if hint else None
    return next((hint for part, hint in _HINTS.items() if part in str(cause)), None)


_WITHOUT = "name the other ones under `resources:` in sources.yml, to load them without this one"
#: What to do about an answer that is an error.
_HTTP_HINTS = {
    400: "see whether its settings are right, and within the API's limits, which for a connector"
    " `dango-dbt source catalog` tells",
    401: "its credentials are not accepted: `dango-dbt source configure {source}` says where they"
    " stand, and writes others with --set or --stdin",
    403: f"its credentials may not read this: give them the right to, or {_WITHOUT}",
    404: f"see whether the address is right; where there is no such resource, {_WITHOUT}",
}


#: The API's whole answer, in which dlt's paginators have not found what they look for: data.
_ANSWER = re.compile(r", got `\{.*`", re.DOTALL)

#: What to do about some messages of dlt's and the warehouse's, by a part of the message.
_HINTS = {
    "Cursor element with JSON path": "take a cursor that is never null, or load all rows each time;"
    " in code, dlt.sources.incremental() takes on_cursor_value_missing",
    "not found in the response in `OffsetPaginator`": "say where the API tells the total, such as"
    " total_path: meta.total; or total_path: null, to ask until a page is empty",
    "not found in the response in `PageNumberPaginator`": "say where the API tells the number of"
    " pages, such as total_path: meta.pages; or total_path: null, to ask until a page is empty",
    "Rescaling Decimal value": "declare how exact the decimal columns are, such as"
    ' columns={"price": {"data_type": "decimal", "precision": 38, "scale": 18}}',
    "Adding columns with constraints": "the table is there with other columns, and takes none that"
    " must not be null: load it anew with `dango-dbt sync --refresh drop_resources`",
}


def own_error(error: BaseException, job: SyncJob) -> SyncError:
    """Say in one line what was raised outside of dlt's steps."""
    what = f"{type(error).__name__}: {first_line(error)}"
    return SyncError(what, place=sources.user_frame(error, job.custom_sources))
