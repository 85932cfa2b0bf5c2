"""Labelled examples in, deduplicated and normalised training examples out."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from router.classifier.source_hash import source_hash
from router.text.normalise import normalise
from router.text.small_talk import SMALL_TALK
from router.types import Example

NO_ROUTE = "out_of_scope"
"""The label of an example that no route fits; the scope classifier learns from it."""
METADATA_SOURCES = ("name", "description")
"""Sources of texts that describe a route and are no messages."""
SMALL_TALK_SOURCE = "chatter"
SOURCE_RANK = {"reviewed": 0, "file": 1, "feedback": 2}
"""How far a source is trusted, best first; an unknown one ranks last."""
MIN_EXAMPLES = 3
"""Examples below which nothing is judged by a route's examples."""
MIN_LETTERS = 3
"""Letters of the longest word in a name, below which the name says nothing."""


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """One normalised text and its route.

    `quotable` is the text as explanations may quote it; None for a private message.
    """

    text: str
    route: str
    source: str
    quotable: str | None


def training_examples(
    examples: Iterable[Example], routes: Mapping[str, str]
) -> list[TrainingExample]:
    """Returns what to train on, sorted, so that the order of `examples` makes no difference.

    Only the train split and known routes count, and each text once for a route. Where two routes
    claim a text, the more trusted source wins; with equal trust both stay. The name and description
    of each route are added, and small talk as out of scope.
    """
    best = _best_examples(examples, routes)

    # The best rank that any route has for a text; examples of lower rank contradict a better one.
    best_rank: dict[str, int] = {}
    for (key, _), example in best.items():
        best_rank[key] = min(best_rank.get(key, len(SOURCE_RANK)), _source_rank(example))

    selected = [
        example for (key, _), example in best.items() if _source_rank(example) == best_rank[key]
    ]

    for route, description in routes.items():
        for source, text in (("name", words_in_name(route)), ("description", description)):
            if text.strip():
                selected.append(TrainingExample(normalise(text), route, source, text))

    selected += [
        TrainingExample(normalise(text), NO_ROUTE, SMALL_TALK_SOURCE, None) for text in SMALL_TALK
    ]
    return sorted(selected, key=lambda example: (example.route, example.text, example.source))


def _best_examples(
    examples: Iterable[Example], routes: Mapping[str, str]
) -> dict[tuple[str, str], TrainingExample]:
    """Returns the most trusted example of each text and route, by `(folded text, route)`."""
    best: dict[tuple[str, str], TrainingExample] = {}

    for example in examples:
        if example.split != "train":
            continue
        if example.route not in routes and example.route != NO_ROUTE:
            continue

        text = normalise(example.text)
        if not text:
            continue

        # Feedback is a message that somebody wrote to the bot, perhaps in private.
        quotable = None if example.source == "feedback" else example.text
        candidate = TrainingExample(text, example.route, example.source, quotable)

        key = (text.casefold(), example.route)
        if key not in best or _sort_key(candidate) < _sort_key(best[key]):
            best[key] = candidate

    return best


def words_in_name(name: str) -> str:
    """Returns the words in a route's name, in lower case; an empty text where it has none.

    `card_arrival` and `cardArrival` have two words, `route-17` has one, `x2` has none.
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = re.findall(r"[^\W\d_]+", spaced)
    longest = max((len(word) for word in words), default=0)
    if longest < MIN_LETTERS:
        return ""

    return " ".join(words).lower()


def router_version(
    examples: Sequence[TrainingExample], routes: Mapping[str, str], **settings: object
) -> str:
    """Names the router that is trained on this: equal data, settings and code give equal names."""
    facts = [
        source_hash(),
        sorted(routes),
        [(example.text, example.route, example.source) for example in examples],
        sorted(settings.items()),
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]


def _source_rank(example: TrainingExample) -> int:
    return SOURCE_RANK.get(example.source, len(SOURCE_RANK) - 1)


def _sort_key(example: TrainingExample) -> tuple[int, str]:
    return _source_rank(example), example.quotable or ""
