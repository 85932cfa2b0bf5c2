"""Streams of one made-up company: its requests among its habits, small talk and other chat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evals.mining.streams.chatter import chatter
from evals.mining.streams.company_files import Company
from evals.mining.streams.streams import Stream
from workers.mining.rows import Row

HABIT_SHARE = 1 / 3
"""The share of the noise that is the company's habits."""
CHATTER_SHARE = 0.1
MIN_ROWS, MAX_ROWS = 28, 60
"""Of one request."""
PEOPLE = 40
DAYS = 28
DAY = 86_400.0
START = 1_790_000_000.0
REGULAR_SHARE = 0.5
"""The share of habits that are kept at one time of the day."""

Timed = tuple[str, str, float]
"""Text, person, unix seconds."""


def company_stream(
    company: Company, noise_share: float, noise: Sequence[str], random: np.random.Generator
) -> Stream:
    """Returns the company's requests in this share of noise, a third of which is its habits.

    `noise` is other chat, which is drawn from without repeats.
    """
    rows: list[tuple[Timed, int]] = []
    for number, name in enumerate(sorted(company.requests)):
        size = int(random.integers(MIN_ROWS, MAX_ROWS + 1))
        texts = company.request_texts(name, size, random)
        rows += [(timed, number) for timed in _at_any_time(texts, random)]

    count = round(len(rows) * noise_share / (1 - noise_share))
    rows += [(timed, -1) for timed in _noise(company, count, noise, random)]
    return _stream(rows, random)


def chat_stream(
    company: Company, count: int, noise: Sequence[str], random: np.random.Generator
) -> Stream:
    """Returns `count` messages of the company that ask for nothing."""
    rows = [(timed, -1) for timed in _noise(company, count, noise, random)]
    return _stream(rows, random)


def _noise(
    company: Company, count: int, noise: Sequence[str], random: np.random.Generator
) -> list[Timed]:
    habits = round(count * HABIT_SHARE)
    small_talk = round(count * CHATTER_SHARE)
    rest = min(count - habits - small_talk, len(noise))
    # Where there is too little other chat, small talk fills the gap.
    texts = chatter(count - habits - rest, random)
    texts += [str(text) for text in random.choice(sorted(noise), rest, replace=False)]

    return _habits(company, habits, random) + _at_any_time(texts, random)


def _habits(company: Company, count: int, random: np.random.Generator) -> list[Timed]:
    """Returns messages of habits: by as many people as have each, half of them at one hour."""
    hour_of: dict[str, float | None] = {}
    for habit in company.habits:
        is_regular = random.random() < REGULAR_SHARE
        hour_of[habit.name] = float(random.uniform(7, 18)) if is_regular else None

    timed = []
    for text, habit in company.habit_texts(count, random):
        person = int(random.integers(habit.people))
        hour = hour_of[habit.name]
        if hour is None:
            hour = float(random.uniform(7, 18))

        at = START + int(random.integers(DAYS)) * DAY + hour * 3600 + random.uniform(0, 600)
        timed.append((text, f"U{habit.name}{person}", float(at)))

    return timed


def _at_any_time(texts: Sequence[str], random: np.random.Generator) -> list[Timed]:
    people = random.integers(PEOPLE, size=len(texts))
    times = START + random.uniform(0, DAYS * DAY, len(texts))
    return [
        (text, f"U{person:02}", float(at))
        for text, person, at in zip(texts, people, times, strict=True)
    ]


def _stream(rows: list[tuple[Timed, int]], random: np.random.Generator) -> Stream:
    ordered = sorted(rows)
    mixed = [ordered[position] for position in random.permutation(len(ordered))]
    return Stream(
        [Row(text=text, user=user, at=at) for (text, user, at), _ in mixed],
        np.array([number for _, number in mixed], np.intp),
    )
