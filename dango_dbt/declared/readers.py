"""Files → their rows, for dlt's listing of files; what cannot be read is told with its file.

dlt has readers too: its reader of CSV with pandas wants pandas, and that with DuckDB takes no types
of columns that one of several files lacks; an empty line ends its reader of JSONL.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

from dlt.common import json

from dango_dbt.errors import SyncError, first_line

if TYPE_CHECKING:
    from dlt.common.storages.fsspec_filesystem import FileItemDict
    from pyarrow import RecordBatch, Schema, Table

__all__ = ["read_csv", "read_jsonl", "read_parquet"]

_BOM = b"\xef\xbb\xbf"
_SEPARATORS = (",", ";", "\t", "|")
#: DuckDB's names for it.
_SEPARATOR_KEYS = frozenset({"sep", "delimiter"})


class _ReadingError(ValueError):
    """Why a file cannot be read, and what to do."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def read_csv(
    items: Iterable[FileItemDict],
    texts: Collection[str] = (),
    chunk_size: int = 10_000,
    **settings: Any,  # noqa: ANN401 - DuckDB's
) -> Iterator[list[dict[str, Any]]]:
    """Read CSV with DuckDB, which looks at all rows before it decides on types.

    It may decide otherwise for the next file: so these are rows, not Arrow, and dlt knows what to
    do when a column's type changes. It decides on nothing else: of a file with a row that is too
    long, it would take whatever is left of it when that row is the header.

    Args:
        items: the files.
        texts: columns that are text whatever is in them, where a file has them.
        chunk_size: how many rows are handed on at once.
        settings: of DuckDB's `read_csv`.
    """
    import duckdb

    encoding = settings.pop("encoding", "utf-8")
    for item in items:
        with _naming(item), duckdb.connect() as connection:
            content = _utf8(item, encoding)
            separator = {} if _SEPARATOR_KEYS & settings.keys() else {"sep": _separator(content)}
            here = {"sample_size": -1, "skiprows": 0, **separator, **settings}
            try:
                if texts:
                    there = connection.read_csv(BytesIO(content), **here).columns
                    dtype = {name: "VARCHAR" for name in there if name in texts}
                    here["dtype"] = {**dtype, **here.get("dtype", {})}
                relation = connection.read_csv(BytesIO(content), **here)
            except duckdb.InvalidInputException as error:
                raise _uneven(content, separator.get("sep"), error) from error
            names = relation.columns
            while rows := relation.fetchmany(chunk_size):
                yield [dict(zip(names, row, strict=True)) for row in rows]


def _utf8(item: FileItemDict, encoding: str) -> bytes:
    """Read a file; DuckDB would read it as a whole, too, and knows few encodings."""
    with item.open() as file:
        content: bytes = file.read()
    try:
        return content.decode(encoding).encode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _ReadingError(
            f"line {line} is not {encoding}",
            hint="say what it is, such as reader: {encoding: latin-1}",
        ) from error
    except LookupError as error:
        raise _ReadingError(f"there is no encoding {encoding!r}") from error


def _separator(content: bytes) -> str:
    """Tell by the first line what stands between values; a comma, if nothing does."""
    lines = (line for line in content.splitlines() if line and not line.startswith(b"#"))
    first = re.sub(rb'"[^"]*"', b"", next(lines, b""))
    return max(_SEPARATORS, key=lambda sign: first.count(sign.encode()))


def _uneven(content: bytes, separator: str | None, error: Exception) -> Exception:
    """Name the first row with another number of values, where it is that which is wrong."""
    rows = csv.reader(StringIO(content.decode("utf-8-sig")), delimiter=separator or ",")
    wanted = 0
    try:
        for row in rows:
            wanted = wanted or len(row)
            if separator and row and len(row) != wanted:
                return _ReadingError(
                    f"line {rows.line_num} has another number of values than the first: {len(row)},"
                    f" not {wanted}",
                    hint="mend the file; or give the reader settings of DuckDB's read_csv, such as"
                    " reader: {skiprows: 2} for lines above the header, {null_padding: true} for"
                    " rows that are short, or {sep: ;}",
                )
    except csv.Error:  # quotes that DuckDB takes for something else
        return error
    return error


def read_jsonl(
    items: Iterable[FileItemDict], chunk_size: int = 1_000
) -> Iterator[list[dict[str, Any]]]:
    """Read a JSON value a line; empty lines are none."""
    for item in items:
        with _naming(item), item.open() as file:
            rows: list[dict[str, Any]] = []
            for number, line in enumerate(file, 1):
                text = line.removeprefix(_BOM).strip()
                if text:
                    with _naming(item, number):
                        rows.append(_mapping(json.loadb(text)))
                if len(rows) >= chunk_size:
                    yield rows
                    rows = []
            if rows:
                yield rows


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        kind = "a list" if isinstance(value, list) else "a bare value"
        raise TypeError(f"a line is to be a mapping, {{…}}, and this one is {kind}")
    return value


def read_parquet(
    items: Iterable[FileItemDict],
    chunk_size: int = 50_000,
    *,
    use_pyarrow: bool = True,
) -> Iterator[Any]:
    """Read Parquet, as Arrow, or as rows, whose lists become tables.

    All files have the same columns then: one that a file lacks is null, and of several types of
    numbers the one that holds all is taken. dlt can join tables that differ, too, but casts what
    does not fit: 1.5 becomes 2 beside a whole number.
    """
    items = list(items)
    schema = _joined(items) if use_pyarrow else None
    for item in items:
        with _naming(item), item.open() as file:
            for batch in _parquet_file(file).iter_batches(batch_size=chunk_size):
                yield batch.to_pylist() if schema is None else _fitted(batch, schema)


def _parquet_file(file: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Open a file of Parquet."""
    from pyarrow import parquet

    return parquet.ParquetFile(file)


def _joined(items: Iterable[FileItemDict]) -> Schema:
    """Read the columns of all files, and give those that hold what is in any.

    Raises:
        SyncError: a column has types that do not go together; the file is named.
    """
    import pyarrow as pa

    joined = pa.schema([])
    for item in items:
        with _naming(item), item.open() as file:
            own = _widened(_parquet_file(file).schema_arrow.remove_metadata())
            joined = pa.unify_schemas([joined, own], promote_options="permissive")
    return joined


def _widened(schema: Schema) -> Schema:
    """Widen whole numbers and floats: a later load may bring larger ones."""
    import pyarrow as pa

    fields = []
    for field in schema:
        kind = field.type
        if pa.types.is_integer(kind) and kind != pa.uint64():
            kind = pa.int64()
        elif pa.types.is_floating(kind):
            kind = pa.float64()
        elif kind == pa.uint64():
            kind = pa.decimal128(20, 0)
        fields.append(field.with_type(kind).with_nullable(nullable=True))
    return pa.schema(fields)


def _fitted(batch: RecordBatch, schema: Schema) -> Table:
    """Give a batch these columns; what cannot be cast without loss is an error."""
    import pyarrow as pa

    columns = [
        batch.column(field.name).cast(field.type)
        if field.name in batch.schema.names
        else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


@contextmanager
def _naming(item: FileItemDict, line: int | None = None) -> Iterator[None]:
    """Say which file cannot be read, and from which line on."""
    from duckdb import Error

    try:
        yield
    except (ValueError, TypeError, OSError, Error) as error:  # Arrow's and JSON's are among them
        where = item["relative_path"] if line is None else f"{item['relative_path']}:{line}"
        hint = error.hint if isinstance(error, _ReadingError) else None
        raise SyncError(f"{where} cannot be read: {first_line(error)}", hint=hint) from error
