"""Instants as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.notifier.planning.clock import Clock, zone_of
from tests.notifier.decisions import NOON


def test_a_time_shown_is_never_before_the_instant() -> None:
    clock = Clock(zone_of("UTC"), NOON)
    shown = clock.show(datetime(2030, 1, 7, 11, 59, 59, 1, tzinfo=UTC))
    assert shown == "Monday, 7 January 2030, 12:00 (UTC)"
    half_past = datetime(2030, 1, 7, 11, 30, 29, 1, tzinfo=UTC)
    assert "11:31 " in clock.show(half_past) and "11:30 " in clock.happened(half_past)


def test_summer_and_winter_have_their_own_offset() -> None:
    clock = Clock(zone_of("Australia/Lord_Howe"), NOON)
    assert clock.show(NOON).endswith("23:00 (Australia/Lord_Howe, UTC+11:00)")
    assert clock.show(NOON + timedelta(days=180)).endswith("22:30 (Australia/Lord_Howe, UTC+10:30)")


@pytest.mark.parametrize("zone", ["../../etc/passwd", "/etc/localtime", "", "Europe", "\x00", None])
def test_what_is_no_zone_is_utc(zone: str | None) -> None:
    assert zone_of(zone).key == "UTC"
