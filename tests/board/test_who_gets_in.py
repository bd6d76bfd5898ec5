"""Nobody sees anything without signing in, nothing of others, and no other site acts for them."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx2
import pytest

from schemas import reported
from services.projections.review.web.people import Visitor
from services.projections.review.web.safety import ALWAYS
from tests.board.conftest import Site
from tests.board.test_acting import new_case
from tests.journeys.test_projections import caught_up
from tests.stories import event
from tests.world import until

PAGES = (
    "/", "/review/all", "/board", "/board.csv", "/board.json", "/board.xlsx", "/order",
    "/submissions", "/freshness", "/cases/CASE-00001", "/cases/CASE-00001/escalate",
)  # fmt: skip
OF_NOBODY = Visitor("stranger", "Stranger", ("customer",), accounts=("no-account",))


async def test_no_page_without_a_session(site: Site) -> None:
    async with httpx2.AsyncClient(base_url=site.address) as stranger:
        for path in PAGES:
            answer = await stranger.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/signin"), path
        for path in ("board", "duties", "rejections", "cases/CASE-00001"):
            assert (await stranger.get(f"/api/v1/{path}")).status_code == 401
        assert (await stranger.get("/status")).json()["alive"] is True


async def test_a_link_lets_in_once_and_a_look_at_it_uses_nothing_up(site: Site) -> None:
    path = f"/signin/{await site.secret()}"
    async with httpx2.AsyncClient(base_url=site.address) as client:
        assert "Sign in" in (await client.get(path)).text
        assert (await client.post(path)).status_code == 303
        assert (await client.get("/review/all")).status_code == 200
        assert (await client.post(path)).status_code == 410
        assert (await client.post("/signin/made-up")).status_code == 410
        await client.post("/signout")
        assert (await client.get("/review/all")).status_code == 303


async def test_every_answer_carries_the_headers(site: Site) -> None:
    client = await site.client()
    answers = [await client.get(path) for path in (*PAGES, "/nothing", "/board?x=1", "/signin")]
    answers.append(await client.post("/signout", headers={"sec-fetch-site": "cross-site"}))
    for answer in answers:
        for name in ALWAYS:
            assert name in answer.headers, f"{answer.url}: {name}"
    page = await client.get("/review/all")
    assert " style=" not in page.text and "<script>" not in page.text
    await client.aclose()


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
     {"origin": "http://evil.example"}],
)  # fmt: skip
async def test_another_site_cannot_act(site: Site, headers: dict[str, str]) -> None:
    client = await site.client()
    answer = await client.post("/cases/CASE-00001/escalate", data={"form": "x"}, headers=headers)
    assert answer.status_code == 403
    await client.aclose()


async def test_what_is_none_of_ones_business_is_not_there(site: Site) -> None:
    """Other accounts' cases read exactly like cases that do not exist."""
    stranger, manager = await site.client(OF_NOBODY), await site.client()
    (row,) = await site.world.query("SELECT case_id FROM review.open_escalations LIMIT 1")
    real, unknown = [
        await stranger.get(f"/cases/{one}") for one in (row["case_id"], "no-such-case")
    ]
    assert (real.status_code, unknown.status_code, real.text) == (404, 404, unknown.text)
    assert (await manager.get(f"/cases/{row['case_id']}")).status_code == 200
    assert (await stranger.get("/board.json")).json()["rows"] == []
    assert (await stranger.get("/review/all")).text.count("CASE-") == 0
    assert (await stranger.get(f"/api/v1/cases/{row['case_id']}")).status_code == 404
    for client in (stranger, manager):
        await client.aclose()


async def test_a_team_sees_its_own(site: Site) -> None:
    (row,) = await site.world.query(
        "SELECT team, count(*) AS n FROM review.open_escalations WHERE team IS NOT NULL "
        "GROUP BY team ORDER BY n DESC LIMIT 1"
    )
    client = await site.client(Visitor("lead", "Lead", ("manager",), teams=(row["team"],)))
    rows = (await client.get("/board.json")).json()["rows"]
    assert {one["team"] for one in rows} == {row["team"]} and len(rows) == row["n"]
    assert (await client.get("/review/all")).status_code == 404
    assert (await client.get("/review/no-such-team")).status_code == 404
    assert (await client.get(f"/review/{row['team']}")).status_code == 200
    await client.aclose()


async def test_a_machine_reads_by_token_and_acts_by_none(site: Site) -> None:
    token = await site.token()
    headers = {"authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(base_url=site.address, headers=headers) as machine:
        answer = (await machine.get("/api/v1/board")).json()
        assert answer["rows"] and answer["total"] >= len(answer["rows"])
        case = answer["rows"][0]["case_id"]
        assert (await machine.get(f"/api/v1/cases/{case}")).json()["case"]["case_id"] == case
        assert (await machine.get("/review/all")).status_code == 303, "pages are for people"
        await site.world.query("UPDATE board.tokens SET revoked_at = now()")
        assert (await machine.get("/api/v1/board")).status_code == 401


async def test_a_reader_may_not_act(site: Site) -> None:
    client = await site.client("reader")
    assert (await client.get("/review/all")).status_code == 200
    assert (await client.get("/cases/CASE-00001/escalate")).status_code == 404
    await client.aclose()


async def test_a_customer_sees_no_team_and_nothing_internal(site: Site) -> None:
    case = await new_case(site, "board-internal", 5)
    said = reported.CommentAdded.model_validate(
        {"comment_id": "c-1", "author": {"id": "agent"}, "author_role": "agent",
         "body": "between us", "visibility": "internal"}
    )  # fmt: skip
    await site.world.publish([event(said, datetime.now(UTC), subject=case, event_id="between")])
    await until(lambda: caught_up(site.world))
    row = {"subject": case, "team": "team-1"}
    who = Visitor("c", "C", ("customer",), accounts=("account-1",))
    client, manager = await site.client(who), await site.client()
    words = "between us"
    assert words in (await manager.get(f"/cases/{row['subject']}")).text
    assert words not in (await client.get(f"/cases/{row['subject']}")).text
    assert f"/review/{row['team']}" not in (await client.get("/review/all")).text
    assert (await client.get(f"/review/{row['team']}")).status_code == 404
    for one in (client, manager):
        await one.aclose()
