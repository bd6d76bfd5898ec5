"""What somebody typed, in any field of any event, is printed as the plain words that it is."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta

import pytest

from infra.runtime.plain_text import visible
from tests.projections.filling import connected, fill
from tests.projections.review.asking import ask
from tests.projections.review.histories import records
from tests.projections.review.told_by_somebody import BEGAN, HOUR, POLICIES, story

HOSTILE = "[/b] [link=https://x.example]p[/link] \x1b[2J\x1b]0;t\x07 \x9b31m \u202eabc\u2069 :bomb:"
HARMLESS = (
    "a harmless text of about the same length as the other, no more than that, really no more"
)
CASE = "[red]\u202eCASE-1"
MESSAGE = """
    INSERT INTO notifier.message (message_id, event_id, audience, channel, template, event_type,
        event_time, subject, brief, said_at, due_at, state, settled_at)
    VALUES (gen_random_uuid(), gen_random_uuid()::text, $2, 'mail', 'accepted',
        'support.escalation.accepted.v1', now(), $1, '{}', now(), now(), 'no-address', now())
"""
SGR = re.compile(r"\x1b\[[0-9;]*m")
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def commands(case: str) -> list[tuple[str, ...]]:
    as_of = (BEGAN + 45.5 * HOUR).isoformat()
    return [
        ("review", "--since", BEGAN.isoformat()), ("review", "--as-of", as_of, "--since",
        (BEGAN - timedelta(days=1)).isoformat()),
        *((name, one) for name in ("explain", "eligibility", "timeline")
          for one in (case, f"{case}-no")),
    ]  # fmt: skip


async def filled(dsn: str, policy: str, words: str, case: str) -> None:
    await fill(dsn, records(story(policy, words, case)))
    async with connected(dsn) as owner:
        await owner.execute(MESSAGE, case, "support-manager")


@pytest.mark.parametrize("policy", POLICIES)
async def test_no_command_obeys_what_is_in_an_event(database: str, policy: str) -> None:
    await filled(database, policy, HOSTILE, CASE)
    every = commands(CASE) + ([("explain", f"{CASE}-wait")] if policy == "templated" else [])
    for words in every:
        for columns in (40, 80, 132):
            for form in ((), ("--json",)):
                answer = await ask(database, *words, *form, columns=columns)
                assert answer.exit_code == 0, (words, answer.stderr)
                shown = set(answer.stdout)
                assert {one for one in shown if unicodedata.category(one) == "Cc"} <= {"\n"}
                assert not shown & BIDI
    told = await ask(database, "timeline", CASE, columns=4000)
    assert told.stdout.count(visible(HOSTILE)) >= 10
    assert f"Timeline of {visible(CASE)}" in told.stdout


@pytest.mark.parametrize("policy", POLICIES)
async def test_a_terminal_gets_our_own_colours_and_nothing_else(
    database: str, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    await filled(database, policy, HOSTILE, "hostile")
    await filled(database, policy, HARMLESS, "harmless")
    styles: dict[str, set[str]] = {}
    for case in ("hostile", "harmless"):
        shown = ""
        for words in commands(case):
            shown += (await ask(database, *words)).stdout
        assert "\x1b" not in SGR.sub("", shown)
        styles[case] = set(SGR.findall(shown))
    assert styles["hostile"] == styles["harmless"] != set()


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("columns", [40, 80, 100, 132, 200])
async def test_no_status_and_no_word_for_lateness_is_ever_cut(
    database: str, policy: str, columns: int
) -> None:
    await filled(database, policy, HARMLESS, "CASE-1")
    at = (BEGAN + 44 * HOUR).isoformat()
    answer = await ask(database, "review", "--as-of", at, columns=columns)
    assert "CASE-1" in answer.stdout
    assert "acknowledged" in answer.stdout and "team manager" in " ".join(answer.stdout.split())
    assert max(map(len, answer.stdout.splitlines())) <= columns
    late = await ask(database, "review", columns=columns)
    assert "OVERDUE" in late.stdout or "\n0 of them overdue" in late.stdout
    assert max(map(len, late.stdout.splitlines())) <= columns


async def test_what_has_expired_says_so(database: str) -> None:
    await filled(database, "time-gated", HARMLESS, "CASE-1")
    async with connected(database) as owner:
        await owner.execute("SELECT projections.expire(now())")
    for words in (("review",), ("timeline", "CASE-1")):
        answer = await ask(database, *words, columns=4000)
        assert "text no longer kept" in answer.stdout
        assert HARMLESS not in answer.stdout
    assert (await ask(database, "explain", "CASE-1")).exit_code == 0
