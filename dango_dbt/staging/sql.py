"""A staging model as data → its SQL. Pure.

The layout is written directly, in the style of sqlfmt, which leaves it unchanged; names in it are
rendered by sqlglot for the dialect generated for. The comments that head the groups also keep a
formatter from folding short lists into one line, so that a diff shows one column a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import get_args

from sqlglot import exp  # noqa: TID253 - generation is what sqlglot is for; the CLI imports it late

from dango_dbt.jinja import jinja_string, jinja_text
from dango_dbt.layout import WIDTH, Call, Words, import_cte, laid_out
from dango_dbt.schema import Column
from dango_dbt.staging.model import (
    Finished,
    Group,
    Incremental,
    Latest,
    Link,
    StagedColumn,
    StagingModel,
    Within,
    is_bit,
)
from dango_dbt.staging.variants import coalesced

__all__ = ["staging_sql"]


def staging_sql(model: StagingModel, dialect: str) -> str:
    """Render a staging model.

    Args:
        model: what to select; every column is named.
        dialect: sqlglot's name of the dialect.
    """
    return "".join(f"{line}\n" for line in _Rendering(model, dialect).lines())


class _Rendering:
    """One staging model, rendered for one dialect."""

    def __init__(self, model: StagingModel, dialect: str) -> None:
        self.model = model
        self.dialect = dialect
        self.rank = "_row_number"
        while any(column.name.lower() == self.rank for column in model.table.columns):
            self.rank = f"_{self.rank}"

    def lines(self) -> Iterator[str]:
        model = self.model
        if model.incremental:
            yield from _config(model, model.incremental)
        yield "with"
        yield from self.imports()
        if model.latest:
            yield from self.ranked(model.latest)
        yield "    renamed as ("
        yield "        select"
        yield from self.select_list()
        yield f"        from {'ranked' if model.latest else 'source'}"
        yield from self.where()
        yield "    )"
        yield "select *"
        yield "from renamed"

    # -------------------------------------------------------------------------- where from

    def imports(self) -> Iterator[str]:
        """Render what is selected from, each a CTE."""
        source, table, new = self.model.source, self.model.table.name, self.model.incremental
        if new:
            yield from self.finished(new.finished)
        where = () if new is None else _newer(new)
        yield from import_cte("source", "source", source, table, where=where)
        if self.model.within:
            yield from self.ancestors(self.model.within)

    def finished(self, finished: Finished) -> Iterator[str]:
        """Render the CTE with the last load that dlt has finished: a later one may come in part."""
        schema = jinja_text("'" + finished.schema.replace("'", "''") + "'")
        terms = f"{finished.schema_name} = {schema}", f"and {finished.status} = 0"
        last = f"max({finished.load_id}) as {finished.load_id}"
        where = laid_out(Words(("where", *terms)), 8)
        if len(where) > 1:
            where = ["        where", *(f"            {term}" for term in terms)]
        names = self.model.source, finished.table
        yield from import_cte("finished", "source", *names, select=last, where=where)

    def ancestors(self, within: Within) -> Iterator[str]:
        """Render the kept rows of each level above, from the nearest that has a model down."""
        names = [*(f"level_{n}" for n in range(1, len(within.links))), "parents"]
        yield from import_cte(names[0], "ref", within.model)
        for (above, name), link in zip(pairwise(names), within.links, strict=False):
            kept = f"        where {_in(link, above)}"
            yield from import_cte(name, "source", self.model.source, link.child, where=[kept])

    def ranked(self, latest: Latest) -> Iterator[str]:
        """Render the CTE that numbers the rows of each key, the latest first."""
        yield "    ranked as ("
        yield "        select"
        yield "            *,"
        yield "            row_number() over ("
        yield "                -- the latest row of each key comes first"
        key = [self.name(column) for column in latest.key]
        order = [
            term for column, desc in latest.order for term in self.sorted(column, descending=desc)
        ]
        yield from _window(key, order, 16)
        yield f"            ) as {self.rank}"
        yield "        from source"
        yield "    ),"

    def sorted(self, column: Column, *, descending: bool) -> list[str]:
        """Sort by a column, with nulls last: some warehouses have them first."""
        if column.sort is None:  # dlt's own columns are never null
            return [f"{self.name(column)} {'desc' if descending else 'asc'}"]
        ordered = exp.Ordered(this=self.column(column), desc=descending, nulls_first=False)
        before, end, after = self.sql(ordered).partition(" end, ")  # where there is no `nulls last`
        return [f"{before} end", after] if end else [before]

    def where(self) -> Iterator[str]:
        """Render which rows are kept."""
        latest, within = self.model.latest, self.model.within
        if within:
            yield f"        where {_in(within.links[-1], 'parents')}"
        elif latest and latest.deleted:
            yield "        where"
            yield f"            {self.rank} = 1"
            yield "            -- the latest row may say that its key is deleted"
            yield from self.not_deleted(latest.deleted)
        elif latest:
            yield f"        where {self.rank} = 1"

    def not_deleted(self, column: Column) -> Iterable[str]:
        name = self.name(column)
        if column.kind != "bool":
            return [f"            and {name} is null"]
        false = "= 0" if is_bit(column.data_type) else "= false"
        either = Words((Words((name, "is null")), Words((f"or {name}", false))))
        return laid_out(Call("and (", (either,)), 12)

    # --------------------------------------------------------------------------------- what

    def select_list(self) -> Iterator[str]:
        groups = [
            (heading, [column for column in self.model.columns if column.group == heading])
            for heading in get_args(Group)
        ]
        groups = [(heading, group) for heading, group in groups if group]
        for heading, group in groups:
            yield f"            -- {heading}"
            items = [
                self.select_item(column, "" if column is groups[-1][1][-1] else ",")
                for column in group
            ]
            lines = [line for item in items for line in item]
            folded = "            " + " ".join(line.strip() for line in lines)
            # Nothing keeps sqlfmt from folding a short list with no second heading in it.
            yield from [folded] if len(groups) == 1 and len(folded) <= WIDTH else lines

    def select_item(self, column: StagedColumn, comma: str) -> list[str]:
        own = self.name(column.column)
        alias = f"as {own if column.name == column.column.name else column.quoted}"
        if column.variants:
            value = coalesced(column.column, column.variants, self.dialect, self.name)
            return laid_out(value, 12, f" {alias}{comma}")
        if column.flag:
            return self.is_current(own, f" {alias}{comma}")
        if column.name != column.column.name:
            return laid_out(Words((own, alias)), 12, comma)
        return [f"            {own}{comma}"]

    def is_current(self, end: str, tail: str) -> list[str]:
        """Compare the end of a row's validity with what it is in rows that are current."""
        validity = self.model.table.validity
        active = validity.active if validity else None
        if active and self.dialect != "clickhouse":  # its functions' names have a case
            active = _lower(active)
        current = "is null" if active is None else f"= {active}"
        if not is_bit(validity.flag_type if validity else ""):
            return laid_out(Words((end, current + tail)), 12)
        flag = Call("iif(", (f"{end} {current}", "1", "0"))
        return laid_out(Call("cast(", (Words((flag, "as bit")),)), 12, tail)

    # -------------------------------------------------------------------------------- names

    def name(self, column: Column) -> str:
        """Render a column's name; Jinja or line ends in it come out as the name."""
        return self.sql(self.column(column))

    def sql(self, expression: exp.Expression) -> str:
        return jinja_text(_lower(expression.sql(dialect=self.dialect)))

    def column(self, column: Column) -> exp.Column:
        quoted = column.quoted != column.name
        return exp.column(exp.to_identifier(column.name, quoted=quoted))


def _newer(new: Incremental) -> list[str]:
    """Take over only rows of loads that are finished, and newer than all that the model has."""
    load_id = new.load_id
    come = f"{load_id} <= (select finished.{new.finished.load_id} from finished)"  # noqa: S608 - SQL is what is made here
    whole = [come]
    if new.nullable:
        whole = ["(", f"    {load_id} is null", f"    or {come}", ")"]
    return [
        "        where",
        *(f"            {line}" for line in whole),
        "            {% if is_incremental() %}",
        f"                and {load_id} > (",
        f"                    select coalesce(max(loaded.{load_id}), '')",
        "                    from {{ this }} as loaded",
        "                )",
        "            {% endif %}",
    ]


def _in(link: Link, parents: str) -> str:
    """Have a row's parent looked up in a CTE."""
    return f"{link.column} in (select {parents}.{link.parent_column} from {parents})"  # noqa: S608 - SQL is what is made here


_QUOTED = re.compile(r"""("(?:[^"]|"")*"|'(?:[^']|'')*'|`[^`]*`|\[(?:[^\]]|\]\])*\])""")


def _lower(sql: str) -> str:
    """Write keywords in lower case; what is quoted stays."""
    parts = _QUOTED.split(sql)
    return "".join(part if part[:1] in "\"'`[" and part else part.lower() for part in parts)


def _window(key: Sequence[str], order: Sequence[str], indent: int) -> Iterator[str]:
    """Lay out `partition by … order by …` as sqlfmt does."""
    clauses = [("partition by", key), ("order by", order)]
    line = " ".join(f"{words} {', '.join(columns)}" for words, columns in clauses)
    if indent + len(line) <= WIDTH:
        yield " " * indent + line
        return
    for words, columns in clauses:
        line = f"{' ' * indent}{words} {', '.join(columns)}"
        if len(line) <= WIDTH:
            yield line
            continue
        yield " " * indent + words
        inner = " " * (indent + 4)
        joined = inner + ", ".join(columns)
        if len(joined) <= WIDTH:
            yield joined
            continue
        *first, last = columns
        yield from (f"{inner}{column}," for column in first)
        yield inner + last


def _config(model: StagingModel, incremental: Incremental) -> Iterator[str]:
    """Render the configuration of an incremental model.

    The strategy is the adapter's own: `merge` or `delete+insert`, and `append` without a key.
    """
    gone = incremental.gone
    arguments = [_argument(gone.column)]
    if gone.model and gone.other:
        arguments += [f"ref('{gone.model}')", _argument(gone.other)]
    else:
        arguments += [f"source({_argument(model.source)}, {_argument(model.table.name)})"]
        arguments += (
            ["nullable=true"] if gone.column == incremental.load_id and incremental.nullable else []
        )
    hook = f"{{{{ dango_delete_gone({', '.join(arguments)}) }}}}"
    yield "{{"
    yield "    config("
    yield '        materialized="incremental",'
    keys = [jinja_string(column) for column in incremental.unique_key]
    if len(keys) == 1:
        yield f"        unique_key={keys[0]},"
    elif keys:
        yield from _key_list(keys)
    yield '        on_schema_change="append_new_columns",'
    yield f"        post_hook={jinja_string(hook)},"
    yield "    )"
    yield "}}"


def _argument(column: str) -> str:
    """Write a column's name into a text that is in double quotes itself."""
    return f"'{column}'" if column.isidentifier() else jinja_string(column)


def _key_list(keys: Sequence[str]) -> Iterator[str]:
    line = f"        unique_key=[{', '.join(keys)}],"
    if len(line) <= WIDTH:
        yield line
        return
    yield "        unique_key=["
    yield from (f"            {key}," for key in keys)
    yield "        ],"
