"""Each command of a manager with a login that has role escalation_reader and nothing else, and a
sentence for whatever else is wrong with a DSN."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from tests.projections.consumed import a_day, examples, placed
from tests.projections.filling import connected, fill
from tests.projections.review.asking import ask

NOW = datetime.now(UTC)
ACCEPTED = "SELECT case_id FROM review.escalation_status WHERE status = 'acknowledged' LIMIT 1"
WRITE_IT = "write it as postgresql:"
SECRET = "s3cr%2Fet"  # as a DSN has it
ASKED = (
    ("review",), ("review", "--json"), ("review", "--team", "platform", "--zone", "Asia/Kolkata"),
    ("review", "--as-of", (NOW - timedelta(hours=30)).isoformat()),
    ("review", "--date", (NOW - timedelta(days=2)).date().isoformat()),
    ("review", "--since", (NOW - timedelta(days=5)).isoformat()),
    ("explain", "CASE"), ("explain", "CASE", "--json"),
    ("eligibility", "CASE"), ("eligibility", "CASE", "--as-of", NOW.isoformat()),
    ("timeline", "CASE"), ("timeline", "CASE", "--last", "3", "--json"),
)  # fmt: skip


async def test_a_reader_is_told_what_the_owner_is_told(database: str, reading: str) -> None:
    records = a_day(80, NOW)
    await fill(database, records)
    await fill(database, placed(examples(int(NOW.timestamp() * 1000)), records))
    async with connected(database) as owner:
        case = await owner.fetchval(ACCEPTED)
    for words in ASKED:
        asked = [case if word == "CASE" else word for word in words]
        answer = await ask(reading, *asked)
        assert answer.exit_code == 0, (asked, answer.stderr)
        assert len(answer.stdout) > 40
        if "review" not in asked:  # spans until now move on between two answers
            assert answer.stdout == (await ask(database, *asked)).stdout


@pytest.mark.parametrize("words", [("review",), ("explain", "C"), ("eligibility", "C"),
                                   ("timeline", "C")])  # fmt: skip
async def test_a_dsn_that_leads_nowhere_is_told_in_a_sentence(
    database: str, words: tuple[str, ...]
) -> None:
    server = urlsplit(database)
    at = f"{server.hostname}:{server.port}"
    name = server.path
    async with connected(database) as owner:
        await owner.execute("CREATE ROLE nobody_of_note LOGIN")
    wrong = {
        f"postgresql://ana:{SECRET}@{server.hostname}:notaport{name}": (
            2,
            WRITE_IT,
        ),
        f"postgresql://ana:{SECRET}@{server.hostname}:99999{name}": (2, WRITE_IT),
        f"postgresql://ana:s3cr/et@{at}{name}": (2, WRITE_IT),
        f"nonsense {SECRET}": (2, WRITE_IT),
        f"postgresql://ana:{SECRET}@127.0.0.1:1{name}": (1, "does not answer"),
        f"postgresql://ana:{SECRET}@no.such.host.example:5432{name}": (1, "does not answer"),
        f"postgresql://ana:{SECRET}@{at}{name}": (1, "does not let this user in"),
        f"postgresql://postgres:{SECRET}@{at}/no_such": (1, "no database of the name"),
        f"postgresql://nobody_of_note@{at}{name}": (1, "GRANT escalation_reader"),
        f"postgresql://postgres@{at}/template1": (1, "escalation db migrate"),
    }
    try:
        for dsn, (code, sentence) in wrong.items():
            answer = await ask(dsn, *words)
            assert (answer.exit_code, answer.stdout) == (code, ""), (dsn, answer.stderr)
            assert sentence in answer.stderr
            assert len(answer.stderr.splitlines()) == 1
            for secret in ("s3cr", SECRET, "et@"):
                assert secret not in answer.stderr
    finally:
        async with connected(database) as owner:
            await owner.execute("DROP ROLE nobody_of_note")
