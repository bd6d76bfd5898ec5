"""``docs/codes.md``: every code and its meaning; and that no code of the code is without one."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from policies.entries import LADDER, RuleName, SuggestionName, Told
from schemas import codes, decided, vocabulary
from services.escalation.core.rules import RULES
from tests.spec import POLICIES

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = "docs/codes.md"
_HEAD = """# Codes and what they mean

Computed from `schemas/codes.py`, where mails, commands and explanations read them too.
"""


def codes_page() -> dict[str, str]:
    """Committed path to text."""
    parts = [_HEAD, "## Refusals\n"]
    parts += _table(("code", "to the customer", "to support", "exactly"), codes.REFUSALS)
    parts.append("\nUnder a policy that allows one escalation a case, `already-escalated` says: ")
    parts[-1] += f"{codes.ONCE_ONLY.customer}\n\n## Suggestions\n"
    parts += _table(("code", "to the customer", "to support", "given when"), codes.SUGGESTIONS)
    for title, listed in _PLAIN.items():
        parts.append(f"\n## {title}\n")
        parts += _table(("code", "meaning"), {code: (text,) for code, text in listed.items()})
    return {PAGE: "\n".join(parts) + "\n"}


_PLAIN: Mapping[str, Mapping[str, str]] = {
    "Rules": {name: one.asks for name, one in codes.RULES.items()},
    "Statuses": codes.STATUSES,
    "Why it ended": codes.ENDS,
    "Levels": codes.LEVELS,
    "Duties of the shipped policies": codes.DUTIES,
    "What became of a duty": codes.DUTY_OUTCOMES,
    "Why a duty was planned anew": codes.REPLANS,
    "Outcome of a rule": codes.RULE_OUTCOMES,
    "Reasons": codes.REASONS,
    "Impact on the business": codes.IMPACTS,
    "Situations": codes.SITUATIONS,
    "Channels": codes.CHANNELS,
    "Who owes a duty": codes.OWING,
}


def _table(heads: tuple[str, ...], rows: Mapping[str, tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    return lines + [f"| `{code}` | {' | '.join(row)} |" for code, row in rows.items()]


def code_problems() -> Iterator[str]:
    """Every code that the program may give and that has no entry."""
    for kind, (given, known) in _given().items():
        for code in sorted(given - known.keys()):
            yield f"{kind} {code} has no meaning: add it to schemas/codes.py"


def _given() -> dict[str, tuple[set[str], Mapping[str, Any]]]:
    duties = {spec.duty for policy in POLICIES for spec in policy.duties}
    return {
        "refusal": ({rule.code for rule in RULES} | set(_named_refusals()), codes.REFUSALS),
        "suggestion": (set(get_args(SuggestionName)), codes.SUGGESTIONS),
        "rule": (set(get_args(RuleName)), codes.RULES),
        "status": (set(get_args(vocabulary.Status)), codes.STATUSES),
        "end": (set(get_args(decided.EndReason)), codes.ENDS),
        "level": (set(LADDER), codes.LEVELS),
        "duty": (duties, codes.DUTIES),
        "outcome": (set(get_args(decided.Outcome)), codes.RULE_OUTCOMES),
        "replan": (set(get_args(decided.ReplanReason)), codes.REPLANS),
        "reason": ({code for policy in POLICIES for code in policy.reasons}, codes.REASONS),
        "channel": (set(get_args(vocabulary.Channel)), codes.CHANNELS),
        "impact": (set(get_args(vocabulary.BusinessImpact)), codes.IMPACTS),
        "audience": (set(get_args(Told)), codes.OWING),
    }


def _named_refusals() -> Iterator[str]:
    """The codes with which the core refuses, read from its source."""
    for file in sorted((ROOT / "services/escalation/core").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "refusal" and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    yield str(first.value)
