"""The evidence for each step in a candidate's life cycle.

There is one frozen dataclass for every state. The caller builds the evidence of the next state and
hands it to `store.candidates.advance`. The audit keeps it as JSON, with the
keys in `stored(...)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from router.evidence_codec import decode, stored
from router.lifecycle import State


@dataclass(frozen=True, kw_only=True)
class TransitionEvidence:
    """The fields that the evidence of any step may have.

    `version` is the route's version that the step moves, `previous_version` the one that answers,
    or answered, before it. `report` names the report that the step is based on. `explanation` is in
    Beagle's words, `reason` in those of the person who took the step.
    """

    state: ClassVar[State]

    route: str | None = stored()
    version: str | None = stored()
    previous_version: str = stored("before", default="")
    report: str | None = stored()
    explanation: str = stored("why", default="")
    reason: str = stored(default="")

    @property
    def subject_version(self) -> str | None:
        """The version that the step is about, whether it moves it or only measured it."""
        return self.version


@dataclass(frozen=True, kw_only=True)
class PromptSearchEvidence(TransitionEvidence):
    """What optimising the prompt found.

    `dev_accuracy` (0-1) is by the way that was tried; `best_accuracy` was measured on the rows that
    `measured_on` names. `spend` has the calls and the USD that it took.
    """

    prompted_version: str | None = stored("prompted")
    dev_accuracy: Mapping[str, float] = stored("tried", default=dict)
    notes: str = stored("said", default="")
    best_accuracy: float | None = stored("best")
    measured_on: str = stored("measured", default="")
    spend: Mapping[str, Any] = stored("spent", default=dict)


@dataclass(frozen=True, kw_only=True)
class RetrievalSearchEvidence(PromptSearchEvidence):
    """What optimising the prompt found, and whether existing documents help.

    `retrieval_gain` (-1 to 1) is how many more of the same rows were right, with its 95 % interval.
    """

    retrieval_summary: str = stored("documents", default="")
    retrieval_gain: float | None = stored("gain")
    retrieval_gain_interval: tuple[float, ...] = stored("ci95", default=(), load=tuple)
    retrieval_spend: Mapping[str, Any] = stored("documents_spent", default=dict)


@dataclass(frozen=True, kw_only=True)
class DriftCheckEvidence(TransitionEvidence):
    """The weekly drift check that the step is based on, by its id and its ISO week."""

    drift_check: str = stored("drift", default="")
    week: str = stored(default="")


@dataclass(frozen=True, kw_only=True)
class DigestedEvidence(TransitionEvidence):
    """Why a candidate is in the digest, or comes up again."""

    state: ClassVar[State] = "digested"


@dataclass(frozen=True, kw_only=True)
class ApprovalEvidence(TransitionEvidence):
    """What an admin approved.

    The budget in USD, the base model to train, and learning from requests. `consent` is true only
    where the admin was asked in the approval dialog. `retraining_of` names the drifting version
    whose prompt is optimised again. `avoid` are the kinds of draft that the admin did not want.
    """

    state: ClassVar[State] = "approved"

    verdict: str = stored(default="")
    budget_usd: float = stored(default=0.0)
    base: str = stored(default="")
    consent: bool = stored(default=False)
    retraining_of: str | None = stored("drifts")
    avoid: tuple[str, ...] = stored(default=(), load=tuple)


@dataclass(frozen=True, kw_only=True)
class DraftedEvidence(TransitionEvidence):
    """The route that was drafted where none serves the requests, and how the draft did.

    Until it was `evaluated` the other figures are unknown. `routing` are the shares (0-1) of a
    `RoutingCheck`, `open_points` warnings of the lint, `monthly` the requests of a month and what
    they would cost in USD. `failures` are the kinds of what it did not pass (`no_answer`, `format`,
    `routing`); drafts of an earlier release have none.
    """

    state: ClassVar[State] = "drafted"

    evaluated: bool = stored(default=False)
    passed: bool | None = stored()
    reasons: tuple[str, ...] = stored(default=(), load=tuple)
    routing: Mapping[str, Any] = stored(default=dict)
    open_points: tuple[str, ...] = stored(default=(), load=tuple)
    monthly: Mapping[str, Any] = stored(default=dict)
    failures: tuple[str, ...] = stored(default=(), load=tuple)


@dataclass(frozen=True, kw_only=True)
class RejectionEvidence(TransitionEvidence):
    """Why an admin turned a candidate down.

    Of a group that holds two requests, `split` keeps both packed centroids. Of one that belongs to
    another, `merged_into` names that one and `centroid` is its own, packed. Both lie in the vector
    space of `encoder`.
    """

    state: ClassVar[State] = "rejected"

    verdict: str = stored(default="")
    split: tuple[str, ...] = stored(default=(), load=tuple)
    merged_into: str = stored("into", default="")
    centroid: str = stored("centre", default="")
    encoder: str | None = stored()


@dataclass(frozen=True, kw_only=True)
class SnoozeEvidence(TransitionEvidence):
    """How long a candidate is snoozed.

    Until a time (unix seconds), or until it counts so many requests.
    """

    state: ClassVar[State] = "snoozed"

    verdict: str = stored(default="")
    until: float | None = stored()
    until_count: int | None = stored()


@dataclass(frozen=True, kw_only=True)
class OptimisedEvidence(PromptSearchEvidence):
    """The best prompt that was found, and how it did in its report."""

    state: ClassVar[State] = "optimised"

    measured_version: str | None = stored("candidate_version")
    passed: bool | None = stored()
    reasons: tuple[str, ...] = stored(default=(), load=tuple)

    @property
    def subject_version(self) -> str | None:
        """The version that the report is about."""
        return self.measured_version or self.version


@dataclass(frozen=True, kw_only=True)
class KeptPromptEvidence(RetrievalSearchEvidence):
    """Why nothing is trained.

    The prompt reached the `target`, or the trained version did not pass.
    """

    state: ClassVar[State] = "kept_prompt"

    target: float | None = stored()
    reasons: tuple[str, ...] = stored(default=(), load=tuple)


@dataclass(frozen=True, kw_only=True)
class RetrievalEvidence(RetrievalSearchEvidence):
    """Why documents are what is missing.

    They help, or the right answers change too often (`volatility`).
    """

    state: ClassVar[State] = "rag"

    volatility: float | None = stored()
    max_volatility: float | None = stored("limit")


@dataclass(frozen=True, kw_only=True)
class DatasetEvidence(RetrievalSearchEvidence):
    """The dataset that waits for its review.

    `retraining_of` names the drifting version it replaces.
    """

    state: ClassVar[State] = "dataset"

    dataset: str = stored(default="")
    rows: int = stored(default=0)
    people: int = stored(default=0)
    teacher_summary: str = stored("teacher", default="")
    retraining_of: str | None = stored("drifts")


@dataclass(frozen=True, kw_only=True)
class ReviewedEvidence(TransitionEvidence):
    """The dataset that people reviewed."""

    state: ClassVar[State] = "reviewed"

    dataset: str = stored(default="")


@dataclass(frozen=True, kw_only=True)
class TunedEvidence(TransitionEvidence):
    """The trained versions by kind, the bill of training, and the best prompted version to beat."""

    state: ClassVar[State] = "tuned"

    versions: Mapping[str, str] = stored(default=dict)
    bill: Mapping[str, Any] = stored(default=dict)
    dataset: str = stored(default="")
    prompted_version: str | None = stored("prompted")


@dataclass(frozen=True, kw_only=True)
class EvaluatedEvidence(TransitionEvidence):
    """How the trained version did on the test rows, by its report."""

    state: ClassVar[State] = "evaluated"

    measured_version: str | None = stored("candidate_version")
    passed: bool | None = stored()
    reasons: tuple[str, ...] = stored(default=(), load=tuple)
    dataset: str = stored(default="")

    @property
    def subject_version(self) -> str | None:
        """The version that the report is about."""
        return self.measured_version or self.version


@dataclass(frozen=True, kw_only=True)
class ShadowEvidence(TransitionEvidence):
    """The version that runs beside the live one from now on."""

    state: ClassVar[State] = "shadow"


@dataclass(frozen=True, kw_only=True)
class CanaryEvidence(TransitionEvidence):
    """The share of people (0-1) whom the version answers, and how it did in shadow before.

    `shadow_calls` counts its answers in shadow; `agreement` and `live_self_agreement` (0-1) say how
    often it, and the live version asked twice, gave the live version's answer.
    """

    state: ClassVar[State] = "canary"

    share: float = stored(default=0.0)
    shadow_calls: int | None = stored("calls")
    agreement: float | None = stored("agreed")
    live_self_agreement: float | None = stored("live_agreed_with_itself")


@dataclass(frozen=True, kw_only=True)
class LiveEvidence(DriftCheckEvidence):
    """The version that answers everybody; after drifting, the check by which it may."""

    state: ClassVar[State] = "live"


@dataclass(frozen=True, kw_only=True)
class DriftEvidence(DriftCheckEvidence):
    """The live version that does worse than when it was evaluated, and the figures that show it."""

    state: ClassVar[State] = "drifting"

    reasons: tuple[str, ...] = stored(default=(), load=tuple)


@dataclass(frozen=True, kw_only=True)
class RollbackEvidence(TransitionEvidence):
    """The version that was taken back; its explanation says why."""

    state: ClassVar[State] = "rolled_back"


@dataclass(frozen=True, kw_only=True)
class RetirementEvidence(TransitionEvidence):
    """The version that never answers again, and the one that answers in its place."""

    state: ClassVar[State] = "retired"

    replacement: str | None = stored("instead")


EVIDENCE_BY_STATE: Mapping[State, type[TransitionEvidence]] = {
    kind.state: kind
    for kind in (
        DigestedEvidence,
        ApprovalEvidence,
        DraftedEvidence,
        RejectionEvidence,
        SnoozeEvidence,
        OptimisedEvidence,
        KeptPromptEvidence,
        RetrievalEvidence,
        DatasetEvidence,
        ReviewedEvidence,
        TunedEvidence,
        EvaluatedEvidence,
        ShadowEvidence,
        CanaryEvidence,
        LiveEvidence,
        DriftEvidence,
        RollbackEvidence,
        RetirementEvidence,
    )
}
"""The evidence that a step needs, by the state it leads to."""


def decode_transition(state: State, body: Mapping[str, Any]) -> TransitionEvidence:
    """Returns the evidence of a stored step into `state`, from its JSON body."""
    return decode(EVIDENCE_BY_STATE[state], body)
