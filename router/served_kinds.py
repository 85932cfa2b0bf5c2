"""What an installation's examples say besides routes: small talk, languages and words in use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

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
"""Kinds that examples never switch off everywhere: an errand is judged by its route, see
`errand_routes`, and an attack is no request."""


def served_small_talk(examples: Sequence[Example], routes: Collection[str]) -> frozenset[str]:
    """Returns the kinds of small talk that a route has examples of: these are requests here."""
    counts: Counter[tuple[str, str]] = Counter()
    for example in examples:
        kind = small_talk_kind(example.text) or topic_of(example.text)
        if kind in NEVER_SERVED:
            continue
        if kind is not None and example.split == "train" and example.route in routes:
            counts[example.route, kind] += 1

    return frozenset(kind for (_, kind), count in counts.items() if count >= SERVED_FROM)


def served_languages(examples: Sequence[Example], routes: Collection[str]) -> frozenset[str]:
    """Returns the languages, other than English, that routes have examples in."""
    counts = Counter(
        foreign_language(example.text) for example in examples if example.route in routes
    )
    return frozenset(name for name, count in counts.items() if name and count >= SERVED_FROM)


def errand_routes(examples: Sequence[Example], routes: Collection[str]) -> frozenset[str]:
    """Returns the routes with an example of an order for what only hands can do ("book a room").

    One is enough: people who write such a route need not write many, and its neighbours decide.
    A person's label does not count: it says where one message went, not what the route is for.
    """
    return frozenset(
        example.route
        for example in examples
        if example.route in routes
        and example.split == "train"
        and example.source not in LABEL_SOURCES
        and topic_of(example.text) == "errand"
    )


def speller_for(examples: Sequence[Example], routes: Mapping[str, str]) -> Speller:
    """Returns the speller that knows the installation's words; people's labels teach it none."""
    texts = [example.text for example in examples if example.source not in LABEL_SOURCES]
    names = [words_in_name(route) for route in routes]
    return Speller.from_texts([*texts, *names, *routes.values()])
