"""A table of bad inputs: each is told with its place, and a good source beside it is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pytest

from dango_dbt import Project
from dango_dbt.cli import main

if TYPE_CHECKING:
    from tests.e2e.conftest import Api, Workspace

GOOD_CODE = """\
import dlt

@dlt.resource(write_disposition="replace")
def good(): yield [{"id": 1}, {"id": 2}]
"""
GOOD = """\
  - name: good
    type: dlt_native
    dlt_native: {source_module: good, source_function: good}
"""
FINE = "import dlt\n\n@dlt.resource\ndef bad(): yield {'id': 1}\n"
SOURCES = ".dango/sources.yml"
CODE = "custom_sources/bad.py"


def entry(name: str = "bad", *more: str, module: str = "bad", kwargs: str = "{}") -> str:
    """Write an entry; it begins on line 3, and what is given as `more` on line 9."""
    lines = [
        f"  - name: {name}",
        "    type: dlt_native",
        "    dlt_native:",
        f"      source_module: {module}",
        "      source_function: bad",
        f"      function_kwargs: {kwargs}",
        *more,
    ]
    return "".join(f"{line}\n" for line in lines)


def source(*body: str) -> str:
    """Write a source whose function has this body, which begins on line 5."""
    lines = ["import dlt", "", "@dlt.source", "def bad():", *(f"    {line}" for line in body)]
    return "".join(f"{line}\n" for line in lines)


def resource(*body: str) -> str:
    return source(*body).replace("@dlt.source", "@dlt.resource")


@dataclass(frozen=True)
class Bad:
    """A bad input, and what becomes of it.

    Attributes:
        says: what is told, place included.
        exit_code: of `sync` with a good source beside it.
        good: when the good source is loaded: by the same run, by one that names it, or by one after
            the file is mended.
        validate: what `validate` tells; None: it cannot know.
        code: of custom_sources/bad.py.
        text: of sources.yml, without the good source's entry at its end.
        files: others to write; of a name ending in `/`, a folder to make.
    """

    says: str
    exit_code: int = 1
    good: Literal["same run", "by name", "mended"] = "same run"
    validate: str | None = None
    code: str | bytes = FINE
    text: str | bytes = "version: '1.0'\nsources:\n" + entry()
    files: tuple[tuple[str, str], ...] = ()


def in_entry(text: str, says: str, *, head: str = "version: '1.0'\nsources:\n") -> Bad:
    """What is wrong with one entry: told first, and a failed source."""
    says = f"{SOURCES}:{says}"
    return Bad(says, exit_code=2, validate=says, text=head + text)


def in_file(text: str | bytes, says: str) -> Bad:
    """What is wrong with the whole of sources.yml: nothing runs until it is mended."""
    says = f"{SOURCES}:{says}"
    return Bad(says, exit_code=2, good="mended", validate=says, text=text)


def in_variable(kwargs: str, says: str) -> Bad:
    """What is wrong with a variable: nothing runs until it is set, or the source is left out."""
    says = f"{SOURCES}:{says}"
    text = "version: '1.0'\nsources:\n" + entry(kwargs=kwargs)
    code = "import dlt\n\n@dlt.resource\ndef bad(key): yield {'id': 1}\n"
    return Bad(says, exit_code=2, good="by name", validate=says, text=text, code=code)


def in_other_file(name: str, text: str, says: str) -> Bad:
    return Bad(says, exit_code=2, good="mended", validate=says, files=((name, text),))


def in_code_reference(
    text: str, place: str, says: str, *, code: str = FINE, static: bool = True, known: str = ""
) -> Bad:
    """What sources.yml says of the code, and is not so."""
    return Bad(
        f"{SOURCES}:{place}: {says}",
        validate=f"{SOURCES}:{place}: source `bad`: {known or says}" if static else None,
        code=code,
        text="version: '1.0'\nsources:\n" + text,
    )


def in_code(code: str | bytes, says: str, *files: tuple[str, str], static: bool = False) -> Bad:
    says = f"{CODE}:{says}"
    return Bad(says, validate=says if static else None, code=code, files=files)


def by_dlt(code: str, says: str) -> Bad:
    """What dlt cannot do with the data: the source and the stage are named, no line is to blame."""
    return Bad(f"bad   failed: {says}", code=code)


TABLE = {
    # ------------------------------------------------------------ one entry of sources.yml
    "unknown key": in_entry(entry("bad", "    colour: red"), "9:5: unknown key `colour`"),
    "unknown key inside dlt_native": in_entry(
        entry("bad", "      source_modul: x"),
        "9:7: unknown key `source_modul`, did you mean `source_module`?",
    ),
    "key twice": in_entry(entry("bad", "    name: bad"), "9:5: key `name` is there twice"),
    "missing key": in_entry(
        "  - name: bad\n    type: dlt_native\n", "4:5: missing key `dlt_native`"
    ),
    "entry that is text": in_entry("  - bad\n", "3:5: entry 1 of `sources` must be a mapping"),
    "empty entry": in_entry("  -\n", "3:4: entry 1 of `sources` must be a mapping"),
    "name with a space": in_entry(entry("a b"), "3:11: `name` must be lower-case letters"),
    "name with __": in_entry(entry("a__b"), "3:11: `name` must be lower-case letters"),
    "name that is no text": in_entry(entry(".nan"), "3:11: `name` must be text, not `.nan`"),
    "name of a path": in_entry(entry("../../bad"), "3:11: `name` must be lower-case letters"),
    "name without end": in_entry(entry("b" * 5000 + "_"), "3:11: `name` must be lower-case"),
    "name twice": in_entry(
        entry("bad") + entry("bad"), "9:11: two sources have the name `bad`: the other is on line 3"
    ),
    "unknown type": in_entry(
        entry().replace("type: dlt_native", "type: shopify"), "4:11: `type` must be 'dlt_native'"
    ),
    "module that is a file": in_entry(
        entry(module="bad.py:x"), "6:22: `source_module` must be a Python module's name"
    ),
    "kwargs that are a list": in_entry(
        entry(kwargs="[1, 2]"), "8:24: `function_kwargs` must be a mapping"
    ),
    "kwargs that are text": in_entry(
        entry(kwargs="limit=5"), "8:24: `function_kwargs` must be a mapping"
    ),
    "argument's name that is no text": in_entry(entry(kwargs="{1: 2}"), "8:25: key `1` must be te"),
    "enabled that is text": in_entry(
        entry("bad", "    enabled: 'yes'"), "9:14: `enabled` must be true or false, not 'yes'"
    ),
    "no resources": in_entry(entry("bad", "    resources: []"), "9:16: `resources` must be a list"),
    "nesting below 0": in_entry(entry("bad", "    max_table_nesting: -1"), "9:24: `max_table_nes"),
    "dataset that dlt would rename": in_entry(
        entry("bad", "    dataset_name: Raw__X"), "9:19: `dataset_name` must be lower-case letters"
    ),
    "dataset named like the warehouse file": in_entry(
        entry("bad", "    dataset_name: warehouse"),
        "9:19: dataset `warehouse` is named like the warehouse file",
    ),
    "dataset in capitals": in_entry(
        entry("bad", "    dataset_name: WAREHOUSE"), "9:19: `dataset_name` must be lower-case"
    ),
    "dataset where another one is staged": in_file(
        f"version: '1.0'\nsources:\n{entry('bad', '    dataset_name: raw_good_dlt_staging')}{GOOD}",
        "9:19: dataset `raw_good_dlt_staging` is where dlt stages the loads of source `good`",
    ),
    "entries without a head": in_entry(
        entry("bad", "    colour: red"), "7:5: unknown key `colour`", head=""
    ),
    # ------------------------------------------------------------ the whole of sources.yml
    "tabs": in_file("sources:\n\t- name: bad\n", "2:1: not valid YAML"),
    "bracket left open": in_file("sources: [\n", "2:1: not valid YAML"),
    "sources that are text": in_file("sources: bad\n", "1:10: `sources` must be a list, not 'bad'"),
    "sources that are a mapping": in_file("sources: {bad: {}}\n", "1:10: `sources` must be a list"),
    "a file that is text": in_file("bad\n", "1:1: the file must be a mapping"),
    "unknown key at the top": in_file("sorces: []\n", "1:1: unknown key `sorces`, did you mean"),
    "key at the top twice": in_file("sources: []\nsources: []\n", "2:1: key `sources` is there tw"),
    "another version": in_file("version: '2.0'\n", "1:10: `version` must be '1.0'"),
    "a date that is none": in_file("sources: [{name: 2020-13-45}]\n", "1:18: this looks like a"),
    "an alias of itself": in_file("sources: &a [*a]\n", "1:10: an alias stands inside what it"),
    "no UTF-8": in_file("sources: [] # caf\xe9\n".encode("latin-1"), "1:18: this is not UTF-8"),
    "UTF-16": in_file("sources: []\n".encode("utf-16"), "1:1: this is not UTF-8"),
    "null character": in_file("sources: \0\n", "1:10: not valid YAML: character '\\x00'"),
    "a dbt project that is not there": in_file("dbt_project: a\n", "1:14: there is no dbt proj"),
    # ------------------------------------------------------------ variables and files beside it
    "unset variable": in_variable("{key: '${NO_1}'}", "8:30: source `bad`: variable NO_1 is not"),
    "unset variable in a text": in_variable("{key: 'x${NO_1}'}", "8:30: source `bad`: variable"),
    "unset variable in a list": in_variable("{key: ['${NO_1}']}", "8:31: source `bad`: variable"),
    "a variable that is none": in_variable("{key: '${NO 1}'}", "8:30: source `bad`: `${` begins a"),
    ".env that is none": in_other_file(".env", "KEY=1\nno line\n", ".env:2: this line is not NAME"),
    "secrets.toml that is none": in_other_file(
        ".dlt/secrets.toml", "[sources]\nkey = x\n", ".dlt/secrets.toml:2:7: this is not TOML"
    ),
    "config.toml that is none": in_other_file(
        ".dlt/config.toml", "[runtime\n", ".dlt/config.toml:1:9: this is not TOML"
    ),
    # ------------------------------------------------------------ code that sources.yml names
    "no such module": in_code_reference(entry(module="bda"), "6:22", "there is no module `bda`"),
    "no such submodule": in_code_reference(
        entry(module="bad.part"), "6:22", "there is no module `bad.part`"
    ),
    "a verified source": in_code_reference(
        entry(module="dlt.sources.hubspot"), "6:22", "there is no module `dlt.sources.hubspot`: dlt"
    ),
    "no such function": in_code_reference(
        entry(), "7:24", "module `bad` has no function `bad`", code=FINE.replace("bad", "worse")
    ),
    "a function that is none": in_code_reference(
        entry(), "7:24", "module `bad` has no function `bad`", code="bad = 5\n", static=False
    ),
    "an argument too many": in_code_reference(
        entry(kwargs="{limit: 5}"), "8:32", "`bad` takes no argument `limit`"
    ),
    "an argument too few": in_code_reference(
        entry(), "8:24", "bad.bad() raised TypeError: bad(): missing a required argument: 'limit'",
        code=FINE.replace("bad()", "bad(limit)"), known="`bad` needs `limit`",
    ),
    "a plain function": in_code_reference(
        entry(), "7:24", "`bad` returned list, not a dlt source", code="def bad(): return [1]\n",
        static=False,
    ),
    "a function that returns nothing": in_code_reference(
        entry(), "7:24", "`bad` returned NoneType, not a dlt", code="def bad(): ...\n", static=False
    ),
    "no such resource": in_code_reference(
        entry("bad", "    resources: [bda]"), "9:16", "source `bad` has no resource `bda`",
        static=False,
    ),
    # ------------------------------------------------------------ code that is no Python
    "syntax error": in_code("def bad(:\n", "1:9: SyntaxError", static=True),
    "wrong indentation": in_code("def bad():\nreturn 1\n", "2:1: IndentationError", static=True),
    "tabs and spaces": in_code("if 1:\n        x = 1\n\ty = 1\n", "3:", static=True),
    "code that is no UTF-8": in_code(b"x = '\xe9'\n", "1:", static=True),
    "code with a null byte": Bad(
        "source code string cannot contain null bytes",
        validate=f"{CODE}: SyntaxError: source code string cannot contain null bytes",
        code=FINE + "\0\n",
    ),
    # ------------------------------------------------------------ code that fails
    "an empty file": in_code_reference(
        entry(), "7:24", "module `bad` has no function `bad`", code=""
    ),
    "a library that is missing": in_code("import no_such_library\n" + FINE, "1: importing `bad`"),
    "a circular import": in_code(
        "from bad_help import x\ny = 1\n" + FINE,
        "1: importing `bad` raised ImportError",
        ("custom_sources/bad_help.py", "from bad import y\nx = 1\n"),
    ),
    "an import that raises": in_code("1 / 0\n" + FINE, "1: importing `bad` raised Zero"),
    "an import that exits": in_code("raise SystemExit(0)\n" + FINE, "1: importing `bad` "),
    "a function that raises": in_code(source("raise ValueError('no')"), "5: bad.bad() raised V"),
    "a function that exits": in_code(source("import sys; sys.exit()"), "5: bad.bad() raised Sys"),
    "a source with nothing": in_code_reference(
        entry(), "7:24", "bad.bad() raised SourceDataIsNone: No data returned",
        code=source("..."), static=False,
    ),
    "a source with something else": in_code_reference(
        entry(), "7:24", "bad.bad() raised ResourceNameMissing", code=source("return {'a': 1}"),
        static=False,
    ),
    "an error halfway": in_code(
        resource("yield [{'id': 1}]", "raise ValueError('two\\nlines')"), "6: extract failed: "
    ),
    "a resource that exits": in_code(resource("yield [{'id': 1}]", "raise SystemExit"), "6: "),
    "an error with nothing to say": in_code(resource("raise AssertionError"), "5: extract failed"),
    "an error that cannot be shown": in_code(
        resource(
            "class Mute(Exception):",
            "    def __str__(self): raise ValueError('mute')",
            "raise Mute",
        ),
        "7: ValueError: mute",
    ),
    "an error of odd characters": in_code(
        resource("raise ValueError('[bold]\\udc80 \\x1b[2J')"), "5: extract failed"
    ),
    "an error of its own base": in_code(
        resource("class Own(BaseException): ...", "raise Own('base')"), "6: "
    ),
    "HTTP 500": in_code(
        "import os\nimport requests\n"
        + resource("requests.get(os.environ['API_URL'] + '/users').raise_for_status()", "yield []"),
        "7: extract failed: resource `bad`: HTTPError: 500",
    ),
    "nobody listening": in_code(
        "import requests\n" + resource("requests.get('http://127.0.0.1:1')", "yield []"),
        "6: extract failed: resource `bad`",
    ),
    "what is no data": by_dlt(resource("yield object()"), "extract failed: TypeError: "),
    "a number no database holds": by_dlt(
        resource("yield {'id': 10**60}"), "extract failed: TypeError: Integer exceeds 64-bit range"
    ),
    "two types in one column of Arrow": by_dlt(
        resource(
            "import pyarrow",
            "yield pyarrow.table({'id': [1]})",
            "yield pyarrow.table({'id': ['a']})",
        ),
        "extract failed: ArrowInvalid: ",
    ),
    "a transformer alone": by_dlt(
        "import dlt\n\n@dlt.transformer\ndef bad(item): yield item\n",
        "extract failed: resource `bad`: PipeNotBoundToData: ",
    ),
    "a dataset of the warehouse's own": Bad(
        "bad   failed: load failed: ",
        text="version: '1.0'\nsources:\n" + entry("bad", "    dataset_name: information_schema"),
    ),
}  # fmt: skip


def write(workspace: Workspace, bad: Bad) -> None:
    """Write the bad input, and a good source beside it."""
    workspace.code("good", GOOD_CODE)
    path = workspace.root / CODE
    path.write_bytes(bad.code.encode() if isinstance(bad.code, str) else bad.code)
    for name, text in bad.files:
        workspace.write(name, text)
    path = workspace.root / SOURCES
    path.parent.mkdir(exist_ok=True)
    if isinstance(bad.text, bytes):
        path.write_bytes(bad.text)
    else:
        path.write_text(bad.text if bad.good == "mended" and not bad.files else bad.text + GOOD)


def mend(workspace: Workspace, bad: Bad) -> None:
    for name, _ in bad.files:
        (workspace.root / name).unlink()
    workspace.write(SOURCES, f"sources:\n{GOOD}")


def sync(workspace: Workspace, capfd: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
    """Run the command in this process; gives its exit code and all that it has printed."""
    with pytest.raises(SystemExit) as done:
        main(["sync", "--no-generate", "--project-dir", str(workspace.root), *more])
    said = capfd.readouterr()
    return int(str(done.value.code)), said.out + said.err


@pytest.mark.parametrize("bad", TABLE.values(), ids=list(TABLE))
def test_a_bad_input_is_told_and_a_good_source_beside_it_is_loaded(
    workspace: Workspace,
    api: Api,
    bad: Bad,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api.failing.add("users")
    monkeypatch.setenv("API_URL", api.url)
    write(workspace, bad)
    code, said = sync(workspace, capfd)
    assert bad.says in said
    assert "Traceback" not in said
    assert code == bad.exit_code
    if bad.good == "mended":
        mend(workspace, bad)
    if bad.good != "same run":
        assert not workspace.warehouse.exists()
        assert sync(workspace, capfd, "--source", "good")[0] == 0
    assert workspace.count("raw_good.good") == 2


@pytest.mark.parametrize("bad", TABLE.values(), ids=list(TABLE))
def test_validate_tells_what_can_be_known_and_nothing_else(workspace: Workspace, bad: Bad) -> None:
    write(workspace, bad)
    told = [str(problem) for problem in Project.problems(workspace.root, offline=True).problems]
    if bad.validate is None:
        assert told == []
    else:
        assert any(bad.validate in problem for problem in told), told
    mend(workspace, bad)
    told = [str(problem) for problem in Project.problems(workspace.root, offline=True).problems]
    assert [problem for problem in told if not problem.startswith(CODE)] == []


WORKS = {
    "reserved words as columns": resource(
        "yield {'select': 1, 'order': 2, 'at': 3, 'table': 4, 'group': 5, 'id': 6}"
    ),
    "a byte order mark": "\ufeff" + FINE,
    "what prints": "print('importing')\n" + resource("print('loading')", "yield {'id': 1}"),
    "what is no mapping": resource("yield from [{'id': 1}, 'text', 5, None]"),
    "what changes the folder": resource("import os; os.chdir('/')", "yield {'id': 1}"),
    "values at the edge": resource(
        "yield {'id': float('nan'), 'big': 2**63 - 1, 'text': 'a\\0b', 'none': None, '': 1}"
    ),
    "names at the edge": resource("yield {'a b': 1, 'A B': 2, 'é': 3, '1': 4, 'x' * 200: 5}"),
}


@pytest.mark.parametrize("code", WORKS.values(), ids=list(WORKS))
def test_what_looks_bad_and_is_not_works(
    workspace: Workspace,
    code: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(workspace.root)  # and back, whatever the source does
    write(workspace, Bad("", code=code))
    exit_code, said = sync(workspace, capfd)
    assert exit_code == 0, said
    assert workspace.count("raw_bad.bad") >= 1


@pytest.mark.parametrize("name", ["json", "requests", "dlt", "nan", "select", "main", "test"])
def test_a_source_may_have_the_name_of_something_else(
    workspace: Workspace, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    workspace.code(name, f"import json\nimport requests\n{FINE}".replace("bad", name))
    workspace.code("good", GOOD_CODE)
    text = entry(name, module=name).replace("function: bad", f"function: {name}")
    (workspace.root / ".dango").mkdir()
    (workspace.root / SOURCES).write_text(f"sources:\n{text}{GOOD}")
    assert [
        str(problem) for problem in Project.problems(workspace.root, offline=True).problems
    ] == []
    exit_code, said = sync(workspace, capfd)
    assert exit_code == 0, said
    assert workspace.count(f"raw_{name}.{name}") == 1


@pytest.mark.slow
@pytest.mark.parametrize("where", ["import", "function", "resource"])
def test_a_source_that_interrupts_is_ctrl_c(workspace: Workspace, where: str) -> None:
    """Nothing tells it from the user's own Ctrl-C; another source can still be loaded."""
    codes = {
        "import": "raise KeyboardInterrupt\n",
        "function": source("raise KeyboardInterrupt"),
        "resource": resource("raise KeyboardInterrupt"),
    }
    write(workspace, Bad("", code=codes[where]))
    done = workspace.command("sync", "--no-generate")
    assert done.returncode == 130
    assert "Traceback" not in done.stdout + done.stderr
    assert workspace.sync("good", generate=False).exit_code == 0
    assert workspace.count("raw_good.good") == 2
