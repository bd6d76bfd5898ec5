"""What the environment names is used instead of an embedded server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.workbench.workbench import Endpoints, Workbench


async def test_each_embedded_part_can_be_replaced(
    servers: Endpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in servers.environment().items():
        monkeypatch.setenv(name, value)
    async with Workbench(tmp_path / "given") as bench:
        assert bench.endpoints.kafka == servers.kafka
        assert bench.endpoints.postgres == servers.postgres
        assert bench.endpoints.smtp == servers.smtp
        assert bench.endpoints.mail is None
        assert not (tmp_path / "given" / "pids.json").exists()


async def test_only_what_is_named_is_replaced(
    servers: Endpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESCALATION_KAFKA__BOOTSTRAP_SERVERS", servers.kafka)
    monkeypatch.setenv("ESCALATION_POSTGRES__DSN", servers.postgres)
    async with Workbench(tmp_path / "mixed") as bench:
        pids = json.loads((tmp_path / "mixed" / "pids.json").read_text())
        assert pids.keys() == {"mail"}
        assert bench.endpoints.smtp != servers.smtp
