"""Nothing that a customer writes reaches a header as anything but words on one line."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP, default
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infra.runtime.settings import SmtpSettings
from services.notifier.channels.mail import SenderProblem, compose, sender_of
from services.notifier.core.mailbox import LONGEST, mailbox, one_line
from services.notifier.core.wording import Wording

SENDER = sender_of(SmtpSettings())
ID = UUID(int=7)
NASTY = st.text(st.characters(codec="utf-8"), max_size=300) | st.lists(
    st.sampled_from(
        ["\r\n", "\n", "\r", "\0", "Bcc: evil@x.example", "a@b.example", ",", ";", "<", ">", '"',
         "\\", "=?utf-8?q?x?=", "\u2028", "\x85", "\x0b", " ", "ü", "\u202e", ":", "\t", "()"]
    ), max_size=12,
).map("".join)  # fmt: skip
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress",
    "MIME-Version", "Content-Type",
}  # fmt: skip


@given(name=NASTY, subject=NASTY, body=NASTY)
@example("Ann\r\nBcc: evil@x.example", "x\r\n\r\nbody", ".\r\n.\r\nMAIL FROM:<evil@x.example>")
@example("a@b.example, evil@x.example", "=?utf-8?q?=0ABcc:=20evil@x.example?=", "")
@example("=?utf-8?q?=0d=0aBcc:_evil@x.example?=", "\0", "\0")
def test_no_reported_text_adds_a_header_or_a_recipient(name: str, subject: str, body: str) -> None:
    to = mailbox("ann@customer.example")
    assert to is not None
    wording = Wording(subject, body, body)
    mail = compose(ID, SENDER, to.named(name), wording, datetime(2030, 1, 7, tzinfo=UTC))
    raw = mail.as_bytes(policy=SMTP)
    head = raw.partition(b"\r\n\r\n")[0]
    assert b"\0" not in head and not re.search(rb"\r(?!\n)|(?<!\r)\n", head)
    read = message_from_bytes(raw, policy=default)
    assert set(read.keys()) == HEADERS and len(read.keys()) == len(HEADERS)
    assert [one.addr_spec for one in read["To"].addresses] == ["ann@customer.example"]
    assert "\n" not in str(read["Subject"]) and "\n" not in str(read["To"])
    assert read["Message-ID"] == f"<{ID}@{SENDER.domain}>"
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]


@given(NASTY | st.from_regex(r"[\w.+<>, \"\r\n-]{1,20}@[\w.,>; \r\n-]{1,20}"))
def test_an_address_is_one_address_or_none(text: str) -> None:
    found = mailbox(text)
    if found is None:
        return
    assert not re.search(r"[\s,;:<>()\[\]\\\"\x00-\x1f\x7f]", found.text)
    assert found.text.count("@") == 1 and len(found.text.encode()) <= LONGEST
    assert found.named("x").addr_spec == found.text
    assert mailbox(found.text) == found


@pytest.mark.parametrize("text", [
    "ann@customer.example", " ann@customer.example ", "a.b+c@x-y.example", "o'neil@x.example",
    "jörg@bücher.example", "x@localhost",
])  # fmt: skip
def test_usual_addresses_are_usable(text: str) -> None:
    assert mailbox(text) is not None


@pytest.mark.parametrize("text", [
    None, "", "@", "a@", "@b", "a@b@c", "a..b@c.example", ".a@c.example", '"a b"@c.example',
    "a@-b.example", "a@b..example", "a@[127.0.0.1]", "a@b.example\r\nBcc: c@d.example",
    "Ann <a@b.example>", "a" * 65 + "@b.example", "a@" + "b" * 250 + ".example", "a@b.example,",
])  # fmt: skip
def test_doubtful_addresses_are_none(text: str | None) -> None:
    assert mailbox(text) is None


@given(NASTY, st.integers(2, 200))
def test_one_line_is_one_line_and_not_too_long(text: str, longest: int) -> None:
    line = one_line(text, longest)
    assert len(line) <= longest and len(line.splitlines()) <= 1 and line == line.strip()


def test_a_sender_that_is_no_address_is_named_in_the_error() -> None:
    with pytest.raises(SenderProblem, match="ESCALATION_SMTP__SENDER is 'nobody'"):
        sender_of(SmtpSettings(sender="nobody"))
