"""What a router is trained for and from: routes, and what their examples say besides.

Small talk, languages and words in use are an installation's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from router.classifier.small_talk import small_talk_kind
from router.classifier.training_data import (
    LABEL_SOURCES,
    TrainingExample,
    router_version,
    training_examples,
    words_in_name,
)
from router.encoder.protocol import Encoder
from router.speech.language import foreign_language
from router.speech.topics import topic_of
from router.text.spelling import Speller
from router.types import Example

SERVED_FROM = 3
"""Examples by which a route serves a kind of small talk, or a language: one may be a fragment among
many rows."""

NEVER_SERVED = frozenset({"errand", "instructions"})
"""Kinds that examples never switch off everywhere: an errand is judged by its route, and an attack
is no request."""


class ServedKinds(NamedTuple):
    """The kinds of small talk that are requests here, and the routes for what only hands can do."""

    small_talk: frozenset[str]
    errand_routes: frozenset[str]


def served_kinds(examples: Sequence[Example], routes: Collection[str]) -> ServedKinds:
    """Returns what the routes' own examples serve of what Beagle answers by itself elsewhere.

    A kind of small talk takes some examples of one route. For an errand ("book a room") one is
    enough: people who write such a route need not write many, and its neighbours decide. There a
    person's label does not count: it says where one message went, not what the route is for.
    """
    counts: Counter[tuple[str, str]] = Counter()
    errand_routes = set()
    for example in examples:
        if example.split != "train" or example.route not in routes:
            continue

        topic = topic_of(example.text)
        if topic == "errand" and example.source not in LABEL_SOURCES:
            errand_routes.add(example.route)

        kind = small_talk_kind(example.text) or topic
        if kind is not None and kind not in NEVER_SERVED:
            counts[example.route, kind] += 1

    served = {kind for (_, kind), count in counts.items() if count >= SERVED_FROM}
    return ServedKinds(frozenset(served), frozenset(errand_routes))


def served_languages(examples: Sequence[Example], routes: Collection[str]) -> frozenset[str]:
    """Returns the languages, other than English, that routes have examples in."""
    counts = Counter(
        foreign_language(example.text) for example in examples if example.route in routes
    )
    return frozenset(name for name, count in counts.items() if name and count >= SERVED_FROM)


def speller_for(examples: Sequence[Example], routes: Mapping[str, str]) -> Speller:
    """Returns the speller that knows the installation's words; people's labels teach it none."""
    texts = [example.text for example in examples if example.source not in LABEL_SOURCES]
    names = [words_in_name(route) for route in routes]
    return Speller.from_texts([*texts, *names, *routes.values()])


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """What a router is trained for.

    `routes` maps names to descriptions, `seed` decides folds and hidden routes, and `false_reject`
    is the share (0-1) of in-scope messages that may be taken for out of scope. `small_talk` are the
    kinds of it that a route's examples serve, `languages` those that examples are in, but English.
    `errand_routes` have an example of an order that a bot cannot carry out without them.
    """

    routes: Mapping[str, str]
    seed: int = 0
    false_reject: float = 0.05
    small_talk: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    errand_routes: frozenset[str] = frozenset()


def config_for(
    examples: Sequence[Example],
    routes: Sequence[str] | Mapping[str, str],
    seed: int,
    false_reject: float,
) -> TrainingConfig:
    """Returns what a router for these routes is trained for."""
    descriptions = dict.fromkeys(routes, "")
    if isinstance(routes, Mapping):
        descriptions.update(routes)

    small_talk, errands = served_kinds(examples, descriptions)
    languages = served_languages(examples, descriptions)
    return TrainingConfig(descriptions, seed, false_reject, small_talk, languages, errands)


def candidates_for(
    examples: Sequence[Example], config: TrainingConfig, encoder: Encoder
) -> tuple[list[TrainingExample], str]:
    """Returns what may be learned from, and the version of the router that learns it."""
    candidates = training_examples(examples, config.routes)
    settings = {
        "seed": config.seed,
        "false_reject": config.false_reject,
        "encoder": encoder.model_id,
    }
    return candidates, router_version(candidates, config.routes, **settings)
