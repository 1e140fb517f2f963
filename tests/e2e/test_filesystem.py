"""`type: filesystem`: CSV, JSONL and Parquet from a folder; only new files where that is wanted."""

from __future__ import annotations

import datetime as dt
import gzip
import os
from collections.abc import Callable
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa  # noqa: TID253 - what the files are made with
import pyarrow.parquet as pq  # noqa: TID253 - likewise
import pytest
import yaml

if TYPE_CHECKING:
    from dango_dbt.results import RunResult, SyncResult
    from tests.e2e.conftest import Workspace

pytestmark = pytest.mark.slow


FOLDER = "my files #1"  # an address has `%20` and `%23` in their place


def declare(workspace: Workspace, *files: dict[str, Any], url: str = FOLDER) -> None:
    block = {"bucket_url": url, "files": list(files)}
    entry = {"name": "shop", "type": "filesystem", "filesystem": block}
    text = yaml.safe_dump({"sources": [entry]}, sort_keys=False)
    workspace.write(".dango/sources.yml", text)


def write(workspace: Workspace, name: str, content: str | bytes | pa.Table) -> Path:
    path = workspace.root / FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, pa.Table):
        pq.write_table(content, path)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def failures(result: RunResult) -> list[str]:
    return [str(source.error) for source in result.sources or () if source.error]


_AT = dt.datetime(2024, 1, 1, 12, tzinfo=dt.timezone.utc)


def test_each_format_is_loaded_staged_and_tested(workspace: Workspace) -> None:
    """Globs, files that differ, compression, types, empty values, lists, and a declared key."""
    write(workspace, "orders/1.csv", "id,name,zip,day,share\n1,Ada,00123,2024-01-31,1.50\n2,,7,,\n")
    write(workspace, "orders/2.csv", 'id,name,zip,more\n3,"C, y",A5,yes\n')
    write(workspace, "orders/old/3.csv", "id\n9\n")
    write(workspace, "semi.txt", "no;was\n1;Öl\n")
    write(workspace, "zipped.csv.gz", gzip.compress(b"id\n1\n2\n"))
    lines = '\ufeff{"id": 1, "tags": ["x", "y"], "in": {"a": 1}}\n\n{"id": 2, "tags": []}\n'
    write(workspace, "a/b/1.jsonl", lines)
    write(workspace, "a/2.jsonl.gz", gzip.compress(b'{"id": 3}'))
    narrow = pa.table(
        {
            "id": pa.array([1, 2], pa.int32()),
            "price": pa.array([Decimal("1.50"), None], pa.decimal128(10, 2)),
            "at": pa.array([_AT, None], pa.timestamp("us", "UTC")),
            "never": pa.array([None, None], pa.string()),
            "list": pa.array([[1, 2], None]),
        }
    )
    wide = pa.table(
        {
            "id": pa.array([2**40]),
            "price": pa.array([Decimal("0.25")], pa.decimal128(10, 2)),
            "new": ["x"],
        }
    )
    write(workspace, "p/1.parquet", narrow)
    write(workspace, "p/2.parquet", wide)
    declare(
        workspace,
        {
            "name": "orders",
            "file_glob": "orders/*.csv",
            "primary_key": ["id"],
            "columns": {
                "zip": {"data_type": "text"},
                "more": {"data_type": "text"},
                "share": {"data_type": "decimal", "precision": 10, "scale": 2},
            },
        },
        {"name": "semi", "file_glob": "*.txt", "format": "csv", "reader": {"sep": ";"}},
        {"name": "zipped", "file_glob": "*.csv.gz"},
        {"name": "lines", "file_glob": "**/*.jsonl*", "format": "jsonl"},
        {"name": "parquet", "file_glob": "p/*.parquet"},
        {"name": "rows", "file_glob": "p/1.parquet", "reader": {"use_pyarrow": False}},
    )
    for _ in range(2):
        result = workspace.run()
        assert failures(result) == []
        assert result.exit_code == 0, result
    staged = "select id, name, zip, day, share, more from main_staging.stg_shop__orders order by 1"
    assert workspace.rows(staged) == [
        (1, "Ada", "00123", dt.date(2024, 1, 31), Decimal("1.50"), None),
        (2, None, "7", None, None, None),
        (3, "C, y", "A5", None, None, "yes"),
    ]
    assert workspace.rows("select no, was from raw_shop.semi") == [(1, "Öl")]
    assert workspace.count("raw_shop.zipped") == 2
    assert workspace.rows("select id, in__a from raw_shop.lines order by 1") == [
        (1, 1),
        (2, None),
        (3, None),
    ]
    assert workspace.count("raw_shop.lines__tags") == 2
    assert workspace.rows(
        'select id, price, "at", never, list, new from raw_shop.parquet order by 1'
    ) == [
        (1, Decimal("1.5"), _AT, None, "[1,2]", None),
        (2, None, None, None, None, None),
        (2**40, Decimal("0.25"), None, None, None, "x"),
    ]
    assert workspace.rows("select value from raw_shop.rows__list order by 1") == [(1,), (2,)]
    models = workspace.generated()["dbt_project/models/staging/shop/_shop__models.yml"]
    (orders,) = (
        model for model in yaml.safe_load(models)["models"] if model["name"] == "stg_shop__orders"
    )
    tests = {column["name"]: str(column.get("data_tests")) for column in orders["columns"]}
    assert "unique" in tests["id"]


def test_a_second_run_brings_only_files_that_are_new_or_have_changed(
    workspace: Workspace, source_of: Callable[[RunResult, str], SyncResult]
) -> None:
    """Each table has a cursor of its own: what is old for one may be new for another."""
    at = 1_700_000_000
    for number, name in enumerate(("a/1.csv", "a/2.csv", "b/1.csv")):
        path = write(workspace, name, f"id,state\n{number + 1},old\n")
        os.utime(path, (at - 100 * number, at - 100 * number))
    declare(
        workspace,
        {"name": "added", "file_glob": "a/*.csv", "incremental": True},
        {"name": "merged", "file_glob": "a/*.csv", "incremental": True, "primary_key": ["id"]},
        {"name": "late", "file_glob": "b/*.csv", "incremental": True},
        {"name": "none_yet", "file_glob": "c/*.csv", "incremental": True},
    )
    first = workspace.sync(generate=False)
    assert failures(first) == []
    assert source_of(first, "shop").tables == {"added": 2, "merged": 2, "late": 1}
    path = write(workspace, "a/3.csv", "id,state\n3,new\n")
    os.utime(path, (at + 100, at + 100))
    path = write(workspace, "a/2.csv", "id,state\n2,new\n")
    os.utime(path, (at + 200, at + 200))
    second = workspace.sync(generate=False)
    assert failures(second) == []
    tables = source_of(second, "shop").tables
    assert {name: tables.get(name, 0) for name in ("added", "merged", "late")} == {
        "added": 2,
        "merged": 2,
        "late": 0,
    }
    assert workspace.rows("select id, state from raw_shop.added order by all") == [
        (1, "old"),
        (2, "new"),
        (2, "old"),
        (3, "new"),
    ]
    assert workspace.rows("select id, state from raw_shop.merged order by 1") == [
        (1, "old"),
        (2, "new"),
        (3, "new"),
    ]


#: Name → one of `files`, and what is said of it.
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "pattern": ({"file_glob": "ordres/*.csv"}, ".dango/sources.yml:8:18: no file matches"),
    "format": ({"file_glob": "*.txt"}, ".dango/sources.yml:8:18: `*.txt` does not tell"),
    "reader": ({"file_glob": "1.jsonl", "reader": {"sep": ";"}}, ".dango/sources.yml:10:"),
    "line": ({"file_glob": "1.jsonl"}, "1.jsonl:3 cannot be read"),
    "parquet": ({"file_glob": "*.parquet"}, "fake.parquet cannot be read"),
    "csv": ({"file_glob": "*.csv", "reader": {"seperator": ";"}}, "seperator"),
    "key": ({"file_glob": "*.csv", "primery_key": ["id"]}, "`primary_key`"),
    "no such column": ({"file_glob": "*.csv", "primary_key": ["idd"]}, "during this load: - idd"),
}


def test_what_cannot_be_read_is_told_with_its_file_or_its_place(workspace: Workspace) -> None:
    for name in ("1.txt", "fake.parquet", "1.csv"):
        write(workspace, name, "no\n1\n")
    write(workspace, "1.jsonl", '{"id": 1}\n\n{"id": \n')
    for case, (files, said) in WRONG.items():
        declare(workspace, {"name": "t", **files})
        result = workspace.sync(generate=False)
        assert result.exit_code in {1, 2}, case
        (source,) = result.sources or ()
        assert source.error is not None, case
        assert said in source.error.message, (case, source.error)
    declare(workspace, {"name": "t", "file_glob": "*.csv"}, url="flies")
    (source,) = workspace.sync(generate=False).sources or ()
    assert ".dango/sources.yml:5:17: there is no folder flies" in str(source.error)


def test_what_a_bucket_needs_is_told(workspace: Workspace) -> None:
    """As far as can be seen without one; the library for it is no part of what tests install."""
    if find_spec("s3fs"):
        pytest.skip("s3fs is here")
    declare(workspace, {"name": "t", "file_glob": "in/*.parquet"}, url="s3://shop-data/exports")
    (source,) = workspace.sync(generate=False).sources or ()
    assert source.error is not None
    assert source.error.message == ".dango/sources.yml:5:17: `s3fs` is not installed"
    assert source.error.hint == "install it: pip install 'dango-dbt[s3]'"


@pytest.mark.parametrize("wide_first", [True, False])
def test_numbers_of_one_column_keep_their_value_whichever_file_comes_first(
    workspace: Workspace, *, wide_first: bool
) -> None:
    whole, wide = pa.table({"d": [2]}), pa.table({"d": [1.5]})
    for name, table in zip("12", (wide, whole) if wide_first else (whole, wide), strict=True):
        write(workspace, f"n/{name}.parquet", table)
    declare(workspace, {"name": "n", "file_glob": "n/*.parquet"})
    assert failures(workspace.sync()) == []
    assert workspace.rows("select d from raw_shop.n order by 1") == [(1.5,), (2.0,)]


def test_types_that_do_not_go_together_fail_with_the_file(workspace: Workspace) -> None:
    write(workspace, "n/1.parquet", pa.table({"d": [1]}))
    write(workspace, "n/2.parquet", pa.table({"d": ["a"]}))
    declare(workspace, {"name": "n", "file_glob": "n/*.parquet"})
    (failure,) = failures(workspace.sync())
    assert "2.parquet cannot be read: Unable to merge: Field d has incompatible types" in failure
