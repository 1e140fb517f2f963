"""Finds dlt source functions in Python files by reading their syntax tree: nothing is imported.

So a file that is half written, or whose libraries are missing, can be looked at all the same.
"""

from __future__ import annotations

import ast
import os
import re
import warnings
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from dango_dbt.findings import Unreferenced

__all__ = [
    "DltFunction",
    "FunctionNode",
    "Module",
    "imported_modules",
    "module_files",
    "read_module",
    "required_arguments",
    "top_level",
    "unreferenced",
    "unreferenced_text",
]

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_Kind = Literal["source", "resource"]

#: Statements whose bodies run when the module does: what they define is the module's own.
_BLOCKS = (
    ast.If,
    ast.Try,
    getattr(ast, "TryStar", ast.Try),  # from Python 3.11 on
    ast.With,
    ast.For,
    ast.While,
    ast.Match,
)

#: Folders whose files are not the user's own code.
_OTHERS_CODE = frozenset({"__pycache__", "node_modules"})


@dataclass(frozen=True)
class DltFunction:
    """A function of a module that is decorated with `@dlt.source` or `@dlt.resource`."""

    name: str
    kind: _Kind
    node: FunctionNode = field(repr=False)


@dataclass(frozen=True)
class Module:
    """A Python file, read.

    Attributes:
        name: what `import` would call it: `my_api`, `pkg` (of `pkg/__init__.py`), `pkg.orders`.
        functions: its own dlt sources and resources, in the file's order.
    """

    name: str
    path: Path
    tree: ast.Module = field(repr=False)
    functions: tuple[DltFunction, ...]


def module_files(folder: Path) -> dict[str, Path]:
    """Find the Python files in a folder and its packages, by module name, sorted by path.

    Links are followed. What is in a virtual environment, or is no code of the user's own, is not
    among them.
    """
    found = {}
    for path in sorted(_python_files(folder)):
        parts = path.relative_to(folder).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name and (name not in found or path.name == "__init__.py"):  # as Python prefers it
            found[name] = path
    return found


def read_module(path: Path, name: str) -> Module:
    """Read a file's syntax tree.

    Raises:
        SyntaxError: it is no Python.
        OSError: it cannot be read.
    """
    raw = path.read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the user's string escapes; Python tells them itself
        try:
            tree = ast.parse(raw, filename=str(path))
        except (ValueError, RecursionError, MemoryError) as error:  # null bytes; nested too deeply
            raise SyntaxError(str(error) or "nested too deeply") from error
    return Module(name, path, tree, tuple(_dlt_functions(tree)))


def top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """Give the statements that run when the module does, those in `if` and `try` too."""
    waiting: list[ast.AST] = list(reversed(tree.body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt):
            yield node
        if isinstance(node, (*_BLOCKS, ast.ExceptHandler, ast.match_case)):
            waiting += reversed(list(ast.iter_child_nodes(node)))


def required_arguments(function: FunctionNode) -> Iterator[ast.arg]:
    """Give the arguments without a default; `dlt.secrets.value` is a default."""
    takes = function.args
    positional = [*takes.posonlyargs, *takes.args]
    yield from positional[: len(positional) - len(takes.defaults)]
    for arg, default in zip(takes.kwonlyargs, takes.kw_defaults, strict=True):
        if default is None:
            yield arg


def unreferenced(root: Path, folder: Path, named: Collection[str]) -> list[Unreferenced]:
    """Find the files with a source function that no entry of sources.yml names.

    Args:
        root: the project's root, to which paths are shown.
        folder: custom_sources/.
        named: every `source_module` of sources.yml, disabled entries' too.

    Returns:
        The files sorted by path. Helpers, and files that are no Python, are not among them; nor is
        what a named module imports from its own package, since that is loaded through it. A file
        that links lead to is told once, and not at all where it is used by one of its names.
    """
    modules = {}
    for name, path in module_files(folder).items():
        try:
            modules[name] = read_module(path, name)
        except (SyntaxError, OSError):
            continue
    used = _with_imports(modules, named)
    files = {name: module.path.resolve() for name, module in modules.items()}
    told = {files[name] for name in used if name in files}
    found = {}
    # A file comes before the links to it.
    for name in sorted(modules, key=lambda name: files[name] != modules[name].path):
        if modules[name].functions and files[name] not in told:
            told.add(files[name])
            found[name] = modules[name]
    return [
        Unreferenced(Path(os.path.relpath(module.path, root)).as_posix(), name, _preferred(module))
        for name, module in modules.items()
        if name in found
    ]


def unreferenced_text(found: Iterable[Unreferenced], taken: Collection[str]) -> str:
    """Say which files are not synced, with what to paste into sources.yml.

    Args:
        found: at least one file.
        taken: names of sources that sources.yml has already.
    """
    found, names = list(found), list(taken)
    lines = ["Unreferenced custom sources detected:", *(f"   - {file.path}" for file in found), ""]
    lines.append("These files won't be synced. To use them, add to .dango/sources.yml:")
    for file in found:
        names.append(_free_name(file.module, names))
        lines += [
            "",
            f"  - name: {names[-1]}",
            "    type: dlt_native",
            "    enabled: true",
            "    dlt_native:",
            f"      source_module: {file.module}",
            f"      source_function: {file.function}",
            "      function_kwargs: {}",
        ]
    return "\n".join(lines)


def _python_files(folder: Path) -> Iterator[Path]:
    """Find files that can be imported: no folder or file whose name is no identifier."""
    for parent, folders, files in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if _may_hold_code(Path(parent, name))]
        for name in files:
            if name.endswith(".py") and name[:-3].isidentifier():
                yield Path(parent, name)


def _may_hold_code(folder: Path) -> bool:
    """Tell whether to look into a folder; a link to one that it lies in would never end."""
    return (
        folder.name.isidentifier()  # so neither `.git` nor `site-packages`
        and folder.name not in _OTHERS_CODE
        and not (folder / "pyvenv.cfg").is_file()
        and not (folder.is_symlink() and _leads_back(folder))
    )


def _leads_back(link: Path) -> bool:
    there = link.resolve()
    return any(parent.resolve().is_relative_to(there) for parent in link.parents)


def _dlt_functions(tree: ast.Module) -> Iterator[DltFunction]:
    names = _imported_names(tree)
    for node in top_level(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            kinds = [_kind(decorator, names) for decorator in node.decorator_list]
            kind = next((kind for kind in kinds if kind), None)
            if kind:
                yield DltFunction(node.name, kind, node)


def _imported_names(tree: ast.Module) -> dict[str, str]:
    """Say what the names that imports bind stand for: `{"d": "dlt", "source": "dlt.source"}`."""
    names = {}
    for node in top_level(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                names[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                if alias.name == "*" and node.module == "dlt":
                    names |= {"source": "dlt.source", "resource": "dlt.resource"}
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def _kind(decorator: ast.expr, names: dict[str, str]) -> _Kind | None:
    """Say what a decorator makes of its function: `dlt.source`, `dlt.source(...)` or `source`."""
    if isinstance(decorator, ast.Call):
        decorator = decorator.func
    parts: list[str] = []
    while isinstance(decorator, ast.Attribute):
        parts.append(decorator.attr)
        decorator = decorator.value
    if not isinstance(decorator, ast.Name):
        return None
    full = ".".join([names.get(decorator.id, ""), *reversed(parts)])
    if not full.startswith("dlt."):
        return None
    last = full.rpartition(".")[2]
    return "source" if last == "source" else "resource" if last == "resource" else None


def _preferred(module: Module) -> str:
    """Choose the function to name: a source before a resource, then the one named like the file."""
    own = module.name.rpartition(".")[2]
    ranked = sorted(
        module.functions, key=lambda function: (function.kind != "source", function.name != own)
    )
    return ranked[0].name


def _with_imports(modules: dict[str, Module], named: Collection[str]) -> set[str]:
    """Add to the named modules what they import, at any remove, from their own packages."""
    used: set[str] = set()
    waiting = list(named)
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            if name in modules:
                package = f"{name.partition('.')[0]}."
                imported = imported_modules(modules[name])
                waiting += [other for other in imported if other.startswith(package)]
    return used


def imported_modules(module: Module) -> Iterator[str]:
    """Give the full names of all that a module may import; some are names in a module."""
    parts = module.name.split(".")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # One dot is the package that the file is in; `__init__.py` is its package.
            up = node.level - (module.path.name == "__init__.py")
            base = parts[: len(parts) - up] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            yield origin
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def _free_name(module: str, taken: Collection[str]) -> str:
    """Make a source's name of a module's: lower-case words joined by single underscores."""
    words = re.sub("[^a-z0-9]+", "_", module.lower()).strip("_")
    name = words if words[:1].isalpha() else f"source_{words}".strip("_")
    numbered = (f"{name}_{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(free for free in numbered if free not in taken)
