"""Turns probabilities, thread and channel into a decision: route, ask or out of scope."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from router.classifier.arrays import Floats
from router.classifier.messages import Messages
from router.classifier.model import Prediction, RouteClassifier
from router.classifier.neighbours import NearestExamples
from router.classifier.training_data import LABEL_SOURCES, ExampleReference
from router.speech.acts import QUESTIONS, Act
from router.types import ACT, Decision, Score, Verb

ASK_BELOW = 0.6
"""A wrong answer costs about as much as asking once, so below even odds asking is cheaper.

The odds are even at a stated .6: of messages of people who wrote no example (`beagle eval authors`)
the route was right for 45 % at a stated .5 to .6, and for 63 % at .6 to .7.
"""
NEIGHBOUR_FROM = 0.2
"""Where the likeliest route may not be used, others are offered from this probability on."""
RUNNER_UP_FROM = 0.3
"""Probability from which the runner-up serves what the likeliest route does not take."""
THREAD_PRIOR = 6.0
"""Odds by which the thread's own route is likelier than the text alone says."""
THREAD_SWITCH = 0.95
"""Probability by the text alone that another route needs to take a message out of its thread. Of 34
follow-ups ("shorter please", "also slow for US customers") 1 leaves it, and 7 did from .8 on; of 15
new requests that somebody made in a thread as many leave it with both."""
THREAD_LEAD = 1.5
"""Factor over the likeliest route to which the thread's route is raised, where the text alone is
not clear."""
CHANNEL_PRIOR = 0.5
"""The exponent of a channel's route frequencies: 1 would apply Bayes' rule in full, 0 ignore them.

What a channel uses most counts, but only a little: past requests say what people there usually
want, not what this message says.
"""
CHANNEL_MAX_ODDS = 2.6
"""How much a channel can change the odds between two routes, at most.

A route that is at least 80 % likely by the text alone, so 4 to 1 against all others, therefore
stays the best one and stays above `ASK_BELOW`, whatever a channel used before.
"""
SURELY_IN_SCOPE = 0.8
"""In-scope score from which a route serves somebody in distress, and an order before a short text
decides by itself."""
MAX_SCORES = 10
"""Scores that a decision stores, best first; the others are next to nothing."""
NAMED_EXAMPLES = 3
"""The nearest examples that a decision names."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known about a message besides its own text.

    `thread_route` is the route that answered in the thread before. `previous_turns` are the last
    messages of the thread, oldest first. `channel_routes` counts how many requests of this channel
    each route has served (`CHANNEL_PRIOR`); None or empty when nothing is known. `allowed` are the
    only routes that may be used here; None allows all. `acts` are the speech acts that a route
    takes; one that is missing there takes all. `documents` is the route that answers from
    documents. `is_about_thread` says that the thread holds the words of the question.
    """

    thread_route: str | None = None
    previous_turns: Sequence[str] = ()
    channel_routes: Mapping[str, float] | None = None
    allowed: Sequence[str] | None = None
    acts: Mapping[str, Collection[Act]] = field(default_factory=dict)
    documents: str | None = None
    text_routes: Collection[str] = ()
    is_about_thread: bool = False


NO_SIGNALS = Signals()


class PolicyResult(NamedTuple):
    """A decision, and whether the message is for a route that may not be used here.

    The decision does not say the second: people must not learn of such a route.
    """

    decision: Decision
    is_withheld: bool


def apply_policy(
    classifier: RouteClassifier,
    routes: Sequence[str],
    message: Messages,
    signals: Signals,
    examples: Sequence[ExampleReference],
    version: str,
) -> PolicyResult:
    """Returns the decision for one message.

    `routes` are the names of the model's classes in order, `examples` the examples behind the rows
    of its index, `version` names the router.
    """
    prediction = classifier.predict(message)
    text_probabilities = prediction.probabilities[0]
    in_scope = float(prediction.in_scope[0])

    is_unknown = in_scope < classifier.threshold
    is_withheld = _is_withheld(text_probabilities, routes, signals, is_unknown)
    probabilities, applied = apply_priors(text_probabilities, routes, signals, is_unknown)
    if is_withheld:
        # The message is for a route that may not be used here. What is left of it must not grow
        # into another route's certainty.
        probabilities = np.where(probabilities > 0, text_probabilities, 0.0)

    scores = _best_scores(probabilities, routes)
    reason = _reason(prediction, classifier.threshold, scores, applied, examples)
    if not scores:
        nothing = Decision("out_of_scope", None, 0.0, 0.0, in_scope, (), version, reason=reason)
        return PolicyResult(nothing, is_withheld)

    top = scores[0]
    margin = top.confidence
    if len(scores) > 1:
        margin -= scores[1].confidence

    text_probability = float(text_probabilities[routes.index(top.route)])
    verb = _verb(top, is_unknown, signals, text_probability)
    if is_withheld:
        verb = "ask" if not is_unknown and top.confidence >= NEIGHBOUR_FROM else "out_of_scope"

    route = top.route if verb == "route" else None
    decision = Decision(
        verb, route, top.confidence, margin, in_scope, scores, version, reason=reason
    )
    return PolicyResult(decision, is_withheld)


def is_surely_served(decision: Decision) -> bool:
    """Returns whether a message in distress is a request all the same, such as for days off."""
    return decision.verb == "route" and decision.in_scope >= SURELY_IN_SCOPE


def apply_act(decision: Decision, act: Act, signals: Signals) -> Decision:
    """Returns the decision among the routes that take the message's speech act.

    A form must not be filled in from a question, nor from the cancellation of what it is for. The
    likeliest route that takes the act serves the message, then the documents answer a question,
    and otherwise nothing does.
    """
    refused = {
        one.route for one in decision.scores if act not in signals.acts.get(one.route, (act,))
    }
    best = decision.scores[0].route if decision.scores else ""
    if decision.verb not in ("route", "ask") or not refused:
        return decision

    rest = [one for one in decision.scores if one.route not in refused]
    # Scores are rounded, so that all of them may be 0.
    total = sum(one.confidence for one in rest) or 1.0
    scores = tuple(Score(one.route, round(one.confidence / total, 6)) for one in rest)
    if best not in refused:
        return _without_refused(decision, scores) if decision.verb == "ask" else decision

    reason = {**decision.reason, ACT: {"act": act, "route": best}}
    if rest and rest[0].confidence >= RUNNER_UP_FROM:
        confidence = scores[0].confidence
        margin = confidence - (scores[1].confidence if len(scores) > 1 else 0.0)
        verb: Verb = "route" if confidence >= ASK_BELOW else "ask"
        route = rest[0].route if verb == "route" else None
        return replace(
            decision,
            verb=verb,
            route=route,
            confidence=confidence,
            margin=margin,
            scores=scores,
            reason=reason,
        )

    documents = next((one for one in scores if one.route == signals.documents), None)
    if act in QUESTIONS and documents is not None:
        return replace(
            decision,
            verb="route",
            route=documents.route,
            confidence=documents.confidence,
            margin=0.0,
            scores=scores,
            reason=reason,
        )

    return replace(decision, verb="out_of_scope", route=None, reason=reason)


def _without_refused(decision: Decision, scores: tuple[Score, ...]) -> Decision:
    """Returns a question back among the routes that take the message; an answer where one is sure.

    The routes that do not take it made the best one unsure.
    """
    top = scores[0]
    if top.confidence < ASK_BELOW:
        return replace(decision, scores=scores)

    margin = top.confidence - (scores[1].confidence if len(scores) > 1 else 0.0)
    return replace(
        decision,
        verb="route",
        route=top.route,
        confidence=top.confidence,
        margin=margin,
        scores=scores,
    )


def apply_priors(
    text_probabilities: Floats, routes: Sequence[str], signals: Signals, is_unknown: bool
) -> tuple[Floats, dict[str, str]]:
    """Returns the probabilities after allowed routes, channel and thread, and what these changed.

    The result sums to 1, or is all 0 where no allowed route is left.
    """
    probabilities = text_probabilities.copy()
    applied: dict[str, str] = {}

    if signals.allowed is not None:
        is_forbidden = [route not in signals.allowed for route in routes]
        probabilities[is_forbidden] = 0.0

    if signals.channel_routes:
        before = probabilities.copy()
        probabilities *= channel_factors(signals.channel_routes, routes)
        if _is_another_decision(before, probabilities):
            applied["channel"] = "what this channel asks for most counts a little more"

    if signals.thread_route in routes:
        own = routes.index(signals.thread_route)
        probabilities[own] *= THREAD_PRIOR

        # A short follow-up ("and the other one?") fits no route by its text: it stays where it is.
        is_unclear = is_unknown or text_probabilities.max() < THREAD_SWITCH
        is_unclear = is_unclear or signals.is_about_thread
        if probabilities[own] > 0 and is_unclear:
            probabilities[own] = max(probabilities[own], probabilities.max() * THREAD_LEAD)
            applied["thread"] = (
                f"the messages before it in this thread went to {signals.thread_route}"
            )

    total = float(probabilities.sum())
    if total > 0:
        probabilities = probabilities / total

    return probabilities, applied


def channel_factors(channel_routes: Mapping[str, float], routes: Sequence[str]) -> Floats:
    """Returns the factor for each route's probability that a channel's past requests give.

    1 changes nothing; no two factors differ by more than `CHANNEL_MAX_ODDS`.
    """
    # Add-one (Laplace) smoothing: a route that was never used here stays possible.
    counts = np.array([channel_routes.get(route, 0.0) + 1.0 for route in routes])
    # Relative to a uniform prior, so that a channel that uses all routes alike changes nothing.
    relative = counts / counts.sum() * len(routes)

    limit = CHANNEL_MAX_ODDS**0.5
    factors: Floats = np.clip(relative**CHANNEL_PRIOR, 1 / limit, limit)
    return factors


def _is_withheld(
    text_probabilities: Floats, routes: Sequence[str], signals: Signals, is_unknown: bool
) -> bool:
    """Returns whether the text is for a route that may not be used here.

    A message that is not clear stays in its thread, whatever its text resembles.
    """
    if signals.allowed is None:
        return False

    is_unclear = is_unknown or text_probabilities.max() < THREAD_SWITCH
    if is_unclear and signals.thread_route in signals.allowed:
        return False

    return routes[int(text_probabilities.argmax())] not in signals.allowed


def _is_another_decision(before: Floats, after: Floats) -> bool:
    """Returns whether the best route, or whether it is likely enough not to ask, has changed."""
    if before.sum() <= 0:
        return False

    asks_before = before.max() < ASK_BELOW * before.sum()
    asks_after = after.max() < ASK_BELOW * after.sum()
    return bool(before.argmax() != after.argmax() or asks_before != asks_after)


def _verb(top: Score, is_unknown: bool, signals: Signals, text_probability: float) -> Verb:
    """Returns what to do with the best route; `text_probability` is its own by the text alone."""
    if is_unknown:
        # In a thread a message that fits nothing is a follow-up, not a new topic.
        return "route" if signals.thread_route == top.route else "out_of_scope"
    if top.confidence < ASK_BELOW:
        return "ask"

    leaves_thread = signals.thread_route and top.route != signals.thread_route
    if leaves_thread and text_probability < THREAD_SWITCH:
        return "ask"

    return "route"


def _best_scores(probabilities: Floats, routes: Sequence[str]) -> tuple[Score, ...]:
    order = np.argsort(-probabilities, kind="stable")[:MAX_SCORES]
    return tuple(
        Score(routes[label], round(float(probabilities[label]), 6))
        for label in order
        if probabilities[label] > 0
    )


def _reason(
    prediction: Prediction,
    threshold: float,
    scores: Sequence[Score],
    applied: Mapping[str, str],
    examples: Sequence[ExampleReference],
) -> dict[str, Any]:
    """Returns the evidence that is stored with a decision, as JSON-safe values."""
    in_scope = float(prediction.in_scope[0])
    reason: dict[str, Any] = {
        "nearest": _nearest_examples(prediction.nearest, examples),
        "gate": {"score": round(in_scope, 4), "threshold": round(threshold, 4)},
        "ask_below": ASK_BELOW,
    }

    if len(scores) > 1:
        runner_up = scores[1]
        reason["runner_up"] = {
            "route": runner_up.route,
            "confidence": round(runner_up.confidence, 4),
        }

    if applied:
        reason["moved"] = dict(applied)

    return reason


def _nearest_examples(
    nearest: NearestExamples, examples: Sequence[ExampleReference]
) -> list[dict[str, Any]]:
    """Returns which examples are nearest, for the explanation.

    Each is named by an id: `request` for somebody's message, `example` for a text of the
    installation. A decision holds no words, because those who may read an example change.
    """
    listed = []
    pairs = zip(nearest.index[0], nearest.cosine[0], strict=True)

    for number, cosine in list(pairs)[:NAMED_EXAMPLES]:
        example = examples[int(number)]
        entry: dict[str, Any] = {
            "route": example.route,
            "likeness": round(float(cosine), 3),
            "source": example.source,
        }

        entry["request" if example.source in LABEL_SOURCES else "example"] = example.key
        listed.append(entry)

    return listed
