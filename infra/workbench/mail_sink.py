"""A mail server that keeps what it is given: SMTP in, ``GET /messages`` out.

``python -m infra.workbench.mail_sink SMTP_PORT HTTP_PORT FILE``; FILE holds a line per message,
so that a restart forgets nothing.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import compat32, default
from pathlib import Path
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP


class Inbox:
    """The messages received, in order, also on disk."""

    def __init__(self, file: Path) -> None:
        self._file = file
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        self.messages: list[dict[str, Any]] = [json.loads(line) for line in lines]

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Called by aiosmtpd for each message."""
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        entry = _entry(message, envelope.mail_from, envelope.rcpt_tos)
        entry["headers"] = _headers(envelope.content)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
        self.messages.append(entry)
        return "250 kept"


def _entry(message: EmailMessage, sender: str, recipients: list[str]) -> dict[str, Any]:
    return {
        "from": sender,
        "to": recipients,
        "subject": str(message["subject"] or ""),
        "message_id": str(message["message-id"] or ""),
        "text": _part(message, "plain"),
        "html": _part(message, "html"),
        "received_at": datetime.now(UTC).isoformat(),
    }


def _headers(content: bytes) -> dict[str, str]:
    """The headers as a mail program shows them.

    Python's newer parser keeps the fold between two encoded words of an address as a blank in the
    middle of a name (RFC 2047, section 6.2, says that it is none); the older one reads it right.
    """
    raw = message_from_bytes(content, policy=compat32)
    return {name: _decoded(str(value)) for name, value in raw.items()}


def _decoded(value: str) -> str:
    unfolded = "".join(value.splitlines())
    try:
        return str(make_header(decode_header(unfolded)))
    except (HeaderParseError, LookupError, UnicodeError):
        return unfolded


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return "" if part is None else str(part.get_content())


async def serve(smtp_port: int, http_port: int, file: Path) -> None:
    """Both faces, until SIGTERM."""
    inbox, loop, stop = Inbox(file), asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    app = web.Application()
    app.router.add_get("/messages", lambda _: _messages(inbox))
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", http_port).start()
    smtp = await loop.create_server(
        lambda: SMTP(inbox, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", smtp_port
    )
    await stop.wait()
    smtp.close()
    await runner.cleanup()


async def _messages(inbox: Inbox) -> web.Response:
    return web.json_response(inbox.messages)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
