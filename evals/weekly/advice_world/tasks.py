"""Tasks: messages about things in places, and a hidden rule that says which answer is right."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Rule = Literal["one word", "two words", "chance"]
"""What decides the answer: one word of the message, two of them together, or nothing in it."""
# fmt: off
SYLLABLES = (
    "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "qui", "ro", "su", "ta",
    "ve", "wi", "xo", "yu", "za", "bri", "clo",
)
# fmt: on
FILLERS = 60


@dataclass(frozen=True, slots=True)
class Task:
    """One repeated request; equal seeds, equal tasks.

    `things`, `places` and `fillers` are made-up words, `labels` the possible answers. `rule` says
    what decides among them; the tables behind it follow from the seed.
    """

    seed: int
    rule: Rule
    things: Sequence[str]
    places: Sequence[str]
    fillers: Sequence[str]
    openings: Sequence[str]
    labels: Sequence[str]
    of_thing: Mapping[str, int]
    of_place: Mapping[str, int]

    def message(self, rng: random.Random) -> str:
        """Returns a random message."""
        opening, filler = rng.choice(self.openings), rng.choice(self.fillers)
        thing, place = rng.choice(self.things), rng.choice(self.places)
        return f"{opening} the {thing} at {place} {filler} {rng.randrange(100)}"

    def answer(self, text: str) -> str:
        """Returns the right answer to a message of this task."""
        words = text.split()
        thing = next(word for word in words if word in self.of_thing)
        place = next(word for word in words if word in self.of_place)
        number = self.of_place[place]
        if self.rule == "two words":
            number = self.of_thing[thing] + self.of_place[place]
        elif self.rule == "chance":
            number = draw_number(self.seed, "truth", text)

        return self.labels[number % len(self.labels)]

    def fact(self, place: str) -> str:
        """Returns the sentence of a document that says what is right for a place."""
        return f"Requests at {place} belong to {self.labels[self.of_place[place]]}."


def make_task(seed: int, rule: Rule) -> Task:
    """Returns the task of that seed."""
    rng = random.Random(f"task {seed}")  # noqa: S311  # a simulation
    words = _words(rng, 150)
    things, places = words[: rng.randrange(8, 13)], words[15 : 15 + rng.randrange(8, 13)]
    labels = [f"team-{word}" for word in words[30 : 30 + rng.randrange(2, 5)]]

    return Task(
        seed=seed,
        rule=rule,
        things=tuple(things),
        places=tuple(places),
        fillers=tuple(words[40 : 40 + FILLERS]),
        openings=tuple(words[110:115]),
        labels=tuple(labels),
        # Balanced, so that the most frequent answer is not already right most of the time.
        of_thing=_balanced(rng, things, len(labels)),
        of_place=_balanced(rng, places, len(labels)),
    )


def draw_number(*parts: object) -> int:
    """Returns a large number that follows from the parts: chance that comes out the same again."""
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return int.from_bytes(digest[:8])


def draw_share(*parts: object) -> float:
    """Returns a number in 0-1 that follows from the parts."""
    return draw_number(*parts) / 2**64


def _balanced(rng: random.Random, words: Sequence[str], labels: int) -> dict[str, int]:
    shuffled = list(words)
    rng.shuffle(shuffled)
    return {word: number % labels for number, word in enumerate(shuffled)}


def _words(rng: random.Random, count: int) -> list[str]:
    words: dict[str, None] = {}
    while len(words) < count:
        words["".join(rng.choice(SYLLABLES) for _ in range(rng.randrange(3, 5)))] = None

    return list(words)
