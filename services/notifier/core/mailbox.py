"""One mail address, or none: what is written here can be put into a header and an envelope.

Rule: exactly one addr-spec, no display name, no list, no quoting, nothing that a mail server
could read as two. What is doubtful is no address, and the message is recorded as such.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.headerregistry import Address
from typing import Final

_LOCAL: Final = re.compile(r"[\w!#$&'*+/=?^`{|}~-]+(?:\.[\w!#$&'*+/=?^`{|}~-]+)*")
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_UNSEEN: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069]+"
)
LONGEST: Final = 254


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A validated address; ``domain`` is in its ASCII form."""

    local: str
    domain: str

    @property
    def text(self) -> str:
        return f"{self.local}@{self.domain}"

    def named(self, name: str | None) -> Address:
        """With a display name, for a header."""
        return Address(one_line(name or "", 80), self.local, self.domain)


def mailbox(text: str | None) -> Mailbox | None:
    """The address in ``text``, or None where there is not exactly one that is safe to use."""
    local, at, domain = (text or "").strip(" ").rpartition("@")
    if not at or len(local.encode()) > 64 or "=?" in local or not _LOCAL.fullmatch(local):
        return None
    try:
        ascii_domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    labels = ascii_domain.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        return None
    found = Mailbox(local, ascii_domain)
    return found if len(found.text.encode()) <= LONGEST else None


def one_line(text: str, longest: int) -> str:
    """Reported text as a header can hold it: one line, nothing unseen, not endless.

    ``=?`` begins an encoded word, and Python's header parser decodes such a word and writes what
    was in it, line breaks included: the two are kept apart.
    """
    line = " ".join(_UNSEEN.sub(" ", text).replace("=?", "= ?").split())
    line = line.encode("utf-8", "replace").decode("utf-8")
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
