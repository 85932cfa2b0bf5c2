"""Hostile texts pass every step that reads text, and none holds it."""

from __future__ import annotations

import pytest

from evals.bench.parts.hostile import hostile_texts, measure, text_steps
from evals.stand_ins import HashingEncoder
from router.text.redact import redact

GENEROUS_MS = 1_000
"""A slow machine takes a fifth of it. The quadratic patterns of old took ten times as long."""


@pytest.fixture(scope="module")
def steps():
    return text_steps(HashingEncoder(trigrams=False))


def test_no_step_is_held_by_hostile_texts(steps):
    figures = measure(150, 1, steps)

    assert figures["texts"] == 150
    assert figures["slowest_ms"] < GENEROUS_MS, figures


@pytest.mark.nightly
def test_no_step_is_held_by_thousands_of_hostile_texts(steps):
    assert measure(3_000, 2, steps)["slowest_ms"] < GENEROUS_MS


def test_a_step_that_takes_quadratic_time_is_counted():
    def slow(text):
        return [text[:n].count("~") for n in range(len(text))]

    figures = measure(40, 3, {"slow": slow, "fast": len})

    assert figures["slowest_step"] == "slow"
    assert figures["over_100ms"] > 0


def test_the_texts_are_hostile_and_the_same_each_time():
    texts = list(hostile_texts(500, 4))

    assert texts == list(hostile_texts(500, 4))
    assert max(map(len, texts)) > 30_000
    assert any(text.count("<http:") > 100 for text in texts)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 40_000 + "@",
        "a@b.c" + "@d.e" * 10_000,
        "pin:" * 10_000,
        "+a" * 20_000,
        "A-b" * 13_000,
        "\u0327\u0301" * 20_000,
    ],
)
def test_masking_is_not_held_by_a_run(steps, text):
    figures = measure_one(steps, text)

    assert figures < GENEROUS_MS / 1000
    assert redact(redact(text)) == redact(text)


def measure_one(steps, text):
    from tests.fixtures.patterns.timing import cpu_seconds

    return cpu_seconds(lambda: steps["masking"](text))
