"""``escalation doctor`` and ``dlq`` as an operator runs them: what is wrong is found and said."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from infra.runtime.kafka import make_producer, topic_name
from infra.runtime.settings import Settings, SmtpSettings
from infra.workbench import examinations
from infra.workbench.demo_day import bad_records
from infra.workbench.parts import free_port
from schemas import topics
from tests.world import World, until

PROGRAM = Path(sys.executable).with_name("escalation")
SECRET = "s3cretpw"


async def run(*arguments: str, environment: dict[str, str]) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        PROGRAM, *arguments, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    out, error = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), error.decode()


async def test_what_is_wrong_is_found_and_said(world: World) -> None:
    world.start("decider")
    await world.publish_raw([*bad_records(), (b"\x1b]0;t\x07", b"\xff\x1b[2J\xe2\x80\xae")])
    name = topics.dead_letters("decider").name
    await until(lambda: _as_many(world, name, len(bad_records()) + 1))
    named = world.environment()

    code, out, _ = await run("dlq", "list", "--json", "--since", "PT1H", environment=named)
    found = json.loads(out)
    assert code == 0 and len(found["letters"]) == len(bad_records()) + 1
    counted = {(one["consumer"], one["reason"]): one["count"] for one in found["counts"]}
    assert counted["decider", "not-json"] == 2
    assert sum(counted.values()) == len(found["letters"])
    (hostile,) = (one for one in found["letters"] if "utf-8" in one["text"])
    where = (hostile["consumer"], str(hostile["partition"]), str(hostile["offset"]))
    code, out, _ = await run("dlq", "show", *where, environment=named)
    assert code == 0 and "\x1b" not in out and "not-json" in out
    code, out, _ = await run("dlq", "show", *where, "--json", environment=named)
    assert json.loads(out)["value"] == {"base64": "/xtbMkrigK4="}
    code, out, _ = await run(
        "dlq", "list", "--consumer", "notifier", "--reason", "not-json", environment=named
    )
    assert (code, out) == (0, "no dead letters\n")
    assert (await run("dlq", "show", "decider", "0", "999999", environment=named))[0] == 1
    assert (await run("dlq", "list", "--since", "soon", environment=named))[0] == 2

    async with _hanging(world):
        code, out, _ = await run("doctor", "--json", environment=named)
    checks = json.loads(out)["checks"]
    assert code == 3
    assert "partition 3" in checks["open transactions"][0]
    assert any("as key-mismatch" in one for one in checks["dead letters"])
    assert not checks["Kafka and its topics"] and not checks["Postgres"]
    assert "lag" in json.loads(out)["notes"]["readers"][0]


async def test_what_an_operator_pastes_holds_no_password_and_no_broken_name(world: World) -> None:
    dsn = world.dsn.replace("postgres@", f"postgres:{SECRET}@") + f"?password={SECRET}"
    named = world.environment() | {
        "ESCALATION_POSTGRES__DSN": dsn,
        "ESCALATION_SMTP__PASSWORD": SECRET,
        "ESCALATION_SMTP__PORT": str(free_port()),
        "ESCALATION_DECIDER__DEFAULT_POLICY": "no-such-policy",
    }
    for form in ((), ("--json",)):
        code, out, error = await run("doctor", *form, environment=named)
        assert code == 3 and SECRET not in out + error
        assert "no-such-policy is not one of" in out.replace("\n", " ").replace("       ", "")
        assert "no mail server at" in out
    _, out, _ = await run("doctor", environment=named | {"COLUMNS": "80"})
    for line in out.splitlines():
        assert len(line) <= 80 or " " not in line.strip() or line.startswith("# ")
    assert "ESCALATION_NOTIFIER__SILENT_AFTER=P3D\n" in out


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"POSTGRES__DSN": f"postgresql://a:{SECRET}@h:notaport/db"}, 2, "POSTGRES__DSN"),
        ({"HEALTH__PORT": "99999"}, 2, "HEALTH__PORT"),
        ({"KAFKA__BOOTSTRAP_SERVERS": "kafka"}, 1, "KAFKA__BOOTSTRAP_SERVERS"),
    ],
)
async def test_a_command_ends_with_a_sentence(change: dict[str, str], code: int, said: str) -> None:
    clean = {name: value for name, value in os.environ.items() if "ESCALATION_" not in name}
    named = clean | {f"ESCALATION_{name}": value for name, value in change.items()}
    found, out, error = await run("topics", "check", environment=named)
    assert found == code
    assert said in error and "Traceback" not in error and SECRET not in out + error


# --- mail -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that signs itself: key and certificate in one file."""
    folder = tmp_path_factory.mktemp("tls")
    key, cert, both = folder / "key.pem", folder / "cert.pem", folder / "both.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-keyout", key, "-out", cert, "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    both.write_bytes(key.read_bytes() + cert.read_bytes())
    return both


@asynccontextmanager
async def mail_server(certificate: Path) -> AsyncIterator[int]:
    """With STARTTLS and a login that wants ``ana`` with the right password."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def login(_server: Any, _session: Any, _envelope: Any, _how: str, data: Any) -> AuthResult:
        return AuthResult(success=data.password == SECRET.encode(), handled=False)

    port, loop = free_port(), asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(None, tls_context=context, authenticator=login, loop=loop), "localhost", port
    )
    try:
        yield port
    finally:
        server.close()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, None),
        ({"password": "wrong-one"}, "refuses the login (535)"),
        ({"cafile": None}, "ESCALATION_SMTP__CAFILE"),
        ({"tls": "tls"}, "ESCALATION_SMTP__TLS"),
    ],
)
async def test_mail_is_tried_as_the_notifier_does(
    certificate: Path, change: dict[str, Any], said: str | None
) -> None:
    async with mail_server(certificate) as port:
        as_is = {
            "host": "localhost", "port": port, "tls": "starttls", "username": "ana",
            "password": SECRET, "cafile": certificate,
        }  # fmt: skip
        smtp = SmtpSettings.model_validate(as_is | change)
        found = await examinations.mail(Settings(smtp=smtp))
    if said is None:
        assert found.wrong == [] and found.notes == ["STARTTLS, logged in"]
    else:
        assert said in found.wrong[0] and SECRET not in found.wrong[0]


async def _as_many(world: World, topic: str, number: int) -> bool:
    return len(await world.records(topic)) == number


@asynccontextmanager
async def _hanging(world: World) -> AsyncIterator[None]:
    """A producer that began a transaction on partition 3 and does not end it."""
    producer = make_producer(world.kafka, transactional_id=f"{world.prefix}foreign")
    await producer.start()
    try:
        await producer.begin_transaction()
        await producer.send_and_wait(
            topic_name(world.kafka, topics.CASE_EVENTS.name), b"{}", key=b"hangs", partition=3
        )
        yield
        await producer.abort_transaction()
    finally:
        await producer.stop()
