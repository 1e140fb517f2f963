"""A connector → the module that a user would write by hand; pure."""

from __future__ import annotations

from textwrap import TextWrapper
from typing import Any

from dango_dbt.adding.python_code import docstring, literal, text_literal
from dango_dbt.connectors import Connector, Credential, with_references

__all__ = ["PythonSource"]

_WIDTH = 88
#: What a connector says that was not made from a catalogue.
NOT_KNOWN = "not known"
_TYPES = {"text": "str", "number": "int", "list": "list[str]"}


class PythonSource:
    """A source as Python: its function, with what it is called with, and a way to run it alone."""

    def __init__(self, name: str, connector: Connector) -> None:
        self.name = name
        self.connector = connector
        self.names = set(connector.credentials)

    def text(self) -> str:
        """Write the module."""
        if self.connector.load.rest_api is not None:
            imports, body = _REST_IMPORTS, self._rest_api()
            if _BASIC in str(self.connector.load.rest_api):
                imports = [*_BASIC_IMPORTS, *_BASIC_CLASS]
        else:
            kind = str((self.connector.load.source or {})["type"])
            imports, called = _core_imports(kind, self.name)
            body = self._core_source(kind, called)
        return "\n".join(
            [
                *self._head(),
                "",
                "from collections.abc import Iterable",
                "",
                "import dlt",
                "from dlt.extract import DltResource",
                *imports,
                "",
                "",
                "@dlt.source",
                *self._signature(),
                *self._docstring(),
                *body,
                "",
                "",
                'if __name__ == "__main__":',
                "    pipeline = dlt.pipeline(",
                f"        pipeline_name={text_literal(self.name)},",
                '        destination="duckdb",',
                f"        dataset_name={text_literal('raw_' + self.name)},",
                "    )",
                f"    print(pipeline.run({self.name}()))",
                "",
            ]
        )

    def _head(self) -> list[str]:
        """Write the module's docstring."""
        about = self.connector
        first = docstring(f"{about.title}: {about.description}")
        lines = _wrapped(first, _WIDTH - 3) or [""]
        rest = [docstring(about.docs)]
        if about.rate_limits != NOT_KNOWN:
            rest += _wrapped(docstring(f"Rate limits: {about.rate_limits}"), _WIDTH)
        rest += ["", "Run this file by itself to try it: it loads into a DuckDB file beside."]
        return [f'"""{lines[0]}', *lines[1:], "", *rest, '"""']

    def _signature(self) -> list[str]:
        if not self.names:
            return [f"def {self.name}() -> Iterable[DltResource]:"]
        arguments = [f"    {_argument(key, one)}," for key, one in self._ordered()]
        return [f"def {self.name}(", *arguments, ") -> Iterable[DltResource]:"]

    def _ordered(self) -> list[tuple[str, Credential]]:
        credentials = self.connector.credentials
        return sorted(credentials.items(), key=lambda item: not item[1].required)

    def _docstring(self) -> list[str]:
        about = docstring(f"{self.connector.summary}.")
        first, *more = _wrapped(about, _WIDTH - 7)
        lines = [f'    """{first}', *(f"    {line}" for line in more)]
        if self.names:
            lines += ["", "    Args:"]
        for key, one in self._ordered():
            text = docstring(": ".join(filter(None, (key, one.title, one.where))))
            lines += _wrapped(text, _WIDTH, first=" " * 8, rest=" " * 12)
        return [*lines, '    """'] if len(lines) > 1 else [f'{lines[0]}"""']

    def _rest_api(self) -> list[str]:
        config = with_references(self.connector.load.rest_api or {}, self.connector.relationships)
        start = "    config: RESTAPIConfig = "
        written = literal(config, 4, self.names, used=len(start))
        return [f"{start}{written}", "    yield from rest_api_resources(config)"]

    def _core_source(self, kind: str, called: str) -> list[str]:
        settings: dict[str, Any] = dict(self.connector.load.source or {})
        del settings["type"]
        if kind == "sql_database":
            settings = {"credentials": "${credentials}", "backend": "pyarrow", **settings}
            arguments = [
                f"        {key}={literal(value, 8, self.names, used=9 + len(key))},"
                for key, value in settings.items()
            ]
            return [
                "    # To load only what is new, give a table a cursor and a key:",
                '    # table.apply_hints(incremental=dlt.sources.incremental("updated_at"), …)',
                f"    tables = {called}(",
                *arguments,
                "    )",
                "    for table in tables.resources.values():",
                '        table.apply_hints(write_disposition="replace")',
                "        yield table",
            ]
        return [
            f"    files = {called}(bucket_url, file_glob=file_glob)",
            '    files.apply_hints(incremental=dlt.sources.incremental("modification_date"))',
            "    # read_csv and read_jsonl are there as well.",
            f"    yield (files | read_parquet()).with_name({text_literal(self.name)})",
        ]


_BASIC = "oauth2_client_credentials_basic"
_BASIC_IMPORTS = [
    "from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials",
    "from dlt.sources.rest_api import RESTAPIConfig, rest_api_resources",
    "from dlt.sources.rest_api.config_setup import register_auth",
]
_BASIC_CLASS = [
    "",
    "",
    "class BasicClientCredentials(OAuth2ClientCredentials):",
    '    """The client\'s ID and secret go by HTTP basic authentication, not in the body."""',
    "",
    "    def build_access_token_request(self) -> dict[str, object]:",
    '        """Ask for a token."""',
    "        return {",
    '            "auth": (self.client_id, self.client_secret),',
    '            "data": {"grant_type": "client_credentials"},',
    "        }",
    "",
    "",
    f'register_auth("{_BASIC}", BasicClientCredentials)',
]
_REST_IMPORTS = ["from dlt.sources.rest_api import RESTAPIConfig, rest_api_resources"]


def _core_imports(kind: str, name: str) -> tuple[list[str], str]:
    """Import one of dlt's core sources, by another name where the user's has its own; give that."""
    begin = f"from dlt.sources.{kind} import"
    more = ["read_parquet"] if kind == "filesystem" else []
    if name != kind:
        return [f"{begin} {', '.join([kind, *more])}"], kind
    called = f"dlt_{kind}"
    return [f"{begin} {kind} as {called}", *(f"{begin} {one}" for one in more)], called


def _wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Break text into lines at spaces, never within a word: it may be a backslash's."""
    return TextWrapper(width, first, rest, break_long_words=False).wrap(text)


def _argument(key: str, one: Credential) -> str:
    kind = _TYPES[one.kind]
    if one.default is not None:
        return f"{key}: {kind} = {literal(one.default, 4, (), used=8 + len(key) + len(kind))}"
    return f"{key}: {kind} = dlt.{'secrets' if one.secret else 'config'}.value"
