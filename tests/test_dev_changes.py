"""Which files the warm loop takes notice of, and which sources a change is about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dango_dbt.config import SourcesConfig
from dango_dbt.dev.built import Built
from dango_dbt.dev.changes import is_watched, sources_edited, sources_using
from dango_dbt.project import DbtProject, ProjectLayout
from dango_dbt.results import NOT_BUILT, BuildResult, NodeResult


@pytest.fixture
def layout(tmp_path: Path) -> ProjectLayout:
    folder = tmp_path / "dbt_project"
    folder.mkdir()
    (folder / "dbt_project.yml").write_text("name: shop\n")
    return ProjectLayout(tmp_path, DbtProject.read(folder))


@pytest.mark.parametrize(
    ("file", "watched"),
    [
        (".dango/sources.yml", True),
        (".dango/state/dev/shop.live.yaml", False),
        (".dango/generated/models/staging/shop/stg_shop__orders.sql", False),
        ("custom_sources/shop.py", True),
        ("custom_sources/pkg/api.py", True),
        ("custom_sources/__pycache__/shop.cpython-311.pyc", False),
        ("custom_sources/cache.json", False),
        ("custom_sources/.shop.py.1234.py", False),
        ("dbt_project/dbt_project.yml", True),
        ("dbt_project/models/marts/orders.sql", True),
        ("dbt_project/models/marts/orders.SQL", True),
        ("dbt_project/seeds/lands.csv", True),
        ("dbt_project/models/marts/.orders.sql.swp", False),
        ("dbt_project/models/marts/orders.sql~", False),
        ("dbt_project/models/marts/4913", False),
        ("dbt_project/models/a_folder_that_is_gone", True),
        ("dbt_project/target/compiled/shop/models/orders.sql", False),
        ("dbt_project/dbt_packages/utils/macros/x.sql", False),
        ("dbt_project/logs/dbt.log", False),
        ("dbt_project/warehouse.duckdb.wal", False),
        (".env", True),
        (".dlt/config.toml", True),
        (".dlt/secrets.toml", True),
        (".dlt/example.secrets.toml", False),
        ("README.md", False),
    ],
)
def test_only_what_a_person_writes_is_watched(
    layout: ProjectLayout, file: str, *, watched: bool
) -> None:
    assert is_watched(layout, layout.root / file) is watched


def _config(**entries: dict[str, object]) -> SourcesConfig:
    sources = [
        {
            "name": name,
            "type": "dlt_native",
            "dlt_native": {
                "source_module": entry.pop("module", name),
                "source_function": "load",
                "function_kwargs": entry.pop("kwargs", {}),
            },
            **entry,
        }
        for name, entry in entries.items()
    ]
    return SourcesConfig.model_validate({"sources": sources})


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ("shop.py", ["shop"]),
        ("paging.py", ["shop", "web"]),
        ("deep.py", ["shop", "web"]),
        ("pkg/helpers.py", ["hub"]),
        ("pkg/__init__.py", ["hub"]),
        ("gone.py", ["gone"]),
        ("broken.py", ["broken"]),
        ("unused.py", []),
        ("off.py", []),
    ],
)
def test_a_source_uses_what_its_module_imports(
    tmp_path: Path, changed: str, names: list[str]
) -> None:
    files = {
        "shop.py": "def load():\n    from paging import pages",
        "web.py": "import paging",
        "paging.py": "import deep",
        "deep.py": "import paging",
        "pkg/__init__.py": "",
        "pkg/api.py": "import importlib",
        "pkg/helpers.py": "",
        "broken.py": "def (",
        "unused.py": "",
        "off.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    config = _config(
        shop={}, web={}, hub={"module": "pkg.api"}, gone={}, broken={}, off={"enabled": False}
    )
    assert sources_using(config, tmp_path, [tmp_path / changed]) == names


@pytest.mark.parametrize(
    ("after", "names"),
    [
        ({"shop": {}}, []),
        ({"shop": {"staging": {"deduplicate": True}, "description": "Ours"}}, []),
        ({"shop": {"schedule": "@daily"}}, []),
        ({"shop": {"kwargs": {"url": "x"}}}, ["shop"]),
        ({"shop": {"max_table_nesting": 1}}, ["shop"]),
        ({"shop": {"enabled": False}}, []),
        ({"shop": {}, "web": {}}, ["web"]),
        ({"shop": {}, "web": {"enabled": False}}, []),
        ({}, []),
    ],
)
def test_an_entry_is_loaded_when_it_loads_something_else(
    after: dict[str, dict[str, object]], names: list[str]
) -> None:
    before = _config(shop={})
    assert sources_edited(before, _config(**after)) == names


def test_what_failed_counts_as_new_and_what_is_held_back_as_it_was(layout: ProjectLayout) -> None:
    target_path = layout.dbt.target_path
    target_path.mkdir()

    def ran(version: int, *nodes: NodeResult) -> Built:
        ids = ("model.a", "model.b", "model.c", "model.new")
        manifest = {"nodes": {each: {"version": version} for each in ids}, "unit_tests": {}}
        (target_path / "manifest.json").write_text(json.dumps(manifest))
        results = {"metadata": {"invocation_id": f"run {version}"}, "results": []}
        (target_path / "run_results.json").write_text(json.dumps(results))
        built = Built(layout, "dev")
        built.folder = built.folder or (layout.state("dev") / ".built" if version > 1 else None)
        status = "failed" if any(node.failed for node in nodes) else "success"
        built.take(BuildResult(status, nodes, invocation=f"run {version}"))  # type: ignore[arg-type] # one of the two
        return built

    assert Built(layout, "dev").folder is None
    ran(1, NodeResult("model.a", "success", 0, None))
    kept = ran(
        2,
        NodeResult("model.a", "success", 0, None),
        NodeResult("model.b", "error", 0, "broken"),
        NodeResult("model.c", "skipped", 0, f"{NOT_BUILT}source `shop` failed"),
    )
    assert kept.folder is not None
    nodes = json.loads((kept.folder / "manifest.json").read_text())["nodes"]
    assert {name: node["version"] for name, node in nodes.items()} == {
        "model.a": 2,
        "model.c": 1,
        "model.new": 2,
    }
    assert Built(layout, "dev").folder == kept.folder
    (target_path / "run_results.json").write_text(json.dumps({"metadata": {}, "results": []}))
    assert Built(layout, "dev").folder is None, "dbt has run otherwise since"
    before = (kept.folder / "manifest.json").read_bytes()
    (target_path / "manifest.json").write_text("{}")
    kept.take(BuildResult("success", invocation="run 2"))
    assert (kept.folder / "manifest.json").read_bytes() == before, "another run's artefacts"
