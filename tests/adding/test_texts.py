"""Texts that `source add` puts lines into: what is there stays, to the letter."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
import tomlkit
import yaml
from packaging.requirements import Requirement

from dango_dbt.adding.package import choose, make_relative
from dango_dbt.adding.requirements import add_requirements, needed
from dango_dbt.adding.toml_keys import add_keys
from dango_dbt.config import add_entry
from dango_dbt.env_example import with_variables
from dango_dbt.errors import ConfigError

SHOWN = Path(".dango", "sources.yml")
ENTRY = {"name": "new", "dlt_native": {"source_module": "new"}}

# ---------------------------------------------------------------- sources.yml

#: Where the entry goes is marked with `<2>`, its column; there is none of it in the text before.
FILES = {
    "two entries": """\
        # top
        version: '1.0'
        sources:
          - name: "a" # a
            dlt_native: {source_module: a}

          - name: b
            dlt_native:
              function_kwargs:
                x: 1 # one
                # y: 2

          <2>

        # below
        dbt_project: dbt
        """,
    "no indentation": """\
        sources:
        - name: a
          description: |
            text

            # no comment
        <0>
        # comment
        generate: {target: dev}
        """,
    "bare list": """\
        # all sources
        - name: a
        <0>
        """,
    "deep": "sources:\n      - name: a\n        resources:\n        - x\n        - y\n      <6>\n",
    "text over lines": "sources:\n  - name: a\n    note: 'one\n      two'\n  <2>\nversion: '1.0'\n",
    "an alias at the end": "- name: a\n  d: &k {u: 1}\n- name: b\n  d: *k\n<0>\n",
    "lines kept": "sources:\n  - name: a\n    note: |+\n      one\n\n  <2>\n",
    "nothing in it": "sources: # none\n  <2>\n  # - name: a\n",
    "an empty list": "version: '1.0'\nsources: # none\n  <2>\n\n# end\n",
    "an empty list below": "sources:\n  <2>\nversion: '1.0'\n",
    "no list": "version: '1.0'\nsources:\n  <2>\n",
    "comments only": "# mine\nversion: '1.0'\n\nsources:\n  <2>\n",
    "no file": "version: '1.0'\n\nsources:\n  <2>\n",
    "a bare empty list": "# mine\n<0>\n",
    "in brackets": (
        'sources: [{name: a}, {name: "b"}, {name: new, dlt_native: {source_module: new}}] # all\n'
    ),
}
BEFORE = {
    "nothing in it": "sources: # none\n  # - name: a\n",
    "an empty list": "version: '1.0'\nsources: [] # none\n\n# end\n",
    "an empty list below": "sources:\n  []\nversion: '1.0'\n",
    "no list": "version: '1.0'\n",
    "comments only": "# mine\n",
    "no file": "",
    "a bare empty list": "# mine\n[]\n",
    "in brackets": 'sources: [{name: a}, {name: "b"}] # all\n',
}


def _written(marked: str) -> str:
    lines = []
    for line in textwrap.dedent(marked).splitlines(keepends=True):
        column = line.strip().strip("<>")
        if column.isdecimal():
            entry = "- name: new\n  dlt_native:\n    source_module: new\n"
            lines.append(textwrap.indent(entry, " " * int(column)))
        else:
            lines.append(line)
    return "".join(lines)


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["plain", "bom"])
@pytest.mark.parametrize("name", FILES)
def test_an_entry_comes_behind_the_others(name: str, bom: str, ends: str) -> None:
    marked = textwrap.dedent(FILES[name])
    unmarked = "".join(
        line for line in marked.splitlines(keepends=True) if not line.strip().startswith("<")
    )
    before = bom + BEFORE.get(name, unmarked).replace("\n", ends)
    wanted = _written(marked)
    if name == "two entries":  # a blank line parts the entries, as before
        before = before.replace(f"{ends}{ends}{ends}# below", f"{ends}{ends}# below")
    if "\r" not in before:
        ends = "\n"  # nothing to tell the ends from
    assert add_entry(before, ENTRY, SHOWN) == bom + wanted.replace("\n", ends)


def test_a_file_that_does_not_end_its_last_line_is_taken_too() -> None:
    assert add_entry("- name: a", {"name": "new"}, SHOWN) == "- name: a\n- name: new\n"
    text = "sources:\n  - name: a\n    description: |\n      text"
    added = add_entry(text, {"name": "new"}, SHOWN)
    assert added.startswith(f"{text}\n  - name: new")


def test_values_that_yaml_could_take_for_something_else_come_out_as_they_went_in() -> None:
    entry = {"name": "on", "function_kwargs": {"a": ["${X_A}"], "b": "${X_B}", "no": "1e3"}}
    text = add_entry("sources: []\n", entry, SHOWN)
    assert yaml.safe_load(text)["sources"] == [entry]


@pytest.mark.parametrize(
    "text",
    [
        "{version: '1.0', sources: []}\n",
        "sources: [ # mine\n]\n",
        "x: &x {name: a}\nsources:\n  - *x\n  -\n    name: b\n    y: *x\n...\nz\n",
    ],
)
def test_what_cannot_be_written_safely_is_left_to_the_user(text: str) -> None:
    with pytest.raises(ConfigError, match="as it is written") as error:
        add_entry(text, ENTRY, SHOWN)
    assert "{name: new, dlt_native: {source_module: new}}" in str(error.value.hint)


# ---------------------------------------------------------------- secrets.toml

SECTION = ("sources", "x")
VALUES = {"key": "v", "credentials": {"host": "h", "port": 0}}
KEYS = ["key", "credentials.host", "credentials.port"]


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("", KEYS),
        ("# mine\r\n[a]\r\nb = 1", KEYS),
        ("[sources.x]", KEYS),
        ("[ sources . 'x' ] # mine\nother=1\n\n[z]\n", KEYS),
        ("[sources.x.credentials]\nhost = 'mine'\n", ["key", "credentials.port"]),
        ("[sources.x]\nkey = 'mine'\ncredentials = 'url'\n", []),
        ("sources.x.key = 'mine'\nsources.x.credentials = 'url'\n", []),
        ('text = """\n[sources.y]\n"""\n', KEYS),
    ],
)
def test_keys_that_a_section_lacks_are_added(text: str, added: list[str]) -> None:
    new, keys = add_keys(text, SECTION, VALUES, Path("s.toml"))
    assert keys == added
    old_lines, new_lines = text.splitlines(), new.splitlines()
    assert [line for line in new_lines if line in old_lines and line] == [
        line for line in old_lines if line
    ]
    assert ("\r\n" in text) == ("\r\n" in new)
    before, after = tomlkit.parse(text).unwrap(), tomlkit.parse(new).unwrap()
    section = after["sources"]["x"]
    assert section["key"] == before.get("sources", {}).get("x", {}).get("key", "v")
    assert add_keys(new, SECTION, VALUES, Path("s.toml")) == (new, [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[sources]\nx = {a = 1}\n", "cannot be put"),
        ("sources.x.a = 1\n", "cannot be put"),
        ('text = """\n[sources.x]\n"""\n', "cannot be put"),
        ("a = \n", "this is not TOML"),
        ("a = 1\na = 2\n", "this is not TOML"),
    ],
)
def test_a_toml_file_that_would_break_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        add_keys(text, SECTION, VALUES, Path("s.toml"))


# ---------------------------------------------------------------- requirements.txt


def test_what_is_named_already_is_not_added() -> None:
    wanted = [Requirement(one) for one in ("A.b>=1", "c[x]>=2", "d", "dlt[x]")]
    text = "# d\n-r other.txt\na-B==2 --hash=sha256:1\nC # pinned\ndlt[x,y]>=1"
    assert add_requirements(text, wanted) == (f"{text}\nd\n", ["d"])
    assert add_requirements("", wanted[:1]) == ("A.b>=1\n", ["A.b>=1"])
    assert add_requirements(text, wanted[:2]) == (text, [])
    assert add_requirements("dlt\n", wanted[3:])[1] == ["dlt[x]"]


def test_dlt_is_not_named_again_but_for_its_extras() -> None:
    others, of_dlt = needed(["dlt[duckdb]>=0.3.5,<1", "requests>=2"])
    assert [str(one) for one in others] == ["requests>=2"]
    assert str(of_dlt and of_dlt.specifier) == "<1,>=0.3.5"
    assert [str(one) for one in needed(["dlt[duckdb,s3,gs]>=1"])[0]] == ["dlt[gs,s3]"]


# ---------------------------------------------------------------- .env.example


@pytest.mark.parametrize(
    ("text", "names", "new"),
    [
        (None, [], None),
        (None, ["A"], "# Copy this file to .env, which git ignores, and fill it in.\n\nA=\n"),
        ("", ["A", "B", "A"], "A=\nB=\n"),
        ("A=1", ["B"], "A=1\nB=\n"),
        ("A=\r\nexport B = x\r\n# C=\r\n", ["C", "B", "A", "D"], "…\r\nD=\r\n"),
        ("AB=\n# A is", ["A"], "AB=\n# A is\n\nA=\n"),
        ("OLD=\n", [], "OLD=\n"),
    ],
)
def test_variables_are_added_by_name(text: str | None, names: list[str], new: str | None) -> None:
    wanted = new.replace("…", text or "") if new else new
    assert with_variables(text, names) == wanted
    assert with_variables(wanted, names) == wanted


# ---------------------------------------------------------------- the package


def _package(root: Path, **modules: str) -> Path:
    for name, text in {"__init__": "", **modules}.items():
        path = root / f"{name.replace('-', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return root


def test_the_function_named_like_the_source_is_chosen(tmp_path: Path) -> None:
    code = """\
        import dlt
        from typing import Dict, List, Optional
        @dlt.resource
        def crm(): ...
        @dlt.source
        def first(a, /, b: List[str], c: Optional[List[str]] = None, *, d: "list[int]", e=1): ...
        @dlt.source
        def shop(a: Dict[str, str], secret=dlt.secrets.value): ...
    """
    chosen = choose(_package(tmp_path / "x", __init__=code), "my_shop", "shop")
    assert (chosen.function, chosen.others) == ("shop", ("first",))
    assert chosen.kwargs == {"a": "${MY_SHOP_A}"}
    chosen = choose(tmp_path / "x", "x", "crm")
    assert (chosen.module, chosen.function, chosen.others) == ("x", "first", ("shop",))
    assert chosen.kwargs == {"a": "${X_A}", "b": ["${X_B}"], "d": "${X_D}"}


def test_a_function_in_a_module_of_the_package_is_found(tmp_path: Path) -> None:
    source = "import dlt\n@dlt.source\ndef s(): ...\n"
    package = _package(tmp_path, **{"broken": "(", "sub-deep": source})
    assert choose(package, "x", "x").module == "x.sub.deep"
    with pytest.raises(ConfigError, match="has no function with"):
        choose(_package(tmp_path / "none"), "x", "x")


def test_a_package_imports_itself_relatively(tmp_path: Path) -> None:
    package = _package(
        tmp_path,
        __init__="""\
            # ä
            from crm.helpers import (  # mine
                a,
            )
            if True: from   sources.crm import b; x = "from crm import b"
            import crm_client
            from crm_client import c
            from .crm import d
            """,
        **{"sub-deep": "from crm import a\nfrom crm.sub.other import b\n", "old": "print 1\n"},
    )
    make_relative(package, "crm")
    assert (package / "__init__.py").read_text("utf-8") == textwrap.dedent(
        """\
        # ä
        from .helpers import (  # mine
            a,
        )
        if True: from   . import b; x = "from crm import b"
        import crm_client
        from crm_client import c
        from .crm import d
        """
    )
    assert (package / "sub" / "deep.py").read_text() == (
        "from .. import a\nfrom ..sub.other import b\n"
    )
    assert (package / "old.py").read_text() == "print 1\n"
