"""What of a comment its author wrote: without what is quoted and what cannot be seen.

Quoted are lines whose first visible character is ``>``, and everything from the first line on
with which a mail program, or a mail of ours, introduces what was written before.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from schemas.vocabulary import REPLY_MARKER, Format
from services.escalation.core.comments.html_text import text_of
from services.escalation.core.comments.separators import end_of_own, folded_text

_BLANK: Final = "".join(
    one for one in map(chr, range(0x3001)) if one.isspace() or unicodedata.category(one) == "Cc"
)
"""White space and control characters: nothing of a line is seen before what follows them."""
_JOINERS: Final = "\u034f\u180b\u180c\u180d\u180f"
_MARKER: Final = re.compile(
    r"\s+".join(re.escape(word) for word in folded_text(REPLY_MARKER).strip("#- ").split())
)


def own_words(body: str, form: Format | None) -> str:
    """The text that the author of a comment wrote, one form of each letter, line breaks kept."""
    text = _seen(text_of(body) if form == "html" else body)
    own = "\n".join(line for line in text.splitlines() if not _is_marked(line))
    folded = folded_text(own)
    if (marker := _MARKER.search(folded)) is not None:
        folded = folded[: marker.start()]
    lines = folded.split("\n")
    return "\n".join(lines[: end_of_own(lines)])


def _seen(text: str) -> str:
    """Without what nobody sees: format characters, joiners and variation selectors."""
    if text.isascii():
        return text
    return text.translate({ord(one): None for one in set(text) if is_unseen(one)})


def is_unseen(character: str) -> bool:
    """Whether a reader sees nothing where this stands."""
    return (
        unicodedata.category(character) == "Cf"
        or character in _JOINERS
        or "\ufe00" <= character <= "\ufe0f"
        or "\U000e0100" <= character <= "\U000e01ef"
    )


def _is_marked(line: str) -> bool:
    return line.lstrip(_BLANK).startswith(">")
