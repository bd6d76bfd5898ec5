"""Whatever stands on the policies topic or in a file: a policy, or a sentence about it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.catalogue import shipped
from policies.file import LONGEST, parsed

TEXT = (shipped() / "resolutions-desk" / "1.yaml").read_text("utf-8")  # type: ignore[operator]
WEIRD = (
    "[" * 20_000, "{a: " * 20_000, "- " * 20_000, "? " * 5_000, "&a [*a]", "? [a]\n: b",
    "? {a: b}\n", "!!python/object:os.system x", "!!binary x", "!!set {a}", "\x00", "\ud800",
    "%YAML 9.9\n---\n",
    "*unknown", "<<: *x", "1e999", "2026-02-30", "2026-01-01T00:00:60", "0o99", "---\na\n---\nb",
    "\t", "x" * (LONGEST + 1), "!!timestamp x", "!!float x", "!!int x", ".nan", "null",
    "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nholidays: *c", "=", "!!omap [a: b]",
)  # fmt: skip


@pytest.mark.parametrize("weird", WEIRD, ids=range(len(WEIRD)))
@pytest.mark.parametrize(
    "form", ["{}", "policy: {}", TEXT + "\ntriage: {}", "calendar:\n  hours: {}"]
)
def test_no_text_is_too_odd_to_be_refused(form: str, weird: str) -> None:
    good, problems = parsed([form.replace("{}", weird), TEXT], "topic")
    assert [one.policy for one in good][-1:] == ["resolutions-desk"]
    assert all(one.startswith("topic:") and "What to do: " in one for one in problems)
    assert len(good) + len(problems) == 2


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_policy_file_with_something_else_in_it_is_read_or_refused(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(TEXT)))
    gone = data.draw(st.integers(0, 30))
    put = data.draw(st.text(max_size=20) | st.sampled_from(WEIRD))
    good, problems = parsed([TEXT[:at] + put + TEXT[at + gone :]], "x")
    assert (len(good) == 1) != bool(problems)
