"""A manifest that was parsed before is used again, and only where dbt would parse the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dango_dbt.build import build, list_nodes, manifests
from dango_dbt.progress import Progress
from dango_dbt.project import DbtProject
from dango_dbt.results import BuildResult
from dango_dbt.selection import Selection

FILES = {
    "macros/number.sql": "{% macro number() %}1{% endmacro %}",
    "models/orders.sql": 'select {{ number() }} as id, \'{{ env_var("SHOP_WORD", "a") }}\' as w',
    "models/part.sql": "{{ config(materialized='ephemeral') }} select id from {{ ref('orders') }}",
    "models/report.sql": "select id from {{ ref('part') }}",
    "models/models.yml": """\
        models:
          - name: report
            config: {group: sales}
            columns: [{name: id, data_tests: [not_null]}]
        groups: [{name: sales, owner: {name: Me}}]
        unit_tests:
          - name: takes_all_lines
            model: lines
            given: [{input: ref('orders'), format: csv, fixture: parts}]
            expect: {rows: [{id: 7}]}
        """,
    "models/lines.sql": "select id from {{ ref('orders') }}",
    "models/off.sql": "{{ config(enabled=false) }} select 1 as id",
    "tests/fixtures/parts.csv": "id\n7\n",
    "selectors.yml": "selectors: [{name: nightly, definition: {method: fqn, value: report}}]",
    "seeds/lands.csv": "code\nde\n",
}
#: What differs from run to run.
_OF_A_RUN = frozenset({"created_at", "build_path", "doc_blocks_at"})


class Warned(Progress):
    """Remembers warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warning(self, message: str) -> None:
        self.warnings.append(message)


def run(project: DbtProject, *args: str, target: str | None = None) -> BuildResult:
    return build(
        project, args=args, target=target, threads=1, full_refresh=False, progress=Progress()
    )


def outcomes(result: BuildResult) -> set[tuple[str, str]]:
    assert result.error is None, result.error
    return {(node.unique_id, node.status) for node in result.nodes}


def artefact(project: DbtProject, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project.target_path / name).read_text())
    return found


def manifest_nodes(project: DbtProject) -> dict[str, Any]:
    raw = artefact(project, "manifest.json")
    return {part: _without(found) for part, found in raw.items() if part != "metadata"}


def _without(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without(each) for key, each in value.items() if key not in _OF_A_RUN}
    return value


@pytest.fixture(scope="module")
def parsed(
    write_project: Callable[..., DbtProject], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Let dbt parse its own macros once for all tests: what differs it parses in part."""
    root = tmp_path_factory.mktemp("parsed")
    assert run(write_project(root, FILES)).status == "success"
    return root


@pytest.fixture
def shop(parsed: Path, write_project: Callable[..., DbtProject]) -> DbtProject:
    """Give the project as it was, with nothing kept of it."""
    for folder in ("models", "macros", "seeds", "dbt_packages"):
        shutil.rmtree(parsed / "dbt_project" / folder, ignore_errors=True)
    manifests._kept.clear()
    return write_project(parsed, FILES)


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note when dbt parses."""
    from dbt.parser.manifest import ManifestLoader

    noted: list[str] = []
    load = ManifestLoader.load

    def noting(self: ManifestLoader) -> object:
        noted.append("parse")
        return load(self)

    monkeypatch.setattr(ManifestLoader, "load", noting)
    return noted


def test_a_warm_build_is_like_a_cold_one(shop: DbtProject, parses: list[str]) -> None:
    run(shop)  # the partial parse, which a cold run begins with too
    manifests._kept.clear()
    cold = run(shop)
    nodes, metadata = manifest_nodes(shop), artefact(shop, "manifest.json")["metadata"]
    assert len(parses) == 2
    warm, again = run(shop), run(shop)
    assert len(parses) == 2, "it has parsed, and nothing has changed"
    assert outcomes(warm) == outcomes(again) == outcomes(cold)
    assert manifest_nodes(shop) == nodes
    renewed = artefact(shop, "manifest.json")["metadata"]
    results = artefact(shop, "run_results.json")["metadata"]
    assert renewed["invocation_id"] == results["invocation_id"] != metadata["invocation_id"]
    assert renewed["generated_at"] > metadata["generated_at"]
    same = ("project_name", "adapter_type", "dbt_schema_version", "project_id")
    assert {key: renewed[key] for key in same} == {key: metadata[key] for key in same}


def test_a_listing_and_a_build_parse_once(shop: DbtProject, parses: list[str]) -> None:
    progress = Warned()
    (shop.directory / "models/models.yml").write_text("models: [{name: gone}]")
    everything = list_nodes(shop, Selection(("package:*",)), target=None, progress=progress)
    assert [text for text in progress.warnings if "gone" in text]
    told = len(progress.warnings)
    listed = list_nodes(shop, Selection(("report",)), target=None, progress=progress)
    assert len(progress.warnings) == told, "what parsing says is said once"
    assert set(listed.nodes) == {"model.shop.report"} < set(everything.nodes)
    assert outcomes(run(shop, "--select", "orders")) == {("model.shop.orders", "success")}
    assert len(parses) == 1


@pytest.mark.parametrize(
    ("file", "text", "parsed_anew", "found"),
    [
        ("models/orders.sql", "select 5 as id, 'a' as w", 1, "select 5"),
        ("macros/number.sql", "{% macro number() %}7{% endmacro %}", 1, "select 7"),
        ("models/models.yml", "models: [{name: orders, description: Mine}]", 1, "Mine"),
        ("models/more.sql", "select 3 as id", 1, "model.shop.more"),
        ("dbt_packages/readme.txt", "no code", 0, "model.shop.orders"),
        pytest.param("profiles.yml", None, 1, "model.shop.orders", marks=pytest.mark.slow),
    ],
)
def test_each_change_of_a_file_is_seen(
    shop: DbtProject, parses: list[str], file: str, text: str | None, parsed_anew: int, found: str
) -> None:
    run(shop)
    path = shop.directory / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{path.read_text()}\n# mine" if text is None else text)
    assert run(shop).error is None
    assert len(parses) == 1 + parsed_anew
    assert found in json.dumps(artefact(shop, "manifest.json"))
    run(shop)
    assert len(parses) == 1 + parsed_anew


def test_what_is_gone_is_seen(shop: DbtProject) -> None:
    assert ("model.shop.report", "success") in outcomes(run(shop))
    for file in ("models/report.sql", "models/models.yml"):
        (shop.directory / file).unlink()
    assert "model.shop.report" not in {node for node, _ in outcomes(run(shop))}
    (shop.directory / "models/part.sql").write_text("select {% if %}")
    assert run(shop).status == "not_run"


@pytest.mark.slow
def test_what_is_not_in_the_projects_files_is_seen(
    shop: DbtProject, parses: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    elsewhere = shop.directory.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "more.sql").write_text("select 1 as id")
    yml = shop.directory / "dbt_project.yml"
    yml.write_text(f"{yml.read_text()}model-paths: [models, ../elsewhere]\n")
    shop = DbtProject.read(shop.directory)
    run(shop)
    run(shop)
    assert len(parses) == 1

    (elsewhere / "more.sql").write_text("select 'elsewhere' as id")
    run(shop)
    assert "elsewhere" in artefact(shop, "manifest.json")["nodes"]["model.shop.more"]["raw_code"]

    monkeypatch.setenv("SHOP_WORD", "other")
    run(shop)
    compiled = artefact(shop, "manifest.json")["nodes"]["model.shop.orders"]["compiled_code"]
    assert "'other'" in compiled
    assert len(parses) == 3

    monkeypatch.setenv("SHOP_PROD_PATH", str(tmp_path / "prod.duckdb"))
    run(shop, target="prod")
    relation = artefact(shop, "manifest.json")["nodes"]["model.shop.orders"]["relation_name"]
    assert relation.startswith('"prod"')


@pytest.mark.slow
@pytest.mark.parametrize("option", [["--vars", "{a: 1}"], ["--no-partial-parse"], ["--defer"]])
def test_with_options_that_change_what_is_parsed_nothing_is_kept(
    shop: DbtProject, parses: list[str], option: list[str]
) -> None:
    run(shop)
    run(shop, *option)
    run(shop)
    assert len(parses) == 2, "and what was kept before still holds"
