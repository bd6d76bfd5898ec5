"""What people read, and who is told, against what the policy does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from policies.authoring.finding import Finding
from policies.model import Policy

_ONCE: Final = re.compile(r"\bonly once\b", re.IGNORECASE)
_DAYS: Final = re.compile(r"\b(?:weekdays?|working days?)\b", re.IGNORECASE)


def _who_owes_can_be_told(policy: Policy) -> Iterator[Finding]:
    for spec in policy.duties:
        if spec.owed_by == "requester":
            yield Finding(
                f"duties.{spec.duty}", "the requester owes it and is not told what to do",
                "let somebody in support owe it",
            )  # fmt: skip


def _sentences_are_true(policy: Policy) -> Iterator[Finding]:
    works = any(spec.clock == "working" for spec in policy.duties)
    for entry in ("next_steps", "when_rejected"):
        for sentence in getattr(policy, entry):
            if _ONCE.search(sentence.text) and not policy.once_only:
                yield Finding(
                    entry, "a sentence says “only once”, and a case may be escalated again",
                    "drop the sentence, or write once_only: true",
                )  # fmt: skip
            if _DAYS.search(sentence.text) and not works:
                yield Finding(
                    entry, f"“{sentence.text[:60]}” speaks of working time, and no duty counts it",
                    "drop the sentence, or write clock: working",
                )  # fmt: skip


OF_SENTENCES: Final[tuple[Callable[[Policy], Iterator[Finding]], ...]] = (
    _who_owes_can_be_told, _sentences_are_true,
)  # fmt: skip
