"""An API's own description (OpenAPI 3, Swagger 2) becomes a connector.

Only `read_specification` reads a file or the network; nothing of a description becomes code: names
are made into identifiers, texts stay texts.
"""

from dango_dbt.openapi.assembling import Derived, Guess
from dango_dbt.openapi.deriving import connector_of, derive
from dango_dbt.openapi.lists import LeftOut
from dango_dbt.openapi.reading import read_specification
from dango_dbt.openapi.specification import Specification

__all__ = [
    "Derived",
    "Guess",
    "LeftOut",
    "Specification",
    "connector_of",
    "derive",
    "read_specification",
]
