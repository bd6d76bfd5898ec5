"""Zones come from the pinned package, whatever the host has."""

from __future__ import annotations

import sys
import zoneinfo
from datetime import UTC, datetime, timedelta
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.zones import zone

NAMES = sorted(resources.files("tzdata").joinpath("zones").read_text().split())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no zone files of its own")
def test_a_zone_whose_rules_changed_lately_is_that_of_the_package() -> None:
    at = datetime(2026, 11, 24, 18, tzinfo=UTC).astimezone(zone("America/Vancouver"))
    assert at.utcoffset() == timedelta(hours=-7)


@given(st.sampled_from(NAMES), st.integers(0, 4_000_000_000))
def test_every_zone_of_the_package_can_be_had(name: str, second: int) -> None:
    found = zone(name)
    assert found.key == name
    assert datetime.fromtimestamp(second, found).utcoffset() is not None


@pytest.mark.parametrize("name", ["", "Europe", "../UTC", "/etc/localtime", "Europe/../UTC", "\0"])
def test_anything_else_is_not_a_zone(name: str) -> None:
    with pytest.raises(ValueError, match="not a time zone"):
        zone(name)


def test_the_search_path_of_the_host_is_not_used() -> None:
    before = zoneinfo.TZPATH
    try:
        zoneinfo.reset_tzpath(to=())
        assert zone("Europe/Berlin") is zone("Europe/Berlin")
    finally:
        zoneinfo.reset_tzpath(to=before)
