"""Whether the code that sources.yml names is there and takes its arguments: read, not imported."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from pathlib import Path

from dango_dbt.config import SourceConfig, SourcesConfig
from dango_dbt.discovery import (
    FunctionNode,
    Module,
    module_files,
    read_module,
    required_arguments,
    top_level,
)
from dango_dbt.errors import ConfigError, Place
from dango_dbt.verified import not_in_dlt

__all__ = ["code_problems"]

#: What puts names into a module without a statement that says which.
_MAKES_NAMES = frozenset({"globals", "locals", "vars", "setattr", "exec", "eval"})


def code_problems(config: SourcesConfig, custom_sources: Path) -> Iterator[ConfigError]:
    """Check every file of custom_sources/ for its syntax, then the code of all enabled sources.

    A disabled source may wait for a package, a variable or its code: a sync does not look.
    """
    files = module_files(custom_sources)
    sources = [source for source in config.sources if source.enabled and source.code.own]
    found = [_find(source.code.module, custom_sources) for source in sources]
    own = [path for path in found if path and path.is_relative_to(custom_sources)]
    python = dict.fromkeys([*files.values(), *(path for path in own if path.suffix == ".py")])
    broken = {path: error for path in python if (error := _syntax_problem(path))}
    yield from broken.values()
    for source, path in zip(sources, found, strict=True):
        if path is None:
            yield _missing_module(config, source, custom_sources, files)
        elif path.suffix == ".py" and path not in broken:
            yield from _check_function(config, source, path)


def _syntax_problem(path: Path) -> ConfigError | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(path.read_bytes(), path, "exec", dont_inherit=True)
    except SyntaxError as error:
        place = Place(path, error.lineno, error.offset)
        return ConfigError(f"{type(error).__name__}: {error.msg}", place=place)
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes; nested too deeply
        return ConfigError(f"SyntaxError: {error or 'nested too deeply'}", place=Place(path))
    except OSError as error:
        if path.is_symlink() and not path.exists():
            what, hint = f"this is a link to {path.readlink()}, which is not there", "mend the link"
            return ConfigError(what, place=Place(path), hint=hint)
        return ConfigError(f"cannot be read: {error.strerror}", place=Place(path))
    return None


def _find(name: str, custom_sources: Path) -> Path | None:
    """Find a module's file as a sync would; of a folder, or what is no Python file, any path.

    A link that leads nowhere is found too: it is what is wrong.
    """
    first = custom_sources / name.partition(".")[0]
    if not _is_file(first.with_suffix(".py")) and not first.is_dir():
        return _installed(name)
    folder = custom_sources.joinpath(*name.split("."))
    files = (folder / "__init__.py", folder.with_suffix(".py"))
    return next(filter(_is_file, files), folder if folder.is_dir() else None)


def _is_file(path: Path) -> bool:
    return path.is_file() or path.is_symlink()


def _installed(name: str) -> Path | None:
    """Find an installed module; its packages, which `find_spec` would import, are not imported."""
    path, full, spec = None, "", None
    for part in name.split("."):
        full = f"{full}.{part}".lstrip(".")
        spec = next(
            (
                spec
                for finder in sys.meta_path
                if hasattr(finder, "find_spec") and (spec := finder.find_spec(full, path))
            ),
            None,
        )
        if spec is None:
            return None
        try:
            path = list(spec.submodule_search_locations or ())
        except KeyError:  # a namespace package inside one that is not imported
            return Path(full)
    return Path(spec.origin or full) if spec else None


def _missing_module(
    config: SourcesConfig, source: SourceConfig, custom_sources: Path, files: Collection[str]
) -> ConfigError:
    name = source.code.module
    close = get_close_matches(name, files, n=1)
    hint = (
        f"did you mean `{close[0]}`?"
        if close
        else f"create {custom_sources.name}/{name.replace('.', '/')}.py, or install the package"
        " that holds it"
    )
    known = not_in_dlt(name, source.name) or ConfigError(f"there is no module `{name}`", hint=hint)
    return ConfigError(
        f"source `{source.name}`: {known.message}",
        place=config.place_of(source, "dlt_native", "source_module"),
        hint=known.hint,
    )


def _check_function(
    config: SourcesConfig, source: SourceConfig, path: Path
) -> Iterator[ConfigError]:
    code = source.code
    try:
        module = read_module(path, code.module)
    except (SyntaxError, OSError):
        return  # an installed module's own affair
    bound = _bindings(module.tree)
    nodes = bound.get(code.function, [])
    if not nodes and not ({"*", "__getattr__"} & set(bound)) and not _names_itself(module.tree):
        own = [function.name for function in module.functions]
        yield ConfigError(
            f"source `{source.name}`: module `{code.module}` has no function `{code.function}`",
            place=config.place_of(source, "dlt_native", "source_function"),
            hint=f"it has: {', '.join(own) or 'no dlt source or resource'}",
        )
    elif len(nodes) == 1 and (function := _as_called(nodes[0], module)):
        yield from _argument_problems(config, source, function)


def _names_itself(tree: ast.Module) -> bool:
    """Tell whether a module may make names of its own that reading it does not show."""
    for node in ast.walk(tree):
        match node:
            case ast.Global():
                return True
            case ast.Name(id=name) if name in _MAKES_NAMES:
                return True
            case ast.Attribute(attr="modules"):  # of `sys`, whatever it is called here
                return True
            case ast.ImportFrom(module="sys", names=names):
                if any(alias.name == "modules" for alias in names):
                    return True
    return False


def _bindings(tree: ast.Module) -> dict[str, list[ast.stmt]]:
    """Say which statements give a meaning to which of a module's names."""
    found: dict[str, list[ast.stmt]] = {}
    for statement in top_level(tree):
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names = {statement.name}
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            names = {(alias.asname or alias.name.partition(".")[0]) for alias in statement.names}
        else:
            names = {
                node.id
                for node in ast.walk(statement)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            }
        for name in names:
            found.setdefault(name, []).append(statement)
    return found


def _as_called(node: ast.stmt, module: Module) -> FunctionNode | None:
    """Give the function if it is called with the arguments that it declares.

    dlt's decorators keep them; what another decorator makes of them cannot be told, nor what the
    fields of a source's `spec=` stand in for (a resource's stand in for none).
    """
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    kinds = [function.kind for function in module.functions if function.node is node]
    calls = [call for call in node.decorator_list if isinstance(call, ast.Call)]
    unclear = (None,) if "resource" in kinds else (None, "spec")
    if any(keyword.arg in unclear for call in calls for keyword in call.keywords):
        return None
    return node if len(node.decorator_list) == len(kinds) else None


def _argument_problems(
    config: SourcesConfig, source: SourceConfig, function: FunctionNode
) -> Iterator[ConfigError]:
    takes = function.args
    given = source.code.kwargs
    by_keyword = [arg.arg for arg in (*takes.args, *takes.kwonlyargs)]
    if takes.kwarg is None:
        for name in given:
            if name not in by_keyword:
                yield ConfigError(
                    f"source `{source.name}`: `{function.name}` takes no argument `{name}`",
                    place=config.place_of(source, "dlt_native", "function_kwargs", name),
                    hint=f"it takes: {', '.join(by_keyword) or 'none'}; see `function_kwargs`",
                )
    required = [arg.arg for arg in required_arguments(function)]
    if lacking := [name for name in required if name not in given]:
        names = ", ".join(f"`{name}`" for name in lacking)
        yield ConfigError(
            f"source `{source.name}`: `{function.name}` needs {names}",
            place=config.place_of(source, "dlt_native", "function_kwargs"),
            hint=f"give {names} under `function_kwargs`, or the function a default"
            " (dlt.secrets.value reads .dlt/secrets.toml)",
        )
