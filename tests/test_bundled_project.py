"""The bundled project: what is committed is what `generate` writes, complete and valid."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from dango_dbt import Project, macros

ROOT = Path(__file__).parents[1]
DBT_SCHEMAS = ROOT.parent / "shared" / "dbt-jsonschema"
STAGING = ROOT / "dbt_project" / "models" / "staging"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The committed files alone: no warehouse, no state, as after `git clone`."""
    root = tmp_path / "clone"
    ignored = shutil.ignore_patterns("state", "target", "logs", "data", "__pycache__")
    for folder in (".dango", ".dlt", "custom_sources", "dbt_project"):
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    return root


def test_committed_files_are_what_generate_writes(clone: Path) -> None:
    result = Project.find(clone).generate()
    assert result.files
    assert {file.action for file in result.files} == {"unchanged"}
    assert not (clone / "data").exists(), "generating needs no warehouse"


def test_pristine_copies_are_committed_for_every_generated_file(clone: Path) -> None:
    generated = {
        path.relative_to(clone / "dbt_project").as_posix()
        for folder in ("models/staging", "macros/dango")
        for path in (clone / "dbt_project" / folder).rglob("*")
        if path.is_file()
    }
    copies = clone / ".dango" / "generated"
    assert {
        path.relative_to(copies).as_posix() for path in copies.rglob("*") if path.is_file()
    } == generated


def test_the_shipped_macros_are_those_of_the_repository() -> None:
    shipped = {path.name: path.read_text(encoding="utf-8") for path in ROOT.glob("macros/*.sql")}
    assert macros.texts() == shipped
    assert shipped


def properties_files() -> list[Path]:
    return sorted((ROOT / "dbt_project" / "models").rglob("*.yml"))


@pytest.mark.parametrize("path", properties_files(), ids=lambda path: path.name)
def test_properties_files_are_valid_against_dbts_own_schema(path: Path) -> None:
    schema = DBT_SCHEMAS / "dbt_yml_files-latest-fusion.json"
    if not schema.exists():
        pytest.skip("dbt's JSON schemas are not beside the project")
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    jsonschema.validate(document, json.loads(schema.read_text(encoding="utf-8")))


def described(path: Path, kind: str) -> list[dict[str, Any]]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    items: list[dict[str, Any]] = document[kind]
    return items


@pytest.mark.parametrize(
    "path", sorted(STAGING.rglob("_*__models.yml")), ids=lambda path: path.name
)
def test_every_staging_model_and_column_is_described_and_typed(path: Path) -> None:
    for model in described(path, "models"):
        assert model["description"]
        for column in model["columns"]:
            assert column["description"], (model["name"], column["name"])
            assert column["data_type"]


@pytest.mark.parametrize(
    "path", sorted(STAGING.rglob("_*__models.yml")), ids=lambda path: path.name
)
def test_every_staging_model_has_a_tested_key(path: Path) -> None:
    for model in described(path, "models"):
        tests = [name for test in model.get("data_tests", []) for name in test]
        for column in model["columns"]:
            tests += [name for test in column.get("data_tests", []) for name in test]
        assert {"unique", "dango_unique_combination"} & set(tests), model["name"]
