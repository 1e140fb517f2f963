"""What is wrong with one entry of sources.yml stays that source's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from dango_dbt import Project
from dango_dbt.errors import ConfigError
from dango_dbt.progress import Progress

if TYPE_CHECKING:
    from dango_dbt.results import RunResult, SyncResult
    from tests.e2e.conftest import Workspace

ROWS = """\
import dlt

@dlt.resource(primary_key="id")
def rows(): yield [{"id": 1}, {"id": 2}]
"""
ENTRY = """\
  - name: {name}
    type: dlt_native
    dlt_native: {{source_module: rows, source_function: rows}}
"""
GOOD, BAD = ENTRY.format(name="good"), ENTRY.format(name="bad")
UNKNOWN_KEY = ".dango/sources.yml:8:5: unknown key `colour`"


class Warnings(Progress):
    """Keeps the warnings, and notes whether they came before anything ran."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def warning(self, message: str) -> None:
        self.told.append(message)

    def sync_started(self, sources: list[str]) -> None:
        self.told.append(f"started: {', '.join(sources)}")


@pytest.fixture
def two(workspace: Workspace) -> Workspace:
    workspace.code("rows", ROWS)
    write(workspace, GOOD, BAD, "    colour: red\n")
    return workspace


def write(workspace: Workspace, *parts: str) -> None:
    (workspace.root / ".dango").mkdir(exist_ok=True)
    path = workspace.root / ".dango" / "sources.yml"
    path.write_text("sources:\n" + "".join(parts), encoding="utf-8")


def test_it_is_told_before_anything_runs_and_the_others_are_loaded(
    two: Workspace, source_of: Callable[[RunResult, str], SyncResult]
) -> None:
    warnings = Warnings()
    result = two.sync(generate=False, progress=warnings)
    assert result.exit_code == 2
    assert source_of(result, "good").rows == 2
    bad = source_of(result, "bad")
    assert (bad.status, bad.dataset) == ("failed", "raw_bad")
    assert bad.error is not None
    assert bad.error.message == UNKNOWN_KEY
    assert "the keys here are: name" in str(bad.error.hint)
    first, second = warnings.told
    assert first.startswith(f"source `bad` is not loaded: {UNKNOWN_KEY} (the keys here are: name")
    assert second == "started: good"


def test_only_what_is_selected_counts(two: Workspace) -> None:
    warnings = Warnings()
    assert two.sync("good", generate=False, progress=warnings).exit_code == 0
    assert warnings.told == ["started: good"]
    result = two.sync("bad", generate=False)
    assert (result.exit_code, [source.name for source in result.sources or ()]) == (2, ["bad"])
    with pytest.raises(ConfigError, match="there is no source `baad`") as unknown:
        two.sync("baad", generate=False)
    assert unknown.value.hint == "did you mean `bad`?"


@pytest.mark.parametrize(
    ("entries", "names", "message"),
    [
        (BAD + BAD, ["bad"], "two sources have the name `bad`: the other is on line 5"),
        ("  - name: Bad\n", ["Bad"], "2 problems\n.dango/sources.yml:5:5: missing key `type`\n"),
        ("  - type: dlt_native\n", ["entry 2"], "missing key `name`"),
        ("  - 1\n", ["entry 2"], ".dango/sources.yml:5:5: entry 2 of `sources` must be a mapping"),
        ("  - name: 1\n", ["1"], "`name` must be text, not `1`, which YAML reads as a number"),
        (f"  - name: {'b' * 300}/..\n", ["b" * 300 + "/.."], "`name` must be lower-case letters"),
        (BAD + "    name: bad\n", ["bad"], ":8:5: key `name` is there twice: first on line 5"),
        (BAD + "    enabled: flase\n", ["bad"], "`enabled` must be true or false, not 'flase'"),
        (BAD + "    enabled: false\n    colour: red\n", [], ""),
        (BAD + "    dataset_name: raw\n" + ENTRY.format(name="bed") + "    dataset_name: raw\n",
         ["bad", "bed"], ".dango/sources.yml:12:19: two sources have the dataset name `raw`"),
    ],
)  # fmt: skip
def test_entries_that_cannot_be_used_are_failed_sources(
    two: Workspace, entries: str, names: list[str], message: str
) -> None:
    write(two, GOOD, entries)
    result = two.sync(generate=False)
    assert result.exit_code == (2 if names else 0)
    *refused, good = result.sources or ()
    assert (good.name, good.status) == ("good", "success")
    assert [source.name for source in refused] == names
    for source in refused:
        assert source.error is not None
        assert message in source.error.message


@pytest.mark.slow
@pytest.mark.parametrize("name", ['"a\\0b"', "../x/y", ".dango/sources.yml/z"])
def test_a_name_that_can_be_no_file_stops_no_generation(workspace: Workspace, name: str) -> None:
    workspace.code("rows", ROWS)
    write(workspace, GOOD, ENTRY.format(name=name))
    result = workspace.sync()
    assert result.exit_code == 2
    assert (workspace.root / "dbt_project/models/staging/good").is_dir()


@pytest.mark.slow
def test_its_models_are_kept_and_left_out_of_the_build(two: Workspace) -> None:
    write(two, GOOD, BAD)
    two.mart("after_good", "select * from {{ ref('stg_good__rows') }}")
    two.mart("after_bad", "select * from {{ ref('stg_bad__rows') }}")
    assert two.run().exit_code == 0
    files = two.generated()

    write(two, GOOD, BAD, "    colour: red\n")
    done = two.command("sync-and-build", "--json")
    assert done.returncode == 2
    document = json.loads(done.stdout)
    assert document["error"] is None
    bad, good = document["sources"]
    assert (good["name"], good["status"]) == ("good", "success")
    assert (bad["name"], bad["status"], bad["error"]["type"]) == ("bad", "failed", "ConfigError")
    assert bad["error"]["message"].startswith(UNKNOWN_KEY)
    assert "any more" not in done.stderr
    nodes = document["build"]["nodes"]
    built = {node["unique_id"] for node in nodes if node["status"] != "skipped"}
    assert {"model.shop.stg_good__rows", "model.shop.after_good"} <= built
    assert not any("bad" in node for node in built)
    assert two.generated() == files

    done = two.command("sync-and-build", "--source", "good")
    assert done.returncode == 0, done.stdout
    assert "colour" not in done.stdout + done.stderr


@pytest.mark.slow
def test_a_misspelt_name_has_no_one_remove_what_is_left(two: Workspace) -> None:
    write(two, GOOD, BAD)
    assert two.sync().exit_code == 0
    write(two, GOOD, BAD.replace("bad", "Bad"))
    warnings = Warnings()
    result = two.run(progress=warnings)
    assert result.exit_code == 2
    assert not any("any more" in message for message in warnings.told)
    assert result.build is not None
    assert not any("bad" in node.unique_id for node in result.build.nodes)


@pytest.mark.parametrize("method", ["generate", "build"])
def test_other_commands_refuse_to_work(two: Workspace, method: str) -> None:
    with pytest.raises(ConfigError) as refused:
        getattr(Project.find(two.root), method)()
    assert str(refused.value) == UNKNOWN_KEY


def test_the_list_has_the_sound_ones_and_the_broken_ones(two: Workspace) -> None:
    write(two, GOOD, BAD, "    colour: red\n", "  - name: My-Bad\n", "  - 1\n")
    assert two.sync("good", generate=False).exit_code == 0
    done = two.command("source", "list")
    assert done.returncode == 0, done.stderr
    _, good, *broken = [line.split() for line in done.stdout.splitlines()]
    assert (good[0], good[-2:]) == ("good", ["2", "success"])
    assert broken == [
        ["bad", "rows", "yes", "raw_bad", "broken"],
        ["My-Bad", "My-Bad", "yes", "broken"],
        ["entry", "4", "yes", "broken"],
    ]
    warnings = done.stderr.splitlines()
    assert warnings[0].startswith(f"warning: source `bad` is broken: {UNKNOWN_KEY} (the keys here")
    assert "entry 4 of `sources` must be a mapping" in warnings[-1]
    done = two.command("source", "list", "--json")
    document = json.loads(done.stdout)
    assert f"warning: {document['warnings'][0]}" == warnings[0]
    assert [(source["state"], source["dataset"]) for source in document["sources"]] == [
        ("success", "raw_good"),
        ("broken", "raw_bad"),
        ("broken", None),
        ("broken", None),
    ]


@pytest.mark.parametrize(
    ("entry", "dataset"),
    [
        (BAD.replace("name: bad", "name: My-Bad"), None),
        ("  - 1\n", None),
        (BAD + "    dataset_name: a b;drop\n", None),
        (BAD + "    dataset_name: 5\n", None),
        (BAD.replace("name: bad", "name: My-Bad") + "    dataset_name: mine\n", "mine"),
        (BAD + "    colour: red\n", "raw_bad"),
    ],
)
def test_a_dataset_is_told_only_where_there_can_be_one(
    two: Workspace, entry: str, dataset: str | None
) -> None:
    write(two, GOOD, entry)
    bad, _ = two.sync(generate=False).sources or ()
    assert (bad.status, bad.dataset) == ("failed", dataset)


@pytest.mark.parametrize(
    "entry",
    [
        "  - name: other\n    type: dlt_native\n",
        BAD.replace("module: rows", "module: custom_sources/other.py"),
        BAD.replace("module: rows", "module: ../other"),
        BAD.replace("module: rows", "module: other.py") + "    colour: red\n",
    ],
)
def test_a_file_that_a_broken_entry_means_is_not_unreferenced(two: Workspace, entry: str) -> None:
    two.code("other", ROWS)
    write(two, GOOD, entry)
    assert Project.problems(two.root, offline=True).problems
    assert Project.problems(two.root, offline=True).unreferenced == ()
    assert Project.find(two.root).unreferenced() == []


def test_a_module_that_a_broken_entry_names_is_not_unreferenced(two: Workspace) -> None:
    two.code("other", ROWS)
    two.code("forgotten", ROWS)
    write(two, GOOD, BAD.replace("module: rows", "module: other"), "    colour: red\n")
    assert [file.module for file in Project.find(two.root).unreferenced()] == ["forgotten"]
    found = Project.problems(two.root, offline=True)
    assert [file.module for file in found.unreferenced] == ["forgotten"]
    write(two, "  [\n")
    assert Project.problems(two.root, offline=True).unreferenced == ()


def test_an_unset_variable_of_a_selected_source_stops_everything(two: Workspace) -> None:
    entry = BAD.replace("rows}", "rows, function_kwargs: {key: '${NO_1}'}}")
    write(two, GOOD, entry, "  - name: Third\n")
    warnings = Warnings()
    with pytest.raises(ConfigError, match="variable NO_1 is not set"):
        two.sync(generate=False, progress=warnings)
    assert warnings.told  # about the third
    assert "Third" in warnings.told[0]
    assert not two.warehouse.exists()
    assert two.sync("good", generate=False).exit_code == 0


def test_what_is_wrong_with_the_variables_of_all_sources_is_told_at_once(two: Workspace) -> None:
    entry = ENTRY.replace("rows}}", "rows, function_kwargs: {{key: {value}}}}}")
    values = {"one": "'${NO_1}'", "two": "'a${NO_2}${NO_3}'", "three": "'${NO 4}'"}
    write(two, *(entry.format(name=name, value=value) for name, value in values.items()))
    with pytest.raises(ConfigError) as refused:
        two.sync(generate=False)
    first, *problems = str(refused.value).splitlines()
    assert first == "3 problems"
    for line, problem, says in zip(
        (4, 7, 10),
        problems,
        ("`one`: variable NO_1 is not set", "`two`: variables are not set: NO_2, NO_3 (", "`${`"),
        strict=True,
    ):
        assert problem.startswith(f".dango/sources.yml:{line}:")
        assert says in problem
    assert not two.warehouse.exists()
    with pytest.raises(ConfigError, match="variable NO_1 is not set"):
        two.sync("one", generate=False)
