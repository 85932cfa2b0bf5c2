"""Request in, Decision out."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.classifier.model import RouteClassifier
from router.classifier.overrides import about_beagle, named_route
from router.classifier.persistence import load_classifier, save_classifier
from router.classifier.policy import NO_SIGNALS, PolicyResult, Signals, apply_policy
from router.classifier.training import fit_route_classifier
from router.classifier.training_data import ExampleReference, router_version, training_examples
from router.classifier.training_set import build_training_set
from router.encoder.protocol import Encoder
from router.text.normalise import normalise
from router.types import Decision, Example, Score, Verb

__all__ = ["Router", "Signals", "TrainingConfig"]


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """What a router is trained for.

    `routes` maps names to descriptions, `seed` decides folds and hidden routes, and `false_reject`
    is the share (0-1) of in-scope messages that may be taken for out of scope.
    """

    routes: Mapping[str, str]
    seed: int = 0
    false_reject: float = 0.05


class Router:
    """Decides which route serves a message. Immutable, safe for many threads; keeps no texts.

    `version` names what the router has learned from. `model` is None when there is nothing to learn
    from; then every message is out of scope.
    """

    def __init__(
        self,
        version: str,
        config: TrainingConfig,
        examples: Sequence[ExampleReference],
        model: RouteClassifier | None,
        encoder: Encoder,
    ) -> None:
        self.version = version
        self.config = config
        self.examples = examples
        self.model = model
        self.encoder = encoder

        self.routes = tuple(sorted(config.routes))
        self.classes = tuple(sorted({example.route for example in examples}))
        """The routes that have examples or a description: the model's classes, in order."""

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
        """Returns a router for `routes`, trained on the train split of `examples`.

        `routes` are names alone, or names with descriptions. The same examples in any order,
        encoder, seed and `false_reject` give the same router. With a `folder` it is trained once
        and read from there afterwards.
        """
        descriptions = dict.fromkeys(routes, "")
        if isinstance(routes, Mapping):
            descriptions.update(routes)

        config = TrainingConfig(descriptions, seed, false_reject)
        candidates = training_examples(examples, descriptions)
        version = router_version(
            candidates,
            descriptions,
            seed=seed,
            false_reject=false_reject,
            encoder=encoder.model_id,
        )

        if folder is not None:
            saved = load_classifier(folder, version)
            if saved is not None:
                model, used = saved
                return cls(version, config, used, model, encoder)

        training_set = build_training_set(candidates, encoder)
        if training_set is None:
            return cls(version, config, [], None, encoder)

        model = fit_route_classifier(training_set.arrays, seed, false_reject)
        references = [example.reference for example in training_set.examples]
        if folder is not None:
            save_classifier(folder, version, model, references)

        return cls(version, config, references, model, encoder)

    @property
    def nbytes(self) -> int:
        """The memory of the trained model in bytes."""
        return 0 if self.model is None else self.model.nbytes

    def decide(
        self, text: str, signals: Signals = NO_SIGNALS
    ) -> tuple[Decision, NDArray[np.float32] | None]:
        """Returns the decision, and the message's vector where one was needed.

        A route called by name wins, then a question about Beagle itself, then the classifier. What
        other threads decide meanwhile changes nothing.
        """
        start = time.perf_counter()
        decision, vector = self._decide(text, signals)
        return replace(decision, seconds=time.perf_counter() - start), vector

    def decide_wordless(self) -> Decision:
        """Returns the decision for a message without a word, such as a file alone."""
        return self._certain("meta", None, {"meta": "the message has no words"})

    def _decide(self, text: str, signals: Signals) -> tuple[Decision, NDArray[np.float32] | None]:
        allowed = self._allowed_routes(signals)

        named = named_route(text, allowed)
        if named is not None:
            reason = {"named": "the message calls the route by its name"}
            return self._certain("route", named, reason), None

        if about_beagle(text):
            reason = {"meta": "the message asks about Beagle itself"}
            return self._certain("meta", None, reason), None

        if self.model is None or not allowed:
            reason = {"routes": "there is no route to choose from"}
            return self._certain("out_of_scope", None, reason), None

        return self._classify(self.model, text, signals)

    def _classify(
        self, model: RouteClassifier, text: str, signals: Signals
    ) -> tuple[Decision, NDArray[np.float32]]:
        """Decides by the text; one that says too little is read again after the one before it."""
        views = self.encoder.views([normalise(text)])[0]
        decision, is_withheld = self._apply_policy(model, views, signals)

        may_continue = decision.verb in ("ask", "out_of_scope") and not is_withheld
        if may_continue and signals.previous_turns:
            # The newest turn is the last one. Older ones would pull a new topic back to an old one.
            both = normalise(f"{signals.previous_turns[-1]}\n{text}")
            views_of_both = self.encoder.views([both])[0]

            second, _ = self._apply_policy(model, views_of_both, signals)
            if second.verb == "route":
                turns = "read together with the message before it"
                decision = replace(second, reason={**second.reason, "turns": turns})

        # The vector is the message's own, whichever text decided: it is stored for mining.
        return decision, views[: self.encoder.dim].copy()

    def _apply_policy(
        self, model: RouteClassifier, views: NDArray[np.float32], signals: Signals
    ) -> PolicyResult:
        return apply_policy(model, self.classes, views, signals, self.examples, self.version)

    def _allowed_routes(self, signals: Signals) -> list[str]:
        if signals.allowed is None:
            return list(self.routes)

        return [route for route in self.routes if route in signals.allowed]

    def _certain(self, verb: Verb, route: str | None, reason: Mapping[str, Any]) -> Decision:
        """Returns a decision that needed no classifier."""
        confidence = 0.0 if verb == "out_of_scope" else 1.0
        scores = (Score(route, 1.0),) if route else ()
        return Decision(
            verb, route, confidence, confidence, confidence, scores, self.version, reason=reason
        )
