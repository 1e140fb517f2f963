"""What `.dango/sources.yml` may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BeforeValidator,
    Field,
    PrivateAttr,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from dango_dbt.config.base import Config
from dango_dbt.config.freshness import FreshnessConfig, Schedule, TimeZone
from dango_dbt.config.names import (
    DATASET,
    WORDS,
    default_dataset,
)
from dango_dbt.config.source_types import (
    SOURCE_TYPES,
    DltNativeConfig,
    FilesystemConfig,
    RestApiConfig,
    SourceCode,
    SourceType,
    SqlDatabaseConfig,
)
from dango_dbt.config.staging import StagingConfig
from dango_dbt.errors import ConfigError, Place
from dango_dbt.schedules import time_zone

__all__ = [
    "BrokenSource",
    "GenerateConfig",
    "KeyPath",
    "Reading",
    "SourceConfig",
    "SourcesConfig",
]

#: Keys and list indexes from the top of the file, such as `("sources", 0, "dlt_native")`.
KeyPath: TypeAlias = tuple[str | int, ...]


def _as_text(version: object) -> object:
    """Take the number 1.0 for the text '1.0': the quotes are easily forgotten."""
    return "1.0" if type(version) in {int, float} and version == 1 else version


_Version = Annotated[
    Literal["1.0"], BeforeValidator(_as_text), WithJsonSchema({"enum": ["1.0", 1.0]})
]
_Text = Annotated[str, Field(min_length=1)]
_Names = Annotated[tuple[_Text, ...], Field(min_length=1, strict=False)]  # YAML has lists only


class SourceConfig(Config):
    """One source: what to load, and into which dataset."""

    name: str = Field(
        pattern=f"^{WORDS}$",
        description="Its name: lower-case letters, digits and single underscores. The models are"
        " named stg_<name>__<table>.",
    )
    type: SourceType = Field(
        description="The kind of source: dlt code in Python, or something declared in a key of this"
        " name: a REST API, an SQL database, files."
    )
    enabled: bool = Field(
        default=True, description="Whether to load and build it; a disabled one keeps its models."
    )
    description: str | None = Field(
        default=None, description="What the source is, for people and for the dbt docs."
    )
    dlt_native: DltNativeConfig | None = Field(
        default=None, description="The source's dlt code; of type dlt_native."
    )
    rest_api: RestApiConfig | None = Field(
        default=None, description="The REST API, in dlt's words; of type rest_api."
    )
    sql_database: SqlDatabaseConfig | None = Field(
        default=None, description="The database; of type sql_database."
    )
    filesystem: FilesystemConfig | None = Field(
        default=None, description="Where the files are; of type filesystem."
    )
    dataset_name: str | None = Field(
        default=None,
        pattern=DATASET,
        description="The dataset (dbt: schema) to load into; default raw_<name>.",
    )
    resources: _Names | None = Field(
        default=None, description="Load only these of the source's resources; default all."
    )
    pipeline_name: str | None = Field(
        default=None,
        pattern="^[A-Za-z0-9_-]+$",
        description="The name of the dlt pipeline, to take over a dataset that another dlt"
        " pipeline has filled; default the source's name.",
    )
    max_table_nesting: int | None = Field(
        default=None,
        ge=0,
        description="How many levels of nested lists become tables of their own; deeper ones"
        " become JSON. Default: dlt's, or what the source's code says.",
    )
    nested_keys: bool = Field(
        default=True,
        description="Whether nested tables repeat the primary key of their root table, as"
        " _<table>_<column>.",
    )
    on_empty: Literal["refuse", "allow"] = Field(
        default="refuse",
        description="What to do when a resource that replaces its table brings no rows, and the"
        " table has some: refuse to load, or allow the table to become empty.",
    )
    schedule: Schedule | None = Field(
        default=None,
        description="When the source is to be loaded, as five fields of cron or @daily and the"
        " like, on clocks of `timezone`: `--due` goes by it, and `dbt source freshness`.",
    )
    freshness: FreshnessConfig | None = Field(
        default=None,
        description="How old the last sync may be in `dbt source freshness`; default: a warning"
        " after twice the longest pause of the schedule, an error after four times.",
    )
    staging: StagingConfig = Field(
        default=StagingConfig(), description="How the source's tables are staged."
    )

    @model_validator(mode="after")
    def _what_its_type_says(self) -> SourceConfig:
        """Want the key that is named like the type, and no other of its kind."""
        given = [key for key in SOURCE_TYPES if getattr(self, key) is not None]
        if self.type not in given:
            raise PydanticCustomError("block_missing", "no block", {"key": self.type})
        if others := [key for key in given if key != self.type]:
            raise PydanticCustomError(
                "block_unused", "other block", {"key": others[0], "type": self.type}
            )
        return self

    @property
    def code(self) -> SourceCode:
        """The dlt function that makes the source, and what it is called with."""
        block = getattr(self, self.type)
        code: SourceCode = block.code
        return code

    @property
    def dataset(self) -> str:
        """The dataset to load into."""
        return self.dataset_name or default_dataset(self.name)

    @property
    def pipeline(self) -> str:
        """The name of the dlt pipeline."""
        return self.pipeline_name or self.name


class GenerateConfig(Config):
    """How dbt code is generated."""

    target: _Text | None = Field(
        default=None,
        description="The dbt target whose types and case the generated code follows; default the"
        " profile's default target.",
    )


@dataclass(frozen=True)
class BrokenSource:
    """A source whose entry cannot be used for what is wrong with it.

    Attributes:
        name: as it is written, or `entry 2` for the second of the file where there is none.
        dataset: where it would be loaded; None: what is written cannot be a dataset.
        modules: the modules that the entry names.
        problems: what is wrong, at least one thing.
    """

    name: str
    dataset: str | None
    enabled: bool
    modules: frozenset[str]
    problems: tuple[ConfigError, ...]

    def and_also(self, other: BrokenSource) -> BrokenSource:
        """Join another entry of the same name."""
        return BrokenSource(
            self.name,
            self.dataset,
            self.enabled or other.enabled,
            self.modules | other.modules,
            tuple(dict.fromkeys((*self.problems, *other.problems))),
        )


@dataclass(frozen=True)
class Reading:
    """What the loader knows of the file beside its data; it is passed as pydantic's context."""

    places: Mapping[KeyPath, Place]
    broken: tuple[BrokenSource, ...]
    keys: Mapping[KeyPath, Place] = field(default_factory=dict)


class SourcesConfig(Config):
    """The whole of `.dango/sources.yml`."""

    version: _Version = Field(default="1.0", description="The version of the file's format.")
    sources: Annotated[tuple[SourceConfig, ...], Field(strict=False)] = Field(
        default=(), description="What to load."
    )
    dbt_project: _Text = Field(
        default="dbt_project",
        description="The folder of the dbt project, relative to the project's root.",
    )
    timezone: TimeZone = Field(
        default="UTC",
        description="The time zone of all schedules, by its IANA name, such as Europe/Berlin.",
    )
    generate: GenerateConfig = Field(
        default=GenerateConfig(), description="Settings of the generated dbt code."
    )
    generator_version: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="The version of the generated text to stay with: a dango-dbt that writes"
        " another one generates nothing until `dango-dbt generate --upgrade`; default: any.",
    )
    shared_targets: Annotated[tuple[_Text, ...], Field(strict=False)] = Field(
        default=(),
        description="dbt targets that may have one database, and so the same raw data; default"
        " none.",
    )

    _reading: Reading = PrivateAttr(default=Reading({}, ()))

    def model_post_init(self, context: Any, /) -> None:  # noqa: ANN401 - pydantic's signature
        """Keep what the loader knows of the file."""
        if isinstance(context, Reading):
            self._reading = context

    @property
    def broken(self) -> tuple[BrokenSource, ...]:
        """The sources of the file that are not among `sources`: their entries are wrong."""
        return self._reading.broken

    @property
    def names(self) -> list[str]:
        """The names of all sources in the file, broken ones too."""
        broken = [source.name for source in self.broken]
        return [*(source.name for source in self.sources), *broken]

    @property
    def modules(self) -> set[str]:
        """The modules that the file names, broken entries included."""
        named = {source.code.module for source in self.sources}
        return named.union(*(source.modules for source in self.broken))

    def place(self, *path: str | int) -> Place:
        """Say where the value of a key stands in the file, or the nearest thing above it.

        Args:
            path: keys and list indexes, such as `"sources", 0, "dlt_native"`.
        """
        for end in range(len(path), -1, -1):
            if path[:end] in self._reading.places:
                return self._reading.places[path[:end]]
        return Place(Path(".dango", "sources.yml"))

    @property
    def zone(self) -> tzinfo:
        """The time zone of all schedules."""
        return time_zone(self.timezone)

    def place_of(self, source: SourceConfig, *path: str | int, at_key: bool = False) -> Place:
        """Say where a source's entry, or the value of a key in it, stands in the file.

        Args:
            source: one of this config's sources.
            path: keys below its entry, such as `"dlt_native", "function_kwargs", "api_key"`.
            at_key: say where the key stands, not its value.
        """
        index = next(index for index, other in enumerate(self.sources) if other is source)
        whole = ("sources", index, *path)
        return (self._reading.keys.get(whole) if at_key else None) or self.place(*whole)
