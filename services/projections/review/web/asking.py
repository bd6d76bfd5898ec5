"""What an address asks for: filters, moment, zone and page, each named where it is wrong."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final
from urllib.parse import urlencode

from schemas.zones import zone
from services.projections.review.questions.open_board import FILTERS, PAGE, Asked, Cursor
from services.projections.review.web.people import Visitor

KNOWN: Final = (*FILTERS, "as_of", "tz", "rows", "cursor", "after")
MOST_ROWS: Final = 500


class BadAddress(ValueError):
    """Which part of an address cannot be used, and what to write instead."""


@dataclass(frozen=True)
class Address:
    """The question of an address, and how its answer is told."""

    asked: Asked
    zone: tzinfo
    parameters: dict[str, str]
    after: tuple[int, int] | None = None
    """Partition and offset that the rows should hold already: what was sent last."""

    def link(self, path: str, **changes: str | None) -> str:
        """An address like this one with some parameters changed; None drops one."""
        kept = {k: v for k, v in (self.parameters | changes).items() if v}
        return f"{path}?{urlencode(kept)}" if kept else path


def address(parameters: dict[str, str], visitor: Visitor, default_zone: tzinfo = UTC) -> Address:
    """Read the parameters of an address. Errors: ``BadAddress``."""
    for name in parameters:
        if name not in KNOWN:
            raise BadAddress(f"{name} is not a parameter here; known are {', '.join(KNOWN)}")
    given = {name: value for name, value in parameters.items() if value}
    asked = Asked(
        visitor.teams, visitor.accounts, _moment(given.get("as_of")),
        {name: given[name] for name in FILTERS if name in given}, _cursor(given.get("cursor")),
        _limit(given.get("rows")),
    )  # fmt: skip
    after = _place(given.pop("after", None))
    return Address(asked, _zone(given.get("tz"), default_zone), given, after)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise BadAddress("as_of: write an instant such as 2026-11-23T09:00:00Z") from None
    if at.tzinfo is None:
        raise BadAddress("as_of: add the offset, such as Z or +01:00")
    if at > datetime.now(UTC):
        raise BadAddress("as_of: that is still to come")
    return at


def _place(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    partition, _, offset = text.partition(":")
    if not (partition.isdecimal() and offset.isdecimal() and len(text) < 30):
        raise BadAddress("after: take it from the page before, as it is")
    return int(partition), int(offset)


def _limit(text: str | None) -> int:
    if text is None:
        return PAGE
    if not text.isdecimal() or not 1 <= int(text) <= MOST_ROWS:
        raise BadAddress(f"rows: write a number from 1 to {MOST_ROWS}")
    return int(text)


def _zone(text: str | None, default: tzinfo) -> tzinfo:
    if text is None:
        return default
    try:
        return zone(text)
    except ValueError:
        raise BadAddress("tz: write a time zone such as Europe/Berlin") from None


def written(cursor: Cursor | None) -> str | None:
    """A cursor for an address."""
    if cursor is None:
        return None
    text = json.dumps(asdict(cursor) | {"at": cursor.at.isoformat()})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _cursor(text: str | None) -> Cursor | None:
    if text is None:
        return None
    try:
        data = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        at = datetime.fromisoformat(data["at"])
        if data["due"] != "infinity":
            datetime.fromisoformat(data["due"])
        return Cursor(at, int(data["band_rank"]), int(data["score"]), str(data["due"]),
                      str(data["escalation_id"]))  # fmt: skip
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise BadAddress("cursor: take it from the page before, as it is") from None
