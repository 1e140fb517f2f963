from __future__ import annotations

import pytest

from dango_dbt.report.words import (
    clean,
    count,
    duration,
    failure_text,
    node_label,
    outcome,
)
from dango_dbt.results import Failure, NodeResult


@pytest.mark.parametrize(
    ("unique_id", "label"),
    [
        ("model.proj.stg_x__y", "model stg_x__y"),
        ("model.proj.orders.v2", "model orders.v2"),
        ("test.proj.unique_stg_x__y_id.abc123", "test unique_stg_x__y_id"),
        ("test.proj.unique_stg_x__y_id.4f8a0c9d21", "test unique_stg_x__y_id"),
        ("test.proj.no_gaps", "test no_gaps"),
        ("unit_test.proj.orders.adds_up", "unit test orders.adds_up"),
        ("source.proj.shop.carts", "source shop.carts"),
        ("model.proj.decade.facade", "model decade.facade"),
        ("odd", "odd odd"),
    ],
)
def test_a_node_is_named_without_its_project_and_hash(unique_id: str, label: str) -> None:
    assert node_label(unique_id) == label


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.00 s"),
        (0.994, "0.99 s"),
        (0.999, "1.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (125.4, "2 min 05 s"),
        (3599.6, "1 h 00 min"),
        (7380, "2 h 03 min"),
    ],
)
def test_durations_round_to_the_unit_that_they_show(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_numbers_have_thousands_separators_and_one_is_singular() -> None:
    assert [count(n, "row") for n in (0, 1, 367687)] == ["0 rows", "1 row", "367,687 rows"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\nb\tc", "a\nb\tc"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[?25lgone", "gone"),
        ("\x1b]8;;http://x\x07link\x1b]8;;\x07", "link"),
        ("50%\r100%\x07\x9b", "50%100%"),
    ],
)
def test_nothing_in_data_moves_the_cursor_or_colours_the_screen(text: str, shown: str) -> None:
    assert clean(text) == shown


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("success", "pass"),
        ("pass", "pass"),
        ("warn", "warn"),
        ("error", "error"),
        ("fail", "fail"),
        ("runtime error", "error"),
        ("partial success", "error"),
        ("skipped", "skip"),
        ("no-op", "no-op"),
    ],
)
def test_every_status_of_dbt_has_an_outcome(status: str, word: str) -> None:
    assert outcome(NodeResult("model.a.b", status, 0.0, None)) == word


def test_an_error_that_is_not_ours_is_told_with_its_type() -> None:
    assert failure_text(Failure("KeyError", "'id'")) == "KeyError: 'id'"
    assert failure_text(Failure("SyncError", "no network")) == "no network"
