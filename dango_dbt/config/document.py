"""A YAML file as plain data, and where each part of it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from dango_dbt.config.models import KeyPath
from dango_dbt.config.problem import Problem
from dango_dbt.errors import ConfigError, Place
from dango_dbt.yaml_files import LOADER, decoded, place_after, syntax_error

__all__ = ["Document", "read_document"]

_MAPPING = "tag:yaml.org,2002:map"
_LIST = "tag:yaml.org,2002:seq"
# Of a file written by people; libyaml's composer overflows the process's stack at some 20,000.
_MAX_DEPTH = 100
_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"  # YAML 1.1, section 5.1
)


@dataclass(frozen=True)
class Document:
    """What a YAML file says.

    Attributes:
        data: the plain data, as `yaml.safe_load` gives it.
        keys: where each key stands; of a list's item, where it begins.
        values: where each value begins.
        written: each single value as it is written, without its quotes.
        problems: what the data does not show: keys that are there twice.
    """

    data: Any
    keys: Mapping[KeyPath, Place]
    values: Mapping[KeyPath, Place]
    written: Mapping[KeyPath, str]
    problems: tuple[Problem, ...]

    def place(self, path: KeyPath) -> Place:
        """Where the value at a path begins, or the nearest thing above it."""
        return next(
            self.values[path[:end]] for end in range(len(path), -1, -1) if path[:end] in self.values
        )

    def key_place(self, path: KeyPath) -> Place:
        """Where the key at a path stands, or the nearest thing above it."""
        return self.keys.get(path) or self.place(path)


def read_document(path: Path, shown: Path, list_key: str) -> Document:
    """Read a YAML file.

    Args:
        path: the file.
        shown: its path as messages show it.
        list_key: the key that a bare list at the top is taken to stand under.

    Raises:
        ConfigError: the file cannot be read, or is not valid YAML.
    """
    text = _read_text(path, shown)
    try:
        _check_depth(text, shown)
        node = yaml.compose(text, Loader=LOADER)
        reader = _Reader(shown)
        if node is None:
            return Document(None, {}, {(): Place(shown, 1, 1)}, {}, ())
        reader.check(node, (list_key,) if isinstance(node, yaml.SequenceNode) else ())
        if isinstance(node, yaml.SequenceNode):
            reader.values[()] = reader.place(node)
            data: Any = {list_key: reader.read(node, (list_key,))}
        else:
            data = reader.read(node, ())
    except yaml.YAMLError as error:
        raise syntax_error(shown, error, text) from error
    return Document(data, reader.keys, reader.values, reader.written, tuple(reader.problems))


class _Reader(SafeConstructor):
    """Makes plain data of YAML nodes, and notes where they stand."""

    def __init__(self, shown: Path) -> None:
        super().__init__()
        self.shown = shown
        self.keys: dict[KeyPath, Place] = {}
        self.values: dict[KeyPath, Place] = {}
        self.written: dict[KeyPath, str] = {}
        self.problems: list[Problem] = []
        self._checked: set[int] = set()

    def place(self, node: yaml.Node) -> Place:
        return _place(node.start_mark, self.shown)

    def check(self, node: yaml.Node, path: KeyPath, inside: frozenset[int] = frozenset()) -> None:
        """Note keys that are there twice; refuse an alias that contains itself."""
        if id(node) in inside:
            raise ConfigError("an alias stands inside what it refers to", place=self.place(node))
        if id(node) in self._checked:
            return
        self._checked.add(id(node))
        if isinstance(node, yaml.MappingNode):
            self._check_keys(node, path)
        for step, child in _children(node):
            self.check(child, (*path, step), inside | {id(node)})

    def _check_keys(self, node: yaml.MappingNode, path: KeyPath) -> None:
        seen: dict[tuple[str, str], yaml.ScalarNode] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                earlier = seen.setdefault((key.tag, key.value), key)
                if earlier is not key:
                    error = ConfigError(
                        f"key `{key.value}` is there twice: first on line"
                        f" {earlier.start_mark.line + 1}",
                        place=self.place(key),
                        hint="remove one of the two",
                    )
                    self.problems.append(Problem.at(path, error))

    def read(self, node: yaml.Node, path: KeyPath) -> Any:  # noqa: ANN401 - as safe_load
        """Make plain data of a node."""
        if len(path) > _MAX_DEPTH:  # through aliases of aliases
            raise _too_deep(self.place(node))
        self.values[path] = self.place(node)
        if isinstance(node, yaml.MappingNode) and node.tag == _MAPPING:
            return self._read_mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == _LIST:
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            self.written[path] = node.value
        return self._construct(node)

    def _read_mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[Any, Any]:
        self.flatten_mapping(node)  # resolves `<<`; own keys come last and win
        pairs = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise ConfigError(
                    "not valid here: a list or mapping as a key",
                    place=self.place(key_node),
                    hint="put text that begins with { or [ in quotes",
                )
            pairs[self._construct(key_node)] = (key_node, value_node)
        data = {}
        for key, (key_node, value_node) in pairs.items():
            below = (*path, key if isinstance(key, (str, int)) else str(key))
            self.keys[below] = self.place(key_node)
            data[key] = self.read(value_node, below)
        return data

    def _construct(self, node: yaml.Node) -> Any:  # noqa: ANN401 - as safe_load
        try:
            return self.construct_object(node, deep=True)
        except (ValueError, ArithmeticError, LookupError, AttributeError, TypeError) as error:
            # PyYAML lets through whatever int(), float() or datetime() raise.
            kind = node.tag.rpartition(":")[2]
            raise ConfigError(
                f"this looks like a YAML {kind} but is none",
                place=self.place(node),
                hint="put it in quotes if it is text",
            ) from error


def _children(node: yaml.Node) -> Iterator[tuple[str | int, yaml.Node]]:
    """Give the nodes below a node, each with the key or index that it stands under."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            step = str(key.value)
            yield from ((step, key), (step, value))
    elif isinstance(node, yaml.SequenceNode):
        yield from enumerate(node.value)


def _read_text(path: Path, shown: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(
            f"there is no {shown}", hint="create a project with `dango-dbt init`"
        ) from error
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", place=Place(shown)) from error
    text = decoded(raw, shown)
    if found := _UNPRINTABLE.search(text):
        raise ConfigError(
            f"not valid YAML: character {found[0]!r} is not allowed",
            place=place_after(text[: found.start()], shown),
        )
    return text


def _check_depth(text: str, shown: Path) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise _too_deep(_place(event.start_mark, shown))


def _too_deep(place: Place) -> ConfigError:
    return ConfigError(f"nested deeper than {_MAX_DEPTH} levels", place=place)


def _place(mark: Any, shown: Path) -> Place:  # noqa: ANN401 - PyYAML has two classes of marks
    return Place(shown, mark.line + 1, mark.column + 1)
