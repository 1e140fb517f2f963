"""`validate` raises no false alarm on code that works, and finds what cannot work."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from dango_dbt import Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Workspace

SHOP = "import dlt\n\n@dlt.source\ndef shop():\n    return dlt.resource([{'id': 1}], name='rows')\n"
MAKE = SHOP.replace("def shop", "def _made")
SPEC = """\
import dlt
from dlt.common.configuration import configspec
from dlt.common.configuration.specs import BaseConfiguration

@configspec
class Spec(BaseConfiguration):
    api_key: str = None

@dlt.source(spec=Spec)
def shop(api_key: str):
    return dlt.resource([{"key": api_key}], name="rows")
"""


def told(workspace: Workspace) -> list[tuple[str, str | None]]:
    found = Project.problems(workspace.root, offline=True)
    return [(str(problem), problem.hint) for problem in found.problems]


def unreferenced(workspace: Workspace) -> list[str]:
    return [file.path for file in Project.problems(workspace.root, offline=True).unreferenced]


# ---------------------------------------------------------------- names that reading does not show


@pytest.mark.parametrize(
    "code",
    [
        MAKE + "for name in ('shop',):\n    globals()[name] = _made\n",
        MAKE + "globals().update(shop=_made)\n",
        MAKE + "vars()['shop'] = _made\n",
        MAKE + "import sys\nsetattr(sys.modules[__name__], 'shop', _made)\n",
        MAKE + "import sys\nsys.modules[__name__].shop = _made\n",
        MAKE + "from sys import modules as m\nm[__name__].shop = _made\n",
        MAKE + "def make():\n    global shop\n    shop = _made\nmake()\n",
        MAKE + "exec('shop = _made')\n",
        MAKE + "def __getattr__(name):\n    return _made\n",
        pytest.param(
            "try:\n    ...\nexcept* ValueError:\n    ...\nelse:\n"
            + "".join(f"    {line}\n" for line in SHOP.splitlines()),
            marks=pytest.mark.skipif(sys.version_info < (3, 11), reason="`except*` is of 3.11"),
        ),
    ],
)
def test_a_function_that_the_module_makes_as_it_runs_is_no_false_alarm(
    workspace: Workspace, code: str
) -> None:
    workspace.code("shop", code)
    workspace.declare(shop={})
    assert told(workspace) == []
    assert workspace.sync(generate=False).exit_code == 0


def test_fields_of_a_spec_stand_in_for_a_sources_arguments(workspace: Workspace) -> None:
    workspace.code("shop", SPEC)
    workspace.declare(shop={})
    workspace.write(".dlt/secrets.toml", "[sources.shop]\napi_key = 'x'\n")
    assert told(workspace) == []
    assert workspace.sync(generate=False).exit_code == 0


def test_a_resource_lacks_an_argument_that_its_spec_has(workspace: Workspace) -> None:
    workspace.code("shop", SPEC.replace("@dlt.source", "@dlt.resource"))
    workspace.declare(shop={})
    workspace.write(".dlt/secrets.toml", "[sources.shop]\napi_key = 'x'\n")
    ((said, _),) = told(workspace)
    assert "`shop` needs `api_key`" in said
    (source,) = workspace.sync(generate=False).sources or ()
    assert "missing a required argument: 'api_key'" in str(source.error)


# ---------------------------------------------------------------- which files


@pytest.fixture
def linked(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Give a project with a link to a package elsewhere, which has a link back."""
    package = tmp_path / "elsewhere"
    package.mkdir()
    (package / "orders.py").write_text(SHOP, encoding="utf-8")
    (package / "back").symlink_to(workspace.root / "custom_sources")
    workspace.code("inner/helpers", "")
    (workspace.root / "custom_sources" / "linked").symlink_to(package)
    (workspace.root / "custom_sources" / "inner" / "up").symlink_to(workspace.root)
    return workspace


def test_a_module_in_a_linked_folder_is_found_as_a_sync_finds_it(linked: Workspace) -> None:
    linked.declare(shop={"module": "linked.orders"})
    assert told(linked) == []
    assert unreferenced(linked) == []
    assert linked.sync(generate=False).exit_code == 0
    linked.declare(shop={"module": "linked.order"})
    ((said, hint),) = told(linked)
    assert "there is no module `linked.order`" in said
    assert hint == "did you mean `linked.orders`?"


def test_a_file_that_several_links_lead_to_is_unreferenced_once(linked: Workspace) -> None:
    linked.declare()
    assert unreferenced(linked) == ["custom_sources/linked/orders.py"]
    (linked.root / "custom_sources" / "again").symlink_to("linked")
    assert unreferenced(linked) == ["custom_sources/again/orders.py"]
    linked.declare(shop={"module": "linked.orders"})
    assert unreferenced(linked) == []


def test_links_to_each_other_come_to_an_end(workspace: Workspace) -> None:
    workspace.code("a/one", SHOP)
    workspace.code("b/two", SHOP)
    for here, there in (("a", "b"), ("b", "a")):
        (workspace.root / "custom_sources" / here / "link").symlink_to(f"../{there}")
    workspace.declare()
    assert unreferenced(workspace) == ["custom_sources/a/one.py", "custom_sources/b/two.py"]


@pytest.mark.parametrize("folder", ["pkg/venv/lib", "node_modules/x", "pkg/site-packages", ".x"])
def test_code_of_others_is_not_looked_at(workspace: Workspace, folder: str) -> None:
    workspace.code("shop", SHOP)
    workspace.write("custom_sources/pkg/venv/pyvenv.cfg", "home = /usr\n")
    workspace.code(f"{folder}/old", "print 'Python 2'\n")
    workspace.code(f"{folder}/theirs", SHOP)
    workspace.declare(shop={})
    assert told(workspace) == []
    assert unreferenced(workspace) == []


def test_a_named_module_is_looked_at_wherever_it_is(workspace: Workspace) -> None:
    workspace.code("node_modules/shop", "def shop(:\n")
    workspace.declare(shop={"module": "node_modules.shop"})
    ((said, _),) = told(workspace)
    assert said.startswith("custom_sources/node_modules/shop.py:1:10: SyntaxError: ")


def test_a_link_that_leads_nowhere_is_what_is_told(workspace: Workspace) -> None:
    (workspace.root / "custom_sources").mkdir()
    (workspace.root / "custom_sources" / "odd.py").symlink_to("gone.py")
    workspace.declare(odd={})
    said = "custom_sources/odd.py: this is a link to gone.py, which is not there"
    assert told(workspace) == [(said, "mend the link")]


# ---------------------------------------------------------------- what is not filled in

CRM = """\
import dlt

@dlt.source
def crm(api_key=dlt.secrets.value, region=dlt.config.value):
    return dlt.resource([{"key": api_key, "region": region}], name="rows")
"""
SECRETS = """\
# "<configure me>" is dlt's
[sources.crm]
api_key = "<configure me>" # fill this in!
[sources.crm.credentials]
host = '<configure me>'
[sources.other]
api_key = "<configure me>"
"""


@pytest.mark.parametrize(
    ("entry", "variables", "places"),
    [
        ({}, (), ["config.toml:2", "secrets.toml:3", "secrets.toml:5"]),
        ({"enabled": False}, (), []),
        ({"kwargs": {"api_key": "x"}}, (), ["config.toml:2", "secrets.toml:5"]),
        ({}, ("SOURCES__CRM__API_KEY", "REGION"), ["secrets.toml:5"]),
        ({}, ("SOURCES__CRM__CREDENTIALS",), ["config.toml:2", "secrets.toml:3"]),
    ],
)
def test_what_source_add_has_left_to_fill_in_is_told(
    workspace: Workspace,
    entry: dict[str, Any],
    variables: tuple[str, ...],
    places: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workspace.code("crm", CRM)
    workspace.declare(crm=entry)
    workspace.write(".dlt/secrets.toml", SECRETS)
    workspace.write(".dlt/config.toml", '[sources.crm]\nregion = "<configure me>"\n')
    for name in variables:
        monkeypatch.setenv(name, "x")
    assert [said.partition(": ")[0] for said, _ in told(workspace)] == [
        f".dlt/{place}" for place in places
    ]


def test_a_value_in_secrets_toml_wins_over_a_placeholder_in_config_toml(
    workspace: Workspace,
) -> None:
    workspace.code("crm", CRM)
    workspace.declare(crm={})
    workspace.write(".dlt/secrets.toml", "sources.crm = {api_key = 'k', region = 'eu'}\n")
    workspace.write(".dlt/config.toml", '[sources.crm]\nregion = "<configure me>"\n')
    assert told(workspace) == []
    assert workspace.sync(generate=False).exit_code == 0
    assert workspace.rows("select region from raw_crm.rows") == [("eu",)]
