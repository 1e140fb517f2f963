"""Which tests dbt is asked to take along with what is selected."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from dango_dbt.build.selectors import indirect_selection, selects
from dango_dbt.project import DbtProject
from tests.build.conftest import PROJECT

BUILDABLE = ["--indirect-selection", "buildable"]
EAGER_FLAG = PROJECT.replace("flags: {", "flags: {indirect_selection: eager, ")
SELECTOR = "selectors: [{name: usual, definition: {method: fqn, value: a}}]"
EXCLUDING = """\
    selectors:
      - name: usual
        definition:
          union: [{method: fqn, value: a}, {exclude: [{method: fqn, value: b}]}]
    """
DEFAULT = SELECTOR.replace("usual,", "usual, default: true,")


@pytest.mark.parametrize(
    ("args", "files", "expected"),
    [
        (["--select", "+a"], {}, BUILDABLE),
        (["-s", "+a", "b", "--fail-fast"], {}, BUILDABLE),
        (["--select=a"], {}, BUILDABLE),
        # All of what is downstream is excluded, tests with it.
        (["--select", "+a", "--exclude", "source:x+", "b+"], {}, BUILDABLE),
        # With `buildable`, a test of both `a` and `b` would be left in.
        (["--select", "+a", "--exclude", "b"], {}, []),
        (["--select", "+a", "--exclude", "source:x+ b"], {}, []),
        (["--select", "+a", "--exclude=b,c+"], {}, []),
        (["--select", "+a", "--indirect-selection", "eager"], {}, []),
        (["--select", "+a", "--indirect-selection=cautious"], {}, []),
        (["--select", "+a"], {"dbt_project.yml": EAGER_FLAG}, []),
        (["--selector", "usual"], {"selectors.yml": SELECTOR}, BUILDABLE),
        (["--selector", "usual"], {"selectors.yml": EXCLUDING}, []),
        ([], {"selectors.yml": DEFAULT}, BUILDABLE),
        ([], {"selectors.yml": SELECTOR}, []),
        (["--exclude", "b"], {"selectors.yml": DEFAULT}, []),
        ([], {}, []),
    ],
)
def test_tests_of_what_is_not_there_are_left_out_unless_the_user_says_otherwise(
    project: Callable[[Mapping[str, str]], DbtProject],
    args: list[str],
    files: dict[str, str],
    expected: list[str],
) -> None:
    assert indirect_selection(project(files), args) == expected


@pytest.mark.parametrize("name", ["DBT_INDIRECT_SELECTION", "DBT_ENGINE_INDIRECT_SELECTION"])
def test_the_environment_says_otherwise(
    project: Callable[[Mapping[str, str]], DbtProject], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "eager")
    assert indirect_selection(project({}), ["--select", "a"]) == []


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--exclude=a"], True),
        (["-m", "a"], True),
        (["--selector", "a"], True),
        (["--fail-fast", "--vars", "select"], False),
    ],
)
def test_what_selects_takes_no_default_selector(args: list[str], *, expected: bool) -> None:
    assert selects(args) is expected
