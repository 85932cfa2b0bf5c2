"""Says where the evidence of failures points: router, prompt, retrieval, model or training.

Each failed request gives one voice to the cause that its signs speak for; a sign that says only
that something was wrong speaks softly, for what its route is most likely to get wrong. A difference
between two models on the same requests is stronger than any voice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from router.kinds import RETRIEVING_KINDS
from router.store.mining.week_requests import WeekRequest
from router.store.weekly.failure_groups import Cause
from workers.failures.signals import INVALID_ERRORS, corrected_to

CLEAR, LIKELY, SOFT = 1.0, 0.5, 0.25
"""The voice of a sign that names the cause, one that suggests it, and one that names none."""
MIN_MODEL_REQUESTS = 5
"""Requests that each of two models must have answered, to compare them."""
WEAK_MODEL_SHARE, STRONG_MODEL_SHARE = 0.5, 0.2
"""The model is the cause where one fails at least, and another at most, so often."""
MIN_TRAINING_FAILURES = 8
"""Valid but wrong answers in a route's form from which learning them is worth more than a rule."""
NO_ROUTE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class FailureDiagnosis:
    """The cause, how sure the evidence is of it (0-1, its share of the voices), and details."""

    cause: Cause
    certainty: float
    detail: Mapping[str, Any] = field(default_factory=dict)


def diagnose(
    failed: Sequence[WeekRequest],
    near: Sequence[WeekRequest],
    is_structured: Callable[[WeekRequest], bool],
) -> FailureDiagnosis:
    """Returns the cause of the failures.

    `near` are all requests like them, also those that were served well. `is_structured` returns
    whether a request's route answers in a form (an output schema).
    """
    voices: dict[Cause, float] = defaultdict(float)
    for request in failed:
        cause, voice = _voice(request, is_structured=is_structured(request))
        voices[cause] += voice

    total = sum(voices.values())
    # By name where two are equal, so that the same week gives the same digest.
    cause = min(voices, key=lambda name: (-voices[name], name))
    certainty = voices[cause] / total

    models = _model_difference(failed, near) if cause != "router" else None
    if models is not None:
        tiers = any(request.tier for request in near)
        return FailureDiagnosis("model", 1.0, {"models": models, "tiers": tiers})
    if cause == "training" and _structured_failures(failed, is_structured) < MIN_TRAINING_FAILURES:
        # Too few to learn from: a rule is what can be changed now.
        return FailureDiagnosis("prompt", certainty, {"reason": "few"})
    if cause == "router":
        return FailureDiagnosis(cause, certainty, _right_route(failed))

    return FailureDiagnosis(cause, certainty)


def _voice(request: WeekRequest, *, is_structured: bool) -> tuple[Cause, float]:
    """Returns the cause that the signs of one failed request speak for, and how loud."""
    reason = request.opinions.get("reason", "")
    if corrected_to(request) is not None or reason == "route":
        return "router", CLEAR
    if request.error in INVALID_ERRORS or reason == "format":
        return "prompt", CLEAR
    if request.verb in ("ask", "out_of_scope") or request.route is None:
        return "router", LIKELY
    if request.answered is False:
        return "retrieval", CLEAR

    if request.escalated:
        return "model", LIKELY

    # A complaint about facts says more than that somebody was not content.
    voice = LIKELY if reason == "facts" else SOFT
    if request.kind in RETRIEVING_KINDS:
        return "retrieval", voice
    if is_structured:
        return "training", voice

    return "prompt", voice


def _model_difference(
    failed: Sequence[WeekRequest], near: Sequence[WeekRequest]
) -> list[str] | None:
    """Returns the model that fails at these requests and one that does not; None without both."""
    ids = {request.id for request in failed}
    failures: Counter[str] = Counter()
    answers: Counter[str] = Counter()
    for request in near:
        # An answer that did not stand is one of its tier, whatever the next tier made of it.
        failures.update(request.escalated)
        answers.update(request.escalated)
        name = request.tier or request.model
        if name:
            answers[name] += 1
            is_wrong = request.id in ids and not (request.escalated and _is_silent(request))
            failures[name] += is_wrong

    compared = {
        model: failures[model] / count
        for model, count in answers.items()
        if count >= MIN_MODEL_REQUESTS
    }
    if len(compared) < 2:
        return None

    worst = max(compared, key=lambda model: (compared[model], model))
    best = min(compared, key=lambda model: (compared[model], model))
    if compared[worst] < WEAK_MODEL_SHARE or compared[best] > STRONG_MODEL_SHARE:
        return None

    return [str(worst), str(best)]


def _is_silent(request: WeekRequest) -> bool:
    """Returns whether nobody objected to the answer that stood in the end."""
    return request.opinions.get("thumb") != "down" and not request.asked_again


def _structured_failures(
    failed: Sequence[WeekRequest], is_structured: Callable[[WeekRequest], bool]
) -> int:
    return sum(is_structured(request) and request.error is None for request in failed)


def _right_route(failed: Sequence[WeekRequest]) -> dict[str, str]:
    """Returns the route that most people chose, and the one that most requests got."""
    chosen = Counter(corrected_to(request) for request in failed)
    del chosen[None]
    got = Counter(request.first_route or NO_ROUTE for request in failed)
    detail = {"from": got.most_common(1)[0][0]}
    if chosen:
        detail["to"] = str(chosen.most_common(1)[0][0])

    return detail
