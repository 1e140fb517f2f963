"""A source that loads in every way that dlt has, and kills its process at a point that is named."""

from __future__ import annotations

__all__ = ["ARROW", "KILLING", "NESTING", "POINTS"]

#: The jobs run side by side, so that each death finds others of them anywhere.
_JOBS = (
    "appended.parquet",
    "appended__parts.parquet",
    "inserted.insert_values",
    "inserted__parts.insert_values",
    "keyless.sql",
    "merged__parts.parquet",
    "merged.sql",
    "history.sql",
    "replaced.sql",
    "arrow_appended.parquet",
    "arrow_keyless.sql",
    "_dlt_pipeline_state.parquet",
)

#: `before` a job is before its SQL; `after` it is between the commit and dlt's marker for it.
POINTS = (
    "in extract",
    "extracted",
    "normalizing",
    "normalized",
    "before loading",
    "tables made",
    *(f"{when} {job}" for job in _JOBS for when in ("before", "after")),
    "loaded",
)

#: Tables with a nested one, `parts`; and those from Arrow tables, which have none.
NESTING = ("appended", "inserted", "keyless", "merged", "history", "replaced")
ARROW = ("arrow_appended", "arrow_keyless", "arrow_merged", "arrow_replaced")

KILLING = """\
import os
import signal

import dlt
import pyarrow as pa
from dlt.common.destination.client import RunnableLoadJob
from dlt.common.storages.load_package import PackageStorage
from dlt.common.storages.load_storage import LoadStorage
from dlt.extract.extract import Extract
from dlt.load.load import Load
from dlt.normalize.normalize import Normalize

from dango_dbt.sync import healing, packages

UPTO = int(os.environ.get("UPTO", "10"))
DIE_AT = os.environ.get("DIE_AT")


def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


def job(name):
    table, _, _, file_format = os.path.basename(name).split(".")[:4]
    return f"{table}.{file_format}"


def patch(owner, method, before=None, after=None):
    \"\"\"Die before or after a method whose arguments say so.\"\"\"
    original = getattr(owner, method)

    def patched(*args, **kwargs):
        if before and before(*args):
            die()
        result = original(*args, **kwargs)
        if after and after(*args):
            die()
        return result

    setattr(owner, method, patched)


def at(point):
    return lambda *_: point == DIE_AT


if DIE_AT:
    patch(Extract, "commit_packages", after=at("extracted"))
    patch(Normalize, "spool_schema_files", before=at("normalizing"), after=at("normalized"))
    patch(Load, "load_single_package", before=at("before loading"))
    patch(LoadStorage, "commit_schema_update", after=at("tables made"))
    patch(
        RunnableLoadJob,
        "run_managed",
        before=lambda self, *_: f"before {job(self.file_name())}" == DIE_AT,
    )
    patch(
        PackageStorage,
        "save_pending_transition",
        before=lambda _, load_id, name, *__: f"after {job(name)}" == DIE_AT,
    )
    patch(LoadStorage, "complete_load_package", before=at("loaded"))
    patch(healing, "_delete", before=at("before deleting"))
    patch(healing, "restart", before=at("before restarting"))
    moved = []
    patch(
        packages,
        "_name",
        before=lambda *_: "while restarting" == DIE_AT and moved.append(1) or len(moved) > 20,
    )


def rows(start=0):
    for id_ in range(start, UPTO):
        if id_ == 15 and DIE_AT == "in extract":
            die()
        yield {"id": id_, "parts": [{"no": 1}, {"no": 2}]}


@dlt.source
def killing():
    cursor = dlt.sources.incremental

    @dlt.resource(write_disposition="append")
    def appended(id=cursor("id", initial_value=-1, range_start="open")):
        yield from rows(id.last_value + 1)

    @dlt.resource(write_disposition="append", file_format="insert_values")
    def inserted(id=cursor("id", initial_value=-1, range_start="open")):
        yield from rows(id.last_value + 1)

    @dlt.resource(write_disposition="merge")
    def keyless(id=cursor("id", initial_value=-1, range_start="open")):
        yield from rows(id.last_value + 1)

    @dlt.resource(write_disposition="merge", primary_key="id")
    def merged():
        yield from rows()

    @dlt.resource(write_disposition={"disposition": "merge", "strategy": "scd2"})
    def history():
        yield from rows()

    @dlt.resource(write_disposition="replace")
    def replaced():
        yield from rows()

    def arrow(id):
        for first in range(id.last_value + 1, UPTO, 5):
            yield pa.table({"id": list(range(first, first + 5))})

    @dlt.resource(write_disposition="append")
    def arrow_appended(id=cursor("id", initial_value=-1, range_start="open")):
        yield from arrow(id)

    @dlt.resource(write_disposition="merge")
    def arrow_keyless(id=cursor("id", initial_value=-1, range_start="open")):
        yield from arrow(id)

    @dlt.resource(write_disposition="merge", primary_key="id")
    def arrow_merged(id=cursor("id", initial_value=-1, range_start="open")):
        yield from arrow(id)

    @dlt.resource(write_disposition="replace")
    def arrow_replaced():
        yield pa.table({"id": list(range(UPTO))})

    return (appended, inserted, keyless, merged, history, replaced,
            arrow_appended, arrow_keyless, arrow_merged, arrow_replaced)
"""
