"""The API keeps what its description says, whatever it is asked."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from tests.board.conftest import Site

PER_OPERATION = 25


@pytest.mark.parametrize(
    "path", ["/api/v1/board", "/api/v1/duties", "/api/v1/rejections", "/api/v1/cases/{case_id}",
             "/api/v1/cases/{case_id}/eligibility"],
)  # fmt: skip
async def test_every_answer_is_one_that_is_described(site: Site, path: str) -> None:
    token = await site.token()
    await asyncio.to_thread(_asked, site.address, token, path)


def _asked(address: str, token: str, path: str) -> None:
    """Ask one address in many ways, right and wrong ones."""
    described = httpx2.get(f"{address}/api/v1/openapi.json").json()
    schema = schemathesis.openapi.from_dict(described)
    operation = schema[path]["GET"]
    strategy = operation.as_strategy(
        generation_mode=schemathesis.GenerationMode.POSITIVE
    ) | operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)

    @settings(
        max_examples=PER_OPERATION, deadline=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=strategy)
    def law(case: Any) -> None:
        answer = case.call(base_url=address, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code < 500, f"{case.as_curl_command()}: {answer.text[:300]}"
        if answer.status_code == 200:
            case.validate_response(answer)

    law()


@pytest.mark.parametrize(
    "path",
    ["/board?q=%00", "/board?team=%00x", "/cases/%00", "/cases/a%00b/escalate", "/review/%00",
     "/accounts/%00", "/submissions/%00", "/escalations/%00/void", "/api/v1/cases/%00",
     "/api/v1/board?q=%00", "/api/v1/cases/%00/eligibility", "/signin/%00", "/board?q=%ff%fe",
     "/review/all/%00", "/board?cursor=%00", "/board?tz=%00"],
)  # fmt: skip
async def test_no_text_in_an_address_is_an_error_of_ours(site: Site, path: str) -> None:
    client = await site.client()
    answer = await client.get(path)
    assert answer.status_code in (200, 400, 404), answer.text[:300]
    await client.aclose()
