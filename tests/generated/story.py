"""A short story in which every reported event happens once: the source of the examples."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas import reported
from schemas.codec import Reported
from schemas.envelope import Envelope
from schemas.reported import Fact

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANN = {"id": "ann", "name": "Ann Ames", "email": "ann@customer.example", "timezone": "Europe/Paris"}
BEN = {"id": "ben", "name": "Ben Bell", "email": "ben@support.example"}
EVE = {"id": "eve", "name": "Eve Eng", "email": "eve@support.example"}
PLAN = {"mode": "phone", "frequency": "PT8H", "attendees": [ANN, BEN], "agreed_with": ANN}
ASKED = {
    "request_id": "request-1", "channel": "form", "requested_by": ANN, "source": "customer",
    "reason": "business-impact-or-deadline", "comments": "We go live on Friday.",
}  # fmt: skip
OPENED = {
    "account_id": "account-7", "severity": "S2", "tier": "gold", "title": "Orders are not sent",
    "product": "Gateway", "opened_by": ANN, "assigned_agent": EVE, "support_manager": BEN,
    "team": "integration",
}  # fmt: skip
SAID = {"comment_id": "comment-1", "author": ANN, "author_role": "customer", "body": "Any news?"}

STEPS: tuple[tuple[str, type[Fact], dict[str, Any]], ...] = (
    ("case-42", reported.Opened, OPENED),
    ("case-42", reported.CommentAdded, SAID),
    ("case-42", reported.EscalationRequested, ASKED | {"request_id": "request-0", "comments": ""}),
    ("case-42", reported.SeverityChanged, {"severity": "S1", "by": EVE}),
    ("case-42", reported.Assigned, {"agent": EVE, "support_manager": BEN}),
    ("case-42", reported.EscalationRequested, ASKED),
    ("case-42", reported.EscalationAcknowledged, {"by": BEN}),
    ("case-42", reported.SeverityChanged, {"severity": "S2", "by": EVE}),
    ("case-42", reported.ContactChanged, {"contact": ANN | {"id": "ann-2"}}),
    ("case-42", reported.ContactAttempted, {"by": BEN, "mode": "phone", "outcome": "no answer"}),
    ("case-42", reported.CustomerContacted, {"by": BEN, "mode": "phone", "next_steps": "a call"}),
    ("case-42", reported.InformationRequested, {"by": EVE, "what": "the log of Monday"}),
    ("case-42", reported.EscalationEvaluated, {"by": BEN, "resources": ["a second engineer"]}),
    ("case-42", reported.PrimaryContactAssigned, {"contact": EVE, "skills": ["gateway"]}),
    ("case-42", reported.KickoffCallScheduled, {"at": "2026-03-04T10:00:00Z", "attendees": [ANN]}),
    ("case-42", reported.CommunicationPlanAgreed, PLAN),
    ("case-42", reported.UpdateGiven, {"by": BEN, "audience": "customer", "mode": "phone"}),
    ("case-42", reported.ActionPlanShared, {"plan": "1. Patch. 2. Test.", "by": EVE, "version": 1}),
    ("case-42", reported.LevelRaised, {"to": "team-manager", "by": BEN, "why": "a deadline"}),
    ("case-42", reported.TrendSet, {"trend": "improving", "by": BEN}),
    ("case-42", reported.ImprovementIdentified, {"by": BEN, "category": "release notes"}),
    ("case-42", reported.ImprovementWaived, {"by": BEN, "reason": "known already"}),
    ("case-42", reported.Deescalated, {"by": BEN, "agreement_ref": "comment-9"}),
    ("case-42", reported.Deescalated, {"by": BEN}),
    ("case-42", reported.Closed, {"by": EVE, "resolution": "patched"}),
    ("case-42", reported.Reopened, {"by": ANN, "reason": "it is back"}),
    ("case-43", reported.Opened, OPENED | {"program": "comment-phrase"}),
    ("case-43", reported.CommentAdded, SAID | {"body": "escalaton request"}),
    ("case-43", reported.EscalationRequested, ASKED),
    ("case-43", reported.EscalationVoided, {"by": BEN, "reason": "unrelated-case"}),
    ("case-43", reported.EscalationApproved, {"by": BEN, "request_id": "request-1"}),
    ("case-43", reported.EscalationDeclined, {"by": BEN, "request_id": "request-1"}),
    ("case-44", reported.Opened, OPENED | {"severity": "S1", "tier": "titanium"}),
    ("case-44", reported.EscalationRequested, ASKED),
    ("review/integration", reported.ReviewSignedOff, {"by": BEN, "review_date": "2026-03-02"}),
    (
        "account/account-7", reported.AccountEscalationRequested,
        ASKED | {"template": "account", "escalation_severity": "high", "case_ids": ["case-42"]},
    ),
    ("account/account-7", reported.AccountCaseLinked, {"case_id": "case-43"}),
    ("account/account-7", reported.AccountCaseUnlinked, {"case_id": "case-43"}),
    (
        "case-42", reported.AccountLinkAsked,
        {"account_id": "account-7", "escalation_id": "b6d0a0c0-0000-5000-8000-000000000001"},
    ),
    (
        "account/account-7", reported.AccountLinkAnswered,
        {
            "case_id": "case-42", "escalation_id": "b6d0a0c0-0000-5000-8000-000000000001",
            "answer": "linked",
        },
    ),
    ("clock/3", reported.TimePassed, {}),
    (
        "clock/3", reported.CalendarChanged,
        {"calendar": "default", "version": 2, "dates": [{"date": "2026-12-24"}]},
    ),
    ("case-44", reported.CommentAdded, SAID | {"comment_id": "comment-3"}),
)  # fmt: skip


def story() -> Iterator[Reported]:
    """Every step half a day after the one before."""
    for number, (subject, kind, data) in enumerate(STEPS, 1):
        yield Envelope(
            id=f"event-{number:02d}",
            source="/crm/example",
            type=reported.type_of(kind),
            subject=subject,
            time=MONDAY + number * timedelta(hours=12),
            data=kind.model_validate(data),
        )
