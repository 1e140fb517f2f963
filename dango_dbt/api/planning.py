"""What generation would do, before anything is written: from schemas to changes of files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from dango_dbt import destinations, dlt_schema, macros
from dango_dbt.api.code_changes import tables_with_new_code
from dango_dbt.api.pinning import behind, upgraded
from dango_dbt.api.remarks import warnings_of
from dango_dbt.api.risks import Risk, removed_columns, retyped_columns
from dango_dbt.config import SourceConfig, SourcesConfig, is_source_name
from dango_dbt.credentials import variables
from dango_dbt.dlt_schema import StoredSchema
from dango_dbt.env_example import with_variables
from dango_dbt.files import Change, Generated, change_of, read_exactly, read_text, removal_of
from dango_dbt.freshness import thresholds
from dango_dbt.generate import PlannedFile, plan_macros, plan_source
from dango_dbt.handed_over import handed_over
from dango_dbt.merging import merged, with_entries
from dango_dbt.naming import models_file, staging_file, staging_folder, staging_model
from dango_dbt.project import ProjectLayout
from dango_dbt.references import referring
from dango_dbt.results import FileAction, SchemaChange, SourceChanges
from dango_dbt.schema import SourceTables
from dango_dbt.staging_options import with_options

__all__ = ["GenerationPlan", "plan_generation"]


@dataclass(frozen=True)
class GenerationPlan:
    """What generation would do.

    Attributes:
        target: name of the target whose last loads are taken in.
        changes: of all generated files, unchanged ones too; in the order to write them.
        schema_changes: what is behind them, for each source that has any.
        warnings: what the user should know of the result.
        taken: which files with a load's schema are used up by it, and what they are called then.
        risks: columns that are retyped or go, which models may rely on.
        new_code: the tables, as `source.table`, whose model or declaration changes.
    """

    target: str
    changes: tuple[Change, ...]
    schema_changes: tuple[SourceChanges, ...]
    warnings: tuple[str, ...]
    taken: tuple[tuple[Path, Path], ...]
    risks: tuple[Risk, ...]
    new_code: tuple[str, ...] = ()


def plan_generation(  # noqa: PLR0913 - all that it depends on
    layout: ProjectLayout,
    config: SourcesConfig,
    target: str,
    adapter: str,
    names: Collection[str] = (),
    *,
    prune: bool = False,
    held: Collection[str] = (),
    upgrade: bool = False,
) -> GenerationPlan:
    """Say what is to become of all generated files.

    Args:
        layout: where things are.
        config: which sources there are; a disabled one keeps its files.
        target: name of the target whose last loads are taken in.
        adapter: the dbt adapter whose types and quoting the text follows.
        names: only these sources; none: all.
        prune: let tables go whose resource the source does not have any more.
        held: tables, as `source.table`, whose columns keep their types for now.
        upgrade: go over to the version of the text that is written now.

    Raises:
        ConfigError: a schema file is broken, the adapter is not mapped, or the project needs a
            newer dango-dbt.
        GenerateError: a file cannot be read.
    """
    planning = _Planning(layout, config, target, adapter, held, prune=prune)
    planning.plan(names)
    if not upgrade and (reason := behind(config)):
        return GenerationPlan(target, (), (), (reason,), (), tuple(planning.risks))
    if not names and (change := upgraded(layout, config)):
        planning.changes.append(change)
    return GenerationPlan(
        target,
        tuple(planning.changes),
        tuple(planning.schema_changes),
        tuple(planning.warnings),
        tuple(planning.taken),
        (*planning.risks, *removed_columns(planning.changes)),
        tuple(planning.new_code),
    )


class _Planning:
    def __init__(  # noqa: PLR0913 - as above
        self,
        layout: ProjectLayout,
        config: SourcesConfig,
        target: str,
        adapter: str,
        held: Collection[str],
        *,
        prune: bool,
    ) -> None:
        self.layout, self.config, self.target, self.adapter = layout, config, target, adapter
        self.held, self.prune = held, prune
        self.accepted: dict[str, StoredSchema | None] = {}
        self.last_loads: dict[str, StoredSchema | None] = {}
        self.changes: list[Change] = []
        self.schema_changes: list[SourceChanges] = []
        self.warnings: list[str] = []
        self.taken: list[tuple[Path, Path]] = []
        self.risks: list[Risk] = []
        self.new_code: list[str] = []

    def plan(self, names: Collection[str]) -> None:
        # what is wrong with an entry may be its name
        known = filter(is_source_name, self.config.names)
        schemas = {name: self.schema(name) for name in known}
        dlt_names = Counter(schema["name"] for schema in schemas.values() if schema)
        for source in self.config.sources:
            schema = schemas[source.name]
            if schema is None or not schema["tables"] or (names and source.name not in names):
                continue  # never loaded: there is nothing to declare yet
            schema = self.without_gone(source.name, schema)
            self.source(source, schema, shared=dlt_names[schema["name"]] > 1)
        if self.changes:
            for file in plan_macros(macros.texts()):
                self.changes.append(self.change(self.layout.dbt.macros, file))
        if not names:
            self.sources_gone()
        gone = [change.path for change in self.changes if change.action == "removed"]
        self.warnings += referring(self.layout, gone)
        self.changes += self.env_example()

    def schema(self, source: str) -> StoredSchema | None:
        """Join what was loaded last into the accepted schema.

        A load that has been accepted before only fills gaps: what a colleague has accepted since,
        and git has brought, must not be undone by an older load of our own.
        """
        layout, target = self.layout, self.target
        accepted = dlt_schema.load(layout.accepted_schema(source))
        taken = dlt_schema.load(layout.taken_schema(target, source))
        live = dlt_schema.load(layout.live_schema(target, source))
        if held := self.held_of(source):
            taken = dlt_schema.without_retyped(accepted, taken, held)
            live = dlt_schema.without_retyped(accepted, live, held)
        self.accepted[source], self.last_loads[source] = accepted, live or taken
        schema = dlt_schema.merge(dlt_schema.merge_missing(accepted, taken), live)
        return schema and {key: value for key, value in schema.items() if key != "resources"}

    def held_of(self, source: str) -> list[str]:
        """Name the tables of a source that are held."""
        prefix = f"{source}."
        return [name.removeprefix(prefix) for name in self.held if name.startswith(prefix)]

    def without_gone(self, source: str, schema: StoredSchema) -> StoredSchema:
        """Let tables go that the source does not have any more, if that is asked for.

        One whose model was edited stays, and with it what it is nested in and what is nested in it.
        """
        gone = dlt_schema.gone(schema, self.last_loads[source])
        for root in [name for name in gone if schema["tables"][name].get("parent") not in gone]:
            tables = [name for name in gone if dlt_schema.root_name(name, schema) == root]
            if not self.prune:
                self.warnings.append(
                    f"source `{source}`: it has no resource for table `{root}` any more;"
                    " `dango-dbt generate --prune` removes what was generated for it"
                )
                continue
            paths = [self.layout.dbt.models / staging_file(source, name) for name in tables]
            changes = [removal_of(path, self.layout.pristine(path)) for path in paths]
            edited = [change.path for change in changes if change and change.action == "conflict"]
            if edited:
                self.warnings.append(
                    f"source `{source}`: table `{root}` is gone, and its models stay, since you"
                    f" have edited {', '.join(map(self.layout.shown, edited))}"
                )
                continue
            self.changes += [change for change in changes if change]
            kept = {name: t for name, t in schema["tables"].items() if name not in tables}
            schema = {**schema, "tables": kept}
        return schema

    def source(self, source: SourceConfig, schema: StoredSchema, *, shared: bool) -> None:
        tables = SourceTables(
            source.name,
            source.dataset,
            with_options(dlt_schema.tables(schema, self.adapter), source.staging),
            source.description,
            dlt_name=schema["name"],
            dlt_name_shared=shared,
            pipeline=source.pipeline,
            freshness=thresholds(source),
            longest_name=destinations.capabilities(self.adapter).max_identifier_length,
            loads=dlt_schema.loads(schema, self.adapter),
        )
        retyped = self.accept(source.name, schema)
        planned = plan_source(tables, destinations.adapter(self.adapter).dialect)
        own = handed_over(self.layout.dbt.models / models_file(source.name))
        changes = [self.change(self.layout.dbt.models, file, own) for file in planned]
        conflicts = [change.path.stem for change in changes if change.action == "conflict"]
        changes = [
            self.change(self.layout.dbt.models, self.keeping(file, conflicts), own)
            if conflicts and file.path.name == models_file(source.name).name
            else change
            for file, change in zip(planned, changes, strict=True)
        ]
        self.changes += changes
        self.new_code += tables_with_new_code(tables, changes)
        self.excluded(tables, own)
        self.risks += retyped_columns(tables, retyped)
        warnings = warnings_of(tables, source, retyped)
        self.warnings += [f"source `{source.name}`: {text}" for text in warnings]

    def accept(self, source: str, schema: StoredSchema) -> tuple[SchemaChange, ...]:
        """Plan an accepted schema: it holds all that it held, so there is nothing to lose."""
        path = self.layout.accepted_schema(source)
        before, text = read_exactly(path), dlt_schema.dump(schema)
        self.changes.append(_own(path, before, text))
        accepted = self.accepted[source]
        changes = dlt_schema.changes(accepted, schema) if accepted else ()
        if changes:
            self.schema_changes.append(SourceChanges(source, changes))
        live = self.layout.live_schema(self.target, source)
        if live.exists() and not self.held_of(source):
            self.taken.append((live, self.layout.taken_schema(self.target, source)))
        return changes

    def change(self, folder: Path, file: PlannedFile, handed_over: Collection[str] = ()) -> Change:
        path = folder / file.path
        dialect = destinations.adapter(self.adapter).dialect
        merge = partial(merged, file.path, dialect=dialect, handed_over=handed_over)
        pristine, managed = self.layout.pristine(path), path.stem not in handed_over
        return change_of(Generated(path, pristine, file.text, merge, managed))

    def keeping(self, file: PlannedFile, models: Collection[str]) -> PlannedFile:
        """Leave what is declared of models in conflict: a column that has not come is not there."""
        before = read_text(self.layout.pristine(self.layout.dbt.models / file.path))
        text = None if before is None else with_entries(file.text, models, before)
        return file if text is None else replace(file, text=text)

    def excluded(self, tables: SourceTables, handed_over: Collection[str]) -> None:
        """Plan the end of the models whose tables sources.yml excludes now; edited ones stay."""
        names = [
            table.name
            for table in tables.tables
            if not table.staging.include
            and staging_model(tables.name, table.name) not in handed_over
        ]
        files = [staging_file(tables.name, name) for name in names]
        if len(names) == len(tables.tables):
            files.append(models_file(tables.name))
        for file in files:
            path = self.layout.dbt.models / file
            change = removal_of(path, self.layout.pristine(path))
            if change and change.action == "removed":
                self.changes.append(change)
            elif change:
                self.warnings.append(
                    f"{self.layout.shown(path)} stays, since it was edited, though `staging:` in"
                    " sources.yml excludes its table: remove it, or include the table"
                )

    def sources_gone(self) -> None:
        """Plan the end of what was generated from sources that sources.yml no longer names."""
        if not all(is_source_name(source.name) for source in self.config.broken):
            return  # it may be the one whose name is misspelt now
        for schema in sorted(self.layout.schemas.glob("*.yaml")):
            if schema.stem not in self.config.names:
                self.source_gone(schema.stem, schema)

    def source_gone(self, name: str, schema: Path) -> None:
        """All of it goes, or nothing: an edited model needs the declaration of its source."""
        folder = self.layout.dbt.models / staging_folder(name)
        copies = [path for path in self.layout.pristine(folder).rglob("*") if path.is_file()]
        changes = [
            change
            for copy in sorted(copies)
            if (change := removal_of(folder / copy.relative_to(self.layout.pristine(folder)), copy))
        ]
        edited = [change.path for change in changes if change.action == "conflict"]
        if edited:
            files = ", ".join(map(self.layout.shown, edited))
            self.warnings.append(
                f"source `{name}` is not in sources.yml any more, and its models stay, since you"
                f" have edited {files}: remove them to be rid of it"
            )
        elif changes:
            text = read_exactly(schema)
            self.changes += [*changes, Change(schema, "removed", text, None, None)]

    def env_example(self) -> Iterator[Change]:
        """Name the variables of sources.yml in `.env.example`, where they are missing there."""
        path = self.layout.root / ".env.example"
        current = read_exactly(path)
        kwargs = [source.code.kwargs for source in self.config.sources]
        text = with_variables(current, variables(kwargs))
        if text is not None and text != current:
            yield _own(path, current, text)


def _own(path: Path, before: str | None, after: str) -> Change:
    """Plan a file that has no pristine copy: what is put into it takes nothing away."""
    action: FileAction = "created" if before is None else "updated"
    return Change(path, "unchanged" if before == after else action, before, after, after)
