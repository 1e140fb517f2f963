"""The code that `source add` writes for a connector, where it is more than a configuration."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from dango_dbt.adding.python_module import PythonSource
from dango_dbt.connectors import connector
from tests.connectors.conftest import Warehouse
from tests.connectors.vendor import Vendor, conversation

REQUESTS = Path(__file__).parent / "requests"


def test_paypals_token_is_asked_for_by_basic_authentication(
    vendor: Vendor,
    warehouse: Warehouse,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """dlt sends ID and secret in the body, which PayPal refuses; errors must not show them."""
    from dlt.pipeline.exceptions import PipelineStepFailed

    (tmp_path / "written_paypal.py").write_text(
        PythonSource("paypal", connector("paypal")).text(), "utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("written_paypal")
    talk = conversation(REQUESTS / "paypal.yaml", vendor.url)
    wanted = ("/v1/oauth2/token", "/v1/catalogs/products")
    exchanges = [
        each for each in talk.runs[0].exchanges if any(path in each.ask for path in wanted)
    ]
    vendor.expected[:] = exchanges
    warehouse.load(module.paypal(**talk.credentials).with_resources("products"))
    vendor.settle()
    assert warehouse.counts() == {"products": 2}
    with pytest.raises(PipelineStepFailed) as refused:
        warehouse.load(module.paypal(**talk.credentials).with_resources("products"))
    assert talk.credentials["client_secret"] not in f"{refused.value}{capsys.readouterr()}"
