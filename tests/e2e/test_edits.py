"""People edit generated files while the data goes on changing; and a run dies while it writes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.e2e.conftest import Api

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

pytestmark = pytest.mark.slow

GIT = shutil.which("git") or "git"
FOLDER = "dbt_project/models/staging/shop"
CODE = """\
import dlt
import requests


@dlt.source
def shop(base_url):
    @dlt.resource(primary_key="id", write_disposition="replace")
    def products():
        yield requests.get(f"{base_url}/products?limit=1000", timeout=10).json()["products"]

    return products
"""


def edit(workspace: Workspace, name: str, *replacements: tuple[str, str]) -> None:
    path = workspace.root / FOLDER / name
    text = path.read_text("utf-8")
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, "utf-8")


def build(workspace: Workspace) -> None:
    result = workspace.run()
    assert result.exit_code == 0, (result.files, result.build)


def columns(workspace: Workspace, model: str) -> list[str]:
    return [str(name) for name, *_ in workspace.rows(f"describe main_staging.{model}")]


def test_edits_live_through_four_versions_of_the_data(
    workspace: Workspace, shared_api: Api
) -> None:
    """A column joins, one goes, one changes its type, a nested table joins."""
    shared_api.page = 1000
    real = shared_api.lists["products"]
    products: list[dict[str, Any]] = [
        {"id": item["id"], "title": item["title"], "price": round(item["price"]), "stock": 1}
        for item in real
    ]
    shared_api.lists["products"] = products
    workspace.code("shop", CODE)
    workspace.declare(shop={"kwargs": {"base_url": shared_api.url}})
    build(workspace)
    edit(
        workspace,
        "stg_shop__products.sql",
        (
            "            title,\n",
            "            -- as in the shop\n            title as product_name,\n",
        ),
        ("            price,\n", "            price / 100 as price_eur,\n            price,\n"),
    )
    edit(
        workspace,
        "_shop__models.yml",
        ("Rows of `products` as shop delivers them.", "What we sell. # really"),
        ("      - name: title\n", "      # renamed\n      - name: product_name\n"),
        ("      - name: price\n", "      - name: price_eur\n      - name: price\n"),
    )
    build(workspace)

    for item, full in zip(products, real, strict=True):  # a column joins
        item["rating"] = full["rating"]
    build(workspace)
    assert {"product_name", "price_eur", "price", "rating"} <= set(
        columns(workspace, "stg_shop__products")
    )
    edit(
        workspace,
        "_shop__models.yml",
        ("      - name: rating\n", "      - name: rating\n        description: From 0 to 5.\n"),
    )
    edit(
        workspace,
        "stg_shop__products.sql",
        ("        from source\n", "        from source\n        where id is not null\n"),
    )

    for item in products:  # one goes
        del item["stock"]
    build(workspace)
    assert "stock" in columns(workspace, "stg_shop__products")

    products[0]["price"] = "on demand"  # one changes its type
    build(workspace)
    assert "price__v_text" in columns(workspace, "stg_shop__products")
    for item, full in zip(products, real, strict=True):  # a nested table joins
        item["tags"] = full.get("tags") or ["none"]
    build(workspace)
    assert workspace.count("main_staging.stg_shop__products__tags") == sum(
        len(item["tags"]) for item in products
    )

    models = (workspace.root / FOLDER / "_shop__models.yml").read_text("utf-8")
    assert "What we sell. # really" in models
    assert "        description: From 0 to 5.\n" in models
    assert "      # renamed\n      - name: product_name\n" in models
    sql = (workspace.root / FOLDER / "stg_shop__products.sql").read_text("utf-8")
    assert "            -- as in the shop\n            title as product_name,\n" in sql
    assert "        where id is not null\n" in sql
    assert workspace.command("generate", "--check").returncode == 0


def test_two_branches_that_both_generated_merge_by_taking_either_side(
    workspace: Workspace, api: Api
) -> None:
    """After git has merged the rest, either side's generated files will do, and one `generate`."""
    api.page = 100
    api.lists["products"] = [{"id": 1, "title": "Pot"}]
    workspace.code("shop", CODE)
    workspace.declare(shop={"kwargs": {"base_url": api.url}})
    assert workspace.sync().exit_code == 0
    edit(workspace, "_shop__models.yml", ("Rows of `products` as shop delivers them.", "Ours."))

    def git(*args: str) -> None:
        subprocess.run([GIT, *args], cwd=workspace.root, check=True, capture_output=True)

    workspace.write(".gitignore", ".dango/state/\ndata/\ndbt_project/target/\ndbt_project/logs/\n")
    git("init", "-b", "main")
    git("config", "user.email", "a@example.com")
    git("config", "user.name", "A")

    def commit() -> None:
        git("add", "-A")
        git("commit", "-m", "x")

    commit()
    for branch, column in (("one", "price"), ("two", "stock")):
        git("switch", "main")
        git("switch", "-c", branch)
        api.lists["products"] = [{"id": 1, "title": "Pot", column: 1}]
        assert workspace.command("sync", "--refresh", "drop_sources", "--yes").returncode == 0
        commit()
    merged = subprocess.run(
        [GIT, "merge", "one"], cwd=workspace.root, check=False, capture_output=True
    )
    assert merged.returncode != 0  # the generated files are in git's conflict
    git("checkout", "--theirs", ".")
    schema = workspace.root / ".dango/schemas/shop.yaml"
    assert "price" in schema.read_text("utf-8")
    done = workspace.command("generate")
    assert done.returncode == 0, done.stdout
    assert workspace.command("generate", "--check").returncode == 0
    for name in ("_shop__models.yml", "stg_shop__products.sql"):
        text = (workspace.root / FOLDER / name).read_text("utf-8")
        assert "price" in text
        assert "stock" in text  # this machine's last load knows it
    assert "Ours." in (workspace.root / FOLDER / "_shop__models.yml").read_text("utf-8")


def many(columns: int) -> dict[str, Any]:
    return {
        "name": "many",
        "tables": {
            f"table_{number:03}": {
                "resource": f"table_{number:03}",
                "write_disposition": "append",
                "columns": {
                    **{f"column_{n}": {"data_type": "text"} for n in range(columns)},
                    "_dlt_id": {"data_type": "text", "row_key": True, "unique": True},
                },
            }
            for number in range(250)
        },
    }


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(1, marks=pytest.mark.exhaustive),
        60,
        pytest.param(200, marks=pytest.mark.exhaustive),
    ],
)
def test_a_run_that_is_killed_while_it_writes_leaves_whole_files(
    workspace: Workspace, after: int
) -> None:
    """Each file is the old one or the new one, edits are kept, and the next run ends it."""
    workspace.declare(many={})
    schema = workspace.root / ".dango/schemas/many.yaml"

    def write_schema(columns: int) -> None:
        workspace.write(".dango/schemas/many.yaml", yaml.safe_dump(many(columns), sort_keys=False))

    write_schema(2)
    assert workspace.command("generate").returncode == 0
    folder = workspace.root / "dbt_project/models/staging/many"
    old = {path.name: path.read_bytes() for path in folder.iterdir()}
    for number in range(0, 250, 10):
        path = folder / f"stg_many__table_{number:03}.sql"
        path.write_bytes(old[path.name].replace(b"column_1,\n", b"column_1 as mine, -- ours\n"))
    write_schema(3)
    started = schema.stat().st_mtime_ns
    process = subprocess.Popen(
        [sys.executable, "-m", "dango_dbt", "generate"],
        cwd=workspace.root,
        env=os.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        written = sum(path.stat().st_mtime_ns > started for path in folder.glob("*.sql"))
        if written >= after:
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert process.returncode == -signal.SIGKILL
    for path in folder.glob("*.sql"):
        text = path.read_text("utf-8")
        assert text.endswith("select *\nfrom renamed\n"), path
        assert "column_0,\n" in text
    assert workspace.command("generate").returncode == 0
    assert not list(folder.glob(".*"))
    for path in folder.glob("*.sql"):
        text = path.read_text("utf-8")
        assert "            column_2,\n" in text
        edited = int(path.stem[-3:]) % 10 == 0
        assert ("column_1 as mine, -- ours\n" in text) is edited, path
    assert workspace.command("generate", "--check").returncode == 0
