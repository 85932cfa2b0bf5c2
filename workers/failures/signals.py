"""Which requests failed, and by which signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from router.errors import WEAK_ERRORS
from router.store.mining.week_requests import WeekRequest
from router.text.normalise import normalise

Signal = Literal[
    "corrected",
    "thumbed_down",
    "asked_again",
    "invalid",
    "not_found",
    "escalated",
    "stopped",
    "given_up",
]
INVALID_ERRORS = frozenset({"model_refused", *WEAK_ERRORS})
"""The model gave nothing that the route's form or the checks of answers allow."""
GIVEN_UP_ERRORS = frozenset({"gave_up", "undecided"})
AGAIN_SECONDS = 600.0
"""The same person asking the same so soon after an answer was not helped by it."""
AGAIN_COSINE = 0.65
"""From here on a message says the same. Routing uses both limits, within one route alone."""


def find_signals(requests: Sequence[WeekRequest]) -> dict[str, tuple[Signal, ...]]:
    """Returns the signs of failure by request id; what failed by no sign is left out.

    A failure of the machinery (no model, a used-up budget) is no failure of an answer. `requests`
    are in the order of their time.
    """
    again = _asked_again(requests)
    found: dict[str, tuple[Signal, ...]] = {}
    for request in requests:
        signals = _signals(request, is_repeated=request.id in again)
        if signals:
            found[request.id] = tuple(signals)

    return found


def corrected_to(request: WeekRequest) -> str | None:
    """Returns the route that people or an admin chose instead; None where nobody did.

    Where Beagle asked back, nothing was decided that a choice could correct.
    """
    if request.first_verb == "ask":
        return None

    for aspect in ("review", "route"):
        chosen = request.opinions.get(aspect)
        if chosen and chosen != request.first_route:
            return chosen

    return None


def unit_vector(request: WeekRequest, encoder: str) -> NDArray[np.float32] | None:
    """Returns the request's vector by that encoder, of length 1; None without one."""
    if request.vector is None or request.encoder != encoder:
        return None

    vector = np.frombuffer(request.vector, np.float32)
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length, np.float32) if length else None


def _signals(request: WeekRequest, *, is_repeated: bool) -> list[Signal]:
    opinions: Mapping[str, str] = request.opinions
    signals: list[Signal] = []
    if corrected_to(request) is not None:
        signals.append("corrected")
    if opinions.get("thumb") == "down":
        signals.append("thumbed_down")
    if (is_repeated or request.asked_again) and opinions.get("thumb") != "up":
        signals.append("asked_again")
    if request.error in INVALID_ERRORS:
        signals.append("invalid")
    if request.answered is False:
        signals.append("not_found")
    if request.escalated:
        signals.append("escalated")
    if request.stopped:
        signals.append("stopped")
    if request.error in GIVEN_UP_ERRORS or request.state == "dead":
        signals.append("given_up")

    return signals


def _asked_again(requests: Sequence[WeekRequest]) -> set[str]:
    """Returns the ids of requests that their person soon asked again, in nearly the same words."""
    last_of: dict[str, WeekRequest] = {}
    again = set()
    for request in requests:
        before = last_of.get(request.user)
        if before is not None and _is_same(before, request):
            again.add(before.id)

        last_of[request.user] = request

    return again


def _is_same(before: WeekRequest, request: WeekRequest) -> bool:
    if request.received_at - before.received_at > AGAIN_SECONDS:
        return False
    if normalise(before.text).casefold() == normalise(request.text).casefold():
        return True

    encoder = before.encoder or ""
    one, other = unit_vector(before, encoder), unit_vector(request, encoder)
    if one is None or other is None or len(one) != len(other):
        return False

    return float(one @ other) >= AGAIN_COSINE
