"""A stored schema with one table of each kind, as dlt would have it."""

from __future__ import annotations

from typing import Any

import pytest


def _system(*, nested: bool = False) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "_dlt_id": {"data_type": "text", "row_key": True, "unique": True},
    }
    if nested:
        columns = {
            "_dlt_parent_id": {"data_type": "text", "parent_key": True},
            "_dlt_list_idx": {"data_type": "bigint"},
            **columns,
        }
    else:
        columns = {"_dlt_load_id": {"data_type": "text"}, **columns}
    return columns


@pytest.fixture
def shop() -> dict[str, Any]:
    """Carts with nested items, users that they refer to, keyless events, slots with two keys."""
    return {
        "name": "shop",
        "tables": {
            "carts": {
                "description": "Shopping carts, one row each.",
                "resource": "carts",
                "write_disposition": "replace",
                "references": [
                    {
                        "columns": ["user_id"],
                        "referenced_table": "users",
                        "referenced_columns": ["id"],
                    },
                    {"columns": ["x"], "referenced_table": "gone", "referenced_columns": ["id"]},
                ],
                "columns": {
                    "id": {"data_type": "bigint", "primary_key": True, "description": "The id."},
                    "user_id": {"data_type": "bigint"},
                    "order": {"data_type": "bigint"},
                    "total": {"data_type": "decimal", "precision": 18, "scale": 2},
                    "code": {"data_type": "text", "unique": True},
                    **_system(),
                },
            },
            "carts__items": {
                "parent": "carts",
                "columns": {
                    "sku": {"data_type": "text"},
                    "_carts_id": {"data_type": "bigint", "x-dango-root-key": "id"},
                    **_system(nested=True),
                },
            },
            "events": {
                "resource": "events",
                "write_disposition": "append",
                "columns": {
                    "id": {"data_type": "bigint", "primary_key": True},
                    "at": {"data_type": "timestamp"},
                    **_system(),
                },
            },
            "slots": {
                "resource": "slots",
                "write_disposition": "merge",
                "references": [
                    {
                        "columns": ["day", "place"],
                        "referenced_table": "slots",
                        "referenced_columns": ["day", "place"],
                    }
                ],
                "columns": {
                    "day": {"data_type": "date", "primary_key": True},
                    "place": {"data_type": "text", "primary_key": True},
                },
            },
            "users": {
                "resource": "users",
                "write_disposition": "replace",
                "columns": {
                    "id": {"data_type": "bigint", "primary_key": True},
                    "name": {"data_type": "text"},
                },
            },
        },
    }
