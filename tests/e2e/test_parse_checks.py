"""dbt has nothing to say against generated code: no warning, no deprecation, no wrong key.

dbt checks YAML against its JSON schema only for the adapters that its vendor supports. The checks
are in dbt-core all the same; here they are on for DuckDB too.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from dango_dbt import Project

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

REPOSITORY = Path(__file__).parents[2]
DBT_SCHEMAS = REPOSITORY.parent / "shared" / "dbt-jsonschema"
PROPERTIES, PROJECT = "dbt_yml_files-latest-fusion.json", "dbt_project-latest-fusion.json"

#: `dbt parse` as the strictest user would have it.
PARSE = """\
import sys
from dbt.jsonschemas import jsonschemas
from dbt.cli.main import dbtRunner

jsonschemas._JSONSCHEMA_SUPPORTED_ADAPTERS.add("duckdb")
result = dbtRunner().invoke(
    ["--warn-error", "--show-all-deprecations", "--no-partial-parse", "parse"]
)
sys.exit(0 if result.success else 1)
"""

CODE = """\
import dlt

TEXT = "costs {{ env_var('HOME') }}, 'it' is \\"so\\"\\nand 100 %} {% do x %} {# no #}"


@dlt.source
def shop():
    @dlt.resource(primary_key="id", write_disposition="replace")
    def users():
        '''Who buys: {{ env_var('HOME') }} "and" {% why %}'''
        yield [{"id": 1, "order": 2, "Größe": 3}]

    @dlt.resource(
        primary_key=["day", "place"],
        write_disposition="merge",
        references=[
            {"columns": ["user"], "referenced_table": "users", "referenced_columns": ["id"]}
        ],
        columns={"day": {"description": TEXT}, "total": {"data_type": "decimal"}},
    )
    def slots():
        yield {"day": 1, "place": 2, "user": 1, "total": 2, "items": [{"sku": "a", "tags": ["b"]}]}

    yield users
    yield slots
    yield dlt.resource(
        [{"id": 1, "at": 2}],
        name="{{ env_var('HOME') }} 100 %} \\"it's\\"",
        primary_key="id",
        write_disposition={"disposition": "merge", "strategy": "scd2"},
        columns={"at": {"description": TEXT}},
    )
"""

ALONE = """\
import dlt


@dlt.resource(name="{{ x }} %} it's")
def alone():
    yield {"id": 1}
"""


@pytest.fixture(scope="module")
def generated(new_workspace: Callable[[], Workspace]) -> Path:
    """Give the dbt project that is generated from tables of all kinds and texts like code."""
    workspace = new_workspace()
    workspace.code("shop", CODE)
    workspace.declare(
        shop={
            "description": "A {{ env_var('HOME') }} shop,\n100 %} \"it's\"",
            "freshness": {"warn_after": {"count": 1, "period": "day"}},
        },
        # of the same dlt source, so that no asset key may be there twice
        later={"module": "shop", "function": "shop", "schedule": "@daily"},
        optional={
            "module": "shop",
            "function": "shop",
            "staging": {
                "incremental": True,
                "deduplicate": True,
                "variants": "coalesce",
                "dlt_columns": "hide",
            },
        },
        alone={},
    )
    workspace.code("alone", ALONE)
    workspace.mart("buyers", "select id from {{ ref('stg_shop__users') }}")
    result = workspace.sync()
    assert result.exit_code == 0, result
    return workspace.root / "dbt_project"


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the committed dbt project."""
    folder = tmp_path_factory.mktemp("bundled") / "dbt_project"
    ignored = shutil.ignore_patterns("target", "logs")
    shutil.copytree(REPOSITORY / "dbt_project", folder, ignore=ignored)
    return folder


@pytest.fixture(scope="module")
def scaffolded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the dbt project that `init` writes, with what its example generates."""
    root = tmp_path_factory.mktemp("scaffolded") / "demo"
    done = subprocess.run(
        [sys.executable, "-m", "dango_dbt", "init", str(root)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert Project.find(root).sync().exit_code == 0
    return root / "dbt_project"


@pytest.fixture(params=["generated", "bundled", "scaffolded"])
def project(request: pytest.FixtureRequest) -> Path:
    """Give each dbt project in turn."""
    folder = request.getfixturevalue(request.param)
    assert isinstance(folder, Path)
    return folder


def parse(project: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PARSE],
        cwd=project,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=180,
        check=False,
    )


@pytest.mark.slow
def test_dbt_parses_without_a_warning_with_all_its_checks_on(project: Path) -> None:
    done = parse(project)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("    loader: dlt\n", "    loader: dlt\n    tags: [a]\n", id="moved to config"),
        pytest.param(
            "          meta:\n", "          unheard_of: 1\n          meta:\n", id="config"
        ),
    ],
)
def test_the_checks_are_on(bundled: Path, tmp_path: Path, before: str, after: str) -> None:
    """The test above can fail: these keys pass on DuckDB as dbt comes."""
    shutil.copytree(bundled, tmp_path / "dbt_project", ignore=shutil.ignore_patterns("target"))
    path = tmp_path / "dbt_project/models/staging/nyc_flights/_nyc_flights__sources.yml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    done = parse(tmp_path / "dbt_project")
    assert done.returncode == 1, done.stdout
    assert "deprecat" in done.stdout.lower()


def validate(path: Path, schema: str) -> None:
    if not DBT_SCHEMAS.is_dir():
        pytest.skip("dbt's JSON schemas are not beside the project")
    document: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    jsonschema.validate(document, json.loads((DBT_SCHEMAS / schema).read_text(encoding="utf-8")))


def test_all_yaml_is_valid_against_dbts_stricter_schemas(project: Path) -> None:
    files = sorted((project / "models").rglob("*.yml"))
    assert files
    for path in files:
        validate(path, PROPERTIES)
    validate(project / "dbt_project.yml", PROJECT)


@pytest.mark.slow
def test_texts_and_names_are_what_they_were(generated: Path) -> None:
    """What dbt made of them, in descriptions, names and meta of the source."""
    parse(generated)
    manifest = json.loads((generated / "target/manifest.json").read_text(encoding="utf-8"))
    sources = {each["name"]: each for each in manifest["sources"].values()}
    text = "costs {{ env_var('HOME') }}, 'it' is \"so\"\nand 100 %} {% do x %} {# no #}"
    assert sources["slots"]["columns"]["day"]["description"] == text
    assert sources["users"]["description"] == "Who buys: {{ env_var('HOME') }} \"and\" {% why %}"
    resource = "{{ env_var('HOME') }} 100 %} \"it's\""
    (meta,) = {
        json.dumps(each["config"]["meta"])
        for each in manifest["sources"].values()
        if each["config"]["meta"].get("dlt", {}).get("resource") == resource
        and each["source_name"] == "shop"
    }
    assert json.loads(meta) == {
        "dlt": {"pipeline": "shop", "resource": resource, "write_disposition": "merge"}
    }
    keys = [
        each["meta"]["dagster"]
        for each in manifest["sources"].values()
        if "dagster" in each["meta"]
    ]
    assert keys == [{"asset_key": ["dlt_alone_{{ x }} %} it's"]}]
    assert all(each["config"]["tags"] == ["dlt"] for each in manifest["sources"].values())
