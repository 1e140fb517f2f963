"""What `init` writes works at once, and nothing of the user's is touched."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomlkit
import yaml

from dango_dbt import macros
from dango_dbt.config import load
from dango_dbt.errors import ConfigError
from dango_dbt.project import SOURCES_FILE, DbtProject
from dango_dbt.scaffold import ScaffoldResult, scaffold
from tests.forking import command

ROOT = Path(__file__).parent.parent
SCHEMA_MACRO = "{% macro generate_schema_name(name, node) %}mine{% endmacro %}\n"


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new project that no test changes."""
    root = tmp_path_factory.mktemp("new") / "My Project 2!"
    scaffold(root)
    return root


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def actions(result: ScaffoldResult) -> dict[str, str]:
    return {file.path: file.action for file in result.files}


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def existing_dbt_project(folder: Path) -> Path:
    """A dbt project with a profile, a schema naming and a mart of its own."""
    write(
        folder / "dbt_project.yml",
        "name: theirs\nversion: 1.0.0\nprofile: warehouse\nmodel-paths: [transform]\n"
        "macro-paths: [jinja, more_jinja]\nflags: {send_anonymous_usage_stats: false}\n",
    )
    write(
        folder / "profiles.yml",
        "warehouse: {target: dev, outputs: {dev: {type: duckdb, path: theirs.duckdb}}}\n",
    )
    write(folder / "jinja" / "naming.sql", SCHEMA_MACRO)
    write(folder / "transform" / "mart.sql", "select 1 as id\n")
    return folder


def run(command: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DBT_")}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def dango_dbt(cwd: Path, *args: str) -> dict[str, Any]:
    done = command([*args, "--json"], cwd, {})
    assert done.returncode == 0, done.stdout + done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def dbt(cwd: Path, *args: str) -> None:
    done = run([str(Path(sys.executable).with_name("dbt")), *args], cwd)
    assert done.returncode == 0, done.stdout + done.stderr


def git(cwd: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return run(["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *args], cwd)


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    import duckdb

    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query).fetchall()


# ---------------------------------------------------------------- a new project


@pytest.mark.slow
def test_a_new_project_builds_at_once(tmp_path: Path) -> None:
    project = tmp_path / "sales"
    scaffold(project)
    assert git(project, "init").returncode == 0

    first = dango_dbt(project, "sync-and-build")

    assert first["sources"][0]["tables"] == {"planets": 8, "planets__moons": 14, "visits": 18}
    warehouse = project / "data" / "warehouse.duckdb"
    explored = rows(
        warehouse,
        "select planet, largest_moon, largest_moon_percent, first_spacecraft, first_travel_days"
        " from marts.planets_explored order by position",
    )
    assert len(explored) == 8
    assert explored[2:5] == [
        ("Earth", "Moon", 27.2, None, None),
        ("Mars", "Phobos", 0.3, "Mariner 4", 229),
        ("Jupiter", "Ganymede", 3.7, "Pioneer 10", 641),
    ]

    git(project, "add", "--all")
    assert git(project, "commit", "--message", "first").returncode == 0
    dango_dbt(project, "sync-and-build")
    dbt(project / "dbt_project", "build")

    assert git(project, "status", "--porcelain").stdout == ""
    assert list(tmp_path.rglob("*.duckdb")) == [warehouse]
    assert {file.action for file in scaffold(project).files} == {"unchanged"}


@pytest.mark.slow
def test_a_source_in_the_examples_place_is_told_what_else_of_the_example_goes(
    tmp_path: Path,
) -> None:
    scaffold(tmp_path)
    sources = tmp_path / SOURCES_FILE
    text = sources.read_text(encoding="utf-8")
    write(sources, text.replace("solar_system", "shop_a").replace(": shop_a #", ": shop #"))
    write(
        tmp_path / "custom_sources" / "shop.py",
        "import dlt\n\n@dlt.resource\ndef shop():\n    yield {'id': 1}\n",
    )
    mart = tmp_path / "dbt_project" / "models" / "marts" / "planets_explored.sql"
    hint = (
        "no source of .dango/sources.yml is called `solar_system`:"
        " dbt_project/models/marts/planets_explored.sql is the example's, from `dango-dbt init`,"
        " and can go, with its entry in _marts__models.yml beside it"
    )

    checked = command(["validate", "--json"], tmp_path, {})
    assert checked.returncode == 2, checked.stdout + checked.stderr
    document = json.loads(checked.stdout)
    assert document["warnings"] == []
    (problem,) = document["problems"]
    assert "stg_solar_system__planets" in problem["message"]
    assert problem["hint"] == hint

    for name in ("sync-and-build", "build"):
        done = command([name, "--json"], tmp_path, {})
        assert done.returncode == 2, done.stdout + done.stderr
        error = json.loads(done.stdout)["build"]["error"]
        assert "planets_explored" in error["message"]
        assert error["hint"] == hint

    mart.unlink()
    mart.with_name("_marts__models.yml").unlink()
    assert dango_dbt(tmp_path, "build")["status"] == "success"


def test_the_example_source_runs_on_its_own(
    pristine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")

    done = run([sys.executable, str(pristine / "custom_sources" / "solar_system.py")], tmp_path)

    assert done.returncode == 0, done.stderr
    count = "select count(*) from solar_system_trial_dataset.planets"
    assert rows(tmp_path / "solar_system_trial.duckdb", count) == [(8,)]


def test_the_example_source_is_sound_and_describes_all_its_columns(
    pristine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dlt

    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # the project is shared
    monkeypatch.syspath_prepend(str(pristine / "custom_sources"))
    module = importlib.import_module("solar_system")
    database = tmp_path / "trial.duckdb"
    pipeline = dlt.pipeline(
        "trial",
        pipelines_dir=str(tmp_path / "pipelines"),
        destination=dlt.destinations.duckdb(str(database)),
        dataset_name="raw",
    )

    pipeline.run(module.solar_system())

    tables = {str(table["name"]): table for table in pipeline.default_schema.data_tables()}
    assert sorted(tables) == ["planets", "planets__moons", "visits"]
    undescribed = [
        f"{table}.{column}"
        for table, schema in tables.items()
        for column, hints in schema["columns"].items()
        if not column.startswith("_dlt_") and not hints.get("description")
    ]
    assert undescribed == []
    assert tables["visits"]["references"] == [
        {"columns": ["planet"], "referenced_table": "planets", "referenced_columns": ["name"]}
    ]
    lost = "select planet from raw.visits where planet not in (select name from raw.planets)"
    assert rows(database, lost) == []
    keys = "select count(*), count(distinct (spacecraft, planet)) from raw.visits"
    assert rows(database, keys) == [(18, 18)]
    dates = "select distinct typeof(launched_on), typeof(arrived_on) from raw.visits"
    assert rows(database, dates) == [("DATE", "DATE")]


def test_dbt_parses_a_new_project_without_a_warning(tmp_path: Path) -> None:
    project = tmp_path / "My Project 2!"
    scaffold(project)
    staging = project / "dbt_project" / "models" / "staging" / "solar_system"
    for table in ("planets", "planets__moons", "visits"):
        write(staging / f"stg_solar_system__{table}.sql", "select 1 as id\n")

    dbt(project / "dbt_project", "--warn-error", "parse", "--show-all-deprecations")

    manifest = json.loads(
        (project / "dbt_project" / "target" / "manifest.json").read_text(encoding="utf-8")
    )
    schemas = {node["name"]: node["schema"] for node in manifest["nodes"].values()}
    assert schemas["planets_explored"] == "marts"
    assert schemas["stg_solar_system__visits"] == "staging"
    assert "macro.my_project_2.test_dango_unique_combination" in manifest["macros"]


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("sales", "sales"),
        ("My Project 2!", "my_project_2"),
        ("--Ünïted  Ärzte--", "united_arzte"),
        ("2024-figures", "project_2024_figures"),
        ("dbt", "project_dbt"),
        ("dbt-duckdb", "project_dbt_duckdb"),
        ("Schema", "project_schema"),
    ],
)
def test_the_folder_gives_a_valid_name(tmp_path: Path, folder: str, name: str) -> None:
    scaffold(tmp_path / folder)

    project = DbtProject.read(tmp_path / folder / "dbt_project")
    profiles = yaml.safe_load((project.directory / "profiles.yml").read_text(encoding="utf-8"))
    assert (project.name, project.profile, list(profiles)) == (name, name, [name])


def test_a_word_that_dbt_reserves_becomes_no_name(tmp_path: Path) -> None:
    from dbt.contracts.project import BANNED_PROJECT_NAMES

    for word in BANNED_PROJECT_NAMES:
        scaffold(tmp_path / word)
        name = DbtProject.read(tmp_path / word / "dbt_project").name
        assert name not in BANNED_PROJECT_NAMES


def test_files_parse_and_no_placeholder_is_left(pristine: Path) -> None:
    for path in pristine.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert not [mark for mark in ("__PROJECT_", "__DBT_", "__ENABLED") if mark in text]
            if path.suffix == ".yml":
                assert isinstance(yaml.safe_load(text), dict), path
            if path.suffix == ".toml":
                assert tomlkit.parse(text), path


def test_the_workflow_checks_before_it_loads(pristine: Path) -> None:
    workflow = yaml.safe_load((pristine / ".github/workflows/dango.yml").read_text("utf-8"))
    steps = [step.get("run") for step in workflow["jobs"]["sync-and-build"]["steps"]]
    assert steps[-3:] == [
        "dango-dbt validate",
        "dango-dbt generate --check",
        "dango-dbt sync-and-build ${{ github.event_name == 'schedule' && '--frozen --due' || '' }}",
    ]
    assert "dango-dbt validate " in (pristine / "README.md").read_text("utf-8")


def test_the_workflow_may_only_read(pristine: Path) -> None:
    text = (pristine / ".github/workflows/dango.yml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["permissions"] == {"contents": "read"}


def test_sources_yml_loads_as_written_and_with_the_commented_example(tmp_path: Path) -> None:
    scaffold(tmp_path / "sales")
    path = tmp_path / "sales" / SOURCES_FILE
    config = load(path)
    assert [(source.name, source.enabled) for source in config.sources] == [("solar_system", True)]
    assert config.dbt_project == "dbt_project"

    text = path.read_text(encoding="utf-8")
    code, example = text.split("#  - name: my_api", maxsplit=1)
    write(path, code + "  - name: my_api" + example.replace("\n#", "\n"))

    kwargs = load(path).sources[1].code.kwargs
    assert kwargs == {"base_url": "https://api.example.com", "api_key": "${MY_API_KEY}"}


def test_git_ignores_secrets_and_leftovers_and_nothing_else(pristine: Path, tmp_path: Path) -> None:
    beside = tmp_path / "beside"
    scaffold(beside, dbt_project=existing_dbt_project(tmp_path / "analytics"))
    ignored = [".env", ".dlt/secrets.toml", ".dango/state/dev/x", "custom_sources/__pycache__/x"]
    kept = [
        ".env.example",
        ".dlt/config.toml",
        ".dango/sources.yml",
        ".dango/schemas/data.yaml",
        ".dango/generated/models/staging/data/_data__models.yml",
        "dbt_project/models/staging/data/stg_data__x.sql",
        "dbt_project/models/staging/logs/stg_logs__x.sql",
        "dbt_project/models/staging/target/stg_target__x.sql",
    ]
    of_a_new_project = ["data/warehouse.duckdb", "dbt_project/target/x", "dbt_project/logs/dbt.log"]
    for root, expected in ((pristine, ignored + of_a_new_project), (beside, ignored)):
        repository = tmp_path / f"repository of {root.name}"
        repository.mkdir()
        for name in (".gitignore", ".gitattributes"):
            (repository / name).write_bytes((root / name).read_bytes())
        git(repository, "init")
        assert git(repository, "check-ignore", *expected, *kept).stdout.split() == expected
        generated = git(repository, "check-attr", "linguist-generated", "--", kept[3], kept[4])
        assert generated.stdout.count("linguist-generated: set") == 2


# ---------------------------------------------------------------- files that are there


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    result = scaffold(tmp_path / "sales")
    assert set(actions(result).values()) == {"created"}
    assert result.notes == ()
    before = tree(tmp_path)

    again = scaffold(tmp_path / "sales")

    assert {file.action for file in again.files} == {"unchanged"}
    assert again.notes == ()
    assert tree(tmp_path) == before


@pytest.mark.parametrize("missing", [(), ("dbt_project/dbt_project.yml",)])
def test_no_file_is_ever_overwritten(
    pristine: Path, tmp_path: Path, missing: tuple[str, ...]
) -> None:
    mine = {
        path: b"# mine\n" + content
        for path, content in tree(pristine).items()
        if path not in missing and not path.startswith(".dango/generated/")
    }
    for path, content in mine.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)

    result = scaffold(tmp_path)

    created = {path for path, action in actions(result).items() if action == "created"}
    assert created == set(missing)
    assert {path: (tmp_path / path).read_bytes() for path in mine} == mine


def test_a_link_that_leads_nowhere_stays(tmp_path: Path) -> None:
    link = tmp_path / "README.md"
    link.symlink_to("elsewhere.md")

    assert actions(scaffold(tmp_path))["README.md"] == "unchanged"
    assert link.is_symlink()
    assert not link.exists()


def test_a_macro_that_the_user_changed_stays(tmp_path: Path) -> None:
    scaffold(tmp_path)
    macro = tmp_path / "dbt_project" / "macros" / "dango" / "unique_combination.sql"
    macro.write_text("mine", encoding="utf-8")

    assert {file.action for file in scaffold(tmp_path).files} == {"unchanged"}
    assert macro.read_text(encoding="utf-8") == "mine"


def test_no_second_generate_schema_name(tmp_path: Path) -> None:
    write(tmp_path / "dbt_project" / "macros" / "names" / "mine.sql", SCHEMA_MACRO)

    result = actions(scaffold(tmp_path))

    assert result["dbt_project/dbt_project.yml"] == "created"
    assert "dbt_project/macros/generate_schema_name.sql" not in result
    assert not (tmp_path / "dbt_project" / "macros" / "generate_schema_name.sql").exists()


@pytest.mark.parametrize(
    ("name", "text", "missing"),
    [
        (".gitignore", "", [".dango/state/", "/data/", ".env", ".dlt/secrets.toml"]),
        (".gitignore", "# data/\n.env.local\n", ["/data/", ".env,"]),
        (".gitignore", "/.dango/state\ndata\n", [".env", "__pycache__/"]),
        (".gitattributes", "* text=auto\n", [".dango/generated/** linguist-generated"]),
        ("requirements.txt", "dbt-core\ndango-dbt-x\n", ["dango-dbt"]),
    ],
)
def test_lines_that_a_list_of_the_users_lacks_are_named(
    tmp_path: Path, name: str, text: str, missing: list[str]
) -> None:
    write(tmp_path / name, text)

    (note,) = scaffold(tmp_path).notes

    assert note.startswith(f"{name} was there")
    assert [line for line in missing if line not in note] == []
    assert [line for line in text.split() if line.strip("/") in note.split(", ")] == []


def test_a_list_that_has_all_needs_no_note(tmp_path: Path) -> None:
    write(tmp_path / "requirements.txt", "dango-dbt>=0.1 # pinned\n")
    ours = (ROOT / "dango_dbt" / "templates" / "gitignore").read_text(encoding="utf-8")
    write(tmp_path / ".gitignore", "*.log\n" + ours.replace("/\n", "\n"))

    assert scaffold(tmp_path).notes == ()


# ---------------------------------------------------------------- beside an existing dbt project


@pytest.mark.parametrize(
    ("place", "configured"), [(".", "."), ("analytics", "analytics"), ("../dbt", "../dbt")]
)
def test_an_existing_dbt_project_stays_as_it_is(
    tmp_path: Path, place: str, configured: str
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    theirs = existing_dbt_project((root / place).resolve())
    before = tree(tmp_path)

    result = scaffold(root, dbt_project=root / place)

    after = tree(tmp_path)
    assert {path: after[path] for path in before} == before
    assert set(actions(result)) == {
        ".dango/sources.yml",
        ".dlt/config.toml",
        ".env.example",
        ".gitattributes",
        ".gitignore",
        "custom_sources/solar_system.py",
        Path(place, "jinja/dango/delete_gone.sql").as_posix(),
        Path(place, "jinja/dango/relationship.sql").as_posix(),
        Path(place, "jinja/dango/unique_combination.sql").as_posix(),
    }
    written = {path.relative_to(tmp_path).as_posix() for path in (root / ".dango").rglob("*.sql")}
    assert set(after) - set(before) - written == {
        Path(os.path.normpath(Path("root", path))).as_posix() for path in actions(result)
    }
    config = load(root / SOURCES_FILE)
    assert config.dbt_project == configured
    assert (root / config.dbt_project).resolve() == theirs
    assert [source.enabled for source in config.sources] == [False]
    assert len(result.notes) == 1
    assert "disabled" in result.notes[0]

    again = scaffold(root)  # sources.yml names the dbt project now
    assert actions(again) == dict.fromkeys(actions(result), "unchanged")
    assert tree(tmp_path) == after


def test_a_dbt_project_in_the_usual_place_is_taken_for_the_users(tmp_path: Path) -> None:
    theirs = existing_dbt_project(tmp_path / "dbt_project")
    before = tree(theirs)

    scaffold(tmp_path)

    added = set(tree(theirs)) - set(before)
    assert added == {f"jinja/dango/{name}" for name in macros.texts()}
    assert not load(tmp_path / SOURCES_FILE).sources[0].enabled


def test_an_existing_dbt_project_builds_at_once_and_nothing_is_loaded(tmp_path: Path) -> None:
    theirs = existing_dbt_project(tmp_path / "dbt")
    root = tmp_path / "root"
    scaffold(root, dbt_project=theirs)

    document = dango_dbt(root, "sync-and-build")

    assert document["sources"] == []
    assert document["build"]["status"] == "success"
    schemas = "select schema_name from information_schema.schemata where schema_name like 'raw%'"
    assert rows(theirs / "theirs.duckdb", schemas) == []


@pytest.mark.slow
def test_the_example_builds_beside_an_existing_dbt_project_once_it_is_enabled(
    tmp_path: Path,
) -> None:
    theirs = existing_dbt_project(tmp_path / "dbt")
    root = tmp_path / "root"
    scaffold(root, dbt_project=theirs)
    sources = root / SOURCES_FILE
    write(sources, sources.read_text(encoding="utf-8").replace("enabled: false", "enabled: true"))

    document = dango_dbt(root, "sync-and-build")

    assert document["build"]["status"] == "success"
    staging = "select count(*) from mine.stg_solar_system__visits"
    assert rows(theirs / "theirs.duckdb", staging) == [(18,)]


# ---------------------------------------------------------------- what is refused


def a_file(folder: Path) -> ScaffoldResult:
    write(folder / "notes", "")
    return scaffold(folder / "notes")


def no_dbt_project(folder: Path) -> ScaffoldResult:
    (folder / "empty").mkdir()
    return scaffold(folder, dbt_project=folder / "empty")


def a_dbt_project_that_is_broken(folder: Path) -> ScaffoldResult:
    write(folder / "dbt" / "dbt_project.yml", "name: [")
    return scaffold(folder, dbt_project=folder / "dbt")


def a_dbt_project_that_is_not_named(folder: Path) -> ScaffoldResult:
    existing_dbt_project(folder)
    return scaffold(folder)


def another_dbt_project(folder: Path) -> ScaffoldResult:
    existing_dbt_project(folder / "other")
    write(folder / SOURCES_FILE, "version: '1.0'\ndbt_project: dbt\nsources: []\n")
    return scaffold(folder, dbt_project=folder / "other")


def a_name_without_letters(folder: Path) -> ScaffoldResult:
    return scaffold(folder / "数据")


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (a_file, "is not a folder"),
        (no_dbt_project, "there is no dbt_project.yml"),
        (a_dbt_project_that_is_broken, "dbt_project.yml:1:8: not valid YAML"),
        (a_dbt_project_that_is_not_named, "is a dbt project itself"),
        (another_dbt_project, "names another dbt project"),
        (a_name_without_letters, "`数据`"),
    ],
)
def test_mistakes_are_refused_before_anything_is_written(
    tmp_path: Path, attempt: Callable[[Path], ScaffoldResult], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        attempt(tmp_path)

    assert message in str(caught.value)
    names = {path.name for path in tmp_path.rglob("*")}
    assert names.isdisjoint({"custom_sources", ".gitignore", "dango"})


# ---------------------------------------------------------------- the package


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
def test_no_template_is_left_out_of_the_package() -> None:
    """The wheel has no file that git ignores."""
    templates = [str(path) for path in (ROOT / "dango_dbt" / "templates").iterdir()]
    assert templates
    assert git(ROOT, "check-ignore", "--no-index", *templates).stdout == ""
