"""Requests that people copy from each other: one wording, with other things filled in. Corpora lack them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SLOTS = (0, 1, 1, 2)
LEAST_WORDS = 4
_THINGS = """
Berlin Madrid Paris Oslo Rome Lisbon Vienna Prague Dublin Athens Zurich Boston Tokyo Lima alpha falcon orion atlas
phoenix mercury staging production marketing finance sales legal design payroll checkout search billing backend mobile
monday tuesday wednesday thursday friday tomorrow march april june october Q1 Q2 Q3 headset laptop monitor keyboard
"""
THINGS = tuple(_THINGS.split())
BEFORE, AFTER = (
    ("", "", "", "please ", "hi, ", "hey, ", "quick one: "),
    ("", "", "", " please", " thanks", " asap", "?"),
)


def templated(texts: Sequence[str], count: int, random: np.random.Generator) -> list[str]:
    """So many requests in one wording, taken from `texts`; none where all are short.

    Up to two of its words change from request to request; where none does, people send the very
    same words.
    """
    long = sorted({text for text in texts if len(text.split()) >= LEAST_WORDS})
    if not long:
        return []

    wording = str(random.choice(long)).split()
    slots = random.choice(len(wording), random.choice(SLOTS), replace=False)
    made = []

    for _ in range(count):
        words = list(wording)
        for slot in slots:
            words[slot] = _thing(random)

        made.append(f"{random.choice(BEFORE)}{' '.join(words)}{random.choice(AFTER)}")

    return made


def _thing(random: np.random.Generator) -> str:
    return str(random.integers(1, 5_000)) if random.random() < 0.3 else str(random.choice(THINGS))
