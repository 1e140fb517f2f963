"""dlt's surroundings for a run: the project's `.dlt/` folder, and our defaults below everything."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import CustomLoaderDocProvider
from dlt.common.configuration.providers.toml import TomlProviderReadException
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.runtime.run_context import switch_context

from dango_dbt.config import STAGING_DATASET_SUFFIX
from dango_dbt.errors import ConfigError
from dango_dbt.sync.secrets import by_source_name
from dango_dbt.toml_files import not_toml, toml_problem

__all__ = ["dlt_context"]

#: What we would have dlt do differently, unless the user's own configuration says otherwise.
_DEFAULTS: dict[str, Any] = {
    # What fails is in the summary, in one line; dlt logs several tracebacks for each job.
    "runtime": {"log_level": "CRITICAL"},
    # Without it Arrow tables have no _dlt_load_id, and it cannot be added to a filled table later.
    "normalize": {"parquet_normalizer": {"add_dlt_load_id": True}},
    # dlt keeps the data of every load in its working folder for ever otherwise.
    "load": {"delete_completed_jobs": True},
    "destination": {
        # With dlt's own layout, source `shop` writes into the dataset of a source `shop_staging`.
        "staging_dataset_name_layout": f"%s{STAGING_DATASET_SUFFIX}",
        # Keeps the old table filled when a replace fails half-way.
        "replace_strategy": "insert-from-staging",
    },
}


@contextmanager
def dlt_context(root: Path) -> Iterator[None]:
    """Let dlt read its configuration from `root/.dlt`, from wherever the tool was started.

    A source's section may have its name in sources.yml, beside dlt's own names for it. The provider
    with our defaults comes last: whatever the user configures in dlt's own way (environment,
    secrets.toml, config.toml) wins.

    Raises:
        ConfigError: one of dlt's files is not TOML.
    """
    with _readable_files(root):
        # The first to ask for it has dlt read the files of the current folder.
        run_context = Container()[PluggableRunContext]
    cookie = run_context.push_context()
    try:
        with _readable_files(root):
            switch_context(str(root))
        providers = run_context.providers
        providers.providers[:] = by_source_name(providers.providers)
        providers.add_provider(
            CustomLoaderDocProvider(
                "dango-dbt defaults",
                lambda: _DEFAULTS,
                supports_secrets=False,
                locations=[],  # dlt lists them when a value is missing, and takes no None
            )
        )
        run_context.initialize_runtime()  # takes the level of the log
        yield
    finally:
        with _readable_files(root):  # those of the folder that dlt was in before
            run_context.pop_context(cookie)


@contextmanager
def _readable_files(root: Path) -> Iterator[None]:
    """Say which of the files is broken that dlt reads: the project's, or the user's own."""
    try:
        yield
    except TomlProviderReadException as error:
        raise _not_readable(error, root) from error


def _not_readable(error: TomlProviderReadException, root: Path) -> ConfigError:
    for name in error.full_paths:
        path = Path(os.path.abspath(name))  # noqa: PTH100 - `resolve` would follow links
        shown = path.relative_to(root) if path.is_relative_to(root) else path
        if problem := toml_problem(path, shown):
            return problem
    return not_toml(Path(".dlt", error.file_name), error.__context__)
