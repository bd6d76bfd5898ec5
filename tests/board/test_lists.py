"""The lists beside the board: the rows of their views, and only one's own."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.projections.review.web.lists import LISTINGS
from services.projections.review.web.people import Visitor
from tests.board.conftest import Site
from tests.board.test_acting import new_case

STRANGER = Visitor("stranger", "Stranger", ("customer",), accounts=("no-account",))


@pytest.mark.parametrize("path", LISTINGS)
async def test_a_list_is_its_view_and_its_file_is_the_list(site: Site, path: str) -> None:
    client, stranger = await site.client(), await site.client(STRANGER)
    page = (await client.get(f"/{path}")).text
    text = (await client.get(f"/{path}.csv")).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert LISTINGS[path].title in page
    assert all(row["case_id"] in page for row in rows[:1000] if row["case_id"])
    assert "There is nothing" in (await stranger.get(f"/{path}")).text
    assert (await stranger.get(f"/{path}.csv")).text.count("\n") == 1
    assert (await client.get(f"/{path}?nope=1")).status_code == 400
    for one in (client, stranger):
        await one.aclose()


async def test_what_others_may_see_is_not_counted(site: Site) -> None:
    rows = await site.world.query(
        "SELECT account_id, count(*) AS number FROM review.rejections "
        "WHERE requested_at > now() - interval '7 days' GROUP BY account_id ORDER BY 2 DESC LIMIT 1"
    )
    account, number = rows[0]["account_id"], rows[0]["number"]
    client = await site.client(replace(STRANGER, accounts=(account,)))
    assert f"the last 7 days: {number}<" in (await client.get("/review/all")).text
    found = (await client.get("/api/v1/rejections")).json()
    assert found["total"] >= number
    assert {row["account_id"] for row in found["rows"]} == {account}
    await client.aclose()


async def test_the_radar_shows_who_may_escalate_and_what_nobody_answered(site: Site) -> None:
    await new_case(site, "board-radar", 1)
    client = await site.client()
    soon, later = [(await client.get(f"/radar?hours={hours}")).text for hours in ("1", "24")]
    assert "board-radar" not in soon and "board-radar" in later
    assert (await client.get("/radar?hours=x")).status_code == 400
    await client.aclose()


async def test_an_account_is_there_for_its_own(site: Site) -> None:
    client, stranger = await site.client(), await site.client(STRANGER)
    (row,) = await site.world.query(
        "SELECT account_id FROM review.open_escalations WHERE case_id IS NOT NULL LIMIT 1"
    )
    path = f"/accounts/{row['account_id']}"
    assert row["account_id"] in (await client.get(path)).text
    assert (await stranger.get(path)).status_code == 404
    assert (await client.get("/accounts/none-such")).status_code == 404
    for one in (client, stranger):
        await one.aclose()


async def test_a_day_that_is_over_is_shown_as_it_stood_then(site: Site) -> None:
    client = await site.client()
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    page = (await client.get(f"/review/all/{yesterday}")).text
    assert "as known then" in page and "Back to now" in page
    assert "as known then" not in (await client.get("/review/all")).text
    assert (await client.get("/review/all/2026-02-30")).status_code == 404
    await client.aclose()
