"""How one warehouse writes types and names, told by dlt with no connection and no driver.

dlt creates the tables, so its own DDL decides: its type mapper gives the types, its capabilities
the case that names are stored in. Which words need quotes it does not know: `keywords/` does
(scripts/keywords.py).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dango_dbt import destinations
from dango_dbt.errors import ConfigError

if TYPE_CHECKING:
    from dlt.common.destination import DestinationCapabilitiesContext

__all__ = ["Dialect"]

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True)
class Dialect:
    """One warehouse's types and names.

    Attributes:
        adapter_type: dbt's name of the adapter.
        capabilities: what dlt knows about the warehouse.
        keywords: words that need quotes.
        case_sensitive: names keep their case, as dlt's naming conventions `direct` and `sql_cs_v1`
            have it; else the warehouse's own case is taken.
    """

    adapter_type: str
    capabilities: DestinationCapabilitiesContext
    keywords: frozenset[str]
    case_sensitive: bool = False

    @classmethod
    def of(cls, adapter_type: str, *, case_sensitive: bool = False) -> Dialect:
        """Look up the dialect of a dbt adapter.

        Raises:
            ConfigError: the adapter is not mapped.
        """
        name = destinations.adapter(adapter_type).dialect
        capabilities = destinations.capabilities(adapter_type)
        return cls(adapter_type, capabilities, _keywords(name), case_sensitive)

    def name(self, normalised: str) -> str:
        """Name what dlt's schema calls `normalised` as dbt and people do.

        A name that needs no quotes stays as it is, for the warehouse ignores its case; any other
        has the case that the warehouse stores it in: `order` is `ORDER` on Snowflake.
        """
        return normalised if self._is_bare(normalised) else self._stored(normalised)

    def quoted(self, normalised: str) -> str:
        """Write a name as SQL needs it, with quotes only where it cannot do without."""
        if self._is_bare(normalised):
            return normalised
        return self.capabilities.escape_identifier(self._stored(normalised))

    def data_type(self, table: Mapping[str, Any], column: Mapping[str, Any]) -> str:
        """Render a column's type as dlt's own DDL has it.

        Args:
            table: the table in dlt's form, with its name.
            column: the column in dlt's form, with its name.

        Raises:
            ConfigError: the warehouse has no such type.
        """
        mapper = self.capabilities.get_type_mapper()
        try:
            with _quiet():
                return mapper.to_destination_type(cast("Any", column), cast("Any", table))
        except ValueError as error:  # dlt's TerminalValueError, which says which precision it is
            raise ConfigError(
                f"column `{table['name']}.{column['name']}` has no type in {self.adapter_type}:"
                f" {error}",
                hint="give the column another `precision` in the source's code, or generate for"
                " another target (`generate: {target: …}`)",
            ) from error

    def timestamp(self, moment: str | datetime) -> str:
        """Write a moment as dlt writes it into the SQL that it loads with."""
        from dlt.common.destination import DestinationCapabilitiesContext
        from dlt.common.time import ensure_pendulum_datetime

        capabilities, write = self.capabilities, self.capabilities.format_datetime_literal
        if write is None:
            write = DestinationCapabilitiesContext.generic_capabilities().format_datetime_literal
        no_zone = not capabilities.supports_tz_aware_datetime
        precision = capabilities.timestamp_precision
        return write(ensure_pendulum_datetime(moment), precision, no_tz=no_zone)

    def _stored(self, normalised: str) -> str:
        """Give a name the case that the warehouse stores it in, as dlt does when it loads."""
        if self.case_sensitive and self.capabilities.has_case_sensitive_identifiers:
            return normalised
        return self.capabilities.casefold_identifier(normalised)

    def _is_bare(self, normalised: str) -> bool:
        """Whether the name, without quotes, is taken by the warehouse for the one it stores."""
        if not _PLAIN.fullmatch(normalised) or normalised in self.keywords:
            return False
        return self.capabilities.casefold_identifier(normalised) == self._stored(normalised)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep dlt's advice on precision out of the terminal: it is for who writes the source."""
    logger = logging.getLogger("dlt")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


@cache
def _keywords(dialect: str) -> frozenset[str]:
    """Read the words that need quotes in a dialect."""
    path = Path(__file__).parent / "keywords" / f"{dialect}.txt"
    return frozenset(path.read_text(encoding="utf-8").split())
