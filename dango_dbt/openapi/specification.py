"""A description of an API, OpenAPI 3 or Swagger 2, as the same operations: no disk, no network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dango_dbt.openapi.schemas import Document, Level, level, pointed

__all__ = ["Operation", "Parameter", "Specification", "operations"]

#: Headers that a description may not declare as parameters: the client sends them anyhow.
_CLIENTS_OWN = frozenset({"accept", "content-type", "authorization"})


#: Media types of one JSON document, so not of one a line.
_JSON = re.compile(r"(application|text)/([\w.-]+\+)?json\s*($|;)|\*/\*|application/\*")


@dataclass(frozen=True)
class Specification:
    """A description as it was read.

    Attributes:
        document: all of it.
        location: the file or URL, without secrets, as messages show it.
        url: where it was fetched from, which relative addresses in it begin at; None for a file.
    """

    document: Document = field(repr=False)
    location: str
    url: str | None = None

    @property
    def swagger(self) -> bool:
        """Whether it is Swagger 2."""
        return "swagger" in self.document

    @property
    def info(self) -> Mapping[str, Any]:
        """Title, description, version."""
        given = self.document.get("info")
        return given if isinstance(given, Mapping) else {}


@dataclass(frozen=True)
class Parameter:
    """A parameter of an operation.

    Attributes:
        where: path, query, header, cookie or body.
        schema: one level of it; Swagger 2 has it in the parameter itself.
        description: what it says to people.
    """

    name: str
    where: str
    required: bool
    schema: Level = field(repr=False)
    description: str = field(repr=False, default="")


@dataclass(frozen=True)
class Operation:
    """What can be asked of one path with GET.

    Attributes:
        answer: the schema of its 2xx answer, as the description has it; None where it has none.
        headers: of that answer, in lower case.
        links: of that answer: name → OpenAPI's link object.
        security: the alternatives, each the schemes that are needed together with their scopes;
            None where the description does not say.
        elsewhere: it is served at another address than the rest.
    """

    path: str
    parameters: tuple[Parameter, ...]
    answer: object = field(repr=False)
    headers: frozenset[str] = frozenset()
    links: Mapping[str, Any] = field(default_factory=dict, repr=False)
    security: tuple[Mapping[str, list[str]], ...] | None = None
    operation_id: str | None = None
    description: str = field(default="", repr=False)
    deprecated: bool = False
    needs_body: bool = False
    elsewhere: bool = False

    def named(self, *where: str) -> list[Parameter]:
        """Give the parameters in some of the places."""
        return [one for one in self.parameters if one.where in where]


def operations(specification: Specification) -> list[Operation]:
    """Give what can be asked with GET, in the description's order."""
    document = specification.document
    paths = document.get("paths")
    found = []
    for path, item in paths.items() if isinstance(paths, Mapping) else ():
        there = _followed(document, item)
        get = there.get("get")
        if isinstance(path, str) and isinstance(get, Mapping):
            found.append(_operation(specification, path, there, get))
    return found


def _operation(
    specification: Specification, path: str, item: Mapping[str, Any], get: Mapping[str, Any]
) -> Operation:
    document = specification.document
    given = {(one.name, one.where): one for one in _parameters(document, item)}
    given.update({(one.name, one.where): one for one in _parameters(document, get)})
    # What stands in the path is needed, declared or not.
    for name in re.findall(r"\{([^{}]+)\}", path):
        given.setdefault((name, "path"), Parameter(name, "path", required=True, schema={}))
    answer = _answer(document, get.get("responses"))
    body = _followed(document, get.get("requestBody"))
    operation_id, links = get.get("operationId"), answer.get("links")
    return Operation(
        path=path,
        parameters=tuple(given.values()),
        answer=_answer_schema(answer),
        headers=frozenset(str(name).lower() for name in _mapping(answer.get("headers"))),
        links={str(name): _followed(document, one) for name, one in _mapping(links).items()},
        security=_security(get["security"] if "security" in get else document.get("security")),
        operation_id=operation_id if isinstance(operation_id, str) else None,
        description=str(get.get("summary") or get.get("description") or "").strip(),
        deprecated=get.get("deprecated") is True,
        needs_body=body.get("required") is True
        or any(one.required and one.where in {"body", "formData"} for one in given.values()),
        elsewhere=bool(get.get("servers") or item.get("servers")),
    )


def _parameters(document: Document, holder: Mapping[str, Any]) -> Iterator[Parameter]:
    listed = holder.get("parameters")
    for one in listed if isinstance(listed, list) else ():
        given = _followed(document, one)
        name, where = given.get("name"), given.get("in")
        if not isinstance(name, str) or not isinstance(where, str):
            continue
        if where == "header" and name.lower() in _CLIENTS_OWN:
            continue
        content = next(iter(_mapping(given.get("content")).values()), None)
        schema = given.get("schema") or _mapping(content).get("schema") or given
        found = dict(level(document, schema))
        found.setdefault("example", given.get("example"))
        yield Parameter(
            name=name,
            where=where,
            required=where == "path" or given.get("required") is True,
            schema={key: value for key, value in found.items() if value is not None},
            description=str(given.get("description") or found.get("description") or ""),
        )


def _answer(document: Document, responses: object) -> Mapping[str, Any]:
    """Choose the answer that means success; `default` only where none is named."""
    by_status = {str(status): one for status, one in _mapping(responses).items()}
    good = sorted(status for status in by_status if status.startswith("2"))
    chosen = "200" if "200" in good else good[0] if good else "default"
    return _followed(document, by_status.get(chosen))


def _answer_schema(answer: Mapping[str, Any]) -> object:
    if "schema" in answer:  # Swagger 2
        return answer["schema"]
    content = _mapping(answer.get("content"))
    json = [one for kind, one in content.items() if _JSON.match(str(kind).lower())]
    return _mapping(json[0]).get("schema") if json else None


def _security(given: object) -> tuple[Mapping[str, list[str]], ...] | None:
    if not isinstance(given, list):
        return None
    return tuple(
        {
            str(name): [str(scope) for scope in scopes] if isinstance(scopes, list) else []
            for name, scopes in one.items()
        }
        for one in given
        if isinstance(one, Mapping)
    )


def _followed(document: Document, thing: object) -> Mapping[str, Any]:
    """Follow references of what is no schema: a path, a parameter, an answer."""
    for _ in range(10):
        if not isinstance(thing, Mapping):
            return {}
        if "$ref" not in thing:
            return thing
        thing = pointed(document, thing["$ref"])
    return {}


def _mapping(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}
