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
from router.types import COUNTEREXAMPLE, NO_ROUTE, Example

METADATA_SOURCES = ("name", "description")
"""Sources of texts that describe a route and are no messages."""
SMALL_TALK_SOURCE = "chatter"
LABEL_SOURCES = ("feedback", "reviewed")
"""Sources of examples that are people's messages; every other one belongs to the installation."""
SOURCE_RANK = {"reviewed": 0, "file": 1, "feedback": 2}
"""How far a source is trusted, best first; an unknown one ranks last."""
MIN_EXAMPLES = 3
"""Examples below which nothing is judged by a route's examples."""
MIN_LETTERS = 3
"""Letters of the longest word in a name, below which the name says nothing."""


@dataclass(frozen=True, slots=True)
class ExampleReference:
    """What a trained router keeps of an example: its route and where its words are, not the words.

    `key` is the id of the request behind a label (`LABEL_SOURCES`), or the `Example.id` of a text
    of the installation; see `installation_texts`. It is empty where nothing can be looked up.
    """

    route: str
    source: str
    key: str


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """One normalised text with its route; `key` is that of its `ExampleReference`.

    `near` is the route that a counterexample resembles.
    """

    text: str
    route: str
    source: str
    key: str
    near: str = ""

    @property
    def reference(self) -> ExampleReference:
        """The example without its words."""
        return ExampleReference(self.route, self.source, self.key)


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

    for described in _metadata_examples(routes):
        text = normalise(described.text)
        selected.append(TrainingExample(text, described.route, described.source, described.id))

    selected += [
        TrainingExample(normalise(text), NO_ROUTE, SMALL_TALK_SOURCE, "") for text in SMALL_TALK
    ]
    return sorted(selected, key=lambda example: (example.route, example.text, example.source))


def installation_texts(examples: Iterable[Example], routes: Mapping[str, str]) -> dict[str, str]:
    """Returns the texts that belong to the installation by `ExampleReference.key`.

    These are the examples of its route files, and the names and descriptions of its routes. Labels
    among `examples` are left out: their words belong to people.
    """
    texts = {}
    for example in [*examples, *_metadata_examples(routes)]:
        if example.source not in LABEL_SOURCES:
            texts[example.id] = example.text

    return texts


def _metadata_examples(routes: Mapping[str, str]) -> list[Example]:
    """Returns the names and descriptions that say something, as examples of their routes."""
    found = []
    for route, description in routes.items():
        for source, text in (("name", words_in_name(route)), ("description", description)):
            if text.strip():
                found.append(Example(text, route, source=source))

    return found


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

        is_label = example.source in LABEL_SOURCES
        key = example.request if is_label else example.id
        near = str(example.answer) if example.source == COUNTEREXAMPLE else ""
        candidate = TrainingExample(text, example.route, example.source, key, near)

        place = (text.casefold(), example.route)
        if place not in best or _sort_key(candidate) < _sort_key(best[place]):
            best[place] = candidate

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
        [(example.text, example.route, example.source, example.key) for example in examples],
        sorted(settings.items()),
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]


def _source_rank(example: TrainingExample) -> int:
    return SOURCE_RANK.get(example.source, len(SOURCE_RANK) - 1)


def _sort_key(example: TrainingExample) -> tuple[int, str]:
    return _source_rank(example), example.key
