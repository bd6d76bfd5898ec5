"""What each answer of a mail server, or its silence, means for a mail."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from uuid import UUID

import pytest

from infra.runtime.settings import SmtpSettings
from services.notifier.delivery.channels import mail
from services.notifier.delivery.channels.channel import DeliveryResult, Unreachable
from services.notifier.delivery.channels.mail import SmtpSession, compose, sender_of
from services.notifier.directory.mailbox import mailbox
from services.notifier.planning.wording import Wording

HANGS, CLOSES = "hangs", "closes"
USUAL = {
    "greeting": "220 here", "EHLO": "250 hello", "MAIL": "250 ok", "RCPT": "250 ok",
    "DATA": "354 go on", "content": "250 kept", "RSET": "250 ok", "QUIT": "221 bye",
}  # fmt: skip


@dataclass
class Scripted:
    """A mail server that answers as its script says."""

    script: dict[str, str]
    received: list[bytes] = field(default_factory=list)
    talks: set[asyncio.Task[None]] = field(default_factory=set)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.talks.add(task)
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await self._answer(reader, writer)
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        going = await self._say("greeting", writer)
        while going and (line := await reader.readline()):
            verb = line.decode().split(" ")[0].strip().split(":")[0].upper()
            going = await self._say(verb, writer)
            if going and verb == "DATA" and "DATA" not in self.script:
                self.received.append(await reader.readuntil(b"\r\n.\r\n"))
                going = await self._say("content", writer)

    async def _say(self, stage: str, writer: asyncio.StreamWriter) -> bool:
        answer = (USUAL | self.script)[stage]
        if answer == HANGS:
            await asyncio.sleep(30)
        if answer == CLOSES:
            return False
        writer.write(f"{answer}\r\n".encode())
        await writer.drain()
        return True


@asynccontextmanager
async def server(**script: str) -> AsyncIterator[tuple[SmtpSettings, Scripted]]:
    scripted = Scripted(script)
    found = await asyncio.start_server(scripted.talk, "127.0.0.1", 0)
    port = found.sockets[0].getsockname()[1]
    try:
        yield SmtpSettings(host="127.0.0.1", port=port, timeout=1.0), scripted
    finally:
        found.close()
        for talk in scripted.talks:
            talk.cancel()
        await asyncio.gather(*scripted.talks, return_exceptions=True)


async def deliver(settings: SmtpSettings, text: str = "Hello\n.\n..x\n") -> DeliveryResult:
    to = mailbox("ann@customer.example")
    assert to is not None
    message = compose(
        UUID(int=7), sender_of(settings), to.named("Ann"), Wording("About", text, text),
        datetime(2030, 1, 7, tzinfo=UTC),
    )  # fmt: skip
    async with SmtpSession(settings) as line:
        return await line.deliver(message, patience=0.5)


@pytest.mark.parametrize(("script", "outcome"), [
    ({}, "accepted"), ({"RCPT": "550 no such"}, "refused"), ({"RCPT": "450 later"}, "deferred"),
    ({"RCPT": HANGS}, "deferred"), ({"RCPT": CLOSES}, "deferred"),
    ({"DATA": HANGS}, "deferred"), ({"DATA": CLOSES}, "deferred"),
    ({"DATA": "451 later"}, "deferred"), ({"DATA": "554 no"}, "refused"),
    ({"content": HANGS}, "unknown"), ({"content": CLOSES}, "unknown"),
    ({"content": "rubbish"}, "unknown"), ({"content": "451 later"}, "deferred"),
    ({"content": "554 spam"}, "refused"),
])  # fmt: skip
async def test_only_a_mail_on_its_way_is_ever_in_doubt(
    script: dict[str, str], outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "STAGE", 0.5)
    async with server(**script) as (settings, _):
        assert (await deliver(settings)).outcome == outcome


@pytest.mark.parametrize("stage", ["greeting", "EHLO", "MAIL"])
@pytest.mark.parametrize("answer", [HANGS, CLOSES, "421 not now"])
async def test_what_fails_before_the_recipient_is_named_is_the_servers_fault(
    stage: str, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "STAGE", 0.5)
    async with server(HELO=answer, **{stage: answer}) as (settings, _):
        with pytest.raises(Unreachable):
            await deliver(settings)


async def test_the_mail_arrives_byte_for_byte_whatever_its_lines_begin_with() -> None:
    async with server() as (settings, scripted):
        await deliver(settings)
    (raw,) = scripted.received
    sent = message_from_bytes(re.sub(rb"(?m)^\.", b"", raw), policy=default)
    assert isinstance(sent, EmailMessage) and (part := sent.get_body(("plain",))) is not None
    assert part.get_content().splitlines() == ["Hello", ".", "..x"]
