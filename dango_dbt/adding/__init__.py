"""A source becomes part of a project: its code or its description, and what it wants filled in."""

from dango_dbt.adding.adding import add_verified
from dango_dbt.adding.drafted import add_draft
from dango_dbt.adding.drafting import of_catalogue, of_connector, of_database, of_python
from dango_dbt.adding.drafts import Draft
from dango_dbt.adding.endpoints import of_address
from dango_dbt.adding.project_files import CONFIG, SECRETS, refuse_tracked
from dango_dbt.adding.toml_keys import read as read_toml

__all__ = [
    "CONFIG",
    "SECRETS",
    "Draft",
    "add_draft",
    "add_verified",
    "of_address",
    "of_catalogue",
    "of_connector",
    "of_database",
    "of_python",
    "read_toml",
    "refuse_tracked",
]
