"""The lifecycle of a candidate: its states, the transitions between them, and who may make each.

    detected -> digested -> approved | rejected | snoozed
    approved -> drafted -> shadow, where no route serves the requests yet
    rolled_back -> drafted | approved | rejected, where nothing else serves them
    approved -> optimised -> kept_prompt | rag | dataset -> reviewed -> tuned -> evaluated
    evaluated | kept_prompt | rag -> shadow -> canary -> live -> drifting | rolled_back | retired

Every state has a way back. Only a person approves a candidate, reviews a dataset and starts a
canary.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from router.errors import IllegalTransitionError

State = Literal[
    "detected",
    "digested",
    "rejected",
    "snoozed",
    "approved",
    "drafted",
    "optimised",
    "kept_prompt",
    "rag",
    "dataset",
    "reviewed",
    "tuned",
    "evaluated",
    "shadow",
    "canary",
    "live",
    "drifting",
    "rolled_back",
    "retired",
]
STATES: tuple[State, ...] = get_args(State)
BEFORE_APPROVAL: frozenset[State] = frozenset({"detected", "digested", "rejected", "snoozed"})
"""The states that a candidate can have without an approval."""
SYSTEM = "beagle"
"""The actor of automatic transitions; every other actor is a person's user id."""

AllowedActor = Literal["anyone", "person"]
TRANSITIONS: Mapping[tuple[State, State], AllowedActor] = {
    ("detected", "digested"): "anyone",
    ("digested", "approved"): "person",
    ("digested", "rejected"): "person",
    ("digested", "snoozed"): "person",
    # A person can take a verdict back. A candidate that grew or changed much returns to the digest
    # by itself.
    ("approved", "digested"): "person",
    ("rejected", "digested"): "anyone",
    ("snoozed", "digested"): "anyone",
    # Where no route serves the requests, one is drafted first. It is evaluated, edited and
    # evaluated again, drafted in another way, or rejected; nobody but a person starts it.
    ("approved", "drafted"): "anyone",
    ("drafted", "drafted"): "anyone",
    ("drafted", "approved"): "person",
    ("drafted", "rejected"): "person",
    ("drafted", "shadow"): "person",
    ("approved", "optimised"): "anyone",
    ("optimised", "approved"): "person",
    ("optimised", "kept_prompt"): "anyone",
    ("optimised", "rag"): "anyone",
    ("optimised", "dataset"): "anyone",
    ("kept_prompt", "digested"): "anyone",
    ("kept_prompt", "approved"): "person",
    ("kept_prompt", "drifting"): "anyone",
    # A better prompt was found but is not live. It takes the same steps as a trained version:
    # shadow, canary, live.
    ("kept_prompt", "shadow"): "person",
    ("rag", "digested"): "anyone",
    ("rag", "approved"): "person",
    ("rag", "drifting"): "anyone",
    ("rag", "shadow"): "person",
    # A person sends a dataset back, or finds it worth training.
    ("dataset", "optimised"): "person",
    ("dataset", "reviewed"): "person",
    ("dataset", "drifting"): "person",
    ("dataset", "rolled_back"): "anyone",
    ("reviewed", "dataset"): "anyone",
    ("reviewed", "tuned"): "anyone",
    ("tuned", "reviewed"): "anyone",
    ("tuned", "evaluated"): "anyone",
    ("evaluated", "reviewed"): "person",
    ("evaluated", "kept_prompt"): "anyone",
    ("evaluated", "shadow"): "anyone",
    ("evaluated", "drifting"): "anyone",
    ("shadow", "evaluated"): "anyone",
    ("shadow", "canary"): "person",
    ("shadow", "kept_prompt"): "anyone",
    ("shadow", "rolled_back"): "anyone",
    # The canary answers more people, step by step.
    ("canary", "canary"): "anyone",
    ("canary", "shadow"): "anyone",
    ("canary", "live"): "anyone",
    ("canary", "rolled_back"): "anyone",
    ("live", "drifting"): "anyone",
    ("live", "rolled_back"): "anyone",
    ("live", "retired"): "person",
    # The drift is over, or a person has dismissed the alarm.
    ("drifting", "live"): "anyone",
    ("drifting", "dataset"): "person",
    ("drifting", "approved"): "person",
    ("drifting", "rolled_back"): "anyone",
    ("drifting", "retired"): "person",
    ("rolled_back", "shadow"): "person",
    ("rolled_back", "dataset"): "person",
    # A drafted route without another version: a person mends the draft, or ends it.
    ("rolled_back", "drafted"): "person",
    ("rolled_back", "approved"): "person",
    ("rolled_back", "rejected"): "person",
    ("rolled_back", "drifting"): "anyone",
    ("rolled_back", "retired"): "anyone",
    ("retired", "digested"): "anyone",
}
RETRAINING_STATES: tuple[State, ...] = ("kept_prompt", "rag", "dataset", "evaluated", "rolled_back")
"""States during or after retraining, in which the version before may still be live and drift."""
REQUIRES_LIVE_VERSION: frozenset[tuple[State, State]] = frozenset(
    {("dataset", "rolled_back"), *((state, "drifting") for state in RETRAINING_STATES)}
)
"""Transitions that need a candidate of which a version has been live."""


def next_states(state: State) -> tuple[State, ...]:
    """Returns the states that can follow, in the order of `STATES`."""
    return tuple(target for target in STATES if (state, target) in TRANSITIONS)


def check_transition(
    state: State, target: State, actor: str, approver: str | None = None, *, was_live: bool = False
) -> None:
    """Raises IllegalTransitionError unless `actor` may take a candidate from `state` to `target`.

    `approver` is the person who approved it; without one, it cannot pass the approval. `was_live`
    tells whether a version of it has been live.
    """
    allowed_actor = TRANSITIONS.get((state, target))
    doing = f"taking a candidate from {state!r} to {target!r}"

    if allowed_actor is None:
        known = ", ".join(next_states(state)) or "none"
        raise IllegalTransitionError(f"{doing}: there is no such step; from here: {known}")

    if not actor:
        raise IllegalTransitionError(
            f"{doing}: nobody is named as its actor; name a person, or {SYSTEM!r}"
        )

    if allowed_actor == "person" and actor == SYSTEM:
        raise IllegalTransitionError(f"{doing}: only a person may; ask an admin to do it")

    if target not in BEFORE_APPROVAL and target != "approved" and not approver:
        raise IllegalTransitionError(
            f"{doing}: nobody has approved it; an admin has to approve it first"
        )

    if (state, target) in REQUIRES_LIVE_VERSION and not was_live:
        raise IllegalTransitionError(f"{doing}: no version of it was ever live; promote one first")
