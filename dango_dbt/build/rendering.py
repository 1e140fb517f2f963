"""Renders the Jinja in profiles.yml as dbt does, and without dbt where there is no Jinja."""

from __future__ import annotations

import os
import re
from ast import literal_eval
from collections.abc import Callable
from contextvars import copy_context
from datetime import date
from importlib.util import find_spec
from typing import Any

from dango_dbt.errors import ConfigError

__all__ = ["TemplateError", "dbt_is_installed", "render"]

_JINJA = re.compile(r"{[{%#]")


class TemplateError(Exception):
    """A value cannot be rendered; the message repeats nothing of it, since it may be a secret."""

    @classmethod
    def unset(cls, variable: str) -> TemplateError:
        """An environment variable without a default is not set."""
        return cls(f"the environment variable {variable} is not set")


def dbt_is_installed() -> bool:
    """Whether dbt's Python package can be imported; it need not be, with DANGO_DBT."""
    try:
        return find_spec("dbt.cli") is not None
    except ModuleNotFoundError:
        return False


def render(
    value: Any,  # noqa: ANN401 - any YAML value
    *,
    is_password: bool = False,
    exactly: bool = True,
) -> Any:  # noqa: ANN401 - any YAML value
    """Render one scalar of profiles.yml.

    Importing dbt's renderer takes more than a second, so it is left alone where there is nothing
    to render. dbt takes a password that is no valid Jinja as it is; an unset variable in one is
    an error here, since the login would fail with less to go by.

    Args:
        value: the scalar.
        is_password: whether it stands below the key `password`.
        exactly: with dbt's own renderer where there is one; otherwise quickly, with jinja2.

    Raises:
        TemplateError: a variable is unset, or the template is wrong.
        ConfigError: neither dbt nor jinja2 is installed.
    """
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, str):
        return value
    if not _JINJA.search(value):
        # What Jinja makes of plain text: one newline at the end goes, the others are unified.
        return re.sub(r"\r\n|\r", "\n", value).removesuffix("\n")
    render_ = render_with_dbt if exactly and dbt_is_installed() else render_with_jinja
    return render_(value, is_password=is_password)


def render_with_dbt(text: str, *, is_password: bool = False) -> Any:  # noqa: ANN401 - any YAML value
    """Render with dbt's own renderer."""
    from dbt.config.renderer import ProfileRenderer
    from dbt.exceptions import EnvVarMissingError
    from dbt_common.context import set_invocation_context
    from dbt_common.exceptions import DbtBaseException

    def render_here() -> Any:  # noqa: ANN401 - any YAML value
        set_invocation_context(os.environ)
        return ProfileRenderer().render_value(text)

    try:
        # In a context of its own: dbt keeps the environment in a context variable.
        return copy_context().run(render_here)
    except EnvVarMissingError as error:
        raise TemplateError.unset(error.var) from error
    except DbtBaseException as error:
        if is_password:
            return text
        reason = error.__cause__ if isinstance(error.__cause__, DbtBaseException) else error
        raise TemplateError(_first_line(str(getattr(reason, "msg", reason)))) from error


def render_with_jinja(text: str, *, is_password: bool = False) -> Any:  # noqa: ANN401 - any YAML value
    """Render without dbt: `env_var` and dbt's filters, the values native where they say so."""
    try:
        from jinja2 import StrictUndefined
        from jinja2 import TemplateError as JinjaError
        from jinja2.nativetypes import NativeEnvironment
    except ModuleNotFoundError as error:
        raise ConfigError(
            "profiles.yml has Jinja in it, and neither dbt nor jinja2 is installed to render it",
            hint="install dbt-core, or jinja2, in this environment",
        ) from error
    environment = NativeEnvironment(undefined=StrictUndefined)
    environment.filters.update(_FILTERS)
    try:
        template = environment.from_string(text)
        values = list(template.root_render_func(template.new_context({"env_var": _env_var})))
    except JinjaError as error:
        if is_password:
            return text
        raise TemplateError(_first_line(str(error))) from error
    return values[0] if len(values) == 1 else "".join(str(value) for value in values)


def _env_var(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, default)
    if value is None:
        raise TemplateError.unset(name)
    return value


def _converted(kind: str, *types: type) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:  # noqa: ANN401 - any YAML value
        result = _native(value)
        if type(result) not in types:
            raise TemplateError(f"a value is no {kind}")
        return result

    return convert


def _native(value: Any) -> Any:  # noqa: ANN401 - any YAML value
    try:
        return literal_eval(str(value))
    except (ValueError, SyntaxError):
        return value


_FILTERS: dict[str, Callable[[Any], Any]] = {
    "as_text": str,
    "as_native": _native,
    "as_number": _converted("number", int, float),
    "as_bool": _converted("bool", bool),
}


def _first_line(text: str) -> str:
    """Jinja's reason; the lines after it quote the template."""
    return (text.strip().splitlines() or ["the template is wrong"])[0]
