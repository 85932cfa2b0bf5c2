"""A pattern of a route's author runs on a model's text: only one that is surely linear is taken."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.catalog.output_schema import strict_schema
from router.text.linear_pattern import slow_reason
from tests.fixtures.patterns.automaton import automaton
from tests.fixtures.patterns.growth import Growth

USUAL = [
    r"^\d{4}-\d{2}-\d{2}$",
    r"^[A-Z]{2,4}-\d{1,6}$",
    r"^\w+@\w+\.com$",
    r"^.*$",
    r"^.*foo$",
    r"^(foo|bar)$",
    r"^\d+(kg|g)$",
    r"[A-Z]{1,5}",
    r"^https://[^/]+/.*$",
    r"^(\d{3}-){2}\d{4}$",
    r"^-?\d+(\.\d+)?$",
    "",
]
SLOW = [
    r"^(a+)+$",
    r"(a|a)*b",
    r"a*a*b",
    r"^a*a*b$",
    r"^(\w+-)*x$",
    r"^(a|ab)*c$",
    r"\s+$",
    r"[\w.]+@",
    r"^(a{1,10}){1,10}$",
    r"^.*.*x",
    r"^(a?){50}b",
    "^" + "a?" * 60 + "a" * 60,
    "^" + "(x|xx)" * 40 + "y",
    r"(?=a*)b",
    r"^(a*)\1$",
    r"(?i)^a",
    "(",
    "a" * 501,
]


@pytest.mark.parametrize("pattern", USUAL)
def test_the_usual_patterns_are_taken(pattern):
    assert slow_reason(pattern) is None


@pytest.mark.parametrize("pattern", SLOW)
def test_what_may_be_slow_is_refused_with_its_reason(pattern):
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": pattern}}}
    assert slow_reason(pattern)
    with pytest.raises(ValueError, match="key 'output': "):
        strict_schema(schema)


def test_a_property_may_be_called_pattern():
    schema = {"type": "object", "properties": {"pattern": {"type": "string"}}}
    assert "pattern" in strict_schema(schema)["properties"]


ATOMS = st.sampled_from(["a", "b", "[ab]", "[^a]", r"\d", r"\w", ".", "-"])
REPEATED = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,3}", "{0,150}", "*?"])


@st.composite
def patterns(draw):
    def part(depth):
        pieces = []
        for _ in range(draw(st.integers(1, 3))):
            atom = draw(ATOMS)
            if depth and draw(st.booleans()):
                alternatives = [part(depth - 1) for _ in range(draw(st.integers(1, 2)))]
                atom = f"({'|'.join(alternatives)})"
            pieces.append(atom + draw(REPEATED))

        return "".join(pieces)

    return draw(st.sampled_from(["", "^"])) + part(2) + draw(st.sampled_from(["", "$"]))


@settings(max_examples=300)
@given(patterns())
def test_no_pattern_that_is_taken_has_two_ways_to_read_a_run(pattern):
    if slow_reason(pattern) is None:
        assert Growth(automaton(pattern, re.NOFLAG)).repeated_text() is None


@pytest.mark.parametrize("pattern", USUAL)
def test_a_usual_pattern_is_done_with_a_long_text_at_once(pattern):
    matcher = re.compile(pattern)
    start = time.process_time()
    for text in ("a" * 40_000, "1" * 40_000 + "!", "a@" * 20_000, "https://" + "a" * 40_000):
        matcher.search(text)

    # Seconds of the processor: a quadratic one needs minutes.
    assert time.process_time() - start < 5
