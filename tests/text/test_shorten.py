"""A text that is too long ends at a word, with a mark."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.text.printable import MARK, shorten

TEXT = "Sorts a problem report, and says how urgent it is"


def test_a_text_that_fits_stays_as_it_is():
    assert shorten(TEXT, len(TEXT)) == TEXT


@pytest.mark.parametrize("limit", range(8, len(TEXT)))
def test_a_text_is_cut_behind_a_whole_word(limit):
    cut = shorten(TEXT, limit)

    words = TEXT.replace(",", "").split()
    assert cut.endswith(MARK)
    assert cut.removesuffix(MARK).replace(",", "").split() == words[: len(cut.split())]


def test_a_single_long_word_is_cut_inside():
    assert shorten("x" * 50, 10) == "x" * 9 + MARK
    assert shorten("a " + "x" * 50, 10) == "a " + "x" * 7 + MARK


@given(st.text(), st.integers(min_value=1, max_value=60))
def test_it_never_takes_more_than_its_limit(text, limit):
    assert len(shorten(text, limit)) <= limit
