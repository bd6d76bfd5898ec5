"""Nothing that a customer writes reaches a header as anything but words on one line."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP, default
from uuid import UUID

import idna
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infra.runtime.settings import SmtpSettings
from services.notifier.delivery.channels.mail import SenderProblem, compose, sender_of
from services.notifier.directory.mailbox import LONGEST, mailbox, one_line, seen
from services.notifier.planning.wording import Wording

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
@example("0" * 68 + "::=?=?", "", "")
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
    "jörg@bücher.example", "jo\u0308rg@example.org",
])  # fmt: skip
def test_usual_addresses_are_usable(text: str) -> None:
    assert mailbox(text) is not None


@pytest.mark.parametrize("text", [
    None, "", "@", "a@", "@b", "a@b@c", "a..b@c.example", ".a@c.example", '"a b"@c.example',
    "a@-b.example", "a@b..example", "a@[127.0.0.1]", "a@b.example\r\nBcc: c@d.example",
    "a" * 65 + "@b.example", "a@" + "b" * 250 + ".example", "a@b.example, c@d.example",
    "Ann <a@b.example> Bob <c@d.example>", "Ann a@b.example", "a@x <b@c.example>",
    "a\u200b@b.example",
])  # fmt: skip
def test_doubtful_addresses_are_none(text: str | None) -> None:
    assert mailbox(text) is None


AROUND = st.text(st.sampled_from(" \t\r\n\u00a0\u200b\u200e\u202e\ufeff\u2060\u3000\u00ad\x00"))


FORMS = (
    "{}", "<{}>", "mailto:{}", "MAILTO:{}?subject=x", "Pat Example <{}>", '"Example, Pat" <{}>',
    "Pat <mailto:{}>", "'{}'", "({})",
)  # fmt: skip


@given(AROUND, AROUND, st.sampled_from(["", ".", ",", ";", ")", ">"]), st.sampled_from(FORMS))
def test_what_comes_along_when_an_address_is_pasted_goes(
    before: str, behind: str, mark: str, form: str
) -> None:
    mark = "" if "?" in form else mark
    found = mailbox(before + form.format("pat@example.org") + mark + behind)
    assert found is not None and found.text == "pat@example.org"


@pytest.mark.parametrize(("domain", "ascii_form"), [
    ("straße.example", "xn--strae-oqa.example"), ("strasse.example", "strasse.example"),
    ("STRAẞE.example", "xn--strae-oqa.example"), ("βόλος.example", "xn--nxasmm1c.example"),
    ("βόλοσ.example", "xn--nxasmq6b.example"), ("Bücher.Example", "xn--bcher-kva.example"),
    ("क्\u200dष.example", "xn--11b2ezcw70k.example"), ("xn--strae-oqa.example",) * 2,
    ("example。org", "example.org"),
])  # fmt: skip
def test_a_domain_is_written_as_idna_2008_says(domain: str, ascii_form: str) -> None:
    found = mailbox(f"pat@{domain}")
    assert found is not None and found.domain == ascii_form


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12))
def test_a_domain_reads_back_as_it_was_written_or_there_is_none(label: str) -> None:
    found = mailbox(f"pat@{label}.example")
    if found is None:
        return
    shown = unicodedata.normalize("NFKC", label).casefold()
    back = unicodedata.normalize("NFKC", idna.decode(found.domain)).casefold()
    assert back in (f"{shown}.example", f"{shown.replace('。', '.')}.example")


@pytest.mark.parametrize("host", [
    "a\u200db.example", "a\u00adb.example", "a\u200bb.example", "xn--zz.example", "☃.example",
    "foo_bar.example", "℀.example", "localhost", "mail", "mail.localhost", "printer.local",
    "127.0.0.1", "[127.0.0.1]", "[IPv6:::1]", "127.1", "١٢٧.0.0.1",
])  # fmt: skip
def test_a_host_that_is_doubtful_or_not_on_the_internet_is_none(host: str) -> None:
    assert mailbox(f"root@{host}") is None


@given(NASTY)
def test_nothing_seen_is_hidden(text: str) -> None:
    assert not set(seen(text)) & set("\u202a\u202b\u202d\u202e\u2066\u200e\u200b\x1b\x00\x9b\r")
    assert seen("می\u200cخواهم\n👩\u200d💻") == "می\u200cخواهم\n👩\u200d💻"


@given(NASTY, st.integers(2, 200))
def test_one_line_is_one_line_and_not_too_long(text: str, longest: int) -> None:
    line = one_line(text, longest)
    assert len(line) <= longest and len(line.splitlines()) <= 1 and line == line.strip()


def test_a_sender_that_is_no_address_is_named_in_the_error() -> None:
    with pytest.raises(SenderProblem, match="ESCALATION_SMTP__SENDER is 'nobody'"):
        sender_of(SmtpSettings(sender="nobody"))
