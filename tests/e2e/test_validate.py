"""`validate`: every problem is told at once, with its place and what to do."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from dango_dbt import Project

if TYPE_CHECKING:
    from dango_dbt.findings import Validation
    from tests.e2e.conftest import Workspace

CODE = """\
import dlt
from dlt import source as src

@dlt.source
def shop(base_url, page_size=100, *, api_key=dlt.secrets.value):
    @dlt.resource
    def inner():
        yield {"id": 1}
    return inner

@src()
def other(first, /, **rest): ...

@dlt.resource
def rows():
    yield {"id": 1}

def plain(): ...

@staticmethod
@dlt.resource
def wrapped(needed): ...

assigned = rows
"""


def check(workspace: Workspace, **options: Any) -> Validation:  # noqa: ANN401 - the API's
    return Project.problems(workspace.root, offline=True, **options)


def told(found: Validation) -> list[tuple[str, str | None]]:
    return [(str(problem), problem.hint) for problem in found.problems]


@pytest.fixture
def shop(workspace: Workspace) -> Workspace:
    workspace.code("shop", CODE)
    return workspace


REST = {"module": "dlt.sources.rest_api", "function": "rest_api"}
FINE = {"kwargs": {"base_url": "x"}}


@pytest.mark.parametrize(
    ("entry", "message", "hint"),
    [
        ({"kwargs": {"base_url": "x", "api_key": "y"}}, None, None),
        (FINE, None, None),
        ({"enabled": False}, None, None),
        ({"enabled": False, "function": "shops"}, None, None),
        ({"enabled": False, "module": "gone"}, None, None),
        ({"enabled": False, "kwargs": {"base_url": "${NO_1}", "x": "${NO 1}"}}, None, None),
        ({"function": "rows"}, None, None),
        ({"function": "plain"}, None, None),
        ({"function": "assigned", "kwargs": {"x": 1}}, None, None),
        ({"function": "wrapped"}, None, None),
        ({**REST, "kwargs": {"client": {}, "resources": []}}, None, None),
        ({"module": "shp"}, "6:20: source `shop`: there is no module `shp`", "mean `shop`?"),
        ({"module": "dlt.sources.nope"}, "6:20: source `shop`: there is no module", "rest_api"),
        ({"module": "dlt.sources.hubspot"}, "out `hubspot` as a verified source", "add shop --ver"),
        ({"module": "gone"}, "6:20: source `shop`: there is no module `gone`", "or install"),
        ({"module": "shop.sub"}, "6:20: source `shop`: there is no module `shop.sub`", "shop"),
        ({"function": "shops"}, "7:22: source `shop`: module `shop` has no", "shop, other, rows"),
        ({"function": "inner"}, "7:22: source `shop`: module `shop` has no", "shop, other, rows"),
        ({}, "8:22: source `shop`: `shop` needs `base_url`", "dlt.secrets.value"),
        ({"kwargs": {"base_url": 1, "x": 2}}, "`shop` takes no argument `x`", "page_size"),
        ({"function": "rows", "kwargs": {"a": 1}}, "takes no argument `a`", "it takes: none"),
        ({"function": "other", "kwargs": {"x": 1}}, "`other` needs `first`", "function_kwargs"),
        ({"kwargs": {"base_url": "${NO_1}"}}, "9:17: source `shop`: variable NO_1 is", ".env"),
        ({"kwargs": {"base_url": "a${NO_1}"}}, "9:17: source `shop`: variable NO_1 is", ".env"),
        ({"kwargs": {"base_url": ["${NO_1}"]}}, "10:9: source `shop`: variable NO_1 is", ".env"),
        ({"kwargs": {"base_url": "${NO 1}"}}, "9:17: source `shop`: `${` begins", "$${"),
        ({"enabled": False, "dataset_name": "warehouse"}, "named like the wareh", "dataset_name"),
        ({**FINE, "dataset_name": "warehouse"}, "named like the warehouse file", "dataset_name"),
    ],
)  # fmt: skip
def test_an_entry_is_checked_against_the_code(
    shop: Workspace, entry: dict[str, Any], message: str | None, hint: str | None
) -> None:
    shop.declare(shop=entry)
    found = check(shop)
    if message is None or hint is None:
        assert told(found) == []
        return
    ((said, advice),) = told(found)
    assert said.startswith(".dango/sources.yml:")
    assert message in said
    assert hint in str(advice)


def test_an_unset_variable_that_the_secrets_files_stand_in_for_is_no_problem(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    kwargs = {"base_url": "${NO_1}", "api_key": "${NO_2}"}
    shop.declare(shop={"kwargs": kwargs})
    shop.write(".dlt/secrets.toml", '[sources.shop]\nbase_url = "x"\n')
    ((said, hint),) = told(check(shop))
    assert said == ".dango/sources.yml:10:16: source `shop`: variable NO_2 is not set"
    assert "`api_key` under [sources.shop]" in str(hint)
    monkeypatch.setenv("SOURCES__SHOP__API_KEY", "y")
    assert told(check(shop)) == []


def test_all_problems_are_told_in_one_go_and_a_broken_entry_hides_no_other(shop: Workspace) -> None:
    shop.code("broken", "import dlt\n\ndef broken(:\n")
    shop.code("unused", "x = 1\nreturn x\n")
    shop.write(
        ".dango/sources.yml",
        """\
        version: '1.0'
        colour: red
        sources:
          - name: Bad Name
            type: dlt_native
            dlt_native: {source_module: shop, source_function: shop}
          - name: a
            type: dlt_native
            dlt_native: {source_module: broken, source_function: broken}
          - name: b
            type: dlt_native
            dlt_native:
              source_module: shop
              source_function: shop
              function_kwargs: {base_url: '${NO_1}', other: '${NO_2}'}
        generate: {target: prod}
        """,
    )
    shop.write(".env", "not a line\n")
    found = check(shop)
    places = [str(problem.place) for problem in found.problems]
    assert places == [
        ".dango/sources.yml:2:1",
        ".dango/sources.yml:4:11",
        ".dango/sources.yml:15:35",
        ".dango/sources.yml:15:53",
        ".dango/sources.yml:15:53",
        ".env:1",
        "custom_sources/broken.py:3:12",
        "custom_sources/unused.py:2:1",
        "dbt_project/profiles.yml:3:3",
    ]
    assert found.exit_code == 2


@pytest.mark.parametrize(
    ("text", "place"),
    [("sources: [\n", ".dango/sources.yml:2:1"), ("- 1\n- {}\n", ".dango/sources.yml:1:3")],
)
def test_a_file_of_which_nothing_is_valid_is_told_and_the_rest_is_checked(
    shop: Workspace, text: str, place: str
) -> None:
    shop.write(".dango/sources.yml", text)
    (shop.root / "dbt_project" / "profiles.yml").unlink()
    first, *rest = check(shop).problems
    assert str(first.place) == place
    assert "profiles.yml" in str(rest[-1])


@pytest.mark.parametrize(
    ("target", "says"),
    [("prod", "no target 'prod'"), ("memory", "in memory"), ("pg", "`oracle` is not supported")],
)
def test_the_target_is_checked(shop: Workspace, target: str, says: str) -> None:
    shop.declare(shop=FINE)
    profiles = shop.root / "dbt_project" / "profiles.yml"
    more = "    memory: {type: duckdb}\n    pg: {type: oracle}\n"
    profiles.write_text(profiles.read_text() + more)
    ((said, _),) = told(check(shop, target=target))
    assert says in said


def test_no_dbt_project_is_told_at_its_setting(shop: Workspace) -> None:
    shop.write(".dango/sources.yml", "sources: []\ndbt_project: elsewhere\n")
    ((said, _),) = told(check(shop))
    assert said.startswith(".dango/sources.yml:2:14: there is no dbt project in")


def test_the_command_prints_problems_and_their_number(shop: Workspace) -> None:
    shop.declare(shop={}, gone={})
    done = shop.command("validate", "--offline")
    assert done.returncode == 2
    assert done.stdout.splitlines()[0].startswith(
        "✗ .dango/sources.yml:8:22: source `shop`: `shop`"
    )
    assert done.stdout.splitlines()[1].startswith("  → give `base_url` under")
    assert done.stdout.splitlines()[-1] == "✗ 2 problems"
    document = json.loads(shop.command("validate", "--offline", "--json").stdout)
    assert (document["exit_code"], document["count"]) == (2, 2)
    assert document["problems"][1] == {
        "path": ".dango/sources.yml",
        "line": 12,
        "column": 20,
        "message": "source `gone`: there is no module `gone`",
        "hint": "create custom_sources/gone.py, or install the package that holds it",
    }


def test_an_unreferenced_file_is_a_warning_and_no_problem(shop: Workspace) -> None:
    shop.code("extra", CODE)
    shop.declare(shop=FINE)
    done = shop.command("validate", "--offline")
    assert done.returncode == 0
    assert done.stdout == "✓ No problem in 1 source\n"
    assert done.stderr.startswith(
        "⚠️  Unreferenced custom sources detected:\n   - custom_sources/ex"
    )
    done = shop.command("validate", "--offline", "--json")
    assert [file["module"] for file in json.loads(done.stdout)["unreferenced"]] == ["extra"]


def test_the_static_part_imports_neither_dlt_nor_dbt_nor_a_source(shop: Workspace) -> None:
    shop.code("shop", CODE + "raise SystemExit('imported')\n")
    shop.declare(shop=FINE, rest=REST, gone={})
    code = (
        "import sys\n"
        "from dango_dbt.cli import main\n"
        "try:\n"
        "    main(['validate', '--offline'])\n"
        "except SystemExit as exit:\n"
        "    print(exit.code)\n"
        "heavy = {'dlt', 'dbt', 'duckdb', 'pyarrow', 'sqlglot'}\n"
        "print('LOADED', sorted(heavy & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=shop.root, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-2:] == ["2", "LOADED []"]


# ---------------------------------------------------------------- with a connection


@pytest.mark.slow
def test_a_warehouse_that_cannot_be_made_is_told_and_nothing_is_created(shop: Workspace) -> None:
    shop.declare(shop=FINE)
    assert told(Project.problems(shop.root)) == []
    assert not (shop.root / "data").exists()
    shop.write("data", "a file where the folder should be")
    ((said, hint),) = told(Project.problems(shop.root))
    assert said.startswith(f"cannot create {shop.warehouse}")
    assert "path" in str(hint)


@pytest.mark.slow
def test_a_locked_warehouse_is_told(shop: Workspace) -> None:
    shop.declare(shop=FINE)
    shop.warehouse.parent.mkdir()
    opened = f"connection = duckdb.connect({str(shop.warehouse)!r})"
    code = f"import duckdb; {opened}; print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        ((said, hint),) = told(Project.problems(shop.root))
        other.communicate(b"\n")
    assert "Could not set lock on file" in said
    assert f"(PID {other.pid})" in str(hint)
    assert told(Project.problems(shop.root)) == []


@pytest.mark.slow
def test_a_dbt_project_that_does_not_parse_is_told_on_stdout_only_as_json(shop: Workspace) -> None:
    shop.declare(shop=FINE)
    shop.mart("broken", "select {{ nope( }}")
    assert told(check(shop)) == []
    done = shop.command("validate", "--json")
    assert done.returncode == 2
    (problem,) = json.loads(done.stdout)["problems"]
    assert problem["path"] == "dbt_project"
    assert "dbt cannot parse the project: Compilation Error in model broken" in problem["message"]


@pytest.mark.slow
def test_models_on_a_source_that_was_never_synced_are_a_warning(shop: Workspace) -> None:
    shop.declare(rows={"module": "shop", "function": "rows"})
    shop.mart("total", "select count(*) as n from {{ ref('stg_rows__rows') }}")
    found = Project.problems(shop.root)
    assert told(found) == []
    (warning,) = found.warnings
    assert "source `rows` has never been synced, and dbt_project/models/marts/total.sql" in warning
    assert Project.find(shop.root).sync().exit_code == 0
    found = Project.problems(shop.root)
    assert (found.problems, found.warnings) == ((), ())
    shop.mart("total", "select count(*) as n from {{ ref('stg_rows__gone') }}")
    ((said, hint),) = told(Project.problems(shop.root))
    assert "stg_rows__gone" in said
    assert hint is not None
    assert "source `rows` has brought no such table" in hint
