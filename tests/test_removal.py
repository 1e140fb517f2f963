"""Taking an entry out of sources.yml leaves all other text as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from dango_dbt.config import without_entry
from dango_dbt.errors import ConfigError

SHOWN = Path(".dango", "sources.yml")
HEAD = "# top\nversion: '1.0'  # the first\nsources:\n"
A = """\
  # about a
  - name: a   # a's name
    type: dlt_native
    dlt_native:
      source_module: a
      function_kwargs: {x: [1,
        2]}
    # deep, so a's own

"""
B = """\
  -
    description: |
      some text

      - name: not an entry
    name: b
    dlt_native:
      function_kwargs:
"""
C = """\

  # about c
  - type: dlt_native
    name: c
    description: plain text
      on two lines
"""
TAIL = "\n# the end\ngenerate: {target: dev}\n"


def remove(text: str, name: str) -> str:
    return without_entry(text, name, SHOWN)


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("a", HEAD + "  # about a\n" + B + C + TAIL),
        ("b", HEAD + A + C.lstrip("\n") + TAIL),
        ("c", HEAD + A + B + "\n  # about c\n" + TAIL.lstrip("\n")),
    ],
    ids=["first", "middle", "last"],
)
def test_lines_of_one_entry_go_and_no_others(name: str, left: str) -> None:
    text = HEAD + A + B + C + TAIL
    assert remove(text, name) == left
    assert remove(text.replace("\n", "\r\n"), name) == left.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("sources:\n- name: a\n", "sources:\n"),
        ("sources:\n- name: a", "sources:\n"),
        ("# x\n- name: a\n\n\n", "# x\n"),
        ("sources:\n\n- name: a\n  type: t\ngenerate: {}\n", "sources:\n\ngenerate: {}\n"),
    ],
)
def test_the_only_entry_leaves_a_file_without_sources(text: str, left: str) -> None:
    assert remove(text, "a") == left


def test_no_blank_line_is_left_at_the_end() -> None:
    assert remove("- name: a\n\n- name: b\n", "b") == "- name: a\n"


def test_lines_that_count_in_the_text_of_another_entry_stay() -> None:
    kept = "- name: a\n  note: |+\n    text\n\n\n"
    assert remove(f"{kept}- name: b\n", "b") == kept
    last = "- name: a\n  note: |+\n    text"
    assert remove(f"- name: b\n{last}", "b") == last


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sources: [{name: a}, {name: b}]\n", "1:22: the sources are a list in brackets"),
        ("sources:\n- {name: a}\n- &x {name: b}\n- *x\n", "3:3: the other entries cannot be kept"),
        ("- name: a\n  d: &k {u: 1}\n- name: b\n  d: &j 2\n- name: c\n  d: *j\n", "cannot be kept"),
        ("x: 1\nsources:\n- name: b\n  d: 2020-13-45\n", "cannot be kept"),
        ("sources:\n- name: bb\n", "there is no source `b`"),
        ("sources: 1\n", "there is no source `b`"),
        ("sources: [\n", "not valid YAML"),
    ],
)
def test_what_cannot_be_taken_out_is_refused(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        remove(text, "b")
    assert says in str(caught.value)
    assert caught.value.hint
