"""OpenAPI's links: a value in one answer that is the key of another thing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from dango_dbt.openapi.lists import Listed
from dango_dbt.openapi.names import segments
from dango_dbt.openapi.schemas import properties
from dango_dbt.openapi.specification import Operation, Specification, operations

__all__ = ["linked"]

_FIELD = re.compile(r"\$response\.body#/(\w+)", flags=re.ASCII)


def linked(specification: Specification, lists: Sequence[Listed]) -> Iterator[dict[str, str]]:
    """Give the relationships that links say: `orders.customer_id` is the key of `customers`.

    A link stands in the answer that gives a single thing, whose fields a list of such things has
    too, and leads to the operation that gives a single other thing by that field.
    """
    asked = operations(specification)
    by_path = {"/".join(segments(one.path)): one for one in lists}
    targets = {one.operation_id: one for one in asked if one.operation_id}
    for operation in asked:
        source = by_path.get(_before(operation))
        for link in operation.links.values():
            target = targets.get(str(link.get("operationId")))
            other = by_path.get(_before(target)) if target else None
            if source is None or other is None or other.key is None or other.parent is not None:
                continue
            given = link.get("parameters")
            for value in given.values() if isinstance(given, Mapping) else ():
                field = _FIELD.fullmatch(str(value))
                if field and field[1] in properties(source.answer.item):
                    goal = f"{other.name}.{other.key.name}"
                    if f"{source.name}.{field[1]}" != goal:
                        yield {"from": f"{source.name}.{field[1]}", "to": goal}


def _before(operation: Operation) -> str:
    """Give the path of the list that a single thing belongs to; empty where it ends otherwise."""
    parts = segments(operation.path)
    return "/".join(parts[:-1]) if parts and "{" in parts[-1] else ""
