"""Page, CSV, spreadsheet, JSON and API show the same rows in the same order; cards count them."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile

import pytest

from services.projections.review.export.tables import BOARD_COLUMNS, as_csv, as_xlsx
from services.projections.review.questions.attention import BANDS
from tests.board.conftest import Site

FILTERS = ("", "band=broken", "band=at-risk", "severity=S1", "status=acknowledged", "q=case-001")


@pytest.mark.parametrize("filters", FILTERS)
async def test_every_form_has_the_same_ids(site: Site, filters: str) -> None:
    client = await site.client()
    page = (await client.get(f"/board?{filters}")).text
    on_page = re.findall(r'<tr id="([^"]+)"', page)
    rows = (await client.get(f"/board.json?{filters}")).json()["rows"]
    text = (await client.get(f"/board.csv?{filters}")).content.decode("utf-8-sig")
    in_csv = [row["escalation_id"] for row in csv.DictReader(io.StringIO(text))]
    api = (await client.get(f"/api/v1/board?{filters}")).json()
    sheet = _sheet((await client.get(f"/board.xlsx?{filters}")).content)
    ids = [row["escalation_id"] for row in rows]
    assert on_page == ids == in_csv == [row["escalation_id"] for row in api["rows"]]
    assert [id_ for id_ in ids if id_ not in sheet] == []
    assert api["total"] == len(ids)
    assert not ids or f"{len(ids)} of {len(ids)}" in page
    await client.aclose()


def _sheet(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return book.read("xl/sharedStrings.xml").decode()


async def test_a_card_counts_the_list_that_it_opens(site: Site) -> None:
    client = await site.client()
    page = (await client.get("/review/all")).text
    for band in BANDS:
        link = re.search(rf'href="(/board\?band={band.code})"><span class="figure">(\d+)', page)
        assert link is not None, band.code
        opened = (await client.get(link[1])).text
        assert len(re.findall(r'<tr id="', opened)) == int(link[2]), band.code
    await client.aclose()


async def test_pages_follow_one_another_without_a_gap(site: Site) -> None:
    client = await site.client()
    whole = [row["escalation_id"] for row in (await client.get("/board.json")).json()["rows"]]
    found: list[str] = []
    cursor = ""
    moments = set()
    while True:
        page = (await client.get(f"/api/v1/board?rows=7&cursor={cursor}" if cursor
                                 else "/api/v1/board?rows=7")).json()  # fmt: skip
        found += [row["escalation_id"] for row in page["rows"]]
        moments.add(page["as_of"])
        if (cursor := page["next"]) is None:
            break
    assert found == whole and len(moments) == 1
    for wrong in ("x", "eyJhIjoxfQ", "a" * 300):
        assert (await client.get(f"/board?cursor={wrong}")).status_code == 400
    await client.aclose()


async def test_a_past_moment_is_unmistakable(site: Site) -> None:
    client = await site.client()
    page = (await client.get("/board?as_of=2026-01-01T00:00:00Z")).text
    assert "as known then" in page and "Back to now" in page and "<tr id=" not in page
    assert (await client.get("/board?as_of=2999-01-01T00:00:00Z")).status_code == 400
    await client.aclose()


def test_no_cell_is_a_formula() -> None:
    from datetime import UTC, datetime

    hostile = ["=1+1", "+x", "-x", "@x", "\tx", "  =1", "\rx"]
    rows = [{"title": one, "score": -4} for one in hostile]
    lines = list(csv.reader(io.StringIO(as_csv(rows, ("title", "score")).decode("utf-8-sig"))))
    assert [line[0] for line in lines[1:]] == [f"'{one}" for one in hostile]
    assert {line[1] for line in lines[1:]} == {"-4"}
    sheet = as_xlsx(rows, ("title",), datetime.now(UTC))
    with zipfile.ZipFile(io.BytesIO(sheet)) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


async def test_the_api_says_what_it_has(site: Site) -> None:
    client = await site.client()
    said = (await client.get("/api/v1/openapi.json")).json()
    assert set(said["paths"]) == {
        "/api/v1/board", "/api/v1/duties", "/api/v1/rejections", "/api/v1/cases/{case_id}",
        "/api/v1/cases/{case_id}/eligibility",
    }  # fmt: skip
    (case,) = await site.world.query("SELECT * FROM review.eligibility LIMIT 1")
    answer = (await client.get(f"/api/v1/cases/{case['case_id']}/eligibility")).json()
    assert (answer["case_id"], answer["policy"]) == (case["case_id"], case["policy"])
    assert answer["eligible"] == case["eligible"]
    for path in ("duties", "rejections"):
        found = (await client.get(f"/api/v1/{path}")).json()
        assert found["rows"] and json.dumps(found)
    assert len(BOARD_COLUMNS) == len(set(BOARD_COLUMNS))
    await client.aclose()
