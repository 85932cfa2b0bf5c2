"""Request in, Decision out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.classifier.messages import Messages
from router.classifier.model import Prediction, RouteClassifier
from router.classifier.overrides import about_beagle, named_route
from router.classifier.persistence import load_classifier, save_classifier
from router.classifier.policy import (
    NO_SIGNALS,
    PolicyResult,
    Signals,
    apply_act,
    apply_policy,
    is_surely_served,
)
from router.classifier.second_request import holds_material, with_parts
from router.classifier.small_talk import small_talk_kind, without_small_talk
from router.classifier.training import fit_route_classifier
from router.classifier.training_data import ExampleReference
from router.classifier.training_set import build_training_set
from router.encoder.multilingual import reads_every_language
from router.encoder.protocol import Encoder
from router.speech.acts import report_before_help, speech_act
from router.speech.follow_up import is_about_thread, is_follow_up
from router.speech.language import ENGLISH, foreign_language, guess_language
from router.speech.topics import topic_of
from router.text.normalise import normalise
from router.text.order import (
    MIN_MATERIAL_WORDS,
    SHORT_MATERIAL_WORDS,
    quoted_orders,
    split_order,
)
from router.text.spelling import Reading, Speller
from router.training_config import TrainingConfig, candidates_for, config_for, speller_for
from router.types import LANGUAGE, NO_ROUTE, SMALL_TALK, TOPIC, Decision, Example, Score, Verb

__all__ = ["Router", "Signals"]

READING_WEIGHT = 0.3
"""What a nat of the speller counts against a nat of the classifier, when a mistyped word can be
read in more than one way. Chosen on CLINC150 with 10 examples (seed 0)."""
UNMARKED_ORDER_CONFIDENCE = 0.8
"""Confidence that an order needs where only the end of a sentence separates it from the material:
the first sentence of a report is no order."""
SURE_ORDER = 0.9
"""Confidence from which an order decides over a quotation of a few words. The whole message would
be read for what is quoted: a customer's complaint looks like a report."""
ORDER_ALONE = "decided by the order alone, without the text that came with it"
FOREIGN_CONFIDENCE = 0.9
"""Confidence from which a message in another language is served all the same."""
TRANSLATED_ODDS = 7.0
"""How much lower the threshold's odds are for a message that may be in another language than the
examples, where the encoder reads it: translations are less like the examples than new English
requests. Chosen on `beagle eval languages` and twenty messages in these languages that no route
serves."""


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
        speller: Speller,
    ) -> None:
        self.version = version
        self.config = config
        self.examples = examples
        self.model = model
        self.encoder = encoder
        self.speller = speller

        self.routes = tuple(sorted(config.routes))
        self.classes = tuple(sorted({example.route for example in examples} - {NO_ROUTE}))
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
        train_apart: Callable[[], bool] | None = None,
    ) -> Router:
        """Returns a router for `routes`, trained on the train split of `examples`.

        `routes` are names alone, or names with descriptions. The same examples in any order,
        encoder, seed and `false_reject` give the same router. With a `folder` it is trained once
        and read from there afterwards; `train_apart` may do so elsewhere, and returns whether it
        has.
        """
        config = config_for(examples, routes, seed, false_reject)
        candidates, version = candidates_for(examples, config, encoder)
        saved = cls._saved(examples, config, version, encoder, folder)
        if saved is None and train_apart is not None and train_apart():
            saved = cls._saved(examples, config, version, encoder, folder)
        if saved is not None:
            return saved

        speller = speller_for(examples, config.routes)
        training_set = build_training_set(candidates, encoder)
        if training_set is None:
            return cls(version, config, [], None, encoder, speller)

        model = fit_route_classifier(training_set.arrays, seed, false_reject)
        references = [example.reference for example in training_set.examples]
        if folder is not None:
            save_classifier(folder, version, model, references)

        return cls(version, config, references, model, encoder, speller)

    @classmethod
    def _saved(
        cls,
        examples: Sequence[Example],
        config: TrainingConfig,
        version: str,
        encoder: Encoder,
        folder: Path | None,
    ) -> Router | None:
        saved = None if folder is None else load_classifier(folder, version)
        if saved is None:
            return None

        model, used = saved
        return cls(version, config, used, model, encoder, speller_for(examples, config.routes))

    @property
    def nbytes(self) -> int:
        """The memory of the trained model in bytes."""
        return 0 if self.model is None else self.model.nbytes

    def decide(
        self, text: str, signals: Signals = NO_SIGNALS
    ) -> tuple[Decision, NDArray[np.float32] | None]:
        """Returns the decision, and the message's vector where one was needed.

        A route called by name wins, then small talk and a question about Beagle itself, then the
        classifier. What other threads decide meanwhile changes nothing.
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

        small_talk = small_talk_kind(text)
        if small_talk is not None and small_talk not in self.config.small_talk:
            reason = {"meta": "the whole message is small talk", SMALL_TALK: small_talk}
            return self._certain("meta", None, reason), None

        if about_beagle(text):
            reason = {"meta": "the message asks about Beagle itself"}
            return self._certain("meta", None, reason), None

        topic = topic_of(without_small_talk(text))
        if topic in self.config.small_talk:
            topic = None
        if topic in ("privacy", "forget", "human", "instructions", "deeds"):
            return self._certain("meta", None, {TOPIC: topic}), None

        if self.model is None or not allowed:
            reason = {"routes": "there is no route to choose from"}
            return self._certain("out_of_scope", None, reason), None

        model = self._model_for(self.model, text)
        decision, vector = self._classify(model, text, signals)
        decision = self._with_language(decision, text)
        if topic == "distress" and not is_surely_served(decision):
            return self._certain("meta", None, {TOPIC: topic}), vector
        if topic in ("errand", "reminder") and not self._takes_errand(decision):
            reason = {**decision.reason, TOPIC: topic}
            return replace(decision, verb="out_of_scope", route=None, reason=reason), vector

        return self.with_second_request(decision, text, signals), vector

    def _takes_errand(self, decision: Decision) -> bool:
        """Returns whether a route surely serves the order, or the likeliest has one like it."""
        if is_surely_served(decision):
            return True

        best = decision.route or (decision.scores[0].route if decision.scores else None)
        return best in self.config.errand_routes

    def _model_for(self, model: RouteClassifier, text: str) -> RouteClassifier:
        """Returns the model as it judges this text: a translation is less like the examples."""
        if not reads_every_language(self.encoder.model_id):
            return model

        # Short messages hold too few common words to name their language.
        if guess_language(text) in {ENGLISH, *self.config.languages}:
            return model

        odds = model.threshold / (1 - model.threshold) / TRANSLATED_ODDS
        return replace(model, threshold=odds / (1 + odds))

    def _with_language(self, decision: Decision, text: str) -> Decision:
        """Returns the decision, or that the message is in a language that is not served here."""
        is_sure = decision.verb == "route" and decision.confidence >= FOREIGN_CONFIDENCE
        # An order in English may come with a text in any language.
        if is_sure or "order" in decision.reason:
            return decision

        language = foreign_language(text)
        is_served = language is None or language in self.config.languages
        if is_served or reads_every_language(self.encoder.model_id):
            return decision

        reason = {**decision.reason, LANGUAGE: language}
        return replace(decision, verb="out_of_scope", route=None, reason=reason)

    def with_second_request(self, decision: Decision, text: str, signals: Signals) -> Decision:
        """Returns the decision; where the message also asks for something else, it says so."""
        if self.model is None:
            return decision
        model, alone = self._model_for(self.model, text), replace(signals, thread_route=None)

        def decide(words: str) -> Decision:
            if holds_material(words):
                ordered = self._decide_by_order(model, words, alone, SHORT_MATERIAL_WORDS)
                if ordered is not None:
                    return ordered

            _, message = self._read(model, words)
            return self._apply_policy(model, message, alone, words).decision

        return with_parts(decision, text, decide)

    def predict(self, texts: Sequence[str]) -> Prediction:
        """Returns what the classifier says of these texts alone, mistyped words mended.

        Raises ValueError where there is no classifier.
        """
        if self.model is None:
            raise ValueError("predicting routes: this router has learned from nothing")

        first, *others = [self._read(self.model, text)[1] for text in texts]
        return self.model.predict(first.followed_by(*others))

    def changed_words(self, text: str) -> Sequence[tuple[str, str]]:
        """Returns the words of a message that are read as others, as `(typed, read)`."""
        if self.model is None:
            return ()

        return self._read(self.model, text)[0].changes

    def _classify(
        self, model: RouteClassifier, text: str, signals: Signals
    ) -> tuple[Decision, NDArray[np.float32]]:
        """Decides by the order in the text, by the whole text, or with the text before it."""
        if is_about_thread(text, signals.previous_turns):
            signals = replace(signals, is_about_thread=True)

        _, message = self._read(model, text)
        # The vector is the message's own, whichever text decides: it is stored for mining.
        vector = message.rows[0, : self.encoder.dim].copy()

        ordered = self._decide_by_order(model, text, signals, MIN_MATERIAL_WORDS)
        if ordered is not None and ordered.verb == "route":
            return ordered, vector

        ordered_short = self._decide_by_sure_order(model, text, signals)
        if ordered_short is not None:
            return ordered_short, vector

        decision, is_withheld = self._apply_policy(model, message, signals, text)
        if decision.verb == "route" or is_withheld:
            return decision, vector

        ordered = ordered or self._decide_by_order(model, text, signals, SHORT_MATERIAL_WORDS)
        ordered = ordered or self._by_report(model, text, signals)
        if ordered is not None:
            return ordered, vector

        if signals.previous_turns:
            # The newest turn is the last one. Older ones would pull a new topic back to an old one.
            _, both = self._read(model, f"{signals.previous_turns[-1]}\n{text}")
            second, _ = self._apply_policy(model, both, signals, text)
            if second.verb == "route":
                turns = "read together with the message before it"
                decision = replace(second, reason={**second.reason, "turns": turns})

        return decision, vector

    def _decide_by_sure_order(
        self, model: RouteClassifier, text: str, signals: Signals
    ) -> Decision | None:
        """Returns the decision for an order before a few quoted words, where it is surely one."""
        for part in quoted_orders(text):
            _, message = self._read(model, part.order)
            decision, _ = self._apply_policy(model, message, signals, part.order)
            if is_surely_served(decision) and decision.confidence >= SURE_ORDER:
                return replace(decision, reason={**decision.reason, "order": ORDER_ALONE})

        return None

    def _decide_by_order(
        self, model: RouteClassifier, text: str, signals: Signals, min_material: int
    ) -> Decision | None:
        """Returns the decision for the order before, or after, pasted text.

        It is a question back where an order was found that is not clear, and None without one.
        """
        unclear = None
        for part in split_order(text, min_material):
            _, message = self._read(model, part.order)
            decision, _ = self._apply_policy(model, message, signals, part.order)
            decision = replace(decision, reason={**decision.reason, "order": ORDER_ALONE})

            is_clear = part.is_marked or decision.confidence >= UNMARKED_ORDER_CONFIDENCE
            if decision.verb == "route" and is_clear:
                return decision
            if decision.verb == "ask" and part.is_marked:
                unclear = unclear or decision

        return unclear

    def _by_report(self, model: RouteClassifier, text: str, signals: Signals) -> Decision | None:
        """Returns the decision for what is reported before a question that asks for help alone."""
        report = report_before_help(text)
        if report is None:
            return None

        decision = self._apply_policy(model, self._read(model, report)[1], signals, report).decision
        return decision if decision.verb == "route" else None

    def _read(self, model: RouteClassifier, text: str) -> tuple[Reading, Messages]:
        """Returns how a text is read, and that as the one message for the classifier.

        Where a mistyped word can be read in several ways, the one wins that is likeliest together
        with what the classifier makes of it.
        """
        readings = self.speller.readings(normalise(text))
        messages = Messages.read([reading.text for reading in readings], self.encoder)
        if len(readings) == 1:
            return readings[0], messages

        prediction = model.predict(messages)
        costs = np.array([reading.cost for reading in readings])
        scores = np.log(prediction.probabilities.max(axis=1)) + np.log(prediction.in_scope + 1e-9)
        best = int((scores - READING_WEIGHT * costs).argmax())
        return readings[best], messages.take(np.array([best]))

    def _apply_policy(
        self, model: RouteClassifier, message: Messages, signals: Signals, text: str
    ) -> PolicyResult:
        """Returns the decision for a text as it is read, and for what the text does."""
        result = apply_policy(model, self.classes, message, signals, self.examples, self.version)
        # A thread's own route takes "and on Friday?" whatever its form is.
        stays = result.decision.route == signals.thread_route and is_follow_up(text)
        if not signals.acts or stays:
            return result

        return result._replace(decision=apply_act(result.decision, speech_act(text), signals))

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
