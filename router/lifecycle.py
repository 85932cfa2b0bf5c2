"""The life of a candidate: its states, the edges between them, and who may take each.

    detected -> digested -> approved | rejected | snoozed
    approved -> optimised -> kept_prompt | rag | dataset -> reviewed -> tuned -> evaluated
    evaluated | kept_prompt | rag -> shadow -> canary -> live -> drifting | rolled_back | retired

Every state has a way back, and only a person approves, reviews a dataset and lets a version answer
the first people.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from router.errors import IllegalEdgeError

State = Literal[
    "detected",
    "digested",
    "rejected",
    "snoozed",
    "approved",
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
"""The states that need nobody's approval."""
SYSTEM = "beagle"
"""The actor of what Beagle does by itself; every other actor is the id of a person."""

Who = Literal["anyone", "person"]
EDGES: Mapping[tuple[State, State], Who] = {
    ("detected", "digested"): "anyone",
    ("digested", "approved"): "person",
    ("digested", "rejected"): "person",
    ("digested", "snoozed"): "person",
    # A verdict can be taken back; a candidate that changed much, or grew, comes up again by itself.
    ("approved", "digested"): "person",
    ("rejected", "digested"): "anyone",
    ("snoozed", "digested"): "anyone",
    ("approved", "optimised"): "anyone",
    ("optimised", "approved"): "person",
    ("optimised", "kept_prompt"): "anyone",
    ("optimised", "rag"): "anyone",
    ("optimised", "dataset"): "anyone",
    ("kept_prompt", "digested"): "anyone",
    ("kept_prompt", "approved"): "person",
    ("kept_prompt", "drifting"): "anyone",
    # A better prompt, or one with documents, was proved but answers nobody yet: it goes the careful
    # way too.
    ("kept_prompt", "shadow"): "person",
    ("rag", "digested"): "anyone",
    ("rag", "approved"): "person",
    ("rag", "drifting"): "anyone",
    ("rag", "shadow"): "person",
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
    ("canary", "canary"): "anyone",
    ("canary", "shadow"): "anyone",
    ("canary", "live"): "anyone",
    ("canary", "rolled_back"): "anyone",
    ("live", "drifting"): "anyone",
    ("live", "rolled_back"): "anyone",
    ("live", "retired"): "person",
    ("drifting", "live"): "anyone",
    ("drifting", "dataset"): "person",
    ("drifting", "approved"): "person",
    ("drifting", "rolled_back"): "anyone",
    ("drifting", "retired"): "person",
    ("rolled_back", "shadow"): "person",
    ("rolled_back", "dataset"): "person",
    ("rolled_back", "drifting"): "anyone",
    ("rolled_back", "retired"): "anyone",
    ("retired", "digested"): "anyone",
}
AGAIN: tuple[State, ...] = ("kept_prompt", "rag", "dataset", "evaluated", "rolled_back")
"""Where a candidate may stand whose live version answers on while a new one is made, or after
that led nowhere."""
NEEDS_LIVED = frozenset({("dataset", "rolled_back"), *((state, "drifting") for state in AGAIN)})
"""Steps that only a candidate can take of which a version was live."""


def after(state: State) -> tuple[State, ...]:
    """The states that can follow, in the order of the list above."""
    return tuple(to for to in STATES if (state, to) in EDGES)


def check(
    state: State, to: State, actor: str, approver: str | None = None, *, lived: bool = False
) -> None:
    """Returns when `actor` may take the candidate from `state` to `to`.

    `approver` is the person who had approved it; without one it stays before approval. `lived` is
    whether a version of it was live: only then one drifts. Raises IllegalEdgeError.
    """
    who = EDGES.get((state, to))
    doing = f"taking a candidate from {state!r} to {to!r}"

    if who is None:
        raise IllegalEdgeError(
            f"{doing}: there is no such step; from here: {', '.join(after(state)) or 'none'}"
        )

    if not actor:
        raise IllegalEdgeError(
            f"{doing}: nobody is named as its actor; name a person, or {SYSTEM!r}"
        )

    if who == "person" and actor == SYSTEM:
        raise IllegalEdgeError(f"{doing}: only a person may; ask an admin to do it")
    if to not in BEFORE_APPROVAL and to != "approved" and not approver:
        raise IllegalEdgeError(f"{doing}: nobody has approved it; an admin has to approve it first")
    if (state, to) in NEEDS_LIVED and not lived:
        raise IllegalEdgeError(f"{doing}: no version of it was ever live; let one in first")
