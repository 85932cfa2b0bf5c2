"""What an installation's examples say besides routes: small talk, languages and words in use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from router.classifier.language import foreign_language
from router.classifier.small_talk import small_talk_kind
from router.classifier.training_data import LABEL_SOURCES, words_in_name
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
