"""The kinds of sources: dlt code of the user's own, or something that dlt has code for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from dango_dbt.config.base import Config

__all__ = [
    "DATABASE_DRIVERS",
    "SOURCE_TYPES",
    "DatabaseTableConfig",
    "DltNativeConfig",
    "FileFormat",
    "FilesConfig",
    "FilesystemConfig",
    "RestApiConfig",
    "SourceCode",
    "SourceType",
    "SqlDatabaseConfig",
]

SourceType = Literal["dlt_native", "rest_api", "sql_database", "filesystem"]
SOURCE_TYPES: tuple[SourceType, ...] = get_args(SourceType)

#: What an address without a driver means, if it is there: SQLAlchemy has others in mind.
DATABASE_DRIVERS = {
    "postgres": "postgresql+psycopg2",
    "postgresql": "postgresql+psycopg2",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}

FileFormat = Literal["csv", "jsonl", "parquet"]

_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*"
_Text = Annotated[str, Field(min_length=1)]
_Names = Annotated[tuple[_Text, ...], Field(min_length=1, strict=False)]
_Disposition = Literal["append", "replace", "merge"]


def _is_one_of(*kinds: type, what: str) -> AfterValidator:
    """Allow values of several kinds, with one error about all of them."""

    def check(value: object) -> object:
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise PydanticCustomError("kind", "other kind", {"expected": what})
        return value

    return AfterValidator(check)


_Credentials = Annotated[
    Any,
    _is_one_of(str, dict, what="an address or a mapping of keys and values"),
    WithJsonSchema({"type": ["string", "object"]}),
]
_Value = Annotated[
    Any,
    _is_one_of(str, int, float, date, what="text, a number or a date"),
    WithJsonSchema({"type": ["string", "number"]}),
]


@dataclass(frozen=True)
class SourceCode:
    """The dlt function that makes a source, and what it is called with.

    Attributes:
        module: the function's; below `dlt.sources` where the source is declared.
        kwargs: the arguments as they are written, so with `${VAR}`.
        path: the keys below the source's entry under which they stand.
        own: whether it is code of the user's.
    """

    module: str
    function: str
    kwargs: Mapping[str, Any] = field(repr=False)
    path: tuple[str, ...]
    own: bool = False


class DltNativeConfig(Config):
    """Where the source's dlt code is, and what to call it with."""

    source_module: str = Field(
        pattern=rf"^{_IDENTIFIER}(\.{_IDENTIFIER})*$",
        description="A module or package in custom_sources/, or an installed module.",
    )
    source_function: str = Field(
        pattern=f"^{_IDENTIFIER}$",
        description="The function in it, decorated with @dlt.source or @dlt.resource.",
    )
    function_kwargs: Mapping[str, Any] = Field(
        default_factory=dict,
        description="Arguments of the function. ${VAR} in any text is replaced from the"
        " environment, then .env; ${VAR:-default} has a default; $${VAR} stays ${VAR}.",
    )

    @property
    def code(self) -> SourceCode:
        """The user's function."""
        return SourceCode(
            self.source_module,
            self.source_function,
            self.function_kwargs,
            ("dlt_native", "function_kwargs"),
            own=True,
        )


class RestApiConfig(Config):
    """A REST API, as dlt's declarative source has it (RESTAPIConfig); `${VAR}` in any text."""

    client: Mapping[str, Any] = Field(
        description="The API: base_url, headers, auth, paginator; see docs/source-types.md."
    )
    resources: Annotated[list[Any], Field(min_length=1)] = Field(
        description="What to load: names of endpoints, or mappings with name, endpoint,"
        " primary_key, write_disposition and so on."
    )
    resource_defaults: Mapping[str, Any] | None = Field(
        default=None, description="What holds for all resources that do not say otherwise."
    )

    @property
    def code(self) -> SourceCode:
        """dlt's source of REST APIs."""
        return SourceCode("dlt.sources.rest_api", "rest_api", _given(self), ("rest_api",))


class DatabaseTableConfig(Config):
    """How one table of a database is loaded."""

    incremental: _Text | None = Field(
        default=None,
        description="A column that only grows, such as updated_at: each load brings only the rows"
        " from its last value on, and is merged (with a primary key) or appended.",
    )
    initial_value: _Value | None = Field(
        default=None, description="The value of that column to begin with; default: all rows."
    )
    write_disposition: _Disposition | None = Field(
        default=None,
        description="Default: replace; with incremental, merge where there is a primary key, else"
        " append.",
    )
    primary_key: _Names | None = Field(
        default=None, description="The columns of the key, if the database does not say."
    )
    included_columns: _Names | None = Field(
        default=None, description="Load only these columns; default all."
    )

    @model_validator(mode="after")
    def _initial_of_what(self) -> DatabaseTableConfig:
        if self.initial_value is not None and self.incremental is None:
            raise PydanticCustomError("initial_alone", "no cursor")
        return self


class SqlDatabaseConfig(Config):
    """A database that SQLAlchemy knows: dlt's source sql_database, by default with Arrow."""

    credentials: _Credentials | None = Field(
        default=None,
        description="The address, such as ${DATABASE_URL}, or a mapping with drivername, host,"
        " port, database, username and password. Default: [sources.<name>.credentials] in"
        " .dlt/secrets.toml.",
    )
    # `schema` is a method of pydantic's models.
    schema_name: _Text | None = Field(
        default=None, alias="schema", description="The database's schema; default: its own default."
    )
    table_names: _Names | None = Field(
        default=None, description="Load only these tables; default: all of the schema."
    )
    tables: Mapping[str, DatabaseTableConfig] = Field(
        default_factory=dict, description="How single tables are loaded, by their names."
    )
    backend: Literal["pyarrow", "sqlalchemy", "pandas", "connectorx"] = Field(
        default="pyarrow", description="How rows are read; dlt's word. Default pyarrow."
    )
    backend_kwargs: Mapping[str, Any] | None = Field(
        default=None, description="Settings of the backend, such as {tz: UTC}."
    )
    chunk_size: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Rows in one batch; default 50,000."
    )
    reflection_level: Literal["minimal", "full", "full_with_precision"] = Field(
        default="full_with_precision",
        description="How much of the tables' definition is taken over; default: types with their"
        " precision.",
    )
    include_views: bool = Field(default=False, description="Load views too; default false.")
    resolve_foreign_keys: bool = Field(
        default=True,
        description="Make relationship tests of the database's foreign keys; default true.",
    )

    @property
    def code(self) -> SourceCode:
        """dlt's source of databases."""
        kwargs = _given(self)
        return SourceCode("dlt.sources.sql_database", "sql_database", kwargs, ("sql_database",))


class FilesConfig(Config):
    """Files that become one table."""

    name: str = Field(pattern="^[a-z][a-z0-9_]*$", description="The table's name.")
    file_glob: _Text = Field(
        description="Which files, below bucket_url, such as orders/*.parquet or **/*.csv."
    )
    format: FileFormat | None = Field(
        default=None, description="What they hold; default: by the ending in file_glob."
    )
    incremental: bool = Field(
        default=False,
        description="Load only files that are new or have changed since the last load, by their"
        " modification date; default false: all files, and they replace the table.",
    )
    primary_key: _Names | None = Field(default=None, description="The columns of the key.")
    write_disposition: _Disposition | None = Field(
        default=None,
        description="Default: replace; with incremental, merge where there is a primary key, else"
        " append.",
    )
    columns: Mapping[str, Any] | None = Field(
        default=None,
        description="Types of columns, as dlt has them: {price: {data_type: decimal}}.",
    )
    reader: Mapping[str, Any] = Field(
        default_factory=dict,
        description="Settings of the reader: of CSV those of DuckDB's read_csv, such as {sep: ;}.",
    )


class FilesystemConfig(Config):
    """Files in a folder, or in a bucket that fsspec knows: dlt's source filesystem."""

    bucket_url: _Text = Field(
        description="The folder, relative to the project, or the bucket, such as s3://bucket/path."
    )
    credentials: Mapping[str, Any] | None = Field(
        default=None,
        description="How to log in, such as aws_access_key_id, aws_secret_access_key and"
        " endpoint_url. Default: [sources.<name>.credentials] in .dlt/secrets.toml.",
    )
    files: Annotated[tuple[FilesConfig, ...], Field(min_length=1, strict=False)] = Field(
        description="The tables, and which files each is made of."
    )

    @property
    def code(self) -> SourceCode:
        """dlt's source of files."""
        return SourceCode("dlt.sources.filesystem", "filesystem", _given(self), ("filesystem",))


def _given(block: Config) -> dict[str, Any]:
    """Give a block's settings with their defaults, in plain data; without what is not set."""
    return block.model_dump(mode="json", exclude_none=True, by_alias=True)
