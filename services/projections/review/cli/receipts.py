"""A decision on a request in sentences: why it was made, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import tzinfo
from functools import cache
from importlib.resources import files
from typing import Any, Final

from rich.console import Console

from infra.runtime.plain_text import PlainTable, visible
from schemas.codes import ENDS, RULE_OUTCOMES, in_words
from services.projections.review.questions.judgements import Telling, is_once_only
from services.projections.review.questions.people import by_whom
from services.projections.review.times import instant
from services.projections.review.words.cells import KIND
from services.projections.review.words.rule_answers import sentence
from services.projections.review.words.wording import EXPIRED, because, hint, shown

JUDGED: Final = {
    "accepted": "ACCEPTED",
    "rejected": "REJECTED",
    "approval-requested": "PUT BEFORE AN APPROVER",
}
_UNKNOWN: Final = {
    "program_known": "The case names a program that is not a policy: the deployment's default "
    "policy judged instead.",
    "tier_known": "The customer's tier is not one that the policy names.",
}


def show_receipt(
    decision: dict[str, Any], subject: str, telling: Telling, console: Console
) -> None:
    """A receipt in sentences that a customer may read, one for every rule that was asked."""
    receipt, zone = decision["receipt"], telling.zone
    policy = f"{receipt['policy']['name']} version {receipt['policy']['version']}"
    console.rule(visible(f"{subject}: request {decision['request_id']}"), align="left")
    how = JUDGED[decision["type"].split(".")[2]]
    lines = (
        f"{how} on {instant(decision['at'], zone)} under the policy {policy}.",
        *_became(decision, zone),
        *_why(decision, telling),
    )
    for line in lines:
        console.print(visible(line))
    console.print(_rules(receipt["rules"], is_once_only(telling.policies, decision), zone))


def _became(decision: dict[str, Any], zone: tzinfo) -> Iterator[str]:
    for one in decision["became"]:
        yield _sentence(one, zone)
    done = {one["what"] for one in decision["became"]}
    if (approvers := decision.get("approvers")) and not done:
        until = shown(decision["due_at"], zone)
        yield f"It waits for role {' or '.join(approvers)}, until {until}."
    elif "accepted" in decision["type"] and not done & {"monitoring-ended", "voided"}:
        watched = done & {"de-escalated", "monitoring-held"}
        yield "It is still watched." if watched else "It is still running."


def _sentence(one: dict[str, Any], zone: tzinfo) -> str:
    on, by = instant(one["at"], zone), by_whom(one)
    match one["what"]:
        case "accepted":
            return f"APPROVED on {on}{by}."
        case "declined" if one["by_id"] is None:
            return f"DECLINED on {on}: the case was closed before anybody had answered."
        case "declined":
            why = f"because: “{one['reason']}”" if one["reason"] else "no reason was given"
            return f"DECLINED on {on}{by}; {EXPIRED if one['text_expired'] else why}."
        case "acknowledged":
            return f"Acknowledged on {on}{by}."
        case "de-escalated":
            on_watch = "; it is watched on" if one.get("still_monitored") else ""
            return f"De-escalated on {on}{by}{on_watch}."
        case "monitoring-held":
            return f"Held on {on}: an improvement or a waiver is owed before it ends."
        case "monitoring-ended":
            return f"Ended on {on}: {ENDS.get(one['why'], in_words(one['why']))}."
        case _:
            right = "is restored" if one.get("restores_right") else "stays spent"
            return f"VOIDED on {on}{by}: {in_words(one['reason'])}; the right to escalate {right}."


def _why(decision: dict[str, Any], telling: Telling) -> Iterator[str]:
    receipt, zone = decision["receipt"], telling.zone
    facts = receipt["facts"]
    yield from (words_ for fact, words_ in _UNKNOWN.items() if facts.get(fact) is False)
    if codes := [refusal["code"] for refusal in decision.get("refusals", ())]:
        yield f"Why not: {because(codes, is_once_only(telling.policies, decision))}."
    if codes and decision["eligible_at"]:
        begins = "It is" if codes == ["too-early"] else "By the waiting time alone it is"
        yield f"{begins} allowed from {shown(decision['eligible_at'], zone)}."
    if triage := facts.get("triage"):
        goes = "goes first" if triage["prioritised"] else "takes its turn"
        yield f"Its triage score is {triage['score']} of {triage['threshold']} needed: it {goes}."
    yield from (_set_then(one, receipt, telling) for one in decision.get("duties", ()))
    for suggestion in decision["suggestions"]:
        yield f"Hint: {hint(suggestion)}."


def _set_then(duty: dict[str, Any], receipt: dict[str, Any], telling: Telling) -> str:
    """A duty that came with the acceptance, and whether customers may rely on it."""
    policy = telling.policies.find(receipt["policy"]["name"], receipt["policy"]["version"])
    spec = None if policy is None else policy.specs.get(duty["duty"])
    kind = "" if spec is None else f" ({KIND[spec.kind]})"
    due = shown(duty["due_at"], telling.zone)
    return f"Owed from then on: {in_words(duty['duty'])}, by {due}{kind}."


def _rules(rules: list[dict[str, Any]], once_only: bool, zone: tzinfo) -> PlainTable:
    table = PlainTable("met", "in words", "statement of the source")
    for rule in rules:
        table.add_row(
            RULE_OUTCOMES[rule["outcome"]],
            sentence(rule, once_only, zone),
            _statement(rule["statement"]),
            style="bold red" if rule["outcome"] == "not-met" else None,
        )
    return table


def _statement(id_: str | None) -> str:
    """The id of a statement with its sentence, where there is one."""
    said = statements().get(id_ or "")
    return f"{id_}: {said}" if said else id_ or ""


@cache
def statements() -> dict[str, str]:
    """The sentence of every statement by its id, as ``docs/statements.yaml`` has them."""
    text = (files(__package__) / "statements.json").read_text("utf-8")
    found: dict[str, str] = json.loads(text)
    return found
