"""``python -m tests.board.pictures``: the screenshots of the docs, from a running ``escalation up``
or ``demo`` whose exports stand in the environment."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import async_playwright

from infra.runtime.postgres import connection_to
from infra.runtime.settings import load_settings
from services.projections.review.web.people import PERSONAS
from services.projections.review.web.sessions import make_link
from tests.board.browser import executable

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"


async def main() -> None:
    settings = load_settings()
    site = f"http://{settings.board.host}:{settings.board.port}"
    async with connection_to(settings.postgres) as connection:
        secret = await make_link(connection, PERSONAS["manager"])
        worst = await connection.fetchval(
            "SELECT case_id FROM review.open_escalations WHERE overdue AND case_id IS NOT NULL "
            "ORDER BY next_due_at LIMIT 1"
        )
        refused = await connection.fetchval(
            "SELECT case_id FROM review.rejections WHERE 'too-early' = ANY(codes) LIMIT 1"
        )
    pages = {
        "review": "/review/all",
        "case": f"/cases/{worst}",
        "form": f"/cases/{refused}/escalate",
    }
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1366, "height": 768})
        await page.goto(f"{site}/signin/{secret}")
        await page.click("button.primary")
        for name, path in pages.items():
            for look in ("light", "dark", "print"):
                await page.emulate_media(
                    color_scheme="dark" if look == "dark" else "light",
                    media="print" if look == "print" else "screen",
                )
                await page.goto(site + path)
                await page.screenshot(path=FOLDER / f"{name}-{look}.png")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
