"""One mail address, or none: what is written here can be put into a header and an envelope.

Rule: exactly one addr-spec, no list, no quoting, nothing that a mail server could read as two,
and a host that the internet's mail can reach. What surrounds an address when it is pasted goes;
what is still doubtful is no address, and the message is recorded as such.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from email.headerregistry import Address
from typing import Final

import idna

_LOCAL: Final = re.compile(r"[\w!#$&'*+/=?^`{|}~-]+(?:\.[\w!#$&'*+/=?^`{|}~-]+)*")
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_NAMED: Final = re.compile(r"[^<>@]*<([^<>]*)>[\s.,;:>)'\"]*")
_MAILTO: Final = re.compile(r"mailto:([^?]*)(?:\?.*)?", re.IGNORECASE | re.DOTALL)
_BEFORE: Final = "<(\"'"
_BEHIND: Final = ".,;:>)\"'"
_LOCAL_HOSTS: Final = frozenset({"localhost", "localdomain", "local", "invalid"})
LONGEST: Final = 254
_JOINERS: Final = "\u200c\u200d"
"""Unseen by themselves, and part of how several scripts and emoji are written."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A validated address; ``domain`` is in its ASCII form."""

    local: str
    domain: str

    @property
    def text(self) -> str:
        return f"{self.local}@{self.domain}"

    def named(self, name: str | None) -> Address:
        """With a display name, for a header.

        Without the marks that would need quotes: Python drops the quotes of a name that it folds,
        and the rest then reads as other addresses.
        """
        plain = re.sub(r'[()<>\[\]:;@\\,"]', " ", name or "")
        return Address(one_line(plain, 80), self.local, self.domain)


def mailbox(text: str | None) -> Mailbox | None:
    """The address in ``text``, or None where there is not exactly one that is safe to use."""
    local, at, host = _bare(text or "").rpartition("@")
    if not at or len(local.encode("utf-8", "replace")) > 64:
        return None
    if "=?" in local or not _LOCAL.fullmatch(local) or (domain := _domain(host)) is None:
        return None
    found = Mailbox(local, domain)
    return found if len(found.text.encode()) <= LONGEST else None


def _bare(text: str) -> str:
    """The address without what comes along when it is pasted from a mail program or a page."""
    text = _trimmed(unicodedata.normalize("NFC", text))
    for form in (_NAMED, _MAILTO, _NAMED):
        if (found := form.fullmatch(text)) is not None:
            text = _trimmed(found[1])
    return _trimmed(text.lstrip(_BEFORE).rstrip(_BEHIND))


def _trimmed(text: str) -> str:
    """Without what cannot be seen at either end."""
    start, end = 0, len(text)
    while start < end and _is_unseen(text[start]):
        start += 1
    while start < end and _is_unseen(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_unseen(letter: str) -> bool:
    """Blanks, control and format characters, and the fillers that show as nothing."""
    return unicodedata.category(letter)[0] in "CZ" or letter in "\u034f\u2800\u3164\ufe0e\ufe0f"


def _domain(host: str) -> str | None:
    """The A-labels of IDNA 2008 (RFC 5891): ``straße.de`` is another domain than ``strasse.de``.

    None where there are none, and for hosts that no mail server on the internet is reached by.
    """
    if any(_is_unseen(letter) and letter not in _JOINERS for letter in host):
        return None
    try:
        encoded = idna.encode(host, uts46=True, std3_rules=True, transitional=False)
    except UnicodeError:
        return None
    labels = encoded.decode("ascii").lower().split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        return None
    if len(labels) == 1 or labels[-1].isdecimal() or labels[-1] in _LOCAL_HOSTS:
        return None
    return ".".join(labels)


def seen(text: str) -> str:
    """Without control characters and without those that change the direction of what follows.

    Tabs and line ends stay, and so do the joiners that some scripts need.
    """
    return "".join(letter for letter in text if letter in "\t\n" or not _is_hidden(letter))


def _is_hidden(letter: str) -> bool:
    return letter not in _JOINERS and unicodedata.category(letter) in ("Cc", "Cf", "Cs")


def one_line(text: str, longest: int) -> str:
    """Reported text as a header can hold it: one line, nothing hidden, not endless.

    ``=?`` begins an encoded word, and Python's header parser decodes such a word and writes what
    was in it, line breaks included: the two are kept apart.
    """
    spaced = "".join(
        " " if unicodedata.category(one) in ("Cc", "Zl", "Zp") else one for one in text
    )
    line = " ".join(seen(spaced).replace("=?", "= ?").split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
