"""Lengths of time in the words that people use."""

from __future__ import annotations

import pytest

from bot.ui.spans import span, span_range


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0.2, "1 minute"),
        (40, "40 minutes"),
        (100, "about 1.7 hours"),
        (120, "about 2 hours"),
        (3_873, "about 2.7 days"),
        (60_000, "about 42 days"),
    ],
)
def test_a_length_of_time_is_in_its_own_unit(minutes, words):
    assert span(minutes) == words


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (15, 3_873, "15 minutes to about 2.7 days"),
        (1, 20, "1 to 20 minutes"),
        (120, 480, "2 to 8 hours"),
        (30, 30, "30 minutes"),
    ],
)
def test_a_range_names_a_shared_unit_once(low, high, words):
    assert span_range(low, high) == words
