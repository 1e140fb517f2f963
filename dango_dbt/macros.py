"""The dbt macros that generated models and tests use, as they are shipped."""

from __future__ import annotations

from pathlib import Path

__all__ = ["texts"]


def texts() -> dict[str, str]:
    """Read the macros: text by file name, sorted.

    They stand at the top of the repository; in an installed package they stand beside this file.
    """
    package = Path(__file__).parent
    folder = next(
        place for place in (package / "macros", package.parent / "macros") if place.is_dir()
    )
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))}
