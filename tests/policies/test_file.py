"""What is wrong with a policy file is said in a line that names the place and the remedy."""

from __future__ import annotations

import pytest

from policies.catalogue import shipped
from policies.file import PolicyProblem, Problem, parse_policy, parsed, told

TEXT = (shipped() / "time-gated" / "1.yaml").read_text("utf-8")  # type: ignore[operator]


@pytest.mark.parametrize(
    ("line", "instead", "says"),
    [
        (
            "version: 1",
            "version: one",
            "mine.yaml:3: version: is not a whole number in range. What to do: write one from 1 "
            "on.",
        ),
        (
            "version: 1",
            "version: 0",
            "mine.yaml:3: version: is not a whole number in range. What to do: write one from 1 "
            "on.",
        ),
        (
            "once_only: true",
            "once_onyl: true",
            "mine.yaml:1: once_only: is missing. What to do: add it.\nmine.yaml:10: on"
            "ce_onyl: is not an entry of a policy. What to do: write once_only.",
        ),
        (
            "    length: PT24H",
            "    length: PT0H",
            "mine.yaml:32: duties.first-contact: a length must be above zero. What to"
            " do: write one such as PT4H.",
        ),
        (
            "    length: PT24H",
            "    length: 24",
            "mine.yaml:33: duties.first-contact.length: 24 has no unit. What to do: w"
            "rite ISO 8601 such as PT4H, P2D or PT30M.",
        ),
        (
            "    length: PT24H",
            "    length: a day",
            "mine.yaml:33: duties.first-contact.length: is not a valid duration. What to do: wri"
            "te ISO 8601 such as PT4H, P2D or PT30M.",
        ),
        (
            "    length: PT24H",
            "    length: PT24H\n    working_days: 1",
            "mine.yaml:32: duties.first-contact: it has 2 lengths. What to do: give o"
            "ne of length, working_days and daily_at, or begin with the communication"
            " plan, whose frequency is the length.",
        ),
        (
            "  S4: {titanium",
            "  S5: {titanium",
            "mine.yaml:25: windows.S5: S5 is not known here. What to do: write 'S1', "
            "'S2', 'S3' or 'S4'.",
        ),
        (
            "  S4: {titanium: PT120H, ",
            "  S4: {",
            "mine.yaml:21: windows: S4 has no titanium. What to do: give every severi"
            "ty the same tiers.",
        ),
        (
            "  S1: {titanium: PT4H",
            "  S1: {titanium: -PT4H",
            "mine.yaml:21: windows: S1 is below zero. What to do: write PT0S or more.",
        ),
        (
            "  S2: {",
            "  S1: {",
            "mine.yaml:23: the file: S1 appears twice here: keep one. What to do: corr"
            "ect that line.",
        ),
        (
            "    owed_by: support-manager",
            "    owed_by: nobody",
            "mine.yaml:36: duties.first-contact.owed_by: nobody is not known here. Wh"
            "at to do: write 'requester', 'support-manager', 'handling-agent', 'team',"
            " 'approvers' or 'management'.",
        ),
        (
            "watched_until: closed",
            "",
            "mine.yaml:1: watched_until: is missing. What to do: add it.",
        ),
        (
            "watched_until: closed",
            "watched_until: closed\nladder: []",
            "mine.yaml:64: ladder: is empty. What to do: name at least one.",
        ),
        (
            "watched_until: closed",
            "watched_until: closed\nphrase: {words: ' '}",
            "mine.yaml:64: phrase.words: is empty. What to do: write something, or drop the entry.",
        ),
        (
            "watched_until: closed",
            "watched_until: closed\naddresses: {team: me}",
            "mine.yaml:64: addresses.team: me has another form. What to do: write an "
            "address such as desk@support.example.",
        ),
        (
            "watched_until: closed",
            "watched_until: closed\ncalendar: {holidays: [2026-13-24]}",
            "mine.yaml:64: the file: 2026-13-24 is not a valid value: month must be in 1."
            ".12. What to do: correct that line.",
        ),
        (
            "watched_until: closed",
            "watched_until: closed\ncalendar: {subdivision: BY}",
            "mine.yaml:64: calendar: subdivision: BY is part of no country. What to d"
            "o: add country.",
        ),
        (
            "watched_until: closed",
            "watched_until: closed\ncalendar: {hours: {monday: [8-12]}}",
            "mine.yaml:64: calendar: 8 is not a time of day. What to do: write two digit"
            "s each, such as 09:00.",
        ),
        (
            "effective_from: 2024-03-02T00:00:00Z",
            "effective_from: 2024-03-32T00:00:00Z",
            "mine.yaml:4: the file: 2024-03-32T00:00:00Z is not a valid value: day is out"
            " of range for month. What to do: correct that line.",
        ),
        (
            "policy: time-gated",
            "policy: Time/gated",
            "mine.yaml:2: policy: Time/gated has another form. What to do: write lett"
            "ers, digits and hyphens, such as my-desk.",
        ),
        (
            "policy: time-gated",
            "policy: [",
            "mine.yaml:4: the file: this is not YAML: expected ',' or ']', but got ':'"
            ". What to do: look for a bracket, a quote or an indent that is missing t"
            "here.",
        ),
        (
            "once_only: true",
            "once_only: perhaps",
            "mine.yaml:10: once_only: is neither true nor false. What to do: write true or false.",
        ),
        (
            "reasons:\n",
            "reasons: none\nnone:\n",
            "mine.yaml:26: reasons: is not a list. What to do: write a list: [one, two]."
            "\nmine.yaml:27: none: is not an entry of a policy. What to do: write note.",
        ),
        (
            "duties:\n",
            "duties: 3\nx:\n",
            "mine.yaml:31: duties: is not a list. What to do: write a list: [one, two].\n"
            "mine.yaml:32: x: is not an entry of a policy. What to do: remove it, or see "
            "docs/policies.md for its name.",
        ),
        (
            "watched_until: closed",
            "watched_until: closed\nroles: all",
            "mine.yaml:64: roles: has no entries of its own. What to do: write entrie"
            "s below it: name: value.",
        ),
        (
            "watched_until: closed",
            "watched_until: closed\ncalendar: {timezone: Moon}",
            "mine.yaml:64: calendar.timezone: Moon is not a time zone. What to do: write"
            " one such as Europe/Berlin.",
        ),
        (
            "watched_until: closed",
            'watched_until: closed\ncalendar: {hours: {monday: "9 to 5"}}',
            "mine.yaml:64: calendar.hours: 9 to 5 is no interval. What to do: write o"
            "ne such as 09:00-17:00.",
        ),
        (
            "watched_until: closed",
            "watched_until: closed\ncalendar: {hours: {moonday: [08:00-12:00]}}",
            "mine.yaml:64: calendar.hours: moonday is no weekday. What to do: write m"
            "onday to sunday.",
        ),
        (
            "watched_until: closed",
            "watched_until: closed\ncalendar: {holidays: [soon]}",
            "mine.yaml:64: calendar.holidays.1: is not a date. What to do: write one suc"
            "h as 2026-12-24.",
        ),
        (
            "source_ref:",
            "sauce_ref:",
            "mine.yaml:1: source_ref: is missing. What to do: add it.\nmine.yaml:6: sa"
            "uce_ref: is not an entry of a policy. What to do: write source_ref.",
        ),
        (
            "watched_until: closed",
            "watched_until: closed\nzebra: 1",
            "mine.yaml:64: zebra: is not an entry of a policy. What to do: remove it, or "
            "see docs/policies.md for its name.",
        ),
        (
            "effective_from: 2024-03-02T00:00:00Z",
            "effective_from: 2024-03-02T00:00:00",
            "mine.yaml:4: effective_from: is not an instant with an offset. What to do: w"
            "rite one such as 2026-01-01T00:00:00Z.",
        ),
        (
            "watched_until: closed",
            "watched_until: 'closed",
            "mine.yaml:64: the file: this is not YAML: found unexpected end of stream."
            " What to do: look for a bracket, a quote or an indent that is missing th"
            "ere.",
        ),
        (
            "  - {rule: case-is-open, statement: 000-28}",
            "  - {rule: case-is-closed, statement: 000-28}",
            "mine.yaml:13: rules.case-is-closed.rule: case-is-closed is not known her"
            "e. What to do: write 'case-is-known', 'case-is-open', 'case-is-not-escal"
            "ated-yet', 'tier-is-covered', 'window-has-passed', 'reason-is-given', 'r"
            "eason-is-offered', 'comments-are-given', 'subject-is-given', 'descriptio"
            "n-is-given', 'case-number-is-given', 'business-impact-is-given', 'case-n"
            "umber-is-this-case', 'requester-has-the-role', 'template-is-offered', 'e"
            "scalation-severity-is-given' or 'request-is-not-from-the-future'.",
        ),
        (
            "    length: PT24H",
            '    length: PT24H\n    daily_at: "5pm"',
            "mine.yaml:34: duties.first-contact.daily_at: 5pm has another form. What "
            'to do: write a time of day such as "17:00".',
        ),
        (
            "policy: time-gated",
            "",
            "mine.yaml:1: policy: is missing. What to do: add it.",
        ),
        (
            "policy: time-gated",
            "- policy: time-gated",
            "mine.yaml:3: the file: this is not YAML: expected <block end>, but found "
            "'?'. What to do: look for a bracket, a quote or an indent that is missin"
            "g there.",
        ),
    ],
)
def test_what_is_wrong_is_said_with_file_line_and_remedy(
    line: str, instead: str, says: str
) -> None:
    assert line in TEXT
    with pytest.raises(PolicyProblem) as problem:
        parse_policy(TEXT.replace(line, instead, 1), "mine.yaml")
    assert str(problem.value) == says
    assert says == "\n".join(told("mine.yaml", one) for one in problem.value.problems)


def test_one_text_that_is_no_policy_harms_no_other() -> None:
    found, problems = parsed(["policy: [", TEXT, "3"], "topic")
    assert [one.policy for one in found] == ["time-gated"]
    assert [one.partition(": ")[0] for one in problems] == ["topic:1", "topic:1"]


def test_a_problem_is_a_line_of_its_own() -> None:
    assert told("x.yaml", Problem(3, "ladder", "it is empty", "name one")) == (
        "x.yaml:3: ladder: it is empty. What to do: name one."
    )


def test_what_has_no_words_of_its_own_is_said_in_the_librarys() -> None:
    days = ", ".join(f"{year}-01-0{day}" for year in range(1971, 2061) for day in range(1, 9))
    with pytest.raises(PolicyProblem) as problem:
        parse_policy(f"{TEXT}\ncalendar: {{holidays: [{days}]}}", "mine.yaml")
    (one,) = problem.value.problems
    assert (one.line, one.entry, one.remedy) == (65, "calendar.holidays", "see docs/policies.md")
    assert "at most 500" in one.problem


def test_a_name_that_is_no_entry_of_a_calendar_is_placed_in_it() -> None:
    with pytest.raises(PolicyProblem) as problem:
        parse_policy(f"{TEXT}\ncalendar:\n  name: x\n  time_zone: UTC", "mine.yaml")
    assert problem.value.problems == [
        Problem(67, "calendar.time_zone", "is not an entry of a policy", "write timezone")
    ]


def test_a_number_that_is_too_large_is_told_the_largest() -> None:
    with pytest.raises(PolicyProblem) as problem:
        parse_policy(f"{TEXT}\nphrase: {{near_miss_distance: 9}}", "mine.yaml")
    assert problem.value.problems == [
        Problem(65, "phrase.near_miss_distance", "is too large", "write 4 or less")
    ]
