"""The catalogue: what is known of where data comes from, one file a connector.

The next connector is a file in this folder, and no code: docs/connectors.md says what it holds.
"""

from dango_dbt.connectors.connector import (
    CatalogueResource,
    Connector,
    Credential,
    Relationship,
    Tested,
    Verified,
)
from dango_dbt.connectors.filling import PLACEHOLDER, filled, with_references
from dango_dbt.connectors.loading import connector, names, parsed

__all__ = [
    "PLACEHOLDER",
    "CatalogueResource",
    "Connector",
    "Credential",
    "Relationship",
    "Tested",
    "Verified",
    "connector",
    "filled",
    "names",
    "parsed",
    "with_references",
]
