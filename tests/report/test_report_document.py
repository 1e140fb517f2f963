from __future__ import annotations

import json

from dango_dbt.errors import ConfigError, ExitCode
from dango_dbt.report import to_json
from dango_dbt.results import Failure, FileResult, RunResult


def test_the_document_has_every_key_of_the_interface(failed_run: RunResult) -> None:
    document = json.loads(to_json(failed_run))

    assert list(document) == [
        "command",
        "status",
        "exit_code",
        "target",
        "sources",
        "schedules",
        "schema_changes",
        "impacts",
        "held",
        "files",
        "build",
        "error",
        "seconds",
    ]
    assert document["command"] == "sync-and-build"
    assert (document["status"], document["exit_code"]) == ("failed", 1)
    assert document["target"] == "dev"
    assert document["seconds"] == 74.26
    assert document["sources"][0] == {
        "name": "shop",
        "status": "success",
        "dataset": "raw_shop",
        "tables": {"carts": 1, "products": 1194},
        "schema_changes": [
            {"table": "carts", "column": None, "change": "added"},
            {"table": "refunds", "column": None, "change": "added"},
            {"table": "orders", "column": "vip", "change": "added"},
            {"table": "orders", "column": "code", "change": "added"},
            {"table": "orders", "column": "price", "change": "changed from bigint to text"},
        ],
        "seconds": {"prepare": None, "extract": 2.123, "normalize": 0.9, "load": 1.1},
        "error": None,
    }
    assert document["sources"][1]["seconds"] == {
        "prepare": None,
        "extract": 0.3,
        "normalize": None,
        "load": None,
    }
    assert document["sources"][1]["error"] == {
        "type": "SyncError",
        "message": "extract failed:\n401 [bold]no[/bold] [/]",
        "hint": "set KEY in .env",
    }
    assert document["files"][1] == {
        "path": "dbt_project/models/staging/shop/stg_shop__orders.sql",
        "action": "conflict",
    }
    assert document["build"]["status"] == "failed"
    assert document["build"]["nodes"][0] == {
        "unique_id": "model.demo.stg_shop__carts",
        "status": "success",
        "seconds": 0.123,
        "message": "OK",
        "path": None,
    }
    assert document["error"] is None


def test_parts_that_a_command_has_not_are_there_and_empty() -> None:
    document = json.loads(to_json(RunResult("sync")))

    assert (document["status"], document["exit_code"]) == ("success", 0)
    assert (document["sources"], document["files"]) == ([], [])
    assert document["build"] == {
        "status": "not_run",
        "nodes": [],
        "error": None,
        "reason": None,
        "seconds": 0.0,
    }


def test_a_run_that_ended_early_says_why() -> None:
    failure = Failure.of(ConfigError("wrong", hint="mend it"))

    document = json.loads(to_json(RunResult("build", error=failure, error_code=ExitCode.USAGE)))

    assert document["exit_code"] == 2
    assert document["error"] == {"type": "ConfigError", "message": "wrong", "hint": "mend it"}


def test_text_stays_readable_and_any_path_can_be_written() -> None:
    path = "modèles/café_\udc80.sql"  # as Python gives a file name that is not UTF-8

    text = to_json(RunResult("generate", files=(FileResult(path, "created"),)))

    assert "modèles/café" in text
    assert json.loads(text.encode("utf-8"))["files"][0]["path"] == path
