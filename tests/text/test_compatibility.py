"""Unicode's normal forms: what they leave out, and that they leave nothing else out."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from router.text.compatibility import LONG_TEXT, MAX_MARKS, nfc, nfkc

LONG_FORM = "\ufdfa"
"""A ligature that becomes eighteen characters."""
UNMARKED = st.text(st.characters(exclude_categories=["Mn", "Cs"]), max_size=200)


@given(UNMARKED)
def test_a_text_with_few_marks_gets_its_whole_form(text) -> None:
    assert nfkc(text, 18 * 200) == unicodedata.normalize("NFKC", text)
    assert nfc(text) == unicodedata.normalize("NFC", text)


@given(UNMARKED, st.integers(1, 100))
def test_no_more_than_the_bound_is_returned(text, most) -> None:
    assert nfkc(text, most) == unicodedata.normalize("NFKC", text[:most])[:most]


def test_a_long_text_is_cut_before_it_grows_and_after() -> None:
    form = nfkc(LONG_FORM * 2 * LONG_TEXT, 2 * LONG_TEXT)

    assert form == unicodedata.normalize("NFKC", LONG_FORM * LONG_TEXT)[: len(form)]
    assert 2 * LONG_TEXT - len(LONG_FORM * 18) <= len(form) <= 2 * LONG_TEXT


def test_a_long_text_that_hardly_grows_is_not_cut() -> None:
    text = "caf\u00e9 costs 3\u00a0\u00bd \u2026 " * LONG_TEXT

    assert nfkc(text, 2 * len(text)) == unicodedata.normalize("NFKC", text)


def test_marks_beyond_the_bound_are_left_out() -> None:
    text = "a" + "\u0327\u0301" * 1_000 + "b"

    assert nfc(text) == unicodedata.normalize("NFC", "a" + "\u0327\u0301" * (MAX_MARKS // 2) + "b")
