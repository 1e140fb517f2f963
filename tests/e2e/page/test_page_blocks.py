"""Every block of the reference guide is run by a test here, or it says why not."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import yaml

from dango_dbt.config import json_schema
from dango_dbt.verified import not_in_dlt

if TYPE_CHECKING:
    from tests.e2e.page.conftest import BlockKey, Page

NOT_RUN: dict[BlockKey, str] = {
    ("Quick Guide", 0): "installs from the network; dlt has no such extra, and pip only warns",
    ("Real Example: HubSpot", 0): "the same",
}


def _taken() -> set[BlockKey]:
    """Find the blocks that tests beside this one take."""
    taken = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        for heading, number in re.findall(r'\bpage\(\s*"([^"]+)"(?:, (\d+))?', text):
            taken.add((heading, int(number or 0)))
    return taken


def test_no_block_of_the_page_is_passed_over(page: Page) -> None:
    taken = _taken()
    assert not taken & set(NOT_RUN)
    assert taken | set(NOT_RUN) == set(page.blocks)


def test_editors_find_nothing_wrong_with_the_pages_sources(page: Page) -> None:
    entries = [block for block in page.blocks.values() if "dlt_native:" in block]
    documents = [block for block in entries if "<function_name>" not in block]
    assert len(documents) == 5
    for block in documents:
        jsonschema.validate(yaml.safe_load(block), json_schema())


def test_each_module_of_the_pages_list_is_there_or_explained(page: Page) -> None:
    modules = re.findall(r"^\| \w+ \| `([\w.]+)` \|", page.text, flags=re.MULTILINE)
    assert len(modules) == 7
    for module in modules:
        if find_spec(module) is None:
            explained = not_in_dlt(module, "mine")
            assert explained is not None
            assert "verified source" in explained.message
