"""What the embedded mail server shows is what a mail program would show."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import example, given
from hypothesis import strategies as st

from infra.runtime.settings import SmtpSettings
from infra.workbench.mail_sink import entry_of
from services.notifier.delivery.channels.mail import compose, sender_of
from services.notifier.directory.mailbox import mailbox
from services.notifier.planning.wording import Wording

LETTERS = st.characters(categories=["Lo", "Ll", "Lu"], codec="utf-8")


@given(st.text(LETTERS, min_size=1, max_size=75))
@example("\u682a\u5f0f\u4f1a\u793e\u898b\u672c\u88fd\u4f5c\u6240\u60c5\u5831" * 5)
def test_a_name_is_shown_as_it_was_written_however_long(name: str) -> None:
    to = mailbox("pat@example.org")
    assert to is not None
    sender = sender_of(SmtpSettings())
    mail = compose(
        UUID(int=7), sender, to.named(name), Wording(f"About {name}", name, name),
        datetime(2030, 1, 7, tzinfo=UTC),
    )  # fmt: skip
    entry = entry_of(mail.as_bytes(), sender.addr_spec, ["pat@example.org"])
    assert entry["headers"]["To"] == f"{name} <pat@example.org>"
    assert entry["headers"]["Subject"] == entry["subject"] == f"About {name}"


def test_a_header_that_cannot_be_decoded_is_shown_as_it_is() -> None:
    raw = b"From: a@b.example\r\nSubject: =?x-none?q?abc?= =?utf-8?b?x?=\r\n\r\nHello\r\n"
    entry = entry_of(raw, "a@b.example", ["c@d.example"])
    assert "=?x-none?q?abc?=" in entry["headers"]["Subject"]
