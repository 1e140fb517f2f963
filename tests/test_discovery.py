"""What counts as a source function, and how files that no entry names are told."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from dango_dbt.discovery import read_module, unreferenced, unreferenced_text

SOURCE = "import dlt\n\n@dlt.source\ndef {name}():\n    return []\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "custom_sources"


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def found(folder: Path, *named: str) -> list[tuple[str, str, str]]:
    return [
        (file.path, file.module, file.function)
        for file in unreferenced(folder.parent, folder, named)
    ]


@pytest.mark.parametrize(
    ("code", "functions"),
    [
        ("import dlt\n@dlt.source\ndef a(): ...", ["a"]),
        ("import dlt\n@dlt.resource(name='x')\ndef a(): ...", ["a"]),
        ("import dlt as d\n@d.source()\ndef a(): ...", ["a"]),
        ("from dlt import resource as r\n@r\ndef a(): ...\n@r\ndef b(): ...", ["a", "b"]),
        ("from dlt import *\n@resource\ndef a(): ...", ["a"]),
        ("import dlt.extract.decorators\n@dlt.extract.decorators.source\ndef a(): ...", ["a"]),
        ("from dlt.extract import decorators as d\n@d.source\ndef a(): ...", ["a"]),
        ("import dlt\n@dlt.resource\nasync def a(): yield 1", ["a"]),
        ("import dlt\n@other\n@dlt.source\ndef a(): ...", ["a"]),
        ("try:\n  import dlt\nfinally:\n  ...\nif 1:\n  @dlt.source\n  def a(): ...", ["a"]),
        ("import dlt\ndef outer():\n    @dlt.resource\n    def a(): ...", []),
        ("import dlt\nclass C:\n    @dlt.resource\n    def a(self): ...", []),
        ("import dlt\n@dlt.transformer\ndef a(): ...", []),
        ("import dlt\ndef a(): ...", []),
        ("from elsewhere import source\n@source\ndef a(): ...", []),
        ("import dlt\n@functions['a']\ndef a(): ...", []),
    ],
)  # fmt: skip
def test_a_source_function_is_told_by_its_decorator_however_dlt_is_imported(
    tmp_path: Path, code: str, functions: list[str]
) -> None:
    write(tmp_path, {"module.py": code})
    module = read_module(tmp_path / "module.py", "module")
    assert [function.name for function in module.functions] == functions


def test_files_that_no_entry_names_are_found_without_importing_them(folder: Path) -> None:
    write(
        folder,
        {
            "zoo.py": SOURCE.format(name="animals") + "raise SystemExit('imported')\n",
            "api.py": SOURCE.format(name="api"),
            "named.py": SOURCE.format(name="named"),
            "helpers.py": "import dlt\n\ndef get():\n    ...\n",
            "broken.py": "import dlt\n@dlt.source\ndef broken(:\n",
            "latin.py": "# -*- coding: utf-8 -*-\nimport dlt\n",
            "pkg/__init__.py": SOURCE.format(name="pkg"),
            "pkg/orders.py": SOURCE.format(name="orders"),
            "plain/inner.py": SOURCE.format(name="inner"),
            ".hidden/a.py": SOURCE.format(name="a"),
            "__pycache__/a.py": SOURCE.format(name="a"),
            "no-module.py": SOURCE.format(name="a"),
        },
    )
    (folder / "bytes.py").write_bytes(b"\xff\x00")
    assert found(folder, "named", "pkg") == [
        ("custom_sources/api.py", "api", "api"),
        ("custom_sources/pkg/orders.py", "pkg.orders", "orders"),
        ("custom_sources/plain/inner.py", "plain.inner", "inner"),
        ("custom_sources/zoo.py", "zoo", "animals"),
    ]
    assert found(folder, "named", "pkg.orders")[1][1:] == ("pkg", "pkg")


def test_what_a_named_package_imports_from_itself_is_loaded_through_it(folder: Path) -> None:
    write(
        folder,
        {
            "pkg/__init__.py": "from .orders import orders\n",
            "pkg/orders.py": "from pkg import lines\n" + SOURCE.format(name="orders"),
            "pkg/lines.py": SOURCE.format(name="lines"),
            "pkg/left_over.py": SOURCE.format(name="left_over"),
        },
    )
    assert [module for _, module, _ in found(folder, "pkg")] == ["pkg.left_over"]
    assert len(found(folder)) == 3


@pytest.mark.parametrize(
    ("code", "chosen"),
    [
        ("@dlt.resource\ndef api(): ...\n@dlt.source\ndef b(): ...", "b"),
        ("@dlt.source\ndef b(): ...\n@dlt.source\ndef api(): ...", "api"),
        ("@dlt.source\ndef c(): ...\n@dlt.source\ndef b(): ...", "c"),
        ("@dlt.resource\ndef b(): ...\n@dlt.resource\ndef api(): ...", "api"),
    ],
)
def test_the_function_to_name_is_a_source_then_the_one_named_like_the_file(
    folder: Path, code: str, chosen: str
) -> None:
    write(folder, {"api.py": f"import dlt\n{code}"})
    assert found(folder) == [("custom_sources/api.py", "api", chosen)]


def test_no_folder_is_no_file(folder: Path) -> None:
    assert found(folder) == []


def test_the_text_is_the_documented_one(folder: Path) -> None:
    write(folder, {"my_api.py": SOURCE.format(name="orders")})
    text = unreferenced_text(unreferenced(folder.parent, folder, ()), ())
    assert text == (
        "Unreferenced custom sources detected:\n"
        "   - custom_sources/my_api.py\n"
        "\n"
        "These files won't be synced. To use them, add to .dango/sources.yml:\n"
        "\n"
        "  - name: my_api\n"
        "    type: dlt_native\n"
        "    enabled: true\n"
        "    dlt_native:\n"
        "      source_module: my_api\n"
        "      source_function: orders\n"
        "      function_kwargs: {}"
    )


def test_what_is_to_be_pasted_is_a_valid_file(folder: Path, tmp_path: Path) -> None:
    from dango_dbt.config import problems

    code = SOURCE.format(name="run")
    write(folder, dict.fromkeys(("API__v2.py", "_1.py", "api_v2.py", "p/__init__.py"), code))
    text = unreferenced_text(unreferenced(folder.parent, folder, ()), ["p"])
    pasted = "version: '1.0'\nsources:\n" + text.partition("sources.yml:\n")[2]
    write(tmp_path, {".dango/sources.yml": pasted})
    assert problems(tmp_path / ".dango" / "sources.yml") == []
    names = [source["name"] for source in yaml.safe_load(pasted)["sources"]]
    assert names == ["api_v2", "source_1", "api_v2_2", "p_2"]
