"""A configured source → a dlt source object: finds the user's module and calls its function.

dlt is imported inside functions only.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dango_dbt import declared
from dango_dbt.config import SourceConfig
from dango_dbt.errors import ConfigError, DangoError, Place
from dango_dbt.sources.user_code import import_module, lacks_argument, user_code

if TYPE_CHECKING:
    from dlt.extract import DltResource, DltSource

__all__ = ["limited", "load"]


def load(
    source: SourceConfig,
    kwargs: Mapping[str, Any],
    custom_sources: Path,
    from_secrets: Mapping[str, Any],
    place_of: Callable[..., Place],
) -> DltSource:
    """Import a source's module, call its function and select its resources.

    Args:
        source: what sources.yml says of it.
        kwargs: its `function_kwargs`, expanded.
        custom_sources: the folder with the user's modules.
        from_secrets: arguments that dlt's configuration supplies. dlt itself gives them to
            parameters with a default (such as `dlt.secrets.value`), we to the others.
        place_of: says where the value of a key of its entry stands in sources.yml.

    Raises:
        ConfigError: module, function, argument or resource is not there.
        SyncError: the user's code raised.
    """
    if source.code.own:
        made = _called(source, kwargs, custom_sources, from_secrets, place_of)
    else:
        arguments = {**kwargs, **from_secrets}
        made = declared.make(source, arguments, custom_sources.parent, place_of)
    if source.max_table_nesting is not None:
        made.max_table_nesting = source.max_table_nesting
    _describe_resources(made)
    with _placed(place_of("resources")):
        return _select(made, source)


def _called(
    source: SourceConfig,
    kwargs: Mapping[str, Any],
    custom_sources: Path,
    from_secrets: Mapping[str, Any],
    place_of: Callable[..., Place],
) -> DltSource:
    """Call the user's function."""
    module_name, function_name = source.code.module, source.code.function
    with _placed(place_of("dlt_native", "source_module")):
        module = import_module(module_name, custom_sources, source.name)
    function = getattr(module, function_name, None)
    if not callable(function):
        raise ConfigError(
            f"module `{module_name}` has no function `{function_name}`",
            place=place_of("dlt_native", "source_function"),
            hint=f"it has: {', '.join(_candidates(module)) or 'no dlt source or resource'}",
        )
    _check_arguments(function, function_name, {**kwargs, **from_secrets}, place_of)
    needed = {name: value for name, value in from_secrets.items() if _is_bare(function, name)}
    with _placed(place_of("dlt_native", "source_function")):
        with (
            _placed(place_of("dlt_native", "function_kwargs"), only_if=lacks_argument),
            user_code(custom_sources, f"{module_name}.{function_name}()", source.name),
        ):
            result = function(**kwargs, **needed)
        return _as_source(result, source)


@contextmanager
def _placed(
    place: Place, only_if: Callable[[BaseException | None], bool] = lambda _: True
) -> Iterator[None]:
    """Say where in sources.yml that stands which the code does not go with.

    Args:
        place: for errors that have none of their own.
        only_if: whether it is the right place, by the error's cause.
    """
    try:
        yield
    except DangoError as error:
        if error.place is None and only_if(error.__cause__):
            error.place = place
        raise


def _candidates(module: ModuleType) -> list[str]:
    """Names of the module's own dlt source and resource functions."""
    from dlt.extract import DltResource
    from dlt.extract.decorators import SourceFactory  # type: ignore[attr-defined] # not in __all__

    return sorted(
        name
        for name, value in vars(module).items()
        if isinstance(value, (SourceFactory, DltResource)) and not name.startswith("_")
    )


def _check_arguments(
    function: Callable[..., Any],
    name: str,
    kwargs: Mapping[str, Any],
    place_of: Callable[..., Place],
) -> None:
    """Refuse arguments that the function does not take, before anything runs.

    Those that it lacks may still come from dlt's configuration: dlt says so itself.
    """
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:
        return  # no signature to check (a builtin)
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    if unknown := [key for key in kwargs if key not in parameters]:
        raise ConfigError(
            f"`{name}` takes no argument {', '.join(f'`{key}`' for key in unknown)}",
            place=place_of("dlt_native", "function_kwargs", unknown[0]),
            hint=f"it takes: {', '.join(parameters) or 'none'}; see `function_kwargs`",
        )


def _is_bare(function: Callable[..., Any], name: str) -> bool:
    """Tell whether an argument has no default, or is taken by `**`: dlt supplies none of these."""
    parameter = inspect.signature(function).parameters.get(name)
    return parameter is None or parameter.default is parameter.empty


def _as_source(result: object, source: SourceConfig) -> DltSource:
    """Take what a `@dlt.source` or a bare `@dlt.resource` function returns."""
    from dlt.common.schema import Schema
    from dlt.extract import DltResource, DltSource

    if isinstance(result, DltSource):
        return result
    if isinstance(result, DltResource):
        section = source.code.module.rpartition(".")[2]
        return DltSource(Schema(source.name), section, [result])
    raise ConfigError(
        f"`{source.code.function}` returned {type(result).__name__}, not a dlt source or resource",
        hint="decorate the function with @dlt.source or @dlt.resource",
    )


def _describe_resources(dlt_source: DltSource) -> None:
    """Let a resource function's docstring describe its table, unless a hint does."""
    for resource in dlt_source.resources.values():
        doc = _own_docstring(resource)
        hints = resource.compute_table_schema() if not resource.has_dynamic_table_name else {}
        if doc and not hints.get("description"):
            resource.apply_hints(additional_table_hints={"description": doc})


def _own_docstring(resource: DltResource) -> str | None:
    """Read the first paragraph of the function's docstring, which dlt hands on to the resource."""
    doc = vars(resource).get("__doc__")
    return " ".join(inspect.cleandoc(doc).split("\n\n")[0].split()) if doc else None


def _select(dlt_source: DltSource, source: SourceConfig) -> DltSource:
    if source.resources is None:
        return dlt_source
    if unknown := [name for name in source.resources if name not in dlt_source.resources]:
        raise ConfigError(
            f"source `{source.name}` has no resource {', '.join(f'`{name}`' for name in unknown)}",
            hint=f"it has: {', '.join(dlt_source.resources)}",
        )
    return dlt_source.with_resources(*source.resources)


def limited(dlt_source: DltSource, name: str, resources: Collection[str]) -> DltSource:
    """Load only some of the resources; dlt asks what transformers among them depend on by itself.

    Args:
        dlt_source: with those selected that the source's entry allows.
        name: the source's.
        resources: those to load.

    Raises:
        ConfigError: none of them is there.
    """
    there = dlt_source.selected_resources
    wanted = [resource for resource in there if resource in resources]
    if not wanted:
        raise ConfigError(
            f"source `{name}` loads no resource {', '.join(f'`{each}`' for each in resources)}",
            hint=f"it loads: {', '.join(there) or 'none'}",
        )
    return dlt_source.with_resources(*wanted)
