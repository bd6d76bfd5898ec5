"""A subject is read and written in one place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.attributes import subject_kind
from schemas.subject import PREFIXED, Subject, subject_of


@given(st.sampled_from(PREFIXED), st.text(min_size=1, max_size=20))
def test_what_is_written_is_read_again(kind: str, id_: str) -> None:
    subject = subject_of(f"{kind}/{id_}")
    assert (subject.kind, subject.id) == (kind, id_)
    assert subject_of(str(subject)) == subject and subject.case_id is None


@given(st.text(min_size=1, max_size=128))
def test_a_readable_subject_is_of_the_kind_that_the_codec_found(text: str) -> None:
    kind = subject_kind(text)
    if kind is not None:
        assert subject_of(text).kind == kind
        assert str(subject_of(text)) == text


def test_a_case_is_its_id_alone() -> None:
    assert subject_of("500-1") == Subject("case", "500-1")
    assert subject_of("500-1").case_id == "500-1"
    assert subject_of("account/A-1").account_id == "A-1"
