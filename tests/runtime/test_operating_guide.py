"""The guide for operators explains every metric, warning, exit code and reason, and no other."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from infra.runtime.service import Ends, Exit
from schemas.codec import Reason
from services.escalation.decider import restore

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "operating.md").read_text("utf-8")
NAMED = set(re.findall(r"`([a-z][a-z0-9_-]+)(?:\{[a-z,]+\})?`", GUIDE))
ROOMS = ("infra/runtime", "policies", "services")
ENDS = {"service-failed", "intake-failed", "settings-wrong"}
"""What a process says when it ends, beside the kinds of ``Ends``; the guide tells of exit codes."""
PASSING = {
    "cause-stepped-back", "foreign-record-skipped", "intake-stuck",
    "kafka-unreachable", "policies-not-learnt", "reading-interrupted",
    "source-offset-stepped-back", "topics-missing",
}  # fmt: skip
"""Lines that need nobody: they say of themselves what they are about."""


def metrics() -> Iterator[str]:
    """Every metric's name as Prometheus shows it."""
    for file in [*ROOT.glob("services/**/metrics.py"), *ROOT.glob("infra/runtime/*.py")]:
        name = str(file.relative_to(ROOT).with_suffix("")).replace("/", ".")
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, Counter):
                yield f"{value._name}_total"
            elif isinstance(value, MetricWrapperBase):
                assert isinstance(value, Gauge | Histogram)
                yield value._name


def warnings() -> Iterator[str]:
    """The event of every warning and error that a service logs."""
    for room in ROOMS:
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if is_warning(node):
                    yield node.args[0].value  # type: ignore[attr-defined]  # see is_warning
    assert issubclass(restore.Foreign, Ends)
    yield from ends(Ends)


def ends(kind: type[Ends]) -> Iterator[str]:
    """The events of every error that ends a process with one line."""
    for one in kind.__subclasses__():
        yield one.event
        yield from ends(one)


def is_warning(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("warning", "error", "critical", "exception")
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "log"
        and bool(node.args)
        and isinstance(node.args[0], ast.Constant)
    )


def test_every_metric_is_explained_and_every_metric_explained_is_there() -> None:
    known = set(metrics())
    assert known <= NAMED, known - NAMED
    told = {one for one in NAMED if one.startswith(("escalation_", "notifier_"))}
    roles = set(re.findall(r"escalation_(?:owner|service|analyst|reader)\b", GUIDE))
    assert told - roles <= known, told - roles - known


def test_every_warning_is_explained() -> None:
    logged = set(warnings())
    assert "dead-letter" in logged
    assert not logged - NAMED - ENDS - PASSING, "say in the guide what it means"
    assert not (ENDS | PASSING) - logged, "nobody logs it any more"


def test_every_exit_code_and_every_reason_is_explained() -> None:
    for code in Exit:
        assert re.search(rf"^\| {code.value} \|", GUIDE, re.M), code
    assert set(get_args(Reason)) <= NAMED
