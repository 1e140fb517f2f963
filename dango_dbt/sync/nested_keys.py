"""A root table's primary key goes along into all its nested tables, so that no join is needed.

So does the id of the load, where nested tables are staged incrementally: they have none themselves.
dlt's relational normaliser does it (https://dlthub.com/docs/general-usage/schema, "propagation").
It is told after extract, when names are normalised and all is known of a table that its resource,
or the data itself, says; dlt forgets it with the next extract. It asks nobody before it overwrites
a column: whether a nested table has one of that name already is looked for here, in the schema and,
where nothing was repeated yet, in the extracted items. Our own columns carry a mark in the schema.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dlt.common.normalizers.exceptions import InvalidJsonNormalizer
from dlt.common.normalizers.json.relational import DataItemNormalizer
from dlt.common.schema.utils import (
    get_columns_names_with_prop,
    get_nested_tables,
    is_nested_table,
)

from dango_dbt.config import SourceConfig
from dango_dbt.dlt_schema import LOAD_ID_HINT, ROOT_KEY_HINT, StoredSchema, root_name
from dango_dbt.progress import Progress
from dango_dbt.sync import steps
from dango_dbt.sync.job import SyncJob
from dango_dbt.sync.packages import normalized

if TYPE_CHECKING:
    import dlt
    from dlt.common.schema import Schema
    from dlt.common.schema.typing import TTableSchema

__all__ = ["normalize"]

_OFF = "(`nested_keys: false` turns this off)"
#: What the load's id is called in nested tables, and in root tables (dlt's).
_LOAD_ID, _DLT_LOAD_ID = "_root_load_id", "_dlt_load_id"
#: What dlt gives a decimal column of which it knows no more than that (precision 38, scale 9).
_DEFAULT_SCALE = 9


def normalize(
    pipeline: dlt.Pipeline, schema_name: str, job: SyncJob, progress: Progress
) -> Mapping[str, int]:
    """Normalize, with keys in nested tables unless the source has that off; gives rows by table.

    Raises:
        PipelineStepFailed: it failed; unless that passes, nothing is pending any more.
    """
    try:
        schema = pipeline.schemas[schema_name]
    except FileNotFoundError:  # what is pending is of another schema
        return steps.normalize(pipeline)
    for problem in _propagate(schema, job, _extracted_files(pipeline)):
        progress.warning(f"source `{job.source.name}`: {problem}")
    pipeline.schemas.save_schema(schema)
    rows = steps.normalize(pipeline)
    _mark_all(pipeline, schema_name)
    return rows


def _propagate(schema: Schema, job: SyncJob, files: Mapping[str, list[Path]]) -> Iterator[str]:
    """Tell dlt which columns to repeat; says of which ones that is not possible."""
    try:
        known = _configured(schema)
    except InvalidJsonNormalizer:  # the user's own: it may know no nested tables at all
        return
    source, marked = job.source, _with_load_ids(schema, job.accepted)
    for name, root in _roots(schema).items():
        extracted = files.get(name, ())
        keys = _keys(name, root, schema, known) if source.nested_keys else {}
        if problem := _repeat(name, keys, ROOT_KEY_HINT, schema, extracted):
            yield f"nested tables of `{name}` do not get its key: {problem} {_OFF}"
        if name not in marked and not _wants_load_id(name, schema, source):
            continue
        load_id = _load_id(name, root, schema, known)
        if problem := _repeat(name, load_id, LOAD_ID_HINT, schema, extracted):
            _unmark(name, schema)
            yield f"nested tables of `{name}` are not staged incrementally: {problem}"


def _repeat(
    name: str, keys: Mapping[str, str], hint: str, schema: Schema, files: Iterable[Path]
) -> str | None:
    """Have columns of a root table repeated in its nested ones; says why that is not possible."""
    if not keys:
        return None
    root, nested = schema.tables[name], _nested(name, schema)
    if not nested or not all(_repeats(table, keys, hint) for table in nested.values()):
        problem = _problem({name: root, **nested}, keys, hint, schema)
        if problem and not nested:
            return None  # there may never be one
        problem = problem or _overwritten(files, keys, schema)
        if problem:
            return problem
    config = cast("Any", {"propagation": {"tables": {name: dict(keys)}}})
    DataItemNormalizer.update_normalizer_config(schema, config)
    types = {target: _type(root, key) for key, target in keys.items()}
    types = {target: data_type for target, data_type in types.items() if data_type}
    schema.update_preferred_types(cast("Any", types), normalize_identifiers=False)
    return None


def _type(root: TTableSchema, column: str) -> str | None:
    """Tell a column's type; dlt's own joins a new table only with its first row."""
    if column.lower() == _DLT_LOAD_ID:
        return "text"
    return root["columns"][column].get("data_type")


def _with_load_ids(schema: Schema, accepted: StoredSchema | None) -> set[str]:
    """Name the root tables whose nested tables have the load's id, here or in another warehouse.

    These get it always: rows without it, from loads while the option was off, would be missing
    from a model that is incremental again.
    """
    found = {
        name
        for name in _roots(schema)
        for table in _nested(name, schema).values()
        if any(LOAD_ID_HINT in column for column in table["columns"].values())
    }
    for name, table in (accepted or {"tables": {}})["tables"].items():
        if any(LOAD_ID_HINT in column for column in table["columns"].values()):
            found.add(root_name(name, cast("StoredSchema", accepted)))
    return found


def _wants_load_id(root: str, schema: Schema, source: SourceConfig) -> bool:
    """Whether a table is staged incrementally, or one that is nested in it."""
    nested = _nested(root, schema)
    said = {name: table.incremental for name, table in source.staging.tables.items()}
    own = said.get(root)
    return bool(source.staging.incremental if own is None else own) or any(map(said.get, nested))


def _unmark(root: str, schema: Schema) -> None:
    """Let a column with load ids be one like others: from now on rows come without it."""
    for table in _nested(root, schema).values():
        for column in table["columns"].values():
            cast("dict[str, Any]", column).pop(LOAD_ID_HINT, None)


def _load_id(
    name: str, root: TTableSchema, schema: Schema, known: Mapping[str, Any]
) -> dict[str, str]:
    """Name the column for the load's id, where it is of use: dlt adds rows, or merges them."""
    key = schema.naming.normalize_identifier(_DLT_LOAD_ID)
    disposition = root.get("write_disposition")
    if disposition == "replace" or root.get("x-merge-strategy") == "scd2":
        return {}
    if key in _mapping(name, known):
        return {}
    target = schema.naming.normalize_identifier(_LOAD_ID)
    taken = _keys(name, root, schema, known).values()  # the key `load_id` of a table `root`
    return {} if target in taken else {key: target}


def _configured(schema: Schema) -> Mapping[str, Any]:
    """Read what is to be propagated as the schema has it: `{"root": {…}, "tables": {…}}`."""
    config = DataItemNormalizer.get_normalizer_config(schema)
    return cast("Mapping[str, Any]", config.get("propagation") or {})


def _mapping(root: str, known: Mapping[str, Any]) -> dict[str, str]:
    """Read which of a root table's columns become which ones of its nested tables."""
    return {**(known.get("root") or {}), **(known.get("tables") or {}).get(root, {})}


def _roots(schema: Schema) -> dict[str, TTableSchema]:
    tables = schema.data_tables(include_incomplete=True)
    return {str(table["name"]): table for table in tables if not is_nested_table(table)}


def _nested(root: str, schema: Schema) -> dict[str, TTableSchema]:
    tables = get_nested_tables(schema.tables, root, include_self=False)
    return {str(table["name"]): table for table in tables}


def _primary_key(root: TTableSchema) -> list[str]:
    return get_columns_names_with_prop(root, "primary_key", include_incomplete=True)


def _keys(
    name: str, root: TTableSchema, schema: Schema, known: Mapping[str, Any]
) -> dict[str, str]:
    """Name the columns for a root table's key in nested tables; the user's own settings stay."""
    return {
        key: schema.naming.normalize_identifier(f"_{name}_{key}")
        for key in _primary_key(root)
        if key not in _mapping(name, known) and not key.lower().startswith("_dlt_")
    }


def _repeats(table: TTableSchema, keys: Mapping[str, str], hint: str) -> bool:
    """Whether a nested table has the columns already, from us."""
    return all(hint in table["columns"].get(target, {}) for target in keys.values())


def _problem(
    tables: Mapping[str, TTableSchema], keys: Mapping[str, str], hint: str, schema: Schema
) -> str | None:
    """Say what in a schema is against repeating a key.

    Args:
        tables: the root table first, then its nested ones.
        keys: the key's columns, and what they are to be called in the nested tables.
        hint: our mark of such columns.
        schema: theirs.
    """
    (_, columns), *nested = ((name, table["columns"]) for name, table in tables.items())
    for key, target in keys.items():
        if target.lower().startswith("_dlt_"):
            return f"`{target}` would look like a column of dlt's own"
        if problem := _inexact(columns.get(key, {})):
            return f"`{key}` {problem}"
    for name, columns in nested:
        for target in keys.values():
            if target in columns and hint not in columns[target]:
                return f"`{name}` has a column `{target}` of its own"
    for name in tables:
        contract = schema.resolve_contract_settings_for_table(name)
        if contract["columns"] != "evolve" or contract["data_type"] != "evolve":
            return f"the schema contract of `{name}` lets no column join"
    return None


def _inexact(column: Mapping[str, Any]) -> str | None:
    """Say what of a column's type would get lost: a new column's is known by one word only."""
    if column.get("data_type") == "decimal" and (column.get("scale") or 0) > _DEFAULT_SCALE:
        return f"has more than {_DEFAULT_SCALE} digits after the point"
    if column.get("timezone") is False:
        return "has no time zone"
    return None


def _extracted_files(pipeline: dlt.Pipeline) -> dict[str, list[Path]]:
    """List the extracted files of JSON lines by root table."""
    files: dict[str, list[Path]] = {}
    for load_id in pipeline.list_extracted_load_packages():
        for job in pipeline.get_load_package_info(load_id).jobs["new_jobs"]:
            if job.job_file_info.file_format == "typed-jsonl":
                files.setdefault(job.job_file_info.table_name, []).append(Path(job.file_path))
    return files


# All that can become a name with `_` in front. A text may look like a key as well: then a key is
# not repeated that could be.
_KEY = re.compile(rb'"([^A-Za-z"\\][^"\\]{0,200})":')


def _overwritten(files: Iterable[Path], keys: Mapping[str, str], schema: Schema) -> str | None:
    """Say which of the new columns the extracted items have themselves."""
    found: set[bytes] = set()
    for path in files:
        with suppress(
            OSError, EOFError, zlib.error
        ):  # dlt tells of a damaged file when it gets to it
            found.update(name for line in _lines(path) for name in _KEY.findall(line))
    names = {schema.naming.normalize_path(name.decode(errors="replace")) for name in found}
    taken = sorted(names.intersection(keys.values()))
    return f"its items have a `{taken[0]}` already" if taken else None


def _lines(path: Path) -> Iterator[bytes]:
    """Read the lines of an extracted file with lists in them: others bring no nested rows."""
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    with gzip.open(path) if zipped else path.open("rb") as lines:
        yield from (line for line in lines if b'":[' in line)


def _mark_all(pipeline: dlt.Pipeline, schema_name: str) -> None:
    """Mark the repeated keys, in the pipeline's schema and in those that go to the warehouse."""
    schema = pipeline.schemas[schema_name]
    if _mark(schema):
        pipeline.schemas.save_schema(schema)
    storage = pipeline._get_load_storage().normalized_packages  # noqa: SLF001 - there is no public way
    for package in normalized(pipeline):
        if package.schema.name == schema_name and _mark(package.schema):
            storage.save_schema(package.load_id, package.schema)


def _mark(schema: Schema) -> bool:
    """Put a hint at each repeated column: the name of the root's one; tells whether one was new."""
    try:
        known = _configured(schema)
    except InvalidJsonNormalizer:
        return False
    new = False
    for name, root in _roots(schema).items():
        mapping = _mapping(name, known)
        hints = dict.fromkeys(_primary_key(root), ROOT_KEY_HINT)
        hints[schema.naming.normalize_identifier(_DLT_LOAD_ID)] = LOAD_ID_HINT
        for table in _nested(name, schema).values():
            for key, hint in hints.items():
                column = cast("dict[str, Any] | None", table["columns"].get(mapping.get(key, "")))
                if column is not None and hint not in column:
                    column[hint] = key
                    new = True
    return new
