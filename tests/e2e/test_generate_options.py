"""`generate --from-destination`, and the version of generated text that a project stays with."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from dango_dbt import generate

if TYPE_CHECKING:
    from tests.e2e.conftest import Workspace

CODE = """\
import dlt

@dlt.source
def shop():
    rows = [{"id": 1, "price": 1, "lines": [{"sku": "a"}]}, {"id": 2, "price": "two"}]
    yield dlt.resource(rows, name="orders", primary_key="id", write_disposition="merge")
"""


@pytest.fixture
def shop(workspace: Workspace) -> Workspace:
    workspace.code("shop", CODE)
    workspace.declare(shop={"staging": {"incremental": True}})
    assert workspace.sync().exit_code == 0
    return workspace


def forget(workspace: Workspace) -> None:
    """Be a machine that has loaded and generated nothing, with the same warehouse."""
    for folder in (".dango/state", ".dango/schemas", ".dango/generated", "dbt_project/models"):
        shutil.rmtree(workspace.root / folder)


def test_schemas_come_back_from_the_warehouse(shop: Workspace) -> None:
    before = shop.generated()
    forget(shop)
    nothing = shop.command("generate")
    assert nothing.returncode == 0
    assert not any("stg_shop" in path for path in shop.generated())
    check = shop.command("generate", "--from-destination", "--check")
    assert check.returncode == 3, check.stderr
    assert shop.command("generate", "--from-destination").returncode == 0
    assert shop.generated() == before
    assert shop.run().exit_code == 0
    assert shop.generated() == before


def test_a_source_that_was_never_loaded_has_none(shop: Workspace) -> None:
    shop.declare(shop={}, other={"module": "shop", "function": "shop"})
    process = shop.command("generate", "--from-destination")
    assert process.returncode == 0, process.stdout
    assert "source `other`: dlt has stored no schema in raw_other" in process.stderr
    assert "`shop`: dlt" not in process.stderr


def test_a_warehouse_that_cannot_be_read_is_an_error(shop: Workspace) -> None:
    shop.warehouse.write_bytes(b"no database")
    process = shop.command("generate", "--from-destination")
    assert process.returncode == 1, process.stdout
    assert "Error" in process.stdout
    assert "Traceback" not in process.stdout + process.stderr


PINNED = "generator_version: 1  # agreed in May\n"


@pytest.fixture
def pinned(shop: Workspace) -> Workspace:
    """A project that stays with version 1, and new data in it."""
    path = shop.root / ".dango/sources.yml"
    path.write_text(PINNED + path.read_text("utf-8"), "utf-8", newline="\r\n")
    shop.code("shop", CODE.replace('"price": 1', '"price": 1, "vip": True'))
    return shop


def test_a_project_stays_with_its_version_until_it_is_upgraded(
    pinned: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No second version is there yet: this dango-dbt says that it writes one."""
    import sys

    from dango_dbt import Project
    from dango_dbt.report import PlainProgress

    monkeypatch.setattr(generate, "GENERATOR_VERSION", 2)
    before = pinned.generated()
    assert pinned.sync(progress=PlainProgress(sys.stderr)).exit_code == 0
    assert pinned.generated() == before
    assert "generate --upgrade" in capsys.readouterr().err
    project = Project.find(pinned.root)
    checked = project.generate(check=True)
    assert (checked.exit_code, checked.seconds > 0) == (0, True)
    assert project.generate(check=True, upgrade=True).exit_code == 3
    assert project.generate(upgrade=True).exit_code == 0
    text = (pinned.root / ".dango/sources.yml").read_bytes().decode()
    assert text.startswith("generator_version: 2  # agreed in May\r\n")
    assert text.count("\r\n") == text.count("\n")
    model = pinned.root / "dbt_project/models/staging/shop/stg_shop__orders.sql"
    assert "vip" in model.read_text("utf-8")
    assert Project.find(pinned.root).generate(check=True).exit_code == 0


def test_the_version_that_is_written_holds_nothing_back(pinned: Workspace) -> None:
    assert pinned.sync().exit_code == 0
    model = pinned.root / "dbt_project/models/staging/shop/stg_shop__orders.sql"
    assert "vip" in model.read_text("utf-8")


def test_a_newer_version_is_refused(pinned: Workspace) -> None:
    path = pinned.root / ".dango/sources.yml"
    path.write_text(path.read_text("utf-8").replace("generator_version: 1", "generator_version: 7"))
    process = pinned.command("generate")
    assert process.returncode == 2
    assert ".dango/sources.yml:1:20: `generator_version` is 7" in process.stdout
