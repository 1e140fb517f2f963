"""What a source needs installed → requirements.txt; text in, text out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

__all__ = ["add_requirements", "needed"]

#: `dlt init` wants a destination, and adds its extra to the requirement of dlt.
DESTINATION = "duckdb"


def needed(compiled: Iterable[str]) -> tuple[list[Requirement], Requirement | None]:
    """Tell what a source needs from what it asks of dlt.

    Args:
        compiled: the lines of requirements.txt as `dlt init` writes it.

    Returns:
        What is to be installed, and the version of dlt that the source was made for. dlt itself is
        there already; where a source needs an extra of it, that extra is named alone.
    """
    requirements = [Requirement(line) for line in compiled if line.strip()]
    others = [one for one in requirements if canonicalize_name(one.name) != "dlt"]
    of_dlt = next((one for one in requirements if canonicalize_name(one.name) == "dlt"), None)
    extras = sorted(of_dlt.extras - {DESTINATION}) if of_dlt else []
    if extras:
        others.insert(0, Requirement(f"dlt[{','.join(extras)}]"))
    return others, of_dlt


def add_requirements(text: str, requirements: Iterable[Requirement]) -> tuple[str, list[str]]:
    """Add the requirements that a file does not name yet, whatever version it asks for.

    Args:
        text: the file's text, line ends as they are; empty where there is none.
        requirements: what is needed.

    Returns:
        The new text and the lines added to it.
    """
    there = list(_named(text))
    added = [str(one) for one in requirements if not _is_there(one, there)]
    newline = "\r\n" if "\r\n" in text else "\n"
    if added and text and not text.endswith("\n"):
        text += newline
    return text + "".join(f"{line}{newline}" for line in added), added


def _named(text: str) -> Iterator[Requirement]:
    for line in text.splitlines():
        # A comment, pip's own options (`-r`, `--hash=…` behind a name), or a requirement.
        bare = re.split(r"(?:^|\s)(?:#|--)", line, maxsplit=1)[0].strip().rstrip("\\")
        try:
            yield Requirement(bare)
        except InvalidRequirement:
            continue


def _is_there(requirement: Requirement, there: list[Requirement]) -> bool:
    name = canonicalize_name(requirement.name)
    same = [other for other in there if canonicalize_name(other.name) == name]
    if name != "dlt":
        return bool(same)
    # Only its extras are of interest.
    return requirement.extras <= {extra for other in same for extra in other.extras}
