"""`.env.example`: which variables a project needs, by name; pure, no disk."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["with_variables"]

_NEW = "# Copy this file to .env, which git ignores, and fill it in.\n\n"


def with_variables(text: str | None, variables: Iterable[str]) -> str | None:
    """Add the variables that the file lacks, without values; all else stays as it is.

    A variable is there if a line gives it a value or would, were it no comment. One that nothing
    uses any more stays: what else reads it is not known.

    Args:
        text: the file's text, line ends as they are; None: there is no file.
        variables: the names in use.

    Returns:
        The new text, or the same where nothing is missing; None where there is no file and need be
        none.
    """
    missing = [name for name in dict.fromkeys(variables) if not _is_in(name, text or "")]
    if not missing:
        return text
    before = _NEW if text is None else text
    newline = "\r\n" if "\r\n" in before else "\n"
    if before and not before.endswith("\n"):
        before += newline
    if before.rpartition(newline)[0].rpartition(newline)[2].startswith("#"):
        before += newline  # what the comment is about is above
    return before + "".join(f"{name}={newline}" for name in missing)


def _is_in(name: str, text: str) -> bool:
    line = rf"^[ \t]*(#[ \t]*)?(export[ \t]+)?{re.escape(name)}[ \t]*="
    return re.search(line, text, flags=re.MULTILINE) is not None
