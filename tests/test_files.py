"""What happens to a generated file, by what is on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from dango_dbt.errors import GenerateError
from dango_dbt.files import Generated, apply, change_of
from dango_dbt.results import FileAction


def sync_file(file: Generated) -> FileAction:
    change = change_of(file)
    apply(change)
    return change.action


@pytest.mark.parametrize(
    ("on_disk", "pristine", "action", "afterwards"),
    [
        pytest.param(None, None, "created", "new", id="first time"),
        pytest.param("old", "old", "updated", "new", id="untouched"),
        pytest.param("new", "new", "unchanged", "new", id="nothing to do"),
        pytest.param("mine", "old", "conflict", "mine", id="edited, and generation moved on"),
        pytest.param("mine", "new", "unchanged", "mine", id="edited, and nothing new to say"),
        pytest.param("mine", None, "conflict", "mine", id="a file that we did not write"),
        pytest.param("new", None, "unchanged", "new", id="the same text, copy lost"),
        pytest.param("new", "old", "unchanged", "new", id="killed before the copy was written"),
        pytest.param(None, "old", "created", "new", id="deleted by the user"),
        pytest.param("old\r\n", "old\n", "updated", "new", id="line ends are no edit"),
    ],
)
def test_by_what_is_there(
    on_disk: str | None, pristine: str | None, action: str, afterwards: str, tmp_path: Path
) -> None:
    file = Generated(tmp_path / "models" / "a.sql", tmp_path / "copies" / "a.sql", "new")
    for path, text in ((file.path, on_disk), (file.pristine, pristine)):
        if text is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
    assert sync_file(file) == action
    assert file.path.read_text(encoding="utf-8") == afterwards
    if action == "conflict":
        kept = file.pristine.read_text(encoding="utf-8") if file.pristine.exists() else None
        assert kept == pristine, "the conflict must show again next time"
    else:
        assert file.pristine.read_text(encoding="utf-8") == "new"
    assert sync_file(file) == ("conflict" if action == "conflict" else "unchanged")


def test_a_file_whose_bytes_do_not_change_is_not_written(tmp_path: Path) -> None:
    file = Generated(tmp_path / "a.sql", tmp_path / "copies" / "a.sql", "text\n")
    sync_file(file)
    before = [path.stat().st_mtime_ns for path in (file.path, file.pristine)]
    assert sync_file(file) == "unchanged"
    assert [path.stat().st_mtime_ns for path in (file.path, file.pristine)] == before


def test_permissions_are_kept_and_no_temporary_file_is_left(tmp_path: Path) -> None:
    file = Generated(tmp_path / "a.sql", tmp_path / "copies" / "a.sql", "new")
    for path in (file.path, file.pristine):
        path.parent.mkdir(exist_ok=True)
        path.write_text("old", encoding="utf-8")
    file.path.chmod(0o640)
    sync_file(file)
    assert file.path.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.sql", "copies"]


def test_a_folder_in_the_way_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "a.sql").mkdir()
    with pytest.raises(GenerateError, match=r"a\.sql"):
        sync_file(Generated(tmp_path / "a.sql", tmp_path / "copies" / "a.sql", "new"))
