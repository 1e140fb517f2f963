"""Sources that people look for in `dlt.sources`, and that dlt hands out as code instead."""

from __future__ import annotations

from dango_dbt.errors import ConfigError

__all__ = ["SHIPPED", "VERIFIED", "not_in_dlt", "verified_name"]

#: Folders below `sources/` of https://github.com/dlt-hub/verified-sources, whose code `dlt init`
#: copies into a project, without those that dlt itself ships. A name that is missing here only gets
#: a message that knows less.
VERIFIED = (
    "airtable",
    "asana_dlt",
    "bing_webmaster",
    "chess",
    "facebook_ads",
    "freshdesk",
    "github",
    "google_ads",
    "google_analytics",
    "google_sheets",
    "hubspot",
    "inbox",
    "jira",
    "kafka",
    "kinesis",
    "matomo",
    "mongodb",
    "mux",
    "notion",
    "personio",
    "pg_legacy_replication",
    "pg_replication",
    "pipedrive",
    "pokemon",
    "salesforce",
    "scraping",
    "shopify_dlt",
    "slack",
    "strapi",
    "stripe_analytics",
    "unstructured_data",
    "workable",
    "zendesk",
)

#: Sources that are modules of dlt.
SHIPPED = ("filesystem", "rest_api", "sql_database")

#: What is left off their names in guides.
_SUFFIXES = ("", "_dlt", "_analytics")


def verified_name(module: str) -> str | None:
    """Name the verified source that a `dlt.sources.X` stands for; None where it is none."""
    if not module.startswith("dlt.sources."):
        return None
    asked = module.split(".")[2]
    return next((asked + end for end in _SUFFIXES if asked + end in VERIFIED), None)


def not_in_dlt(module: str, source: str) -> ConfigError | None:
    """Make the error for a `dlt.sources.X` that dlt does not hold; None for any other module.

    Args:
        module: what `source_module` says.
        source: the source's name in sources.yml.
    """
    if not module.startswith("dlt.sources."):
        return None
    name = verified_name(module)
    if name is None:
        return ConfigError(
            f"there is no module `{module}`",
            hint=f"in dlt.sources there are: {', '.join(SHIPPED)}",
        )
    return ConfigError(
        f"there is no module `{module}`: dlt gives out `{name}` as a verified source, whose code"
        f" becomes part of your project (`pip install dlt[{module.split('.')[2]}]` does not bring"
        " it)",
        hint=f"run `dango-dbt source add {source} --verified {name}`, then write"
        f" `source_module: {source}` in this entry",
    )
