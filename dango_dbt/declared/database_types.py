"""Columns of a database that dlt would not read, or not as they are → columns that it does.

dlt asks SQLAlchemy for a column's type. What it has no type of its own for, or one that cannot hold
all values, is converted by the database, in the query.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import mysql
from sqlalchemy.sql.sqltypes import _Binary
from sqlalchemy.types import TypeDecorator, TypeEngine

from dango_dbt.errors import SyncError

__all__ = ["OneSchema", "adapt", "connected", "for_dlt"]

_Type: TypeAlias = TypeEngine[Any]

_MYSQL = frozenset({"mysql", "mariadb"})
#: Databases whose texts have no length: a conversion to text keeps all of it.
_CONVERTED = _MYSQL | {"postgresql", "sqlite"}
#: What dlt has a type for; it asks for the private class of binary types too.
_KNOWN = (
    *(sa.Numeric, sa.Float, sa.Integer, sa.String, _Binary, sa.Boolean, sa.Uuid),
    *(sa.DateTime, sa.Date, sa.Time, sa.JSON, sa.ARRAY),
)
#: The digits that a decimal has at most, in Arrow and in most warehouses.
_DIGITS = 38
#: For decimals that do not say: with so many after the point, amounts and rates are exact.
_SCALE = 18


class _Cast(TypeDecorator[Any]):
    """A type that the database converts to in the query."""

    cache_ok = True

    def column_expression(self, column: Any) -> sa.ColumnElement[Any]:  # noqa: ANN401 - SQLAlchemy's
        """Write the conversion around the column."""
        return sa.cast(column, self.impl_instance)


class _Text(_Cast):
    impl = sa.Text


class _Decimal(_Cast):
    impl = sa.Numeric


class _Whole(_Cast):
    impl = sa.BigInteger


class _Address(_Cast):
    """Postgres's inet: as text it has no `/32` behind a single address."""

    impl = sa.Text

    def column_expression(self, column: Any) -> sa.ColumnElement[Any]:  # noqa: ANN401 - SQLAlchemy's
        return sa.func.abbrev(column, type_=self.impl_instance)


class _Calendar(TypeDecorator[Any]):
    """A date or time of MySQL: `0000-00-00` is none, and the driver gives what is none as text."""

    impl = sa.DateTime
    cache_ok = True

    def __init__(self, kind: _Type) -> None:
        super().__init__()
        self.kind = kind  # part of what SQLAlchemy knows a query by
        self.impl = kind  # type: ignore[assignment]

    def process_result_value(self, value: Any, dialect: object) -> Any:  # noqa: ANN401, ARG002 - SQLAlchemy's
        return None if isinstance(value, str) else value


class _TimeOfDay(mysql.TIME):
    """MySQL's `time`, which may be a span: SQLAlchemy would make 01:00 of 25:00."""

    def __init__(self, column: str, fsp: int | None = None) -> None:
        super().__init__(fsp=fsp)
        self.column = column  # SQLAlchemy copies types by the names of their parameters

    def result_processor(self, dialect: Any, coltype: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's
        time_of = super().result_processor(dialect, coltype)

        def read(value: timedelta | None) -> Any:  # noqa: ANN401 - a time, or none
            if value is not None and value.days:
                raise SyncError(
                    f"`{self.column}` holds {_as_span(value)}, which is no time of a day",
                    hint="load a view that casts it to text; or leave it out: `included_columns`",
                )
            return time_of(value)

        return read


def _as_span(value: timedelta) -> str:
    minutes, seconds = divmod(abs(round(value.total_seconds())), 60)
    sign = "-" if value.days < 0 else ""
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


#: By the names of types that SQLAlchemy has no common class for.
_BY_NAME: dict[str, _Type] = {
    "INET": _Address(),
    "MONEY": _Decimal(19, 2),
    "OID": _Whole(),
    "SET": _Text(),  # a set in Python
    "YEAR": _Whole(),
}


class OneSchema(sa.MetaData):
    """The tables of one schema; not those in others that their foreign keys refer to.

    dlt takes all that are found for tables to load, and looks for them in this schema.
    """

    def reflect(self, *args: Any, **settings: Any) -> None:  # noqa: ANN401 - SQLAlchemy's
        """Read the definitions."""
        super().reflect(*args, **settings)
        for table in list(self.tables.values()):
            if table.schema != self.schema:
                self.remove(table)


def connected(engine: sa.Engine) -> sa.Engine:
    """Have a database tell points in time in UTC; MySQL tells them in a zone of its own choice."""
    if engine.dialect.name in _MYSQL:
        event.listen(engine, "connect", _in_utc)
    return engine


def _in_utc(connection: Any, _: object) -> None:  # noqa: ANN401 - a driver's own class
    with connection.cursor() as cursor:
        cursor.execute("set time_zone = '+00:00'")


def adapt(table: sa.Table, dialect: str) -> None:
    """Give a table's columns types that dlt reads; columns that it reads stay as they are.

    Args:
        table: as it was read from the database; it is changed.
        dialect: SQLAlchemy's name of the database.
    """
    if dialect in _CONVERTED:
        # First: what a column refers to may be one of this table's own.
        counted = {column.name for column in table.columns if _counts(column)}
        for column in table.columns:
            if column.name not in counted:
                column.type = _readable(column.type, of_mysql=dialect in _MYSQL)
            if dialect in _MYSQL and isinstance(column.type, (sa.Date, sa.DateTime)):
                column.type = _Calendar(column.type)
                column.nullable = not column.primary_key
            elif dialect in _MYSQL and isinstance(column.type, sa.Time):
                column.type = _TimeOfDay(f"{table.name}.{column.name}")


def for_dlt(kind: _Type) -> _Type:
    """Give the type that dlt is to take a column's for (its `type_adapter_callback`)."""
    if isinstance(kind, (_Cast, _Calendar)):
        return kind.impl_instance
    if isinstance(kind, _Binary):
        return sa.LargeBinary()  # with a length, Arrow would want all values to have just that
    # From SQLAlchemy 2.1 on a float is no `Numeric`, which dlt asks for.
    return sa.Numeric(asdecimal=False) if isinstance(kind, sa.Float) else kind


def _counts(column: sa.Column[Any]) -> bool:
    """Tell whether a column holds numbers that count up, which never reach the largest bigint."""
    return column.autoincrement is True or any(map(_to_counted, column.foreign_keys))


def _to_counted(key: sa.ForeignKey) -> bool:
    try:
        return key.column.autoincrement is True
    except sa.exc.NoReferenceError:  # in a table that is not read
        return False


def _readable(kind: _Type, *, of_mysql: bool) -> _Type:
    name = type(kind).__name__
    if name in _BY_NAME:
        return _BY_NAME[name]
    if name == "DOMAIN":
        return _readable(kind.data_type, of_mysql=of_mysql)  # type: ignore[attr-defined]
    if of_mysql and (own := _of_mysql(kind, name)):
        return own
    if isinstance(kind, sa.Numeric):
        return _decimal(kind)
    if isinstance(kind, sa.Time) and kind.timezone:
        return _Text()  # a time alone would lose the zone
    return kind if isinstance(kind, _KNOWN) else _Text()


def _of_mysql(kind: _Type, name: str) -> _Type | None:
    if isinstance(kind, sa.BigInteger) and getattr(kind, "unsigned", False):
        return sa.Numeric(20, 0)  # up to 18446744073709551615
    if isinstance(kind, sa.Float):
        return sa.Float()  # a decimal to SQLAlchemy
    if name == "TIMESTAMP":
        return sa.TIMESTAMP(timezone=True)
    return _Whole() if name == "BIT" else None


def _decimal(kind: sa.Numeric[Any]) -> _Type:
    if kind.precision is None:
        return _Decimal(_DIGITS, _SCALE)
    return _Text() if kind.precision > _DIGITS else kind
