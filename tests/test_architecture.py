"""The import table of docs/architecture.md is the code's: one way, dlt and dbt behind seams."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "dango_dbt"
LIBRARIES = {"dlt", "dbt", "sqlglot"}


def table() -> dict[str, set[str]]:
    """Read the modules and what each may import out of the documentation."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|.*\| ?(.*?) ?\|$", text, flags=re.MULTILINE)
    allowed = {name: set(re.findall(r"[a-z_]+", cell)) for name, cell in rows}
    allowed["api"] = set(allowed) - {"dev", "report", "cli"}
    return allowed


def modules() -> list[Path]:
    return sorted(
        path
        for path in PACKAGE.rglob("*.py")
        if "templates" not in path.parts and path.parent != PACKAGE / "macros"
    )


def module_name(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """All imported names, inside functions too; our own without the package's name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "dango_dbt":
            names = [f"dango_dbt.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        for name in names:
            first, _, rest = name.partition(".")
            yield rest.partition(".")[0] if first == "dango_dbt" else first


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_the_table_allows(path: Path) -> None:
    name = module_name(path)
    if name in {"__init__", "__main__"}:
        return  # the package's front door
    allowed = table()
    assert name in allowed, f"{name} is missing in docs/architecture.md"
    ours = set(allowed) | LIBRARIES
    used = {imported for imported in imports(path) if imported in ours} - {name}
    assert used <= allowed[name], f"{name} imports {used - allowed[name]}"


def test_the_table_names_no_module_that_is_gone() -> None:
    existing = {module_name(path) for path in modules()}
    assert set(table()) <= existing


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["sync-and-build", "--help"]])
def test_help_imports_neither_dlt_nor_dbt(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from dango_dbt.cli import main\n"
        "try:\n"
        f"    main({arguments!r})\n"
        "except SystemExit:\n"
        "    pass\n"
        "heavy = {'dlt', 'dbt', 'duckdb', 'pyarrow', 'sqlglot', 'pydantic', 'yaml', 'rich'}\n"
        "print('LOADED', sorted(heavy & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED []"
