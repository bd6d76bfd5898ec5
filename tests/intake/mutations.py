"""Vendor records as they might also come: valid ones of every entity, changed somewhere."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from services.intake.mapping import Mapping
from tests.intake.changes import ENTITIES, SHIPPED, created, header

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(),
    st.sampled_from([
        10**20, -1, 10**400, "", " ", "false", "TRUE", "500X,500Y", "500*", "GAP_UPDATE", "UPDATE",
        "Gold", "Critical", "Closed", "0x400040", "\ud83d", "a\x00", "x" * 5_000, "account/5",
        "003", "500\n", "\u202e", [], {}, [None], ["0x04"], {"string": "High"}, {"boolean": False},
        {"long": 1795507201000}, {"array": ["500X"]}, {"string": None}, {"a": {"b": [1]}},
    ]),
    st.text(st.characters(categories=("L", "N", "P", "S", "Z", "C")), max_size=40),
    st.lists(st.text(max_size=4), max_size=3),
)  # fmt: skip
"""A value of a kind that nobody promised."""

WRAPPERS = (
    lambda it: it,
    lambda it: {"schema": {}, "payload": it},
    lambda it: {"data": {"payload": it, "event": {"replayId": 1}}},
    lambda it: [it],
    lambda it: {"payload": json.dumps(it, default=str)},
)


@st.composite
def records(draw: st.DrawFn) -> bytes:
    """A record of the vendor's topic: valid, then changed in a few places, then perhaps broken."""
    record = created(draw(st.sampled_from(sorted(ENTITIES))))
    if draw(st.booleans()):
        fields = draw(st.lists(st.sampled_from(sorted(record)), max_size=4))
        record["ChangeEventHeader"] |= header(kind="UPDATE", changedFields=fields)
    for part in (record, record["ChangeEventHeader"]):
        for name in draw(st.lists(st.sampled_from(sorted(part)), max_size=2)):
            part[name] = draw(ODD)
    text = json.dumps(draw(st.sampled_from(WRAPPERS))(record), ensure_ascii=draw(st.booleans()))
    return _broken(draw, text.encode("utf-8", "surrogatepass"))


def _broken(draw: st.DrawFn, value: bytes) -> bytes:
    if draw(st.integers(0, 4)):
        return value
    at = draw(st.integers(0, len(value)))
    return value[:at] + draw(st.binary(max_size=4)) + value[at + draw(st.integers(0, 3)) :]


@st.composite
def mappings(draw: st.DrawFn) -> Mapping:
    """Any mapping that the model accepts, near enough to the shipped one to translate something."""
    whole: dict[str, Any] = SHIPPED.model_dump()
    fields = st.sampled_from(sorted({name for held in ENTITIES.values() for name in held}))
    for part in ("case", "comment", "request"):
        for name, held in list(whole[part].items()):
            if (held is None or isinstance(held, str)) and name not in ("entity", "channel"):
                whole[part][name] = draw(st.one_of(st.just(held), fields)) or held
    codes = st.text(min_size=1, max_size=300).filter(str.strip)
    whole["case"]["tier"]["default"] = draw(codes)
    whole["case"]["tier"]["values"] |= draw(st.dictionaries(codes, codes, max_size=2))
    whole["request"]["reasons"] |= draw(st.dictionaries(codes, codes, max_size=2))
    roles = st.sampled_from(["customer", "agent", "unknown"])
    whole["comment"]["role"]["default"] = draw(roles)
    return Mapping.model_validate(whole)
