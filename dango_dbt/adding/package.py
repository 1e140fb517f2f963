"""A source's package, read and never imported: the function to name, and what it wants."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dango_dbt.discovery import DltFunction, module_files, read_module, required_arguments
from dango_dbt.errors import ConfigError

__all__ = ["Chosen", "choose", "make_relative"]

_LISTS = ("list", "sequence", "iterable", "tuple", "set", "collection")


@dataclass(frozen=True)
class Chosen:
    """The function that an entry of sources.yml is to name.

    Attributes:
        module: the module that holds it, as `source_module` names it.
        others: further source functions there.
        kwargs: the arguments that it lacks, with variables for values.
    """

    module: str
    function: str
    others: tuple[str, ...]
    kwargs: dict[str, str | list[str]]


def choose(package: Path, name: str, source: str) -> Chosen:
    """Choose a source function: the one named like the source, or else the first.

    Sources come before bare resources, and the package itself before the modules in it.

    Args:
        package: the package's folder.
        name: what the package is called in custom_sources/.
        source: the source's name in the repository.

    Raises:
        ConfigError: there is no source function.
    """
    for module, path in _modules(package, name):
        try:
            functions = read_module(path, module).functions
        except (SyntaxError, FileNotFoundError):
            continue
        sources = [one for one in functions if one.kind == "source"] or list(functions)
        if sources:
            first = next((one for one in sources if one.name == source), sources[0])
            others = tuple(one.name for one in sources if one is not first)
            return Chosen(module, first.name, others, _kwargs(first, name))
    raise ConfigError(
        f"verified source `{source}` has no function with @dlt.source or @dlt.resource",
    )


def make_relative(package: Path, source: str) -> None:
    """Rewrite what a package imports from itself by its full name.

    In the repository it is `from chess.helpers import …` or `from sources.chess.helpers import …`;
    neither holds in custom_sources/ under another name, nor where a library has the name.
    """
    for path in package.rglob("*.py"):
        raw = path.read_bytes()
        depth = len(path.relative_to(package).parts)
        try:
            changed = _relative(raw, source, "." * depth)
        except (SyntaxError, ValueError):
            continue  # dlt has not come across it, and Python will say so where it is imported
        if changed != raw:
            path.write_bytes(changed)


def _modules(package: Path, name: str) -> Iterator[tuple[str, Path]]:
    yield name, package / "__init__.py"
    for module, path in module_files(package).items():
        yield f"{name}.{module}", path


def _kwargs(function: DltFunction, name: str) -> dict[str, str | list[str]]:
    """Give a variable for each argument without a default: dlt fills none of these."""
    return {
        argument.arg: [variable] if _is_list(argument.annotation) else variable
        for argument in required_arguments(function.node)
        for variable in [f"${{{name}_{argument.arg}}}".upper()]
    }


def _is_list(annotation: ast.expr | None) -> bool:
    """Tell whether an annotation is a list's: `List[str]`, `typing.Sequence[str]`, `list`."""
    text = ast.unparse(annotation) if annotation else ""
    return text.partition("[")[0].rpartition(".")[2].lower() in _LISTS


def _relative(raw: bytes, source: str, dots: str) -> bytes:
    own = re.compile(rf"(?:sources\.)?{re.escape(source)}(?:\.(.+))?")
    lines = raw.splitlines(keepends=True)
    for node in ast.walk(ast.parse(raw)):
        if not isinstance(node, ast.ImportFrom) or node.level:
            continue
        if match := own.fullmatch(node.module or ""):
            line, start = lines[node.lineno - 1], node.col_offset
            old = rf"from(\s+){re.escape(match[0])}(?=\s)".encode()
            new = rf"from\g<1>{dots}{match[1] or ''}".encode()
            lines[node.lineno - 1] = line[:start] + re.sub(old, new, line[start:], count=1)
    return b"".join(lines)
