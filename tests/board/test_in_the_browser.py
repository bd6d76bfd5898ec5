"""The page in a real browser: keyboard alone, without script, small, dark, and by axe."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.board.browser import executable
from tests.board.conftest import Site
from tests.board.test_acting import new_case

BROWSER = executable()
pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no chromium here: see tests/board/browser.py"
)
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
PATHS = (
    "/approvals", "/rejections", "/radar", "/duties", "/improvements", "/gaps",
    "/accounts/account-1", "/review/all", "/board", "/board?band=broken", "/order",
    "/submissions", "/cases/CASE-00001", "/cases/CASE-00001/escalate", "/nothing-here",
)  # fmt: skip


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Any]:
    from playwright.async_api import async_playwright

    async with async_playwright() as driver:
        found = await driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield found
        await found.close()


async def signed_in(browser: Any, site: Site, who: str = "manager", **context: Any) -> Any:
    """A page of somebody who used a link."""
    page = await (await browser.new_context(**context)).new_page()
    await page.goto(f"{site.address}/signin/{await site.secret(who)}")
    await page.click("button.primary")
    await page.wait_for_url("**/review/**")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1366, 320])
async def test_axe_finds_nothing(browser: Any, site: Site, width: int, scheme: str) -> None:
    from axe_playwright_python.async_playwright import Axe

    page = await signed_in(
        browser, site, viewport={"width": width, "height": 768}, color_scheme=scheme
    )
    options = {"runOnly": RULES, "rules": {"target-size": {"enabled": True}}}
    for path in PATHS:
        await page.goto(site.address + path)
        found = (await Axe().run(page, options=options)).response["violations"]
        told = [(one["id"], one["nodes"][0]["html"][:120]) for one in found]
        assert told == [], path
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{path} is {wide} wide"
    await page.context.close()


async def test_the_first_screen_answers_the_four_questions(browser: Any, site: Site) -> None:
    page = await signed_in(browser, site, viewport={"width": 1366, "height": 768})
    problems: list[str] = []
    page.on("console", lambda said: problems.append(said.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    await page.goto(f"{site.address}/review/all")
    for what in (
        "#freshness",
        ".sentence",
        ".cards",
        ".since",
        "table.board tbody tr:nth-child(2)",
    ):
        box = await page.locator(what).first.bounding_box()
        assert box is not None and box["y"] < 768, f"{what} is not on the first screen"
    assert problems == []
    await page.context.close()


async def test_keyboard_alone_asks_for_an_escalation(browser: Any, site: Site) -> None:
    case = await new_case(site, "board-keys", 30)
    page = await signed_in(browser, site)
    await page.goto(f"{site.address}/cases/{case}/escalate")
    await page.focus("#reason")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Nobody answered for three days")
    for _ in range(10):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.className") == "primary":
            break
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/submissions/**")
    assert await page.locator("h1").inner_text() == "Escalated"
    await page.context.close()


async def test_a_double_click_is_one_event(browser: Any, site: Site) -> None:
    case = await new_case(site, "board-double", 1)
    page = await signed_in(browser, site)
    await page.goto(f"{site.address}/cases/{case}/escalate")
    await page.select_option("#reason", "management-request")
    await page.fill("#comments", "Twice")
    await page.dblclick("button.primary", force=True)  # it looks grey, and can be pressed
    await page.wait_for_url("**/submissions/**")
    assert await page.locator("h1").inner_text() == "Not accepted"
    assert len(await site.sent(case, "escalation-requested")) == 1
    await page.context.close()


async def test_everything_works_without_script(browser: Any, site: Site) -> None:
    case = await new_case(site, "board-plain", 30)
    page = await signed_in(browser, site, java_script_enabled=False)
    await page.goto(f"{site.address}/board")
    await page.fill("input[name=q]", "case-001")
    await page.click("form.filters button")
    assert "q=case-001" in page.url
    await page.goto(f"{site.address}/cases/{case}/escalate")
    await page.select_option("#reason", "management-request")
    await page.fill("#comments", "No script here")
    await page.click("button.primary")
    assert await page.locator("h1").inner_text() == "Escalated"
    await page.click("text=Back to")
    await page.click("text=Acknowledge")
    await page.click("button.primary")
    assert "Done" in await page.locator("h1").inner_text()
    await page.context.close()


async def test_on_paper_nothing_is_cut_off(browser: Any, site: Site) -> None:
    page = await signed_in(browser, site)
    await page.emulate_media(media="print")
    assert not await page.locator("header nav").is_visible()
    assert await page.locator("#freshness").is_visible()
    assert len(await page.pdf(format="A4", landscape=True)) > 10_000
    await page.context.close()
