"""What tests of several folders share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.postgres import Server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Start a Postgres, once for all tests of a process; without one they are skipped."""
    from tests.postgres import running

    with running() as server:
        if server is None:
            pytest.skip("no Postgres here, or nobody to run it: apt-get install postgresql")
        yield server
