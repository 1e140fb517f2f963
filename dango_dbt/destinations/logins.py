"""How a dbt profile's fields become dlt's credentials: what the rows of `adapters` are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dango_dbt.errors import ConfigError
from dango_dbt.project import Target

__all__ = ["Field", "Login", "Settings", "settings", "value_of"]

#: Where a value comes from: a field of dbt's, the first that is there of several (dbt has aliases
#: for some), or something that is made of the fields.
Field = str | tuple[str, ...] | Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Login:
    """One way to log in to a warehouse.

    Attributes:
        name: what people call it.
        needs: dbt's fields that must be there; of a tuple, one of them.
        given: dbt's fields that must have one of these values; None among them: not be there.
        credentials: dlt's credentials, beside those that all logins of the warehouse have.
        fixed: credentials of dlt's that do not come from the profile.
        query: further parameters of the connection.
    """

    name: str
    needs: tuple[str | tuple[str, ...], ...] = ()
    given: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    credentials: Mapping[str, Field] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Field] = field(default_factory=dict)

    def fits(self, fields: Mapping[str, Any]) -> bool:
        """Whether the fields of a target are those of this login."""
        has_all = all(value_of(fields, need) is not None for need in self.needs)
        return has_all and all(_plain(fields.get(key)) in ok for key, ok in self.given.items())


@dataclass(frozen=True)
class Settings:
    """What dlt's destination is made with.

    Attributes:
        credentials: secrets included: never print them.
        options: the destination's other settings.
    """

    credentials: Mapping[str, Any] = field(repr=False)
    options: Mapping[str, Any]


def settings(
    target: Target,
    logins: tuple[Login, ...],
    common: Mapping[str, Field],
    query: Mapping[str, Field],
    options: Mapping[str, Field],
) -> Settings:
    """Say how dlt logs in where dbt does.

    Args:
        target: the resolved target.
        logins: the ways to log in that dlt has, the first that fits counts.
        common: dlt's credentials that all of them have.
        query: likewise further parameters of the connection.
        options: other settings of dlt's destination.

    Raises:
        ConfigError: dlt has no such way to log in, or a file that is named cannot be read.
    """
    fields = target.fields
    login = next((login for login in logins if login.fits(fields)), None)
    if login is None:
        ways = "; ".join(login.name for login in logins)
        raise ConfigError(
            f"target `{target.name}` logs in to {target.type} in a way that dlt cannot",
            place=target.place,
            hint=f"give the target's fields for one of: {ways}",
        )
    try:
        credentials = _taken(fields, {**common, **login.credentials}) | dict(login.fixed)
        if found := _taken(fields, {**query, **login.query}):
            credentials["query"] = found
        return Settings(credentials, _taken(fields, options))
    except ValueError as error:  # a callable cannot make sense of a field
        raise ConfigError(f"target `{target.name}`: {error}", place=target.place) from error


def value_of(fields: Mapping[str, Any], source: Field) -> Any:  # noqa: ANN401 - any YAML value
    """Take a value from the fields; None: it is not there."""
    if callable(source):
        return source(fields)
    names = (source,) if isinstance(source, str) else source
    return next((fields[name] for name in names if fields.get(name) not in {None, ""}), None)


def _taken(fields: Mapping[str, Any], sources: Mapping[str, Field]) -> dict[str, Any]:
    found = {key: value_of(fields, source) for key, source in sources.items()}
    return {key: value for key, value in found.items() if value is not None}


def _plain(value: object) -> object:
    return value.lower() if isinstance(value, str) else value
