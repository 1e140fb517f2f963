"""What is listed of a dbt project: whose a source is, and which version a model is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dango_dbt.build import list_nodes
from dango_dbt.project import DbtProject
from dango_dbt.selection import Selection, downstream_of

_SOURCES = """\
sources:
  - name: crm
    tables: [{name: contacts}]
"""
FILES = {
    "models/sources.yml": _SOURCES,
    "models/dim_v_v1.sql": "select * from {{ source('crm', 'contacts') }}",
    "models/dim_v_v2.sql": "select * from {{ source('crm', 'contacts') }}",
    "models/models.yml": """\
        models:
          - name: dim_v
            latest_version: 2
            versions: [{v: 1}, {v: 2}]
        """,
    "packages.yml": "packages: [{local: ../dbt_project/other}]\n",
    ".dbtignore": "other/\n",
    "other/dbt_project.yml": "name: other\nversion: '1.0'\n",
    "other/models/sources.yml": _SOURCES.replace("}]", "}, {name: deals}]"),
    "other/models/deals.sql": "select * from {{ source('crm', 'deals') }}",
}


def test_a_source_of_a_package_is_not_ours_and_versions_are_told_apart(
    project: Callable[[Mapping[str, str]], DbtProject],
) -> None:
    shop = project(FILES)
    listed = list_nodes(shop, Selection(("package:*",)), target=None)

    tables = {name: node.table for name, node in listed.nodes.items() if node.kind == "source"}
    assert tables == {
        "source.shop.crm.contacts": ("crm", "contacts"),
        "source.other.crm.contacts": None,
        "source.other.crm.deals": None,
    }
    assert listed.tables(["crm"]) == ["source.shop.crm.contacts"]
    models = sorted(node.name for node in listed.nodes.values() if node.kind == "model")
    assert models == ["deals", "dim_v.v1", "dim_v.v2"]
    # dbt's `source:crm` means both
    ours = {name for name in listed.nodes if name.split(".")[1] == "shop"}
    for names in (["crm"], ["crm.contacts"]):
        selection = Selection(tuple(downstream_of("shop", names)))
        assert set(list_nodes(shop, selection, target=None).nodes) == ours
