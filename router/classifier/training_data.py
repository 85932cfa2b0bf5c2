"""Examples as people gave them in, the rows that a router learns from out."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from router.text.normalise import normalise
from router.text.small_talk import CHATTER
from router.types import Example

RECIPE = "8"
"""Changes when the same examples would teach something else."""

FEW = 3
NO_ROUTE = "out_of_scope"
"""The label of an example that no route fits; it teaches the gate."""
ABOUT = ("name", "description")
TRUST = {"reviewed": 0, "file": 1, "feedback": 2}


@dataclass(frozen=True, slots=True)
class Lesson:
    """One normalised text and its route. `shown` is what an explanation may quote; None for a private message."""

    text: str
    route: str
    source: str
    shown: str | None


def lessons(examples: Iterable[Example], routes: Mapping[str, str]) -> list[Lesson]:
    """What the examples teach, in an order that does not depend on theirs.

    Only the train split and known routes count; each text counts once for a route; where two routes
    claim a text, the more trusted source wins and equals both stay. The words of each route's name
    and description stand beside them; only those that agree with the examples will teach.
    """
    found: dict[tuple[str, str], Lesson] = {}
    for example in examples:
        if example.split != "train" or (example.route not in routes and example.route != NO_ROUTE):
            continue

        text = normalise(example.text)
        if not text:
            continue

        lesson = Lesson(
            text,
            example.route,
            example.source,
            None if example.source == "feedback" else example.text,
        )

        old = found.get((text.casefold(), example.route))
        if old is None or _rank(lesson) < _rank(old):
            found[text.casefold(), example.route] = lesson

    best: dict[str, int] = {}
    for (key, _), lesson in found.items():
        best[key] = min(best.get(key, len(TRUST)), _trust(lesson))

    kept = [lesson for (key, _), lesson in found.items() if _trust(lesson) == best[key]]
    for route, description in routes.items():
        about = [("name", words_of(route)), ("description", description)]
        kept += [
            Lesson(normalise(text), route, source, text) for source, text in about if text.strip()
        ]

    kept += [Lesson(normalise(text), NO_ROUTE, "chatter", None) for text in CHATTER]
    return sorted(kept, key=lambda lesson: (lesson.route, lesson.text, lesson.source))


def words_of(name: str) -> str:
    """The words in a route's name, empty where it has none: `card_arrival` speaks, `route-17` and `x2` do not."""
    words = re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))
    return " ".join(words).lower() if max((len(word) for word in words), default=0) >= FEW else ""


def version_of(kept: Sequence[Lesson], routes: Mapping[str, str], **settings: object) -> str:
    """A name for the router that learns this: the same data and settings always give the same one."""
    facts = [
        RECIPE,
        sorted(routes),
        [(one.text, one.route, one.source) for one in kept],
        sorted(settings.items()),
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]


def _trust(lesson: Lesson) -> int:
    return TRUST.get(lesson.source, len(TRUST) - 1)


def _rank(lesson: Lesson) -> tuple[int, str]:
    return _trust(lesson), lesson.shown or ""
