"""Words, thread and channel weighed together: route, ask, or out of scope, with the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from router.classifier.calibration import Floats
from router.classifier.model import Model
from router.classifier.neighbours import Near, Rows
from router.classifier.training_data import Lesson
from router.types import Decision, Score, Verb

ASK_BELOW = 0.5
"""A wrong answer costs about as much as asking once, so below even odds it is cheaper to ask."""
THREAD_PULL = 6.0
"""How many times likelier the thread's own route is than the words alone say."""
SWITCH = 0.8
"""A message in a thread leaves the thread's route only for one that is this sure by the words
alone."""
CHANNEL_PULL = 0.5
"""The power of a channel's habits: 1 would believe them like Bayes, 0 not at all."""
KEPT = 10
"""Scores that a decision keeps, best first; the others are next to nothing."""
SHOWN = 3
SNIPPET = 80


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known besides the message's own words.

    `thread_route` served the thread before; `previous_turns` are its last messages, oldest first;
    `channel_routes` is how often each route served this channel; `allowed` are the only routes that
    may be used here, None for all.
    """

    thread_route: str | None = None
    previous_turns: Sequence[str] = ()
    channel_routes: Mapping[str, float] | None = None
    allowed: Sequence[str] | None = None


NOTHING = Signals()


def weigh(
    model: Model,
    names: Sequence[str],
    vector: Rows,
    given: Signals,
    kept: Sequence[Lesson],
    version: str,
) -> Decision:
    """The decision for one vector. `names` are the model's classes in order, `kept` the lessons behind its rows."""
    judged = model.judge(vector[None])
    words, fit = judged.chances[0], float(judged.in_scope[0])
    stranger = fit < model.threshold
    chances, moved = _moved(words, names, given, stranger)
    order = np.argsort(-chances, kind="stable")
    scores = tuple(
        Score(names[i], round(float(chances[i]), 6)) for i in order[:KEPT] if chances[i] > 0
    )
    reason: dict[str, Any] = {
        "nearest": _nearest(judged.near, kept),
        "gate": {"score": round(fit, 4), "threshold": round(model.threshold, 4)},
        "ask_below": ASK_BELOW,
    }

    if len(scores) > 1:
        reason["runner_up"] = {
            "route": scores[1].route,
            "confidence": round(scores[1].confidence, 4),
        }

    if moved:
        reason["moved"] = moved
    if not scores:
        return Decision("out_of_scope", None, 0.0, 0.0, fit, (), version, reason=reason)

    top = scores[0]
    margin = top.confidence - (scores[1].confidence if len(scores) > 1 else 0.0)
    verb = _verb(top, fit, model.threshold, given, words[names.index(top.route)])
    chosen = top.route if verb == "route" else None

    return Decision(verb, chosen, top.confidence, margin, fit, scores, version, reason=reason)


def _verb(top: Score, fit: float, threshold: float, given: Signals, by_words: float) -> Verb:
    """In a thread a message that fits nothing is a follow-up, not a stranger."""
    if fit < threshold:
        return "route" if given.thread_route == top.route else "out_of_scope"
    if top.confidence < ASK_BELOW:
        return "ask"
    if given.thread_route and top.route != given.thread_route and by_words < SWITCH:
        return "ask"

    return "route"


def _moved(
    words: Floats, names: Sequence[str], given: Signals, stranger: bool
) -> tuple[Floats, dict[str, Any]]:
    """The probabilities after channel and thread had their say, and what they changed."""
    chances, moved = words.copy(), {}
    if given.allowed is not None:
        chances[[name not in given.allowed for name in names]] = 0.0

    if given.channel_routes:
        total = sum(given.channel_routes.values()) + len(names)
        habits = np.array([(given.channel_routes.get(name, 0.0) + 1.0) / total for name in names])
        chances *= (habits * len(names)) ** CHANNEL_PULL
        moved["channel"] = "the routes that this channel uses count for more"

    if given.thread_route in names:
        at = names.index(given.thread_route)
        chances[at] *= THREAD_PULL

        if chances[at] > 0 and (stranger or words.max() < SWITCH):
            chances[at] = max(chances[at], chances.max() * 1.5)
            moved["thread"] = f"the thread belongs to {given.thread_route}"

    total = float(chances.sum())
    return (chances / total if total > 0 else chances), moved


def _nearest(near: Near, kept: Sequence[Lesson]) -> list[dict[str, Any]]:
    """The nearest examples; the words of private messages stay out."""
    found = []
    for i, likeness in zip(near.index[0, :SHOWN], near.likeness[0, :SHOWN], strict=True):
        lesson = kept[int(i)]
        one: dict[str, Any] = {
            "route": lesson.route,
            "likeness": round(float(likeness), 3),
            "source": lesson.source,
        }

        if lesson.shown is not None:
            one["text"] = lesson.shown[:SNIPPET]

        found.append(one)

    return found
