"""Request in, Decision out."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.classifier.features import gather
from router.classifier.model import Model, fit_model
from router.classifier.overrides import about_beagle, named_route
from router.classifier.persistence import load, save
from router.classifier.policy import NOTHING, Signals, weigh
from router.classifier.training_data import Lesson, lessons, version_of
from router.encoder.factory import Encoder
from router.text.normalise import normalise
from router.types import Decision, Example, Score, Verb

__all__ = ["Plan", "Router", "Signals"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a router is trained for: routes with their descriptions, the seed, and the share of messages it may lose."""

    routes: Mapping[str, str]
    seed: int = 0
    false_reject: float = 0.05


class Router:
    """Decides. Immutable, safe for many threads; `version` names what it has learned."""

    def __init__(
        self,
        version: str,
        plan: Plan,
        kept: Sequence[Lesson],
        model: Model | None,
        encoder: Encoder,
    ) -> None:
        self.version, self.plan, self.lessons, self.model, self.encoder = (
            version,
            plan,
            kept,
            model,
            encoder,
        )

        self.routes = tuple(sorted(plan.routes))
        self.taught = tuple(sorted({lesson.route for lesson in kept}))
        """The routes that something was learned for: the model's classes, in order."""

    @classmethod
    def train(
        cls,
        examples: Sequence[Example],
        encoder: Encoder,
        routes: Sequence[str] | Mapping[str, str],
        *,
        seed: int = 0,
        false_reject: float = 0.05,
        folder: Path | None = None,
    ) -> Router:
        """A router for `routes`, names alone or with their descriptions, taught by the train split of `examples`.

        The same examples in any order, encoder, seed and share give the same router; with a
        `folder` it is trained once and read from there afterwards.
        """
        named = dict(routes) if isinstance(routes, Mapping) else dict.fromkeys(routes, "")
        plan = Plan(named, seed, false_reject)
        kept = lessons(examples, named)
        version = version_of(
            kept, named, seed=seed, false_reject=false_reject, encoder=encoder.model_id
        )

        found = load(folder, version) if folder is not None else None
        if found is not None:
            return cls(version, plan, found[1], found[0], encoder)

        kept, model = teach(kept, encoder, seed, false_reject)
        if folder is not None and model is not None:
            save(folder, version, model, kept)

        return cls(version, plan, kept, model, encoder)

    def decide(
        self, text: str, given: Signals = NOTHING
    ) -> tuple[Decision, NDArray[np.float32] | None]:
        """The decision, and the message's vector where one was needed; what else is decided meanwhile changes nothing.

        A route called by name wins, then a question about Beagle, then the words together with
        thread and channel.
        """
        start = time.perf_counter()

        named = named_route(text, self._usable(given))
        if named is not None:
            made, vector = (
                self._certain("route", named, {"named": "the message calls the route by its name"}),
                None,
            )
        elif about_beagle(text):
            made, vector = (
                self._certain("meta", None, {"meta": "the message asks about Beagle itself"}),
                None,
            )
        elif self.model is None or not self._usable(given):
            made, vector = (
                self._certain("out_of_scope", None, {"routes": "there is no route to choose from"}),
                None,
            )
        else:
            made, vector = self._by_words(text, given)

        return replace(made, seconds=time.perf_counter() - start), vector

    def _by_words(self, text: str, given: Signals) -> tuple[Decision, NDArray[np.float32]]:
        """By the words; a message that says too little by itself is read again after the one before it."""
        assert self.model is not None
        views = self.encoder.views([normalise(text)])[0]

        made = weigh(self.model, self.taught, views, given, self.lessons, self.version)
        if made.verb in ("ask", "out_of_scope") and given.previous_turns:
            together = self.encoder.views([normalise(f"{given.previous_turns[-1]}\n{text}")])[0]

            again = weigh(self.model, self.taught, together, given, self.lessons, self.version)
            if again.verb == "route":
                made = replace(
                    again,
                    reason={**again.reason, "turns": "read together with the message before it"},
                )

        return made, views[: self.encoder.dim].copy()

    def _usable(self, given: Signals) -> list[str]:
        return [route for route in self.routes if given.allowed is None or route in given.allowed]

    def _certain(self, verb: Verb, route: str | None, reason: Mapping[str, Any]) -> Decision:
        sure = 0.0 if verb == "out_of_scope" else 1.0
        scores = (Score(route, 1.0),) if route else ()
        return Decision(verb, route, sure, sure, sure, scores, self.version, reason=reason)


def teach(
    kept: Sequence[Lesson], encoder: Encoder, seed: int, false_reject: float
) -> tuple[list[Lesson], Model | None]:
    """The lessons that were used, one for each row of the model; no model when there are none."""
    gathered = gather(kept, encoder)
    if gathered is None:
        return [], None

    return gathered.kept, fit_model(gathered.rows, seed, false_reject)
