"""What a source wants to be told is read from its code, and written to where dlt looks."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from dango_dbt.adding import add_draft, of_database, read_toml
from dango_dbt.cli.source_configure import source_configure
from dango_dbt.config import load
from dango_dbt.configuring import Configuration, configuration
from dango_dbt.configuring.putting import with_values
from dango_dbt.errors import ConfigError

CODE = '''\
import dlt

@dlt.source
def shop(
    api_key: str = dlt.secrets.value,
    shop: str = dlt.config.value,
    regions: list[str] = dlt.config.value,
    given: str = dlt.secrets.value,
    page: int = 100,
):
    """Load it.

    Args:
        api_key: Secret key: Dashboard,
            then Keys.
        shop: Name of the shop
    """
'''
SOURCES = """\
sources:
  - name: shop
    type: dlt_native
    dlt_native:
      source_module: shop
      source_function: shop
      function_kwargs: {given: "${GIVEN}"}
  - name: api
    type: rest_api
    rest_api:
      client:
        base_url: "https://${SOURCES__API__HOST}/v1"
        auth: {token: "${SOURCES__API__TOKEN}"}
        headers: {Region: "${SOURCES__API__REGION:-eu}"}
      resources: [orders]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        ".dango/sources.yml": SOURCES,
        "custom_sources/shop.py": CODE,
        ".dlt/config.toml": '[sources.api]\nhost = "<configure me>" # fill this in!\n',
        ".gitignore": ".dlt/secrets.toml\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)  # noqa: S607 - on the PATH
    return tmp_path


def of(project: Path, name: str) -> Configuration:
    config = load(project / ".dango" / "sources.yml")
    source = next(one for one in config.sources if one.name == name)
    return configuration(source, project, project / "custom_sources")


def test_arguments_that_the_code_leaves_to_dlt_are_wanted_and_told_of(project: Path) -> None:
    found = {one.name: one for one in of(project, "shop").wanted}
    assert set(found) == {"api_key", "shop", "regions"}, "`given` is in sources.yml"
    assert found["api_key"].about == "Secret key: Dashboard, then Keys."
    assert [one.secret for one in found.values()] == [True, False, False]
    assert {one.state for one in found.values()} == {"missing"}


def test_variables_in_dlt_s_words_are_wanted(project: Path) -> None:
    found = of(project, "api")
    assert {(one.name, one.secret) for one in found.missing} == {("token", True), ("host", False)}


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        ("auth: {type: api_key, name: key, location: query}", {"credentials.api_key"}),
        ("auth: {type: basic, username: me}", {"credentials.password"}),
        ("auth: bearer", {"credentials.token"}),
        ("auth: {name: x, type: api_key, api_key: y}", set()),
        ("headers: {}", set()),
        (None, {"credentials"}),
    ],
)
def test_what_an_entry_leaves_to_dlt_is_wanted(
    project: Path, entry: str | None, wanted: set[str]
) -> None:
    text = (
        "sources:\n  - name: api\n    type: rest_api\n    rest_api:\n"
        f"      client:\n        base_url: http://x\n        {entry}\n      resources: [orders]\n"
    )
    database = "sources:\n  - {name: api, type: sql_database, sql_database: {schema: x}}\n"
    (project / ".dango/sources.yml").write_text(text if entry else database, encoding="utf-8")
    (project / ".dlt/config.toml").unlink()
    assert {one.name for one in of(project, "api").missing} == wanted
    of(project, "api").write(dict.fromkeys(wanted, "x"))
    assert not of(project, "api").missing
    if not entry:
        parts = '[sources.api.credentials]\nhost = "x"\n'
        (project / ".dlt/secrets.toml").write_text(parts, encoding="utf-8")
        assert not of(project, "api").missing


def test_what_the_environment_gives_is_not_missing(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__API__TOKEN", "x")
    assert [one.name for one in of(project, "api").missing] == ["host"]
    monkeypatch.setenv("HOST", "laptop")
    assert [one.name for one in of(project, "api").missing] == ["host"], "the entry names another"
    monkeypatch.setenv("API_KEY", "x")
    found = {one.name: one for one in of(project, "shop").wanted}
    assert found["api_key"].variable == "API_KEY", "dlt takes it, so it is told"


def test_values_are_written_where_they_belong(project: Path) -> None:
    of(project, "shop").write({"api_key": 'a"b\\c', "shop": "acme", "regions": "eu, us"})
    of(project, "api").write({"token": "t", "host": "127.0.0.1"})
    secrets = project / ".dlt" / "secrets.toml"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert secrets.read_text("utf-8") == (
        '[sources.shop]\napi_key = "a\\"b\\\\c"\n\n[sources.api]\ntoken = "t"\n'
    )
    assert (project / ".dlt" / "config.toml").read_text("utf-8") == (
        '[sources.api]\nhost = "127.0.0.1"\n\n'
        '[sources.shop]\nshop = "acme"\nregions = ["eu", "us"]\n'
    )
    assert not of(project, "shop").missing
    assert not of(project, "api").missing


def test_what_the_code_has_a_default_for_is_a_setting(project: Path) -> None:
    assert of(project, "shop").write({"page": "50", "other": "x"}) == (
        ".dlt/secrets.toml",
        ".dlt/config.toml",
    )
    assert 'page = "50"' in (project / ".dlt" / "config.toml").read_text("utf-8")


def test_what_else_stands_in_a_file_may_be_of_any_kind(project: Path) -> None:
    text = "[sources.shop]\nrate = 1.5\npairs = [[1], [2]]\n[[sources.shop.stores]]\nname = 'a'\n"
    (project / ".dlt" / "config.toml").write_text(text, encoding="utf-8")
    assert {one.name: one.kind for one in of(project, "shop").wanted}["stores"] == "list"
    of(project, "shop").write({"rate": "0.5"})
    assert "rate = 0.5" in (project / ".dlt" / "config.toml").read_text("utf-8")


def test_lines_from_standard_input_are_taken_to_the_letter(project: Path) -> None:
    (project / "dbt_project").mkdir()
    (project / "dbt_project" / "dbt_project.yml").write_text("name: x\nprofile: x\n", "utf-8")
    secrets = {"api_key": '"x', "shop": "a #1", "other": "\\n'y'= "}
    lines = "".join(f"{key}={value}\r\n" for key, value in secrets.items())
    arguments = ["shop", "--stdin", "--project-dir", str(project)]
    done = CliRunner().invoke(source_configure, arguments, input=f"{lines}\n")
    assert done.exit_code == 0, done.output
    found: dict[str, str] = {}
    for name in ("secrets.toml", "config.toml"):
        text = (project / ".dlt" / name).read_text("utf-8")
        found |= read_toml(text, Path(name))["sources"].get("shop", {})
    assert found == secrets
    done = CliRunner().invoke(source_configure, arguments, input="api_key\n")
    assert "--stdin takes lines of KEY=VALUE" in done.output


def test_without_git_nothing_is_asked_of_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project))
    assert of(project, "shop").write({"api_key": "x"}) == (".dlt/secrets.toml",)


def test_an_empty_value_is_refused(project: Path) -> None:
    with pytest.raises(ConfigError, match="`api_key` has no value"):
        of(project, "shop").write({"api_key": " "})


def test_a_misspelt_key_is_refused(project: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean `api_key`"):
        of(project, "shop").write({"apikey": "x"})


@pytest.mark.parametrize("tracked", [True, False])
def test_secrets_that_git_would_track_are_not_written(project: Path, *, tracked: bool) -> None:
    secrets = project / ".dlt" / "secrets.toml"
    if tracked:
        secrets.write_text("", encoding="utf-8")
        subprocess.run(
            ["git", "add", "-f", ".dlt/secrets.toml"],  # noqa: S607 - on the PATH
            cwd=project,
            check=True,
        )
    else:
        (project / ".gitignore").unlink()
    with pytest.raises(ConfigError, match=r"would be in the next commit"):
        of(project, "shop").write({"api_key": "s3cr3t"})
    draft = of_database("erp", "postgresql://u:s3cr3t@127.0.0.1/erp", declarative=False)
    with pytest.raises(ConfigError, match=r"would be in the next commit"):
        add_draft(project, "erp", draft)
    assert not (project / "custom_sources" / "erp.py").exists()
    assert not secrets.exists() or "s3cr3t" not in secrets.read_text("utf-8")


@pytest.mark.parametrize(
    ("before", "key", "after"),
    [
        ("", ("a",), "[sources.x]\na = 1\n"),
        ("# top\n[sources.x]\nb = 2 # two\n", ("a",), "# top\n[sources.x]\nb = 2 # two\na = 1\n"),
        ("[sources.x]\na = 0 # why\n", ("a",), "[sources.x]\na = 1 # why\n"),
        ("[sources.x]\na = 0 # fill this in!\n", ("a",), "[sources.x]\na = 1\n"),
        (
            "[sources.x]\nb = 2\n[sources.x.c]\nd = 3\n",
            ("c", "a"),
            "[sources.x]\nb = 2\n[sources.x.c]\nd = 3\na = 1\n",
        ),
        ("sources.x.a = 0\n", ("a",), "sources.x.a = 1\n"),
    ],
)
def test_all_else_in_a_file_stays(before: str, key: tuple[str, ...], after: str) -> None:
    assert with_values(before, ("sources", "x"), {key: 1}, Path("secrets.toml")) == after


def test_a_value_in_the_place_of_a_section_is_told() -> None:
    with pytest.raises(ConfigError, match=r"`sources\.x` is a value"):
        with_values("[sources]\nx = 1\n", ("sources", "x"), {("a",): 1}, Path("secrets.toml"))
