"""Parts of a message that may be requests of their own, and messages that go on with another."""

from __future__ import annotations

import pytest

from router.classifier.follow_up import is_follow_up
from router.classifier.second_request import parts_of


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "i am off friday and also the printer is broken",
            ["i am off friday", "the printer is broken"],
        ),
        (
            "The vpn is down. How many sick days do we get?",
            ["The vpn is down", "How many sick days do we get?"],
        ),
        ("im off friday and the vpn is down", ["im off friday", "the vpn is down"]),
        ("Off on holiday from Monday. Calendar is blocked.", []),
        ("the vpn is down", []),
        ("say this in plain English: the vpn is down and the wifi is slow", []),
        ("fish and chips", []),
        ("one two three four and " * 30, []),
    ],
)
def test_a_short_message_is_taken_apart_at_its_borders(text, parts):
    assert [part.words_in(text) for part in parts_of(text)] == parts


@pytest.mark.parametrize(
    ("text", "follows"),
    [
        ("and sick days?", True),
        ("what about part-timers?", True),
        ("or in Berlin", True),
        ("shorter please", True),
        ("Android phones cannot connect", False),
        ("the vpn is down", False),
        ("and " + "word " * 20, False),
    ],
)
def test_a_follow_up_begins_as_one(text, follows):
    assert is_follow_up(text) is follows
