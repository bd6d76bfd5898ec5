"""Ready is who has every condition that it named; the answer says which one is missing."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from threading import Thread

import pytest

from infra.runtime.probes import Probes, serve_probes
from infra.runtime.settings import HealthSettings, SettingsProblem
from infra.workbench.parts import free_port


@pytest.fixture
def probes() -> Iterator[Probes]:
    """Of this test alone: other tests may run services in this process."""
    own = Probes()
    yield own
    for name in ("partitions", "postgres"):
        own.clear(name)


@pytest.fixture
def served(probes: Probes) -> str:
    port = free_port()
    serve_probes(HealthSettings(host="127.0.0.1", port=port), probes)
    return f"http://127.0.0.1:{port}"


def asked(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def test_the_answer_names_what_is_missing(probes: Probes, served: str) -> None:
    probes.turned_at = float("inf")
    assert asked(f"{served}/readyz") == (503, "no: started\n")
    probes.set("partitions", False)
    probes.set("postgres", False)
    assert asked(f"{served}/readyz") == (503, "no: partitions, postgres\n")
    probes.set("partitions", True)
    assert asked(f"{served}/readyz") == (503, "no: postgres\n")
    probes.set("postgres", True)
    assert asked(f"{served}/readyz") == (200, "yes\n")
    _, metrics = asked(f"{served}/metrics")
    assert 'escalation_ready{condition="postgres"} 1.0' in metrics
    probes.set("postgres", False)
    assert asked(f"{served}/readyz") == (503, "no: postgres\n")
    probes.clear("postgres")
    assert asked(f"{served}/readyz") == (200, "yes\n")


def test_a_loop_that_hangs_is_neither_alive_nor_ready(probes: Probes, served: str) -> None:
    probes.set("partitions", True)
    probes.turned_at = float("-inf")
    assert asked(f"{served}/livez") == (503, "no: event-loop\n")
    assert asked(f"{served}/readyz") == (503, "no: event-loop\n")
    probes.turned_at = float("inf")
    assert asked(f"{served}/livez") == (200, "yes\n")


def test_conditions_may_be_set_from_any_thread() -> None:
    probes = Probes(turned_at=float("inf"))

    def flicker(name: str) -> None:
        for turn in range(200):
            probes.set(name, turn % 2 > 0)

    threads = [Thread(target=flicker, args=(str(number),)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert probes.missing() == []
    for number in range(8):
        probes.clear(str(number))


def test_a_port_or_host_that_cannot_be_used_names_its_setting() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsProblem, match="ESCALATION_HEALTH__PORT"):
            serve_probes(HealthSettings(port=port))
    for host in ("no-such-host.invalid", "192.0.2.1"):
        with pytest.raises(SettingsProblem, match="ESCALATION_HEALTH__HOST"):
            serve_probes(HealthSettings(host=host, port=free_port()))
