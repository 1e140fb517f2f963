"""The user's code: imported by its file's path, and its errors told with their lines.

dlt is imported inside functions only.
"""

from __future__ import annotations

import importlib
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

from dango_dbt.errors import ConfigError, DangoError, Place, SyncError, first_line
from dango_dbt.verified import not_in_dlt

__all__ = [
    "forget_modules",
    "import_module",
    "import_modules",
    "lacks_argument",
    "user_code",
    "user_frame",
]

#: Modules of custom_sources/ live below this package, so that a file named requests.py there
#: shadows no library. dlt names its configuration sections after the last part only.
_PACKAGE = "dango_custom_sources"
_import_lock = threading.Lock()


def forget_modules(custom_sources: Path) -> None:
    """Make the next imports read the user's files anew, from this folder.

    What an earlier run in this process has imported, from this folder or another project's, goes:
    the modules themselves, and those that they have imported by plain name from beside them.
    """
    with _import_lock:
        package = sys.modules.get(_PACKAGE)
        earlier = list(getattr(package, "__path__", ()))
        folders = {str(custom_sources), *earlier}
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None) or ""
            if name.partition(".")[0] == _PACKAGE or str(Path(file).parent) in folders:
                del sys.modules[name]
        package = ModuleType(_PACKAGE)
        package.__path__ = [str(custom_sources)]
        sys.modules[_PACKAGE] = package
        importlib.invalidate_caches()
        # Last, so that `import helpers` finds the file beside, and `import requests` the library.
        sys.path[:] = [*(entry for entry in sys.path if entry not in folders), str(custom_sources)]


def import_modules(modules: Sequence[tuple[str, str]], custom_sources: Path) -> None:
    """Import the modules of sources one after the other, before they are loaded side by side.

    Libraries are half there while they are imported, and dlt looks at some (pyarrow, pandas) from
    another source's thread just then. What fails here fails again, and is told, with its source.

    Args:
        modules: each source's module and name.
        custom_sources: the folder with the user's modules.
    """
    for module, source in modules:
        with suppress(DangoError):
            import_module(module, custom_sources, source)
    importlib.import_module("pyarrow.parquet")  # what dlt itself imports late
    if len(modules) > 1:
        with suppress(ImportError):  # pandas is nobody's requirement
            importlib.import_module("pandas")  # DuckDB imports it with its first parameter


def import_module(name: str, custom_sources: Path, source: str) -> ModuleType:
    """Import a module of custom_sources/, or an installed one.

    Raises:
        ConfigError: there is none of that name.
        SyncError: its code raises something.
    """
    first = custom_sources / name.partition(".")[0]
    own = first.with_suffix(".py").is_file() or first.is_dir()
    full_name = f"{_PACKAGE}.{name}" if own else name
    with _import_lock, user_code(custom_sources, f"importing `{name}`", source):
        try:
            return importlib.import_module(full_name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{full_name}.".startswith(f"{error.name}."):
                raise  # an import inside the module
            if not_there := not_in_dlt(name, source):
                raise not_there from error
            raise ConfigError(
                f"there is no module `{name}`",
                hint=f"create {custom_sources.name}/{name.replace('.', '/')}.py, or install"
                " the package that holds it",
            ) from error


@contextmanager
def user_code(custom_sources: Path, doing: str, source: str) -> Iterator[None]:
    """Turn whatever the user's code raises into a SyncError that names the line in their file."""
    try:
        yield
    except DangoError:
        raise
    except SyntaxError as error:
        place = user_frame(error, custom_sources)
        if error.filename:
            path = _short(Path(error.filename), custom_sources)
            place = Place(path, error.lineno, error.offset)
        raise SyncError(f"{type(error).__name__}: {error.msg}", place=place) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the user's code may raise anything
        raise SyncError(
            f"{doing} raised {type(error).__name__}: {first_line(error)}",
            place=user_frame(error, custom_sources),
            hint=_hint(error, source),
        ) from error


def _hint(error: BaseException, source: str) -> str | None:
    from dlt.common.configuration.exceptions import ConfigFieldMissingException
    from dlt.common.exceptions import MissingDependencyException

    if isinstance(error, ModuleNotFoundError):
        return f"install it: pip install {(error.name or '').partition('.')[0]}"
    if isinstance(error, MissingDependencyException):
        packages = " ".join(f"'{package}'" for package in error.dependencies)
        return f"install it: pip install {packages}"
    if isinstance(error, ConfigFieldMissingException):
        names = ", ".join(f"`{name}`" for name in error.fields)
        return (
            f"give {names} under `function_kwargs` in sources.yml, or under [sources.{source}]"
            " in .dlt/secrets.toml"
        )
    if lacks_argument(error):
        return "give it under `function_kwargs` in sources.yml, or the function a default"
    return None


def lacks_argument(error: BaseException | None) -> bool:
    """Whether a function was called without what it needs, in dlt's or in Python's words."""
    from dlt.common.configuration.exceptions import ConfigFieldMissingException

    lacking = ("missing a required", "required positional argument", "required keyword-only arg")
    if isinstance(error, TypeError):
        return any(words in str(error) for words in lacking)
    return isinstance(error, ConfigFieldMissingException)


def user_frame(error: BaseException, custom_sources: Path) -> Place | None:
    """Find the innermost line of the user's own files that an error, or its cause, passed."""
    found = None
    seen: BaseException | None = error
    while seen is not None:
        for frame in traceback.extract_tb(seen.__traceback__):
            if Path(frame.filename).is_relative_to(custom_sources):
                found = Place(_short(Path(frame.filename), custom_sources), frame.lineno)
        seen = seen.__cause__ or seen.__context__
    return found


def _short(path: Path, custom_sources: Path) -> Path:
    """Name a user's file as seen from the project's root."""
    root = custom_sources.parent
    return path.relative_to(root) if path.is_relative_to(root) else path
