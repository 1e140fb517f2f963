"""Names out of a description, made into identifiers: nothing of it may become code."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Collection, Iterable
from itertools import count, dropwhile

__all__ = [
    "IN_THE_ENVIRONMENT",
    "argument",
    "free",
    "header",
    "identifier",
    "one_line",
    "plain",
    "resource_name",
    "segments",
    "shared_start",
    "singular",
]

#: Beginnings of paths that say nothing about what is there.
_SAY_NOTHING = re.compile(r"(v\d+([._]\d+)*|api|rest|json|public)", flags=re.IGNORECASE)

#: Ends of paths that say that there is a list, of what stands before them.
_LISTING = frozenset({"list", "all"})

#: What the code of a source uses itself.
_TAKEN = frozenset({"dlt", "config", "source", "resources", "rest_api_resources", "base_url"})

#: What each environment has a value for, in capitals: dlt would take that for the argument's.
IN_THE_ENVIRONMENT = frozenset(
    {"path", "home", "user", "username", "logname", "shell", "lang", "language", "term", "pwd"}
    | {"oldpwd", "mail", "editor", "display", "tmpdir", "temp", "tmp", "tz", "host", "hostname"}
)

_PLURALS = (
    ("ies", "y"),
    ("(ss|x|ch|sh)es", r"\1"),
    ("([bnrtp]us)es", r"\1"),  # statuses, bonuses; not houses, causes
    ("lves", "lf"),
)

_UNCHANGED = frozenset({"data", "series", "news", "species", "analytics", "status", "address"})


def identifier(text: str, otherwise: str = "value") -> str:
    """Make a lower-case ASCII identifier of any text: `line-items`, `lineItems` → `line_items`.

    It has no `__`, which dlt and this tool split names at, and no digit at its start.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", plain)
    made = re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_")[:60].strip("_")
    if not made:
        return otherwise
    return made if made[0].isalpha() else f"n{made}"


def one_line(text: object, longest: int = 300) -> str:
    """Give a text's beginning for people: on one line, with no character that is not seen.

    It ends with a sentence where it can. What is no text is empty.
    """
    words = text.split() if isinstance(text, str) else []
    line = " ".join("".join(filter(str.isprintable, word)) for word in words).strip()
    if len(line) <= longest:
        return line
    end = line.rfind(". ", 0, longest)
    return line[: end + 1] if end > 0 else f"{line[: longest - 1]}…"


def plain(text: str) -> bool:
    """Tell whether a text has nothing that dlt or a connector file would put something in for."""
    return text.isprintable() and not re.search(r"[{}$]", text)


def header(text: str) -> bool:
    """Tell whether a text may be the name of a header."""
    return bool(re.fullmatch(r"[A-Za-z0-9!#%&'*+.^_`|~-]+", text))


def argument(text: str) -> str:
    """Make the name of a source function's argument of any text."""
    made = identifier(text)
    taken = keyword.iskeyword(made) or made in _TAKEN or made in IN_THE_ENVIRONMENT
    return f"{made}_value" if taken else made


def free(name: str, taken: Collection[str]) -> str:
    """Give the name, or with a number after it the first that is not taken."""
    if name not in taken:
        return name
    numbered = (f"{name}_{number}" for number in count(2))
    return next(one for one in numbered if one not in taken)


def singular(word: str) -> str:
    """Guess an English word's singular: `companies` → `company`, `boxes` → `box`."""
    if word.rpartition("_")[2] in _UNCHANGED or re.search("(ss|us|is)$", word):
        return word
    for end, instead in _PLURALS:
        if re.search(f"[a-z0-9]{end}$", word):
            return re.sub(f"{end}$", instead, word)
    return word.removesuffix("s")


def segments(path: str) -> list[str]:
    """Split a path, without a query; the last part loses its `.json`."""
    bare = path.partition("?")[0]
    return [part for part in re.sub(r"\.(json|xml)$", "", bare).split("/") if part]


def shared_start(paths: Iterable[str]) -> int:
    """Count the parts that all paths begin with, never the last of any path."""
    parts = [_static(segments(path))[:-1] for path in paths]
    if len(parts) < 2:  # noqa: PLR2004 - one path alone shares nothing
        return 0
    shared = 0
    for column in zip(*parts, strict=False):
        if len(set(column)) > 1:
            break
        shared += 1
    return shared


def resource_name(path: str, skip: int = 0) -> str:
    """Name what a path lists: `/v1/users/{user_id}/orders` → `user_orders`.

    Args:
        path: as the description has it.
        skip: how many of its first parts all paths share.
    """
    parts = [identifier(part) for part in _static(segments(path))[skip:]]
    if len(parts) > 1 and parts[-1] in _LISTING:
        parts.pop()
    if not parts:
        return "items"
    name = parts[-1]
    for part in reversed(parts[:-1]):
        before = singular(part)
        if not name.startswith((f"{before}_", f"{part}_")):
            name = f"{before}_{name}"
    return identifier(name)


def _static(parts: Iterable[str]) -> list[str]:
    """Give a path's fixed parts, from the first that says something on."""
    fixed = (part for part in parts if "{" not in part)
    return list(dropwhile(_SAY_NOTHING.fullmatch, fixed))
