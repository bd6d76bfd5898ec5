"""A service is one entry: what else names the services says the same."""

from __future__ import annotations

from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import yaml

from infra.runtime.registry import SERVICES
from schemas import topics

COMPOSE = Path(__file__).parents[2] / "infra" / "compose.yaml"


def test_every_service_may_write_dead_letters_and_has_a_group_of_its_own() -> None:
    assert set(SERVICES) == set(topics.CONSUMERS)
    assert len({one.group for one in SERVICES.values()}) == len(SERVICES)


def test_every_service_can_be_run_and_migrated() -> None:
    for one in SERVICES.values():
        assert find_spec(f"{one.package}.__main__") is not None
        assert (files(one.package) / "migrations").is_dir() == one.has_tables


def test_compose_runs_every_service() -> None:
    parts = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]
    run = {tuple(one["command"]) for one in parts.values() if one.get("command")}
    assert {("run", name) for name in SERVICES} <= run
