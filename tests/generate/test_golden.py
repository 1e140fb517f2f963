"""Golden files: a stored schema per case, and what is generated from it for each warehouse.

`golden/<case>/schema.yaml` is the schema, `staging.yaml`, if there is one, what sources.yml says
under `staging:`, and `golden/<case>/<adapter>/` the files. After a change that is meant, write them
anew and read the difference in git:

    RENEW_GOLDEN=1 pytest tests/generate/test_golden.py

A new case is a folder with a schema and an empty folder for each adapter.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from dango_dbt import destinations, dlt_schema
from dango_dbt.config import StagingConfig
from dango_dbt.generate import plan_source
from dango_dbt.schema import SourceTables
from dango_dbt.staging_options import with_options

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path for path in GOLDEN.glob("*/*") if path.is_dir())


def generated(case: Path) -> dict[str, str]:
    """Text by file name of all that follows from a case's schema."""
    adapter = case.name
    schema = dlt_schema.load(case.parent / "schema.yaml")
    assert schema is not None
    source = SourceTables(
        "shop",
        "raw_shop",
        with_options(dlt_schema.tables(schema, adapter), staging_config(case.parent)),
        "A shop.",
        longest_name=destinations.capabilities(adapter).max_identifier_length,
        loads=dlt_schema.loads(schema, adapter),
    )
    planned = plan_source(source, destinations.adapter(adapter).dialect)
    return {file.path.name: file.text for file in planned}


def staging_config(folder: Path) -> StagingConfig:
    path = folder / "staging.yaml"
    given = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    return StagingConfig.model_validate(given)


def golden(case: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(case.iterdir())}


def renew(case: Path) -> None:
    for path in case.iterdir():
        path.unlink()
    for name, text in generated(case).items():
        (case / name).write_text(text, encoding="utf-8", newline="\n")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_what_is_generated_is_golden(case: Path) -> None:
    if "RENEW_GOLDEN" in os.environ:
        renew(case)
    assert generated(case) == golden(case)


@pytest.mark.parametrize("name", ["types", "history", "coalesced", "deduplicated", "incremental"])
def test_each_warehouse_has_the_case(name: str) -> None:
    """What differs from one dialect to the other."""
    cases = {case.name for case in CASES if case.parent.name == name}
    assert cases == set(destinations.ADAPTERS)


def test_each_option_has_a_case() -> None:
    said = [staging_config(path.parent) for path in GOLDEN.glob("*/staging.yaml")]
    said += [table for config in said for table in config.tables.values()]  # type: ignore[misc]
    used = {name for config in said for name in config.model_fields_set}
    assert used == set(StagingConfig.model_fields)


def test_the_types_case_has_every_type_of_dlts() -> None:
    from dlt.common.data_types import DATA_TYPES

    schema = dlt_schema.load(GOLDEN / "types" / "schema.yaml")
    assert schema is not None
    columns = schema["tables"]["everything"]["columns"].values()
    assert {column["data_type"] for column in columns} == DATA_TYPES


@pytest.mark.parametrize(
    "schema", sorted(GOLDEN.glob("*/schema.yaml")), ids=lambda p: p.parent.name
)
def test_the_schemas_are_written_as_ours_are(schema: Path) -> None:
    """Generating twice changes nothing, the schema's own file included."""
    loaded = dlt_schema.load(schema)
    assert loaded is not None
    assert dlt_schema.dump(loaded) == schema.read_text(encoding="utf-8")
    assert dlt_schema.merge(loaded, loaded) == loaded
