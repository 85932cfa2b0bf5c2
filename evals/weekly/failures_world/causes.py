"""What people do about an answer that failed for a known cause, and what the answer looked like.

Only a part of them say what was wrong; the others press a thumb, ask again, or stop it. Some name
the wrong reason.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from router.store.weekly.failure_groups import Cause

PROMPT, DOCUMENTS, FORM, OTHER = "rewrite-text", "handbook-docs", "intake-form", "other-task"
"""Routes: a free prompt, answers from documents, answers in a form, and one more prompt."""
SMALL, LARGE = "local/small", "vendor/large"
WRONG_REASON_SHARE = 0.1
REASONS = ("route", "facts", "format", "slow")
SOFT_SIGNS = ("thumb", "again", "stop")


@dataclass(frozen=True, slots=True)
class Topic:
    """A kind of request, what is wrong with it (None: nothing), and how it is served.

    `words` are those that its messages share. `gap` says what is wrong with its documents.
    """

    number: int
    words: Sequence[str]
    cause: Cause | None
    route: str
    gap: str = ""


@dataclass(frozen=True, slots=True)
class Served:
    """How one request was served, and what its person did then.

    `error`, `answered`, `cited` and `model` are of the answer; `thumb`, `reason`, `chosen` (the
    right route), `again` and `stop` are the person's.
    """

    route: str | None
    model: str = LARGE
    error: str | None = None
    answered: bool | None = None
    cited: bool = False
    thumb: str = ""
    reason: str = ""
    chosen: str = ""
    again: bool = False
    stop: bool = False


@dataclass
class Person:
    """Draws what people do; equal seeds, equal people."""

    rng: random.Random
    signs: dict[str, object] = field(default_factory=dict)

    def is_so(self, share: float) -> bool:
        """Returns True in that share (0-1) of the cases."""
        return self.rng.random() < share

    def complain(self, reason: str, share: float) -> dict[str, object]:
        """Returns a thumb down with that reason in `share` of the cases, else a soft sign."""
        if not self.is_so(share):
            return self.soft_sign()

        if self.is_so(WRONG_REASON_SHARE):
            reason = self.rng.choice(REASONS)

        return {"thumb": "down", "reason": reason}

    def soft_sign(self) -> dict[str, object]:
        """Returns a sign that says only that something was wrong."""
        sign = self.rng.choice(SOFT_SIGNS)
        return {"thumb": "down"} if sign == "thumb" else {sign: True}


def serve_well(topic: Topic, people: Person) -> Served:
    """Returns how a request of the topic is served where nothing is wrong."""
    thumb = "up" if people.is_so(0.15) else ""
    is_cited = topic.route == DOCUMENTS
    return Served(topic.route, answered=True if is_cited else None, cited=is_cited, thumb=thumb)


def serve_badly(topic: Topic, people: Person) -> Served:
    """Returns how a request fails for the topic's cause."""
    if topic.cause == "router":
        return _misrouted(topic, people)
    if topic.cause == "retrieval":
        return _without_document(topic, people)
    if topic.cause == "model":
        return Served(topic.route, SMALL, **people.complain("facts", 0.4))  # type: ignore[arg-type]
    if topic.cause == "training":
        return Served(topic.route, **people.complain("facts", 0.5))  # type: ignore[arg-type]

    # A rule of the prompt that is missing or not obeyed.
    if people.is_so(0.25):
        return Served(topic.route, error="model_refused")

    return Served(topic.route, **people.complain("format", 0.55))  # type: ignore[arg-type]


def serve_by_chance(topic: Topic, people: Person) -> Served:
    """Returns a failure that has nothing to do with the topic."""
    if topic.route == DOCUMENTS and people.is_so(0.4):
        return Served(topic.route, answered=False)

    reason = people.rng.choice(REASONS)
    is_cited = topic.route == DOCUMENTS
    signs = people.complain(reason, 0.5)
    answered = True if is_cited else None
    return Served(topic.route, answered=answered, cited=is_cited, **signs)  # type: ignore[arg-type]


def _misrouted(topic: Topic, people: Person) -> Served:
    """The router sends it elsewhere, often to documents that have nothing to say, or nowhere."""
    right = topic.route
    wrong = people.rng.choice([DOCUMENTS, OTHER, None])
    answered = people.is_so(0.4) if wrong == DOCUMENTS else None
    if people.is_so(0.5):
        return Served(wrong, answered=answered, chosen=right)

    signs = people.complain("route", 0.4)
    return Served(wrong, answered=answered, **signs)  # type: ignore[arg-type]


def _without_document(topic: Topic, people: Person) -> Served:
    if topic.gap == "stale":
        signs = people.complain("facts", 0.55)
        return Served(topic.route, answered=True, cited=True, **signs)  # type: ignore[arg-type]
    if people.is_so(0.75):
        return Served(topic.route, answered=False)

    # It quotes something near that does not help.
    signs = people.complain("facts", 0.5)
    return Served(topic.route, answered=True, cited=True, **signs)  # type: ignore[arg-type]
