"""Every situation of the policy table with the whole of what is decided, to the letter: who
changes a rule or its words sees here what becomes of them."""

from __future__ import annotations

import json

from tests.generated.policy_table import SITUATIONS
from tests.spec import POLICIES

PATH = "tests/generated/decisions.json"


def decisions() -> dict[str, str]:
    """Committed path to text."""
    found = {
        policy: {
            title: [
                {"decision": one.name, **one.model_dump(mode="json", exclude_defaults=True)}
                for one in story(policy).when(told()).decisions
            ]
            for title, story, told in SITUATIONS
        }
        for policy in POLICIES.versions
    }
    return {PATH: json.dumps(found, indent=1, ensure_ascii=False) + "\n"}
