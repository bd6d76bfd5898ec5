"""What the words need of a decision and of the policy it was made under, kept with the message.

The receipt stays in the log. What changes until the message is sent (the duties, the contact, the
owner) is not here: it is looked up at sending.
"""

from __future__ import annotations

from typing import Any

from policies.model import Policy
from policies.sentences import SentenceSpec, written
from schemas import decided
from schemas.codec import Decided
from services.notifier.directory.support import Audiences


def brief(event: Decided, told: Audiences) -> dict[str, Any]:
    """The decision without its receipt, and what the policy says to this kind of reader."""
    decision = event.data
    found = decision.model_dump(mode="json", exclude={"receipt", "fulfilled"})
    match decision:
        case decided.Accepted():
            found["steps"] = _said(told.policy.next_steps, told.policy, decision.severity)
        case decided.Rejected():
            found |= _rejection(event, told.policy)
        case decided.DeadlineMissed():
            found["missed"] = [missed(event, told)]
            found["more"] = 0
        case _:
            pass
    return found


def missed(event: Decided, told: Audiences) -> dict[str, Any]:
    """One miss, as a message lists it."""
    one = event.data
    assert isinstance(one, decided.DeadlineMissed)
    spec = told.policy.specs.get(one.duty)
    return {
        "duty": one.duty,
        "due_at": one.model_dump(mode="json")["due_at"],
        "kind": spec.kind if spec else "promise",
        "owed_by": spec.owed_by if spec else told.owner,
        "repeats": spec.repeats if spec else False,
    }


def _rejection(event: Decided, policy: Policy) -> dict[str, Any]:
    """What this policy lets a requester do about it, and what they can choose from."""
    decision = event.data
    assert isinstance(decision, decided.Rejected)
    codes = {refusal.code for refusal in decision.refusals}
    kind = "account" if event.about.kind == "account" else "case"
    said = [
        one for one in policy.when_rejected
        if not one.where_refused or codes <= set(one.where_refused)
    ]  # fmt: skip
    return {
        "once_only": policy.once_only,
        "advice": _said(said, policy, None),
        "reasons": list(policy.reasons),
        "templates": [name for name, one in policy.templates.items() if one.kind == kind],
        "roles": list(policy.roles.request),
    }


def _said(
    sentences: tuple[SentenceSpec, ...] | list[SentenceSpec], policy: Policy, severity: str | None
) -> list[dict[str, Any]]:
    return [
        {
            "text": written(one.text, policy, severity),
            "unless": list(one.unless),
            "only_there": bool(one.where_refused),
        }
        for one in sentences
    ]
