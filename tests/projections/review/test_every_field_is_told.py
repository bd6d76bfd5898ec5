"""What was reported about a case is told in its timeline: every field of every event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from pydantic import BaseModel

from schemas import reported
from schemas.codes import in_words
from schemas.subject import subject_of
from tests.fields.catalogue import ReportedField
from tests.projections.filling import fill
from tests.projections.review.asking import ask
from tests.projections.review.histories import Told, records
from tests.stories import event

BEGAN = datetime(2026, 11, 16, 8, tzinfo=UTC)
OF_ACCOUNTS: Final = (
    reported.AccountEscalationRequested, reported.AccountCaseLinked, reported.AccountCaseUnlinked,
)  # fmt: skip
OF_OURS: Final = (
    reported.AccountLinkAsked, reported.AccountLinkAnswered, reported.TimePassed,
    reported.CalendarChanged, reported.ReviewSignedOff,
)  # fmt: skip
"""Facts about no case and no account, or between our own processes."""
CODES: Final = ("email", "improving", "critical", "high", "team-manager", "customer", "S2", "html",
                "public", "PT8H", "2026-11-18T09:00:00Z", "2026-11-18",
                "entered-by-mistake")  # fmt: skip
"""What fields take that take no words."""
ATTACHED: Final = {"name": "EscalationRequestedAttachments", "uri": "https://a.example/log",
                   "sha256": "feed0123", "size": 4711, "media_type": "text/x-log"}  # fmt: skip
UNSAID: Final = {"format", "visibility"}
"""How a comment is to be read: the timeline shows what it says."""


def facts(subject: str) -> list[type[BaseModel]]:
    """The facts that may be reported about a case, or about an account."""
    if subject_of(subject).account_id is not None:
        return list(OF_ACCOUNTS)
    return [one for one in reported.FACTS if one not in (*OF_ACCOUNTS, *OF_OURS)]


def mark(model: type[BaseModel], field: str) -> str:
    """A word that stands for one field of one fact."""
    return f"{model.__name__}{field.title().replace('_', '')}"


def full(model: type[BaseModel]) -> dict[str, Any]:
    """A fact with every field that takes words, and each word its own."""
    found: dict[str, Any] = {}
    for name in model.model_fields:
        word = mark(model, name)
        if name == "checklist":
            found[name] = dict.fromkeys(reported.Checklist.model_fields, True)
            continue
        if name == "attachments":
            found[name] = [ATTACHED]
            continue
        forms: tuple[Any, ...] = (
            word,
            True,
            {"id": word, "name": word},
            [{"id": word, "name": word}],
            [word],
            *CODES,
        )
        field = ReportedField(model, name)
        found[name] = next((one for one in forms if field.takes(one)), None)
    return found


def said(value: Any) -> str:
    """A code as the timeline says it."""
    if value in ("PT8H", "2026-11-18T09:00:00Z", "2026-11-18"):
        return {"PT8H": "every 8h 00m"}.get(value, "Wed 18 Nov")
    return in_words(value) if isinstance(value, str) else ""


def is_id(name: str) -> bool:
    """Ids of requests, comments and escalations are for machines: --json has them."""
    return name.endswith("_id") and name != "account_id"


@pytest.mark.parametrize("subject", ["CASE-1", "account/north"])
async def test_every_word_of_every_fact_is_in_the_timeline(database: str, subject: str) -> None:
    models, told = facts(subject), []
    for number, model in enumerate(models):
        at = BEGAN + timedelta(hours=number)
        fact: Any = model.model_validate(full(model))
        told.append(Told(event(fact, at, subject=subject), at))
    await fill(database, records(told))
    shown = (await ask(database, "timeline", subject, columns=9000)).stdout
    missing = [
        f"{model.__name__}.{name}"
        for model in models
        for name, value in full(model).items()
        if mark(model, name) in str(value) and mark(model, name) not in shown and not is_id(name)
    ]
    assert missing == []
    assert [one for one in ATTACHED.values() if str(one) not in shown] == []
    lines = [line for line in shown.splitlines() if ":00 UTC" in line and "└▶" not in line]
    assert len(lines) == len(models)
    unsaid = [
        f"{model.__name__}.{name}"
        for model, line in zip(models, lines, strict=True)
        for name, value in full(model).items()
        if value in CODES and name not in UNSAID and said(value) not in line
    ]
    assert unsaid == []
    asking: list[type[BaseModel]] = [*models, reported.Checklist]
    answers = [
        name
        for model in asking
        for name, field in model.model_fields.items()
        if field.annotation in (bool, bool | None)
    ]
    assert len(answers) >= 3
    assert [one for one in answers if f"{one.replace('_', ' ')}: yes" not in shown] == []
