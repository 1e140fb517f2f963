"""Write constraints.txt: one version of each package that we, the demo and the tests install.

Each supported Python that is on the PATH installs the project into an environment of its own; what
they agree on is one line, what they do not gets a marker. No index address is written.

Run as: python scripts/constraints.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
HEAD = """\
# Versions that are known to work together; written by `make constraints`.
"""


def freeze(python: str, folder: Path) -> dict[str, str]:
    """Install the project with one Python; gives version by package."""
    interpreter = str(folder / "bin" / "python")
    subprocess.run([f"python{python}", "-m", "venv", str(folder)], check=True)
    pip = [interpreter, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", f"{ROOT}[demo,dev]"], check=True)
    lines = subprocess.check_output([*pip, "freeze", "--exclude", "dango-dbt"], text=True)
    return dict(line.split("==") for line in lines.splitlines() if "==" in line)


def merge(found: dict[str, dict[str, str]]) -> list[str]:
    """Write a line a version, with a marker where not all Pythons have it."""
    versions: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for python, packages in found.items():
        for package, version in packages.items():
            versions[package][version].append(python)
    lines = []
    for package in sorted(versions, key=str.lower):
        for version, pythons in versions[package].items():
            everywhere = len(versions[package]) == 1
            which = " or ".join(f'python_version == "{python}"' for python in pythons)
            lines.append(f"{package}=={version}" + ("" if everywhere else f" ; {which}"))
    return lines


def main() -> None:
    """Ask every Python there is."""
    found = {}
    for python in PYTHONS:
        if shutil.which(f"python{python}") is None:
            print(f"python{python} is not here: left out", file=sys.stderr)
            continue
        with tempfile.TemporaryDirectory() as folder:
            found[python] = freeze(python, Path(folder))
        print(f"python{python}: {len(found[python])} packages", file=sys.stderr)
    (ROOT / "constraints.txt").write_text(HEAD + "\n".join(merge(found)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
