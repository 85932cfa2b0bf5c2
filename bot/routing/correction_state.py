"""What became of a person's correction: learned, set aside, or not looked at yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.ui.texts import labelling as texts
from router.learning.corrections import text_key
from router.learning.learner import TrainingResult
from router.store import Store
from router.types import Request


@dataclass(frozen=True, slots=True)
class CorrectionState:
    """Whether the workspace's router has learned a correction.

    `open` is one that no training has read yet, `untaught` one that teaches nothing: of another
    company's person, or of one who opted out. `reason` says why one was `set_aside`, and
    `is_reviewable` whether `/beagle label` shows it to admins.
    """

    outcome: Literal["learned", "set_aside", "open", "untaught"]
    reason: str = ""
    is_reviewable: bool = False


OPEN = CorrectionState("open")
UNTAUGHT = CorrectionState("untaught")
LEARNED = CorrectionState("learned")


def correction_state(
    store: Store, result: TrainingResult, request: Request, user: str
) -> CorrectionState:
    """Returns what the last training made of the person's correction of that request."""
    labels = [
        label
        for label in store.labels.all(request.team)
        if (label.request, label.example.user) == (request.id, user)
        and label.example.source == "feedback"
    ]
    if not labels:
        return UNTAUGHT

    label = labels[-1]
    for quarantined in result.quarantined:
        if quarantined.example.id == label.example.id:
            # What follows names routes, which the person may not see, or speaks to admins.
            reason = quarantined.reason.partition(";")[0].partition(":")[0]
            return CorrectionState("set_aside", reason, label.showable)

    # One message counts once: the same label of somebody else stands for this one.
    for example in result.used:
        if text_key(example) == text_key(label.example):
            if example.route == label.example.route:
                return LEARNED
            return CorrectionState("set_aside", texts.DECIDED_OTHERWISE)

    return OPEN
