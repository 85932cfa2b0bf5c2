"""No text can hold a process: every pattern and every text function takes linear time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.fixtures.patterns.automaton import automaton
from tests.fixtures.patterns.growth import Growth
from tests.fixtures.patterns.product import Written, written_patterns
from tests.fixtures.patterns.timing import SHORT, is_slow, seconds

LONG = 40_000
"""Characters of the longest message that Slack takes."""
SLOW = (
    (r"\s+$", re.NOFLAG),
    (r"[\w.]+@", re.NOFLAG),
    (r"(?:a+)+b", re.NOFLAG),
    (r"(?:a|a)*b", re.NOFLAG),
    (r"\Ax*x*y", re.NOFLAG),
    (r"<http:[^>]*>", re.NOFLAG),
    (r"^\s*>", re.MULTILINE),
    (r"<(?=\s*/?\s*tool)", re.NOFLAG),
    (r"(?=\w*\d)-", re.NOFLAG),
    (r"[a-z]{1,1000}@", re.NOFLAG),
    (r"(?<!x)[\w-]++@", re.NOFLAG),
)
LINEAR = (
    (r"\s+", re.NOFLAG),
    (r"(?<!\s)\s++x", re.NOFLAG),
    (r"\A\s*x", re.NOFLAG),
    (r"<http:[^<>]*>", re.NOFLAG),
    (r"```(.*?)(?:```|\Z)", re.DOTALL),
    (r"^>(.*)$", re.MULTILINE),
    (r"[a-z]{1,40}@", re.NOFLAG),
    (r"\w+(?:'\w+)*", re.NOFLAG),
    (r"\b[a-z]+\d", re.NOFLAG),
)


@pytest.fixture(scope="module")
def patterns() -> list[Written]:
    return list(written_patterns(Path(__file__).parents[2]))


def growth(written: Written) -> Growth:
    assert written.pattern is not None
    return Growth(automaton(written.as_used(), written.flags))


@pytest.mark.parametrize(("pattern", "flags"), SLOW)
def test_a_pattern_that_takes_quadratic_time_is_recognised(pattern, flags):
    repeated = Growth(automaton(pattern, flags)).repeated_text()

    assert repeated is not None


@pytest.mark.parametrize(("pattern", "flags"), LINEAR)
def test_a_linear_pattern_is_left_alone(pattern, flags):
    assert Growth(automaton(pattern, flags)).repeated_text() is None


def test_every_pattern_is_written_as_a_constant(patterns):
    """One that is put together from a text when the code runs can be made slow by that text."""
    assert [written.place for written in patterns if written.pattern is None] == []


def test_no_pattern_takes_more_than_linear_time(patterns):
    slow = {}
    for written in patterns:
        repeated = growth(written).repeated_text()
        if repeated is not None:
            slow[written.place] = repeated

    assert slow == {}, (
        "repeat this text: use possessive repeats, a guard before the run, or a limit"
    )


def test_no_pattern_grows_faster_than_its_text(patterns):
    slow = {}
    for written in patterns:
        matcher = re.compile(written.as_used(), written.flags)
        for lead, run in growth(written).runs():
            if is_slow(matcher, lead, run, SHORT):
                slow[written.place] = lead + run

    assert slow == {}


@pytest.mark.fuzz
def test_no_pattern_takes_long_on_the_longest_message(patterns):
    slow = {}
    for written in patterns:
        matcher = re.compile(written.as_used(), written.flags)
        for lead, run in growth(written).runs():
            if is_slow(matcher, lead, run, LONG):
                slow[written.place] = lead + run, seconds(matcher, lead, run, LONG)

    assert slow == {}
