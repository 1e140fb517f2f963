"""Files that are read row by row: no row is lost without a word, and what is wrong has its line."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from dango_dbt.declared.readers import read_csv, read_jsonl
from dango_dbt.errors import SyncError

_ROWS = "id,name\n" + "".join(f"{number},n{number}\n" for number in range(30))


class _File(dict[str, str]):
    """As dlt lists a file."""

    def __init__(self, content: bytes) -> None:
        super().__init__(relative_path="f")
        self._content = content

    def open(self) -> BytesIO:
        return BytesIO(self._content)


def csv(content: str | bytes, **settings: Any) -> list[Any]:  # noqa: ANN401 - DuckDB's
    content = content.encode() if isinstance(content, str) else content
    (rows,) = read_csv([_File(content)], **settings)  # type: ignore[list-item]
    return [tuple(row.values()) for row in rows]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            _ROWS.replace("25,n25\n", "25,n25,x\n"),
            "line 27 has another .*: 3, not 2",
        ),
        (f"{_ROWS}99,a,b\n", "line 32 has"),  # DuckDB by itself: this row and none else
        (_ROWS.replace("25,n25\n", "25\n"), "line 27 has"),
        (f"Report\n\n{_ROWS}", "line 3 has another .*: 2, not 1"),
        ("id,name\n1,é\n".encode("latin-1"), "line 2 is not utf-8"),
    ],
)
def test_csv_that_is_not_even_is_refused_with_its_line(content: str | bytes, message: str) -> None:
    with pytest.raises(SyncError, match=f"^f cannot be read: {message}") as caught:
        csv(content)
    assert "reader: {" in str(caught.value.hint)


def test_csv_is_read_as_the_reader_is_told() -> None:
    short = _ROWS.replace("25,n25\n", "25\n")
    assert csv(short, null_padding=True)[25] == (25, None)
    assert csv(f"Report\n\n{_ROWS}", skiprows=2)[0] == (0, "n0")
    assert csv("id,name\n1,é\n".encode("latin-1"), encoding="latin-1") == [(1, "é")]
    assert csv("\ufeffid;name\r\n1;a,b\r\n") == [(1, "a,b")]
    assert csv("1\t2\n3\t4\n", header=False, names=["a", "b"]) == [(1, 2), (3, 4)]
    assert csv('"a,b";c\n1;2\n', texts=["c"]) == [(1, "2")]


def test_a_line_of_jsonl_is_a_mapping() -> None:
    with pytest.raises(SyncError, match=r"^f:2 cannot be read: a line is to be a mapping"):
        list(read_jsonl([_File(b'{"id": 1}\n[{"id": 2}]\n')]))  # type: ignore[list-item]
