"""dbt's node selection, as its options have it, and what a run leaves out of it or limits it to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from dango_dbt.errors import ConfigError

__all__ = ["EVERYTHING", "Selection", "downstream_of"]


@dataclass(frozen=True)
class Selection:
    """Which nodes dbt is to take: https://docs.getdbt.com/reference/node-selection/syntax.

    Attributes:
        select: criteria of dbt's `--select`, one each; a node that meets one of them is meant.
        exclude: likewise of `--exclude`.
        selector: the name of one in selectors.yml; dbt would ignore the other two beside it.
        state: the folder with the artefacts that `state:` compares with.
        alone: tests are taken by their own names only, not along with what they test.
    """

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    selector: str | None = None
    state: Path | None = None
    alone: bool = False

    @classmethod
    def of(
        cls,
        select: Iterable[str] = (),
        exclude: Iterable[str] = (),
        selector: str | None = None,
        state: str | Path | None = None,
    ) -> Selection:
        """Take what a user has given; as in dbt, one text may hold several criteria.

        Raises:
            ConfigError: what is given selects nothing, criteria and a selector are given, or the
                folder is not there.
        """
        given = tuple(select)
        selection = cls(_words(given), _words(exclude), selector)
        for option, empty in (
            ("--select", given and not selection.select),
            ("--selector", selector is not None and not selector.strip()),
        ):
            if empty:  # an unset variable, as a rule: to load and build all is not what was meant
                raise ConfigError(
                    f"{option} is given, and empty: nothing is selected",
                    hint=f"name what to select, or leave {option} out to take everything",
                )
        if selector is not None and (selection.select or selection.exclude):
            raise ConfigError(
                f"selector `{selector}` and --select or --exclude do not go together",
                hint="dbt takes a selector alone: put all of it into selectors.yml, or leave one",
            )
        if state is None:
            return selection
        folder = Path(state).expanduser().absolute()
        if not folder.is_dir():
            raise ConfigError(
                f"there is no folder {folder} to compare the state with",
                hint="name the folder that holds the manifest.json of an earlier run",
            )
        return replace(selection, state=folder)

    def __bool__(self) -> bool:
        """Whether anything is selected or excluded: else it is all that dbt has."""
        return bool(self.select or self.exclude or self.selector)

    def args(self) -> list[str]:
        """Give it as options of dbt's."""
        args = ["--select", *self.select] if self.select else []
        args += ["--exclude", *self.exclude] if self.exclude else []
        args += ["--selector", self.selector] if self.selector else []
        args += ["--state", str(self.state)] if self.state else []
        return [*args, "--indirect-selection", "empty"] if self.alone else args

    def without(self, criteria: Iterable[str]) -> Selection:
        """Leave out what meets one of some criteria."""
        more = [each for each in criteria if each not in self.exclude]
        return replace(self, exclude=(*self.exclude, *more))

    def within(self, criteria: Iterable[str]) -> Selection:
        """Keep only what meets one of some criteria, too: dbt has a comma for `and`."""
        select = self.select or ("*",)
        both = (f"{one},{other}" if one != "*" else other for other in criteria for one in select)
        return replace(self, select=tuple(both))


def downstream_of(package: str, names: Iterable[str]) -> list[str]:
    """Select sources that a package declares, with all that is downstream of them.

    Args:
        package: a dbt project's name: another package may have a source of the same name.
        names: of sources, or of single tables (`source.table`).
    """
    # With two parts, dbt takes the first for the source.
    return [f"source:{package}.{name if '.' in name else f'{name}.*'}+" for name in names]


def _words(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for text in texts for word in text.split()))


#: What dbt knows of, packages and all.
EVERYTHING = Selection(select=("package:*",))
