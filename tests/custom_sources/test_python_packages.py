from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from dlt.common.schema import Schema

    from tests.custom_sources.conftest import Warehouse

NESTED = {
    "packages__requirements": "REQUIREMENTS",
    "packages__classifiers": "CLASSIFIERS",
    "packages__files": "FILES",
}


@pytest.fixture(scope="module")
def python_packages(import_source: Callable[[str], ModuleType]) -> ModuleType:
    return import_source("python_packages")


@pytest.fixture(scope="module")
def real_schema(python_packages: ModuleType, shared_warehouse: Warehouse) -> Schema:
    """What is installed here, loaded twice."""
    shared_warehouse.load(python_packages.python_packages())
    return shared_warehouse.load(python_packages.python_packages())


def _install(site: Path, name: str, metadata: str | None, record: str | None = None) -> None:
    folder = site / f"{name}.dist-info"
    folder.mkdir(parents=True)
    if metadata is not None:
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\n{metadata}", encoding="utf-8")
    if record is not None:
        (folder / "RECORD").write_text(record, encoding="utf-8")
        for line in record.splitlines():
            path = site / line.split(",")[0]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


def _rows(source: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a DltSource
    return list(source)


@pytest.fixture
def read_only(
    python_packages: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., list[dict[str, Any]]]:
    """Reads the packages of these folders and of no other."""

    def read(*sites: Path) -> list[dict[str, Any]]:
        source = python_packages.python_packages()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "path", [str(site) for site in sites])
            return _rows(source)

    return read


@pytest.mark.usefixtures("real_schema")
def test_the_packages_of_this_environment_are_loaded_once(shared_warehouse: Warehouse) -> None:
    names = [name for (name,) in shared_warehouse.rows("select name from packages")]
    assert {"dlt", "duckdb", "dbt-core", "pyarrow"} <= set(names)
    assert len(names) == len(set(names))


@pytest.mark.usefixtures("real_schema")
@pytest.mark.parametrize("table", NESTED)
def test_nested_rows_are_filled_and_point_at_their_package(
    shared_warehouse: Warehouse, table: str
) -> None:
    rows, orphans = shared_warehouse.rows(
        "select count(*), count(*) filter (where packages._dlt_id is null)"
        f" from {table} left join packages on {table}._dlt_parent_id = packages._dlt_id"
    )[0]
    assert rows > 0
    assert orphans == 0


@pytest.mark.usefixtures("real_schema")
def test_no_row_tells_where_this_machine_keeps_its_files(shared_warehouse: Warehouse) -> None:
    absolute = "select path from packages__files where path like '/%' or path like '_:%'"
    assert shared_warehouse.rows(absolute) == []


def test_the_schema_does_not_depend_on_what_is_installed(
    real_schema: Schema,
    python_packages: ModuleType,
    warehouse: Warehouse,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = tmp_path / "site"
    metadata = "Name: tiny\nClassifier: Private\nRequires-Dist: =broken=\n"
    _install(site, "tiny-1", metadata, record="tiny.py,,\n")
    monkeypatch.setattr(sys, "path", [str(site)])

    tiny_schema = warehouse.load(python_packages.python_packages())

    tables = ["packages", *NESTED]
    assert {name: tiny_schema.tables[name] for name in tables} == {
        name: real_schema.tables[name] for name in tables
    }
    for name in tables:
        assert list(tiny_schema.tables[name]["columns"]) == list(
            real_schema.tables[name]["columns"]
        )


def test_nested_tables_are_declared_even_where_no_package_fills_them(
    real_schema: Schema,  # noqa: ARG001 - loads once what dlt imports late
    python_packages: ModuleType,
    warehouse: Warehouse,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _install(tmp_path / "site", "bare-1", "Name: bare\nVersion: 1\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
    schema = warehouse.load(python_packages.python_packages())
    for table, declared in NESTED.items():
        assert list(schema.tables[table]["columns"]) == list(getattr(python_packages, declared))
        assert schema.tables[table]["parent"] == "packages"


def test_every_table_and_column_of_its_own_has_a_description(real_schema: Schema) -> None:
    for table in ["packages", *NESTED]:
        nested = real_schema.tables[table]  # a root table is described by its docstring
        assert nested.get("description") or not nested.get("parent"), table
        for name, column in real_schema.tables[table]["columns"].items():
            assert column.get("description") or name.startswith("_dlt"), (table, name)


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ("Name: Tiny.Pkg_x\n", {"name": "tiny-pkg-x", "version": None, "author": None}),
        (
            "Name: a\nAuthor-email: Ada <ada@example.org>, bob@example.org\n",
            {"author": "Ada, bob@example.org"},
        ),
        ("Name: a\nAuthor: Ada\nAuthor-email: ada@example.org\n", {"author": "Ada"}),
        ("Name: a\nLicense: UNKNOWN\n", {"license": None}),
        ("Name: a\nLicense: MIT\n        and all its words\n", {"license": "MIT"}),
        ("Name: a\nLicense-Expression: MIT\nLicense: long\n", {"license": "MIT"}),
        ("Name: a\nProject-URL: Docs, https://a.org/docs\n", {"home_page": None}),
        ("Name: a\nProject-URL: Home Page, https://a.org\n", {"home_page": "https://a.org"}),
        (
            "Name: a\nClassifier: License :: OSI\n",
            {"classifiers": [{"classifier": "License :: OSI", "category": "License"}]},
        ),
    ],
)
def test_metadata_becomes_columns(
    read_only: Callable[..., list[dict[str, Any]]],
    tmp_path: Path,
    metadata: str,
    expected: dict[str, Any],
) -> None:
    _install(tmp_path, "a-1", metadata)
    (row,) = read_only(tmp_path)
    assert {key: row[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Foo_Bar", {"name": "foo-bar", "specifier": None, "marker": None, "applies_here": True}),
        ("foo >=1, <2", {"name": "foo", "specifier": "<2,>=1", "extras": None}),
        ("foo[y,x]>=1", {"extras": "x, y", "specifier": ">=1"}),
        ("foo; python_version < '3'", {"applies_here": False, "for_extras": None}),
        ("foo; extra == 'dev'", {"applies_here": False, "for_extras": "dev"}),
        ("foo; extra == 'a' or extra == 'b'", {"for_extras": "a, b", "applies_here": False}),
        ("foo; python_version > '3' and extra != 'dev'", {"applies_here": True}),
        ("=broken=", {"requirement": "=broken="}),
    ],
)
def test_requirements_are_taken_apart(
    read_only: Callable[..., list[dict[str, Any]]],
    tmp_path: Path,
    text: str,
    expected: dict[str, Any],
) -> None:
    _install(tmp_path, "a-1", f"Name: a\nRequires-Dist: {text}\n")
    (row,) = read_only(tmp_path)
    (requirement,) = row["requirements"]
    assert requirement["requirement"] == text
    assert {key: requirement[key] for key in expected} == expected


def test_the_first_of_two_installations_on_the_path_counts(
    read_only: Callable[..., list[dict[str, Any]]], tmp_path: Path
) -> None:
    _install(tmp_path / "first", "a-2", "Name: A.b\nVersion: 2\n")
    _install(tmp_path / "second", "a-1", "Name: a_B\nVersion: 1\n")
    rows = read_only(tmp_path / "first", tmp_path / "second")
    assert [(row["name"], row["version"]) for row in rows] == [("a-b", "2")]


@pytest.mark.parametrize(
    ("record", "size_and_count", "paths"),
    [
        (None, (None, None), []),
        ("a.py,sha256=x,10\nb.py,,\n", (10, 2), ["a.py", "b.py"]),
        ("../../bin/a,,5\n", (5, 1), ["../../bin/a"]),
    ],
)
def test_files_are_counted_where_the_installer_listed_them(
    read_only: Callable[..., list[dict[str, Any]]],
    tmp_path: Path,
    record: str | None,
    size_and_count: tuple[int | None, int | None],
    paths: list[str],
) -> None:
    site = tmp_path / "lib" / "site"
    _install(site, "a-1", "Name: a\n", record=record)
    (row,) = read_only(site)
    assert (row["size_bytes"], row["file_count"]) == size_and_count
    assert [file["path"] for file in row["files"]] == paths


def test_absolute_paths_are_left_out(
    read_only: Callable[..., list[dict[str, Any]]], tmp_path: Path
) -> None:
    absolute = tmp_path / "elsewhere.txt"
    _install(tmp_path / "site", "a-1", "Name: a\n", record=f"{absolute},,3\na.py,,4\n")
    (row,) = read_only(tmp_path / "site")
    assert [file["path"] for file in row["files"]] == ["a.py"]
    assert row["size_bytes"] == 4


READ_WITH_BACKPORT = """
import importlib_metadata, json, sys
sys.path.insert(0, sys.argv[1])
from python_packages import python_packages
source = python_packages()
sys.path[:] = [sys.argv[2]]
print(json.dumps([row["name"] for row in source]))
"""


@pytest.mark.parametrize("backport", [False, True])
def test_broken_installations_are_passed_over(
    read_only: Callable[..., list[dict[str, Any]]], tmp_path: Path, *, backport: bool
) -> None:
    _install(tmp_path, "empty-1", None)
    _install(tmp_path, "nameless-1", "Version: 1\n")
    _install(tmp_path, "good-1", "Name: good\n")
    if not backport:
        assert [row["name"] for row in read_only(tmp_path)] == ["good"]
        return
    # dbt imports this package, which takes over importlib.metadata in the whole process
    pytest.importorskip("importlib_metadata")
    sources = Path(__file__).parents[2] / "custom_sources"
    done = subprocess.run(
        [sys.executable, "-c", READ_WITH_BACKPORT, str(sources), str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == ["good"]
