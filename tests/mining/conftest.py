"""Streams of repeated requests among chatter, and an encoder of words that needs no model."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from workers.mining.rows import Row

DAY = 86_400.0
NOW = 1_800_000_000.0
ASKS = {
    "vpn": "please reset the vpn token for {}",
    "invoice": "where can I find the invoice of {}",
    "room": "book a meeting room for {} tomorrow",
}
THINGS = (
    "Berlin",
    "Madrid",
    "Paris",
    "Oslo",
    "Rome",
    "Lisbon",
    "Vienna",
    "Prague",
    "Dublin",
    "Athens",
    "Zurich",
)
SYLLABLES = (
    "ka",
    "lo",
    "mi",
    "ne",
    "ru",
    "sa",
    "ti",
    "vo",
    "we",
    "xu",
    "ya",
    "zo",
    "bri",
    "cla",
    "dre",
    "fli",
    "gro",
)


class WordEncoder:
    """Texts with the same words lie together: each word is a fixed random direction."""

    def __init__(self, dimensions: int = 256) -> None:
        self._dimensions, self._known = dimensions, {}

    def __call__(self, texts):
        rows = (
            np.stack([self._one(text) for text in texts])
            if len(texts)
            else np.zeros((0, self._dimensions))
        )

        return np.asarray(
            rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), dtype=np.float32
        )

    def _one(self, text):
        words = text.lower().split() or ["-"]
        for word in set(words) - set(self._known):
            self._known[word] = self._word(word)

        return sum(self._known[word] for word in words)

    def _word(self, word):
        seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest())
        return np.random.default_rng(seed).normal(size=self._dimensions)


@pytest.fixture(scope="session")
def encode():
    return WordEncoder()


def chatter(count, seed=1):
    """Sentences that repeat nowhere, by many people."""
    random = np.random.default_rng(seed)

    def word():
        return "".join(random.choice(SYLLABLES, random.integers(2, 4)))

    return [
        Row(
            " ".join(word() for _ in range(random.integers(3, 12))),
            f"n{i % 40}",
            NOW - i * 3_000.0,
            "general",
        )
        for i in range(count)
    ]


def asked(name, count=40, people=8, shown=True, weeks=4, channel="general"):
    """One repeated request, spread over people and weeks."""
    form = ASKS[name]
    return [
        Row(
            form.format(THINGS[i % len(THINGS)] + (" please" if i % 3 == 0 else "")),
            f"{name}{i % people}",
            NOW - (i % weeks) * 7 * DAY - i * 60.0,
            channel,
            shown,
        )
        for i in range(count)
    ]


@pytest.fixture(name="chatter", scope="session")
def _chatter():
    return chatter


@pytest.fixture(name="asked", scope="session")
def _asked():
    return asked


@pytest.fixture(scope="session")
def now():
    return NOW
