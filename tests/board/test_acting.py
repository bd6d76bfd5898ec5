"""From a form to exactly one event, and from the event to a true sentence."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from infra.workbench.parts import free_port
from schemas import reported
from services.projections.review.web.forms import ACTIONS
from tests.board.conftest import Site, answers
from tests.journeys.test_projections import caught_up
from tests.stories import opened
from tests.world import until

GATED = {"reason": "management-request", "comments": "Nobody answered for three days"}


async def new_case(site: Site, name: str, hours: int, **more: Any) -> str:
    case = opened(datetime.now(UTC) - timedelta(hours=hours), **more)
    await site.world.publish([replace(case, id=name, subject=name)])
    await until(lambda: caught_up(site.world))
    return name


def form_of(page: str) -> str:
    found = re.search(r'name="form" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


async def send(client: httpx2.AsyncClient, path: str, **values: str) -> httpx2.Response:
    """Fill in a form, send it and follow to what became of it."""
    page = (await client.get(path)).text
    answer = await client.post(path, data={"form": form_of(page), **values})
    if answer.status_code != 303:
        return answer
    return await client.get(answer.headers["location"])


async def test_a_request_is_refused_with_reasons_and_accepted_in_time(site: Site) -> None:
    client = await site.client()
    early = await new_case(site, "board-early", 1)
    page = (await client.get(f"/cases/{early}/escalate")).text
    assert "Possible from" in page and 'aria-disabled="true"' in page
    assert "When something else helps more" in page
    answer = (await send(client, f"/cases/{early}/escalate", **GATED)).text
    assert "Not accepted" in answer and "too early" in answer and "✗ no" in answer
    due = await new_case(site, "board-due", 30)
    answer = (await send(client, f"/cases/{due}/escalate", **GATED)).text
    assert "Escalated" in answer and "time-gated, version 1" in answer
    assert f"/cases/{due}" in answer
    (row,) = await site.world.query(
        f"SELECT escalation_id FROM review.open_escalations WHERE case_id = '{due}'"
    )
    path = f"/escalations/{row['escalation_id']}/acknowledge"
    assert "Done: acknowledged" in (await send(client, path, note="on it")).text
    again = (await send(client, path)).text
    assert "Not accepted" in again and "acknowledged" in again
    (said, _) = await site.sent(due, "escalation-acknowledged")
    assert '"roles"' in said["data"] and "manager-1" in said["data"]
    await client.aclose()


async def test_a_blank_answer_is_told_beside_the_field_and_nothing_is_sent(site: Site) -> None:
    client = await site.client()
    case = await new_case(site, "board-blank", 30)
    answer = await send(client, f"/cases/{case}/escalate", comments="only this")
    assert answer.status_code == 422
    assert 'href="#reason"' in answer.text and "Error:" in answer.text
    assert "only this" in answer.text, "what was written is kept"
    assert await site.sent(case, "escalation-requested") == []
    await client.aclose()


async def test_sent_twice_is_one_event_and_corrected_is_a_new_one(site: Site) -> None:
    client = await site.client()
    case = await new_case(site, "board-twice", 1)
    path = f"/cases/{case}/escalate"
    form = form_of((await client.get(path)).text)
    first, second = [await client.post(path, data={"form": form, **GATED}) for _ in range(2)]
    assert first.headers["location"] == second.headers["location"]
    other = {"form": form, **GATED, "comments": "Corrected"}
    corrected, again = [await client.post(path, data=other) for _ in range(2)]
    assert corrected.headers["location"] != first.headers["location"]
    assert corrected.headers["location"] == again.headers["location"]
    await client.get(corrected.headers["location"])
    assert len(await site.sent(case, "escalation-requested")) == 2
    decisions = await site.world.query(
        f"SELECT data->>'request_id' AS id FROM review.case_events WHERE subject = '{case}' "
        "AND decided AND name = 'rejected'"
    )
    sent = {one.headers["location"].rpartition("/")[2] for one in (first, corrected)}
    assert {row["id"] for row in decisions} == sent, "each is decided, once"
    assert len(decisions) == 2
    listed = (await client.get("/submissions")).text
    assert listed.count("board-twice") == 2 and "rejected" in listed
    await client.aclose()


@pytest.mark.parametrize("forged", ["", "made-up", "WyJhIiwiYiIsImMiLCJkIl0.x"])
async def test_a_form_that_nobody_drew_does_nothing(site: Site, forged: str) -> None:
    client = await site.client()
    answer = await client.post("/cases/CASE-00001/escalate", data={"form": forged, **GATED})
    assert answer.status_code == 422 and "not valid any more" in answer.text
    await client.aclose()


async def test_a_form_of_somebody_else_does_nothing(site: Site) -> None:
    one, other = await site.client("manager"), await site.client("approver")
    path = "/cases/CASE-00001/escalate"
    form = form_of((await one.get(path)).text)
    answer = await other.post(path, data={"form": form, **GATED})
    assert answer.status_code == 422
    for client in (one, other):
        await client.aclose()


@pytest.mark.rule("004-13")
async def test_an_approver_decides_and_nobody_approves_their_own(site: Site) -> None:
    manager, approver = await site.client("manager"), await site.client("approver")
    wanted = {"template": "case-approved", "escalation_severity": "high", "comments": "please"}
    case = await new_case(site, "board-approval", 5, program="templated")
    answer = (await send(manager, f"/cases/{case}/escalate", **wanted)).text
    assert "Waits for approval" in answer
    (row,) = await site.world.query(
        f"SELECT escalation_id FROM review.open_escalations WHERE case_id = '{case}'"
    )
    path = f"/escalations/{row['escalation_id']}/approve"
    assert "Not accepted" in (await send(manager, path)).text
    assert "Escalated" in (await send(approver, path, reason="it is grave")).text
    for client in (manager, approver):
        await client.aclose()


@pytest.mark.rule("003-18")
async def test_a_day_is_signed_off(site: Site) -> None:
    client = await site.client()
    (team,) = await site.world.query("SELECT team FROM review.teams ORDER BY team LIMIT 1")
    today = datetime.now(UTC).date().isoformat()
    path = f"/review/{team['team']}/{today}"
    assert "Sign the review off" in (await client.get(path)).text
    answer = (await send(client, f"{path}/sign-off", note="all seen")).text
    assert "changes no decision" in answer
    page = (await client.get(path)).text
    assert "Signed off" in page and "Sign the review off" not in page
    assert (await client.get(f"/review/{team['team']}/2026-13-01/sign-off")).status_code == 404
    await client.aclose()


async def test_words_of_others_are_never_markup(site: Site) -> None:
    client = await site.client()
    title = "<script>alert(1)</script><b>x"
    case = await new_case(site, "board-hostile", 30, title=title)
    for path in (f"/cases/{case}", f"/cases/{case}/escalate", "/board?q=%3Cscript%3E"):
        page = (await client.get(path)).text
        assert "<script>alert" not in page and "<b>x" not in page, path
    assert "&lt;script&gt;alert(1)" in (await client.get(f"/cases/{case}")).text
    await client.aclose()


async def test_without_a_broker_nothing_is_said_to_have_happened(site: Site) -> None:
    """The form is not confirmed, and sending it again once the broker is back counts once."""
    port = str(free_port())
    site.world.start_as("cut-off", "board", ESCALATION_BOARD__PORT=port,
                        ESCALATION_KAFKA__BOOTSTRAP_SERVERS="127.0.0.1:1")  # fmt: skip
    away = Site(site.world, f"http://127.0.0.1:{port}")
    await until(lambda: answers(away))
    client = await away.client()
    case = await new_case(site, "board-cut-off", 30)
    answer = (await send(client, f"/cases/{case}/escalate", **GATED)).text
    assert "Not confirmed" in answer and "Escalated" not in answer
    assert await site.sent(case, "escalation-requested") == []
    await client.aclose()


def test_every_reported_action_of_the_page_is_an_event() -> None:
    for action in ACTIONS.values():
        model = reported.BY_TYPE[f"support.case.{action.event}.v1"]
        for one in action.fields:
            assert one.name in model.model_fields, f"{action.code}: {one.name}"


async def test_what_is_done_about_an_escalation_is_recorded_and_shown(site: Site) -> None:
    """The forms of a led escalation, each to its decision."""
    client = await site.client()
    case = await new_case(site, "board-led", 5, program="engineer-led")
    assert "Escalated" in (await send(client, f"/cases/{case}/escalate", comments="down")).text
    (row,) = await site.world.query(
        f"SELECT escalation_id FROM review.open_escalations WHERE case_id = '{case}'"
    )
    path = f"/escalations/{row['escalation_id']}"
    at = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    for action, values, decision in (
        ("evaluate", {"resources": "two engineers"}, "evaluated"),
        ("primary-contact", {"contact": "agent-7"}, "primary contact assigned"),
        ("kickoff", {"at": at, "attendees": "a\nb"}, "kickoff scheduled"),
        (
            "communication-plan",
            {"mode": "phone", "frequency": "PT8H", "attendees": "a\nb"},
            "communication plan set",
        ),
        ("update", {"audience": "customer", "mode": "phone", "attendees": "a\nb"}, "update given"),
        ("plan", {"plan": "Patch it tonight"}, "action plan shared"),
        ("trend", {"trend": "improving"}, "trend changed"),
        ("raise", {"to": "team-manager", "why": "it drags on"}, "level raised"),
    ):
        answer = (await send(client, f"{path}/{action}", **values)).text
        assert f"Done: {decision}" in answer, answer
    refused = (await send(client, f"{path}/de-escalate", action_plan_acceptable="yes")).text
    assert "Not accepted" in refused and "agreement" in refused
    done = {"action_plan_acceptable": "yes", "troubleshooting_on_track": "yes",
            "agreement_ref": "DOC-7"}  # fmt: skip
    answer = (await send(client, f"{path}/de-escalate", **done)).text
    assert "Done: de-escalated" in answer, re.sub("<[^>]+>", " ", answer)
    wrong = await send(client, f"{path}/kickoff", at="tomorrow")
    assert wrong.status_code == 422 and "instant" in wrong.text
    await client.aclose()


async def test_the_way_back_says_when_a_change_is_not_there_yet(site: Site) -> None:
    client = await site.client()
    case = await new_case(site, "board-after", 30)
    answer = (await send(client, f"/cases/{case}/escalate", **GATED)).text
    link = re.search(r'href="(/board\?after=[0-9:]+)"', answer)
    assert link is not None
    assert "not in this list yet" not in (await client.get(link[1])).text
    assert "not in this list yet" in (await client.get("/board?after=3:999999")).text
    assert (await client.get("/board?after=x")).status_code == 400
    await client.aclose()
