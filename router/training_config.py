"""What a router is trained for and from, which also names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from router.classifier.training_data import TrainingExample, router_version, training_examples
from router.encoder.protocol import Encoder
from router.served_kinds import served_kinds, served_languages
from router.types import Example


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
