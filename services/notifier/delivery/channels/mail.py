"""Mail: a message composed so that nothing reported can reach a header, and one SMTP session.

Rule: exactly one recipient, a validated address object; every reported word goes through
``one_line`` before it may stand in a header. The Message-ID is derived, so that a message that
came twice can be recognised.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID

import aiosmtplib

from infra.runtime.settings import SmtpSettings
from services.notifier.delivery.channels.channel import DeliveryResult, Unreachable
from services.notifier.delivery.lanes import Lane, fast_and_slow
from services.notifier.directory.mailbox import mailbox, one_line
from services.notifier.planning.wording import Wording

STAGE: Final = 40.0
"""Seconds for addressing a mail, and again for handing it over; the lease lasts longer."""
GO_ON: Final = 354
"""The server's answer to DATA: from here on it may have taken the mail."""


class SenderProblem(ValueError):
    """The setting of the sender's address cannot be used."""


def sender_of(smtp: SmtpSettings) -> Address:
    """Whom mails come from. Errors: ``SenderProblem``."""
    name, text = parseaddr(smtp.sender)
    if (found := mailbox(text)) is None:
        raise SenderProblem(
            f"ESCALATION_SMTP__SENDER is {smtp.sender!r}, which is not a mail address: write one "
            "such as support@your.example"
        )
    return found.named(name)


def compose(
    message_id: UUID, sender: Address, to: Address, wording: Wording, at: datetime
) -> EmailMessage:
    """The mail. Plain text first and complete; marked so that no robot answers."""
    ascii_only = f"{to.addr_spec}{sender.addr_spec}".isascii()
    message = EmailMessage(policy=SMTP if ascii_only else SMTPUTF8)
    message["From"] = sender
    message["To"] = to
    message["Subject"] = one_line(wording.subject, 150)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{message_id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(wording.text, cte="quoted-printable")
    message.add_alternative(wording.html, subtype="html", cte="quoted-printable")
    return message


@dataclass(frozen=True)
class Mail:
    """The channel."""

    smtp: SmtpSettings
    sender: Address
    name: str = "mail"
    server: str = "mail-server"

    def lanes(self) -> tuple[Lane, ...]:
        return fast_and_slow(STAGE)

    def session(self) -> SmtpSession:
        return SmtpSession(self.smtp)

    def compose(self, row: Mapping[str, Any], wording: Wording, at: datetime) -> EmailMessage:
        """The mail of a message. Errors: ``ValueError``."""
        found = mailbox(row["email"]) or mailbox(row["address"])
        if found is None:
            raise ValueError("the address was forgotten before the message could be sent")
        return compose(row["message_id"], self.sender, found.named(row["name"]), wording, at)


class SmtpSession:
    """One connection to the mail server: ``async with SmtpSession(settings) as session``."""

    def __init__(self, smtp: SmtpSettings) -> None:
        secret = smtp.password
        self._client = aiosmtplib.SMTP(
            hostname=smtp.host,
            port=smtp.port,
            username=smtp.username,
            password=secret.get_secret_value() if secret else None,
            use_tls=smtp.tls == "tls",
            start_tls=smtp.tls == "starttls",
            cert_bundle=None if smtp.cafile is None else str(smtp.cafile),
            timeout=smtp.timeout,
        )

    async def __aenter__(self) -> Self:
        """Errors: ``Unreachable``."""
        try:
            await self._client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            self._client.close()
            raise Unreachable(_said(error)) from error
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None and self._client.is_connected:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await self._client.quit(timeout=1)
        self._client.close()

    @property
    def is_open(self) -> bool:
        return self._client.is_connected

    async def deliver(self, message: EmailMessage, patience: float = STAGE) -> DeliveryResult:
        """Hand one mail over; ``patience`` is how long the recipient may keep the server busy.

        Errors: ``Unreachable`` where the server fails before it has learnt of any recipient.
        """
        try:
            await self._announce(message)
        except _Utf8Missing as error:
            return _answered(error)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            self._client.close()
            raise Unreachable(_said(error)) from error
        try:
            async with asyncio.timeout(patience):
                await self._client.rcpt(_to(message), encoding=_encoding(message))
                start = await self._client.execute_command(b"DATA")
        except aiosmtplib.SMTPRecipientRefused as error:
            await self._forget()
            return _answered(error)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            self._client.close()
            return DeliveryResult("deferred", None, _said(error))
        if start.code != GO_ON:
            await self._forget()
            return _answered(aiosmtplib.SMTPDataError(start.code, start.message))
        return await self._hand_over(message)

    async def _announce(self, message: EmailMessage) -> None:
        """Begin a mail; what goes wrong here is not about the recipient."""
        to, options = _to(message), []
        if not to.isascii():
            if not self._client.supports_extension("smtputf8"):
                raise _Utf8Missing(553, "the mail server takes no such address (SMTPUTF8)", to)
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        sender = message["From"].addresses[0].addr_spec
        async with asyncio.timeout(STAGE):
            await self._client.mail(sender, options=options, encoding=_encoding(message))

    async def _hand_over(self, message: EmailMessage) -> DeliveryResult:
        """From here on an answer that does not come is no answer: it may have been taken."""
        try:
            async with asyncio.timeout(STAGE):
                answer = await self._content(message.as_bytes())
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            self._client.close()
            return DeliveryResult("unknown", None, _said(error))
        if answer.code != aiosmtplib.SMTPStatus.completed:
            await self._forget()
            return _answered(aiosmtplib.SMTPDataError(answer.code, answer.message))
        return DeliveryResult("accepted", answer.code, one_line(answer.message, 200))

    async def _content(self, content: bytes) -> aiosmtplib.SMTPResponse:
        """What the library's ``data`` sends after DATA; that one does not say how far it came."""
        protocol = self._client.protocol
        if protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("the session was closed")
        protocol._response_pending = True  # else the answer counts as unasked for
        protocol.write(re.sub(rb"(?m)^\.", b"..", content) + b".\r\n")
        return await protocol.read_response(timeout=STAGE)

    async def _forget(self) -> None:
        """The next message begins anew in the same session."""
        try:
            await self._client.rset()
        except (aiosmtplib.SMTPException, OSError):
            self._client.close()


def _to(message: EmailMessage) -> str:
    return str(message["To"].addresses[0].addr_spec)


def _encoding(message: EmailMessage) -> str:
    return "ascii" if _to(message).isascii() else "utf-8"


class _Utf8Missing(aiosmtplib.SMTPRecipientRefused):
    pass


def _answered(error: aiosmtplib.SMTPResponseException) -> DeliveryResult:
    outcome = "refused" if 500 <= error.code < 600 else "deferred"
    return DeliveryResult(outcome, error.code, one_line(error.message, 200))


def _said(error: BaseException) -> str:
    return one_line(f"{type(error).__name__}: {error}", 200)
