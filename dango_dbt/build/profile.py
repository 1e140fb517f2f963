"""Reads profiles.yml: which targets there are, and one target with its fields rendered."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dango_dbt.build.rendering import TemplateError, render
from dango_dbt.errors import ConfigError, Place
from dango_dbt.project import DbtProject, Target, dbt_variable
from dango_dbt.yaml_files import read_text, syntax_error

__all__ = [
    "adapter_type",
    "default_target",
    "fields_as_written",
    "other_targets",
    "resolve_target",
    "taken_target",
]

#: Where an adapter has a schema of its own that the profile need not name.
_DEFAULT_SCHEMAS = {"duckdb": "main"}


def resolve_target(project: DbtProject, name: str | None = None) -> Target:
    """Resolve one target of the project's profile as dbt does.

    Args:
        project: the dbt project.
        name: the target; without it DBT_TARGET, the profile's `target:`, or `default`.

    Returns:
        The target with all its fields rendered, secrets included.

    Raises:
        ConfigError: profiles.yml, the profile or the target is missing or wrong, or a variable
            that it uses is unset. No field's value is part of the message.
    """
    profile = _Profile.read(project)
    name = name or _taken(profile)
    fields = {
        str(key): profile.render(value, "outputs", name, key)
        for key, value in profile.output(name).items()
    }
    return _target(project, profile, name, fields)


def other_targets(project: DbtProject, target: Target) -> list[Target]:
    """Find the profile's other targets of a target's adapter, with what of them is known here.

    Variables of targets for other machines are commonly unset on this one: fields that cannot be
    rendered are left out, and so are targets whose adapter cannot be told.

    Raises:
        ConfigError: profiles.yml is missing or wrong.
    """
    profile = _Profile.read(project)
    names = [name for name in profile.outputs() if str(name) != target.name]
    known = {name: profile.known_here(name) for name in names}
    return [
        _target(project, profile, str(name), fields)
        for name, fields in known.items()
        if fields.get("type") == target.type
    ]


def _target(project: DbtProject, profile: _Profile, name: str, fields: Mapping[str, Any]) -> Target:
    adapter = str(fields["type"])
    schema = fields.get("schema") or fields.get("dataset") or _DEFAULT_SCHEMAS.get(adapter, "")
    return Target(
        name=name,
        type=adapter,
        schema=str(schema),
        fields=fields,
        directory=project.directory,
        place=profile.place("outputs", name),
    )


def taken_target(project: DbtProject) -> str:
    """The target that dbt takes without `--target`: DBT_TARGET, or the profile's own.

    Raises:
        ConfigError: as `resolve_target`.
    """
    return _taken(_Profile.read(project))


def adapter_type(project: DbtProject, name: str) -> str:
    """The adapter of a target, such as `duckdb`; needs none of the target's credentials.

    Raises:
        ConfigError: as `resolve_target`, but for fields other than `type`.
    """
    profile = _Profile.read(project)
    return str(profile.render(profile.output(name)["type"], "outputs", name, "type"))


def fields_as_written(project: DbtProject, name: str) -> Mapping[str, Any]:
    """Give the fields of a target with the Jinja in them: no variable need be set.

    Raises:
        ConfigError: profiles.yml, the profile or the target is missing or wrong.
    """
    return _Profile.read(project).output(name)


def _taken(profile: _Profile) -> str:
    return dbt_variable("TARGET") or profile.default_target()


def default_target(project: DbtProject) -> str:
    """The profile's own target: the one that dbt takes where neither DBT_TARGET nor --target is.

    Raises:
        ConfigError: as `resolve_target`.
    """
    return _Profile.read(project).default_target()


@dataclass(frozen=True)
class _Profile:
    """One profile, not yet rendered."""

    path: Path
    text: str = field(repr=False)
    name: str
    raw: Mapping[str, Any] = field(repr=False)

    @classmethod
    def read(cls, project: DbtProject) -> _Profile:
        path = project.profiles_dir / "profiles.yml"
        name = _profile_name(project)
        try:
            text = read_text(path)
            profiles = yaml.safe_load(text)
        except FileNotFoundError as error:
            raise ConfigError(
                f"there is no {path}",
                hint=f"put a profiles.yml into {project.directory}, or name the folder that it is"
                " in as DBT_PROFILES_DIR",
            ) from error
        except yaml.YAMLError as error:
            raise syntax_error(path, error) from error
        if not isinstance(profiles, dict) or not profiles:
            raise ConfigError("profiles.yml needs a profile", place=Place(path))
        if name not in profiles:
            raise ConfigError(
                f"there is no profile '{name}'; there are: {_listed(profiles)}",
                place=Place(path),
                hint="add it, or name one of these as `profile:` in dbt_project.yml",
            )
        raw = profiles[name]
        return cls(path, text, name, raw if isinstance(raw, dict) else {})

    def outputs(self) -> Mapping[str, Any]:
        outputs = self.raw.get("outputs")
        if not isinstance(outputs, dict) or not outputs:
            raise ConfigError(
                f"profile '{self.name}' has no `outputs:`",
                place=self.place(),
                hint="add a target below `outputs:`",
            )
        return outputs

    def output(self, name: str) -> Mapping[str, Any]:
        """One target's fields, not yet rendered."""
        outputs = self.outputs()
        if name not in outputs:
            raise ConfigError(
                f"profile '{self.name}' has no target '{name}'; it has: {_listed(outputs)}",
                place=self.place("outputs"),
                hint="name one of these with --target, or add it to profiles.yml",
            )
        output = outputs[name]
        if not isinstance(output, dict) or not output.get("type"):
            raise ConfigError(
                f"target '{name}' of profile '{self.name}' needs fields, `type` among them",
                place=self.place("outputs", name),
                hint="see https://docs.getdbt.com/docs/core/connect-data-platform/profiles.yml",
            )
        return output

    def default_target(self) -> str:
        return str(self.render(self.raw.get("target", "default"), "target"))

    def render(self, value: Any, *keys: Any) -> Any:  # noqa: ANN401 - any YAML value
        """Render a value and all that is in it; `keys` lead to it and place an error."""
        if isinstance(value, dict):
            return {key: self.render(inner, *keys, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.render(inner, *keys, index) for index, inner in enumerate(value)]
        try:
            return render(value, is_password="password" in keys)
        except TemplateError as error:
            raise ConfigError(
                f"`{keys[-1]}` of profile '{self.name}' cannot be rendered: {error}",
                place=self.place(*keys),
                hint="set the variable in the environment or in .env, or give env_var() a default"
                if "environment variable" in str(error)
                else "mend the template",
            ) from error

    def known_here(self, name: str) -> dict[str, Any]:
        """The scalar fields of a target, without those that cannot be rendered.

        dbt's own renderer would take more than a second to import, and nothing is connected to.
        """
        output = self.outputs()[name]
        fields: dict[str, Any] = {}
        for key, value in output.items() if isinstance(output, dict) else ():
            with suppress(ConfigError, TemplateError):
                fields[str(key)] = render(value, exactly=False)
        return fields

    def place(self, *keys: Any) -> Place:  # noqa: ANN401 - YAML keys and list indexes
        """Where the value that these keys lead to is, or the last of them that there is."""
        place = Place(self.path)
        node = yaml.compose(self.text, Loader=yaml.SafeLoader)
        for key in (self.name, *keys):
            entry = _entry(node, key)
            if entry is None:
                break
            start, node = entry
            place = Place(self.path, start.line + 1, start.column + 1)
        return place


def _entry(node: yaml.Node | None, key: object) -> tuple[yaml.Mark, yaml.Node] | None:
    """Where a mapping's key or a list's entry starts, and its value."""
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == str(key):
                return name.start_mark, value
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int):
        return node.value[key].start_mark, node.value[key]
    return None


def _profile_name(project: DbtProject) -> str:
    """The profile of DBT_PROFILE, or dbt_project.yml's, which may have Jinja in it."""
    if name := dbt_variable("PROFILE"):
        return name
    try:
        return str(render(project.profile))
    except TemplateError as error:
        raise ConfigError(
            f"`profile` cannot be rendered: {error}",
            place=Place(project.directory / "dbt_project.yml"),
            hint="set the variable in the environment or in .env",
        ) from error


def _listed(names: Mapping[str, Any]) -> str:
    return ", ".join(str(name) for name in names)
