"""A mail server that keeps what it is given: SMTP in, ``GET /messages`` out.

``python -m infra.workbench.mail_sink SMTP_PORT HTTP_PORT FILE``; FILE holds a line per message, so
that a restart forgets nothing. A disk that is full is told to the sender as a reason to try later.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import compat32, default
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from aiosmtpd.smtp import SMTP

FULL: Final = "452 no space left to keep it, try later"
ABOUT: Final = (
    "The embedded mail server: {number} messages were received, none was passed on.\n"
    "GET /messages lists them as JSON.\n"
)


class Inbox:
    """The messages received, in order, also on disk."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.messages = _kept(file)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Called by aiosmtpd for each message."""
        entry = entry_of(envelope.content, envelope.mail_from, envelope.rcpt_tos)
        try:
            _append(self._file, json.dumps(entry))
        except OSError:
            return FULL
        self.messages.append(entry)
        return "250 kept"


def _kept(file: Path) -> list[dict[str, Any]]:
    """What an earlier start received; a line that a full disk cut short is left out."""
    found = []
    for line in file.read_text("utf-8").splitlines() if file.exists() else []:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def _append(file: Path, line: str) -> None:
    """Add a whole line or nothing, to a file that nobody else may read. Errors: ``OSError``."""
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        before, data = os.fstat(opened).st_size, f"{line}\n".encode()
        try:
            written = os.write(opened, data)
        except OSError:
            os.ftruncate(opened, before)
            raise
        if written < len(data):
            os.ftruncate(opened, before)
            raise OSError(f"{written} of {len(data)} bytes fit")
    finally:
        os.close(opened)


def entry_of(content: bytes, sender: str, recipients: list[str]) -> dict[str, Any]:
    """A message as ``GET /messages`` shows it."""
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return {
        "from": sender,
        "to": recipients,
        "subject": str(message["subject"] or ""),
        "message_id": str(message["message-id"] or ""),
        "headers": _headers(content),
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
    app.router.add_get("/", lambda _: _about(inbox))
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


async def _about(inbox: Inbox) -> web.Response:
    return web.Response(text=ABOUT.format(number=len(inbox.messages)))


async def _messages(inbox: Inbox) -> web.Response:
    return web.json_response(inbox.messages)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
