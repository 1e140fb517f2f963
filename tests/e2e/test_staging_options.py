"""What `staging:` in sources.yml asks for, and what becomes of histories, in real builds."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from dango_dbt.progress import Progress

if TYPE_CHECKING:
    from dango_dbt.results import RunResult
    from tests.e2e.conftest import Workspace

FOLDER = "dbt_project/models/staging/shop"


class Warnings(Progress):
    """Keeps what is warned of."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def warning(self, message: str) -> None:
        self.said.append(message)


def column_tests(workspace: Workspace, model: str) -> dict[str, list[str]]:
    """Name the tests of each column of a model; those of the model itself at ``."""
    text = (workspace.root / FOLDER / "_shop__models.yml").read_text("utf-8")
    (found,) = [each for each in yaml.safe_load(text)["models"] if each["name"] == model]
    tests = {"": found.get("data_tests", [])}
    tests |= {column["name"]: column.get("data_tests", []) for column in found["columns"]}
    return {name: [next(iter(test)) for test in each] for name, each in tests.items() if each}


HISTORY = """\
import os
import dlt

ROUND = int(os.environ.get("ROUND", "1"))
PRICES = {1: 1, 2: 2, 3: 1}


@dlt.source
def shop():
    rows = [{"id": 1, "price": PRICES[ROUND], "tags": [{"tag": PRICES[ROUND]}]}]
    rows += [{"id": 2, "price": 5, "tags": []}] if ROUND < 3 else []
    scd2 = {"disposition": "merge", "strategy": "scd2"}
    yield dlt.resource(rows, name="prices", primary_key="id", write_disposition=scd2)
    until = {**scd2, "active_record_timestamp": "9999-12-31"}
    until["validity_column_names"] = ["begin", "end"]
    yield dlt.resource(rows, name="until", primary_key="id", write_disposition=until)
    yield dlt.resource(rows, name="keyless", write_disposition=scd2)
"""


@pytest.mark.slow
def test_a_history_tells_what_is_current_and_its_tests_hold(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.code("shop", HISTORY)
    workspace.declare(shop={})
    for number in ("1", "2", "3"):  # the third brings back the first's price: dlt's row id repeats
        monkeypatch.setenv("ROUND", number)
        result = workspace.run()
        assert result.exit_code == 0, result.build
    for table in ("prices", "until", "keyless"):
        rows = workspace.rows(
            "select id, price, is_current, valid_to > valid_from"
            f" from main_staging.stg_shop__{table} order by id, valid_from"
        )
        still = True if table == "until" else None
        assert rows == [
            (1, 1, False, True),
            (1, 2, False, True),
            (1, 1, True, still),
            (2, 5, False, True),
        ]
    assert column_tests(workspace, "stg_shop__prices") == {"id": ["unique", "not_null"]}
    assert column_tests(workspace, "stg_shop__keyless") == {"_dlt_id": ["unique", "not_null"]}
    nested = column_tests(workspace, "stg_shop__prices__tags")
    assert nested == {"_dlt_parent_id": ["relationships"], "_dlt_id": ["unique", "not_null"]}


VARIANTS = """\
import os
import dlt

ROUND = int(os.environ.get("ROUND", "1"))
VALUES = [
    {"id": 1, "price": 1, "sold": True, "at": "2026-01-02T03:04:05Z", "tags": [1]},
    {"id": 2, "price": 2.5, "sold": "maybe", "at": "soon", "tags": ["a"]},
    {"id": 3, "price": "12 EUR", "sold": "yes", "at": "2026-02-03 04:05:06+00", "tags": [2]},
]


@dlt.source
def shop():
    yield dlt.resource(VALUES[:ROUND], name="items", primary_key="id", write_disposition="merge")
"""


@pytest.mark.slow
def test_values_in_another_type_are_told_of_and_brought_back_where_asked(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.code("shop", VARIANTS)
    workspace.declare(shop={})
    assert workspace.run().exit_code == 0
    monkeypatch.setenv("ROUND", "3")
    progress = Warnings()
    assert workspace.run(progress=progress).exit_code == 0
    said = [text for text in progress.said if "another type" in text]
    assert len(said) == 4  # one for each column
    assert any("in `price__v_double` or `price__v_text`" in text for text in said)
    kept = workspace.rows(
        "select id, price, price__v_double, price__v_text from main_staging.stg_shop__items"
        " order by id"
    )
    assert kept == [(1, 1, None, None), (2, None, 2.5, None), (3, None, None, "12 EUR")]
    models = (workspace.root / FOLDER / "_shop__models.yml").read_text("utf-8")
    assert "that are no BIGINT are in `price__v_double` or `price__v_text`." in " ".join(
        models.split()
    )

    workspace.declare(shop={"staging": {"variants": "coalesce"}})
    progress = Warnings()
    assert workspace.run(progress=progress).exit_code == 0
    assert not [text for text in progress.said if "another type" in text]
    merged = workspace.rows(
        "select id, price, sold, \"at\" at time zone 'UTC' from main_staging.stg_shop__items"
        " order by id"
    )
    assert [row[:3] for row in merged] == [(1, 1.0, True), (2, 2.5, None), (3, None, True)]
    assert [str(at) for *_, at in merged] == ["2026-01-02 03:04:05", "None", "2026-02-03 04:05:06"]
    columns = [name for name, *_ in workspace.rows("describe main_staging.stg_shop__items")]
    assert not [name for name in columns if "__v_" in name]
    assert workspace.rows("select value from main_staging.stg_shop__items__tags order by all") == [
        (1,),
        (2,),
        (None,),
    ]


APPENDED = """\
import os
import dlt

ROUND = int(os.environ.get("ROUND", "1"))


@dlt.source
def shop():
    rows = [
        {"id": n, "round": ROUND, "seq": s, "parts": [{"p": ROUND, "marks": [s]}] * (n + 1)}
        for n in range(ROUND, 4)
        for s in (2, 1)
    ]
    hint = {"seq": {"dedup_sort": "desc"}}
    yield dlt.resource(rows, name="orders", primary_key="id", columns=hint)
    gone = [{"id": 1, "gone": False, "lines": [1]}, {"id": 2, "gone": ROUND > 1, "lines": [2]}]
    yield dlt.resource(
        gone, name="deleted", primary_key="id", columns={"gone": {"hard_delete": True}}
    )
    yield dlt.resource([{"images": [1]}], name="pages")
"""


@pytest.fixture(scope="module")
def appended(new_workspace: Callable[[], Workspace]) -> Workspace:
    """Give a project with rows that were appended twice."""
    workspace = new_workspace()
    workspace.code("shop", APPENDED)
    workspace.declare(shop={})
    with pytest.MonkeyPatch.context() as patch:
        for number in ("1", "2"):
            patch.setenv("ROUND", number)
            assert workspace.sync().exit_code == 0
    return workspace


def staged(workspace: Workspace, **staging: Any) -> RunResult:  # noqa: ANN401 - options
    """Generate with other options, and build."""
    from dango_dbt import Project

    workspace.declare(shop={"staging": staging})
    generated = Project.find(workspace.root).generate()
    assert generated.exit_code == 0, generated
    built = Project.find(workspace.root).build()
    assert built.exit_code == 0, built.build
    return generated


def test_only_the_latest_row_of_a_key_is_staged_with_what_is_nested_in_it(
    appended: Workspace,
) -> None:
    staged(appended, deduplicate=True)
    rows = appended.rows("select id, round, seq from main_staging.stg_shop__orders order by all")
    assert rows == [(1, 1, 2), (2, 2, 2), (3, 2, 2)]
    assert appended.count("main_staging.stg_shop__orders__parts") == 2 + 3 + 4
    assert appended.count("main_staging.stg_shop__orders__parts__marks") == 2 + 3 + 4
    assert column_tests(appended, "stg_shop__orders") == {"id": ["unique", "not_null"]}
    # the latest row of key 2 says that it is deleted
    assert appended.rows("select id from main_staging.stg_shop__deleted") == [(1,)]
    assert appended.rows("select value from main_staging.stg_shop__deleted__lines") == [(1,)]
    # what is between is not staged
    staged(appended, deduplicate=True, exclude=["orders__parts"])
    assert appended.count("main_staging.stg_shop__orders__parts__marks") == 2 + 3 + 4
    # one table only
    staged(appended, tables={"deleted": {"deduplicate": True}})
    assert appended.count("main_staging.stg_shop__orders") == 10
    assert appended.count("main_staging.stg_shop__deleted") == 1
    assert column_tests(appended, "stg_shop__orders") == {
        "id": ["not_null"],
        "_dlt_id": ["unique", "not_null"],
    }


def test_dlts_own_columns_are_hidden_with_their_tests(appended: Workspace) -> None:
    staged(appended, dlt_columns="hide")
    columns = [name for name, *_ in appended.rows("describe main_staging.stg_shop__orders__parts")]
    assert columns == ["_orders_id", "p"]
    assert column_tests(appended, "stg_shop__orders__parts") == {}
    assert column_tests(appended, "stg_shop__orders") == {"id": ["not_null"]}


@pytest.mark.slow
def test_an_excluded_table_loses_its_model_and_stays_a_source(appended: Workspace) -> None:
    staged(appended)
    model = appended.root / FOLDER / "stg_shop__pages__images.sql"
    assert model.exists()
    result = staged(appended, exclude=["*__images", "orders*"], include=["*"])
    actions = {file.path: file.action for file in result.files or ()}
    assert actions[f"{FOLDER}/stg_shop__pages__images.sql"] == "removed"
    assert not model.exists()
    sources = (appended.root / FOLDER / "_shop__sources.yml").read_text("utf-8")
    assert "- name: pages__images" in sources
    assert "pages__images" not in (appended.root / FOLDER / "_shop__models.yml").read_text("utf-8")
    # nothing of it is left: the next time there is nothing to do
    again = staged(appended, exclude=["*__images", "orders*"])
    assert {file.action for file in again.files or ()} == {"unchanged"}
    # and back
    staged(appended)
    assert model.exists()


def test_an_edited_model_of_an_excluded_table_stays(appended: Workspace) -> None:
    from dango_dbt import Project

    staged(appended)
    model = appended.root / FOLDER / "stg_shop__pages__images.sql"
    before = model.read_text("utf-8")
    model.write_text(f"-- mine\n{before}", "utf-8")
    appended.declare(shop={"staging": {"exclude": ["*__images"]}})
    progress = Warnings()
    result = Project.find(appended.root).generate(progress=progress)
    assert result.exit_code == 0
    assert model.read_text("utf-8").startswith("-- mine")
    assert [text for text in progress.said if "stg_shop__pages__images.sql stays" in text]
    assert Project.find(appended.root).build().exit_code == 0
    model.write_text(before, "utf-8")


def test_all_tables_may_be_excluded(appended: Workspace) -> None:
    staged(appended, exclude=["*"])
    assert {path.name for path in (appended.root / FOLDER).iterdir()} == {"_shop__sources.yml"}
    staged(appended)


def test_what_has_no_effect_is_told(appended: Workspace) -> None:
    from dango_dbt import Project

    tables: dict[str, Any] = {
        "order": {"deduplicate": True},
        "pages": {"deduplicate": True},
        "orders__parts": {"deduplicate": True, "incremental": True},
    }
    appended.declare(shop={"staging": {"exclude": ["*_image"], "tables": tables}})
    progress = Warnings()
    assert Project.find(appended.root).generate(progress=progress).exit_code == 0
    said = "\n".join(progress.said)
    assert "no table is called `*_image`" in said
    assert "there is no table `order`" in said
    assert "table `pages` is not deduplicated: it has no primary key" in said
    assert "table `orders__parts` is not deduplicated: it is nested, and follows `orders`" in said
    assert "table `orders__parts` is not incremental: its rows do not tell which load" in said


def test_lists_of_a_table_that_is_excluded_are_not_deduplicated_and_that_is_told(
    appended: Workspace,
) -> None:
    from dango_dbt import Project

    appended.declare(shop={"staging": {"exclude": ["orders"], "deduplicate": True}})
    progress = Warnings()
    assert Project.find(appended.root).generate(progress=progress).exit_code == 0
    said = [text for text in progress.said if "`orders__parts` is staged with the items" in text]
    assert len(said) == 1
    staged(appended)


@pytest.mark.slow
def test_a_contract_that_is_switched_on_holds(appended: Workspace) -> None:
    """Every column has its exact type: as a view, and as an incremental model."""
    for options in ({}, {"incremental": True, "deduplicate": True}, {"dlt_columns": "hide"}):
        staged(appended, **options)
        path = appended.root / FOLDER / "_shop__models.yml"
        before = path.read_text("utf-8")
        document = yaml.safe_load(before)
        for model in document["models"]:
            model["config"] = {"contract": {"enforced": True}}
        path.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
        done = appended.command("build", "--full-refresh", "--json")
        assert done.returncode == 0, done.stdout
        assert {node["status"] for node in json.loads(done.stdout)["build"]["nodes"]} <= {
            "success",
            "pass",
            "warn",
        }
        path.write_text(before, "utf-8")


@pytest.mark.slow
def test_names_with_any_characters_in_them(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dlt's naming convention `direct` leaves all in names; tables may differ in nothing else."""
    monkeypatch.setenv("SCHEMA__NAMING", "direct")
    workspace.code(
        "odd",
        """\
        import dlt

        @dlt.source
        def odd():
            row = {"it's": 1, 'a"b': 2, "Größe": 3, "lists": [{'c"d': 4}]}
            for name in ("my table", "my-table", "Möbel", 'a "table"'):
                for key in ("it's", 'a"b'):
                    yield dlt.resource(
                        [row], name=f"{name} {key}", primary_key=key, write_disposition="append"
                    )
            yield dlt.resource([{"id": 1}], name="x!y", write_disposition="append")
        """,
    )
    workspace.declare(odd={"staging": {"incremental": True, "deduplicate": True}})
    for loads in (1, 2):
        result = workspace.run()
        assert result.exit_code == 0, result.build
        models = workspace.relations("main_staging")
        assert len(models) == 17
        counts = {model: workspace.count(f'main_staging."{model}"') for model in models}
        assert {n for model, n in counts.items() if "_x_y_" not in model} == {1}
        assert {n for model, n in counts.items() if "_x_y_" in model} == {loads}
