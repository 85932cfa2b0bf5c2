"""Requests that people copy from each other, with other things filled in; corpora lack them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SLOT_COUNTS = (0, 1, 1, 2)
MIN_WORDS = 4
NUMBER_SHARE = 0.3
_FILLERS = """
Berlin Madrid Paris Oslo Rome Lisbon Vienna Prague Dublin Athens Zurich Boston Tokyo Lima
alpha falcon orion atlas phoenix mercury staging production
marketing finance sales legal design payroll checkout search billing backend mobile
monday tuesday wednesday thursday friday tomorrow march april june october Q1 Q2 Q3
headset laptop monitor keyboard
"""
FILLERS = tuple(_FILLERS.split())
PREFIXES = ("", "", "", "please ", "hi, ", "hey, ", "quick one: ")
SUFFIXES = ("", "", "", " please", " thanks", " asap", "?")


def templated(texts: Sequence[str], count: int, random: np.random.Generator) -> list[str]:
    """Returns `count` requests in one wording that is taken from `texts`; none if all are short.

    Up to two of its words change from request to request. Where none does, people send the very
    same words.
    """
    long_texts = sorted({text for text in texts if len(text.split()) >= MIN_WORDS})
    if not long_texts:
        return []

    template = str(random.choice(long_texts)).split()
    slots = random.choice(len(template), random.choice(SLOT_COUNTS), replace=False)
    requests = []

    for _ in range(count):
        words = list(template)
        for slot in slots:
            words[slot] = _filler(random)

        prefix = random.choice(PREFIXES)
        requests.append(f"{prefix}{' '.join(words)}{random.choice(SUFFIXES)}")

    return requests


def _filler(random: np.random.Generator) -> str:
    if random.random() < NUMBER_SHARE:
        return str(random.integers(1, 5_000))

    return str(random.choice(FILLERS))
