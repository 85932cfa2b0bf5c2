"""What the readiness gates decide from: a candidate's evidence, and the limits of the gates."""

from __future__ import annotations

from dataclasses import dataclass

from workers.mining.privacy import Protection
from workers.readiness.roi import Roi
from workers.readiness.structure import Structure


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The limits of the gates; each is a setting. Shares are in 0-1.

    Attributes:
        min_requests: Requests in four weeks.
        min_prompt_examples: Reviewed examples that the best prompt must be tried on.
        max_volatility: Share of near-identical requests whose answers change.
        max_retrieval_gain: Accuracy that documents may add before retrieval comes first.
        max_rules, max_prompt_words: From so many on, a prompt is not narrow.
        min_shape_share: Share of answers of the most frequent form.
        max_labels: Labels that a small model can tell apart; compared as bits of entropy.
        min_stable_weeks: Weeks without a new version.
        max_correction_rate: Share of answers that people corrected.
        min_reviewed, comfortable_reviewed: Reviewed examples to train on.
        head_tolerance: How far a linear head may stay below the target and still suffice.
        max_monthly_usd: What a candidate may cost a month with a prompt that is good enough.
    """

    min_requests: int = 30
    min_prompt_examples: int = 50
    max_volatility: float = 0.10
    max_retrieval_gain: float = 0.05
    max_rules: int = 20
    max_prompt_words: int = 1_000
    min_shape_share: float = 0.95
    max_labels: int = 20
    min_stable_weeks: int = 4
    max_correction_rate: float = 0.10
    min_reviewed: int = 500
    comfortable_reviewed: int = 2_000
    head_tolerance: float = 0.0
    max_monthly_usd: float = 300.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an approach achieved on reviewed examples; accuracies are in 0-1.

    `high` is the upper end of the accuracy's 95 % interval, the accuracy itself where nobody worked
    one out. `optimised` is False for a prompt as it was found, which can still become better.
    `change` names the prompted way that does it where that is not the live one; empty otherwise.
    `by_people` is whether people judged the answers that they got; else it was run on examples.
    """

    accuracy: float
    examples: int
    target: float = 0.9
    optimised: bool = True
    high: float | None = None
    change: str = ""
    by_people: bool = False

    @property
    def suffices(self) -> bool:
        """Whether it reaches the target."""
        return self.accuracy >= self.target

    def is_surely_below(self, needed: float) -> bool:
        """Returns whether its whole interval lies below that accuracy."""
        return (self.accuracy if self.high is None else self.high) < needed


@dataclass(frozen=True, slots=True)
class TuningEstimate:
    """The accuracy, 0-1, that a tuned model is expected to reach, with its 95 % interval."""

    low: float
    likely: float
    high: float


@dataclass(frozen=True, slots=True)
class ReadinessInput:
    """All that is known of a candidate; None is "not measured", which passes no gate.

    Attributes:
        prompt: The cheapest prompted way that reaches the target, else the most accurate one.
        monthly_usd: What that way costs a month at today's volume.
        retrieval_gain: How much accuracy documents add; `retrieval_low` is the lower end of its
            95 % interval, the gain itself where that was not worked out.
        no_documents: Whether there are none that everybody may read.
        rules, prompt_words: The size of the prompt.
        checkable: What of an answer a program can verify; empty where nothing.
        stable_weeks: For how long the version that answers has been the same.
        reviewed: Examples whose answer a person found right.
        head: A linear classifier on the embeddings.
        tuned: What tuning is expected to reach.
        approved_by: The admin who approved; empty without one.
    """

    protection: Protection
    monthly_requests: int
    structure: Structure
    prompt: Attempt | None = None
    monthly_usd: float | None = None
    retrieval_gain: float | None = None
    retrieval_low: float | None = None
    no_documents: bool = False
    rules: int | None = None
    prompt_words: int | None = None
    checkable: tuple[str, ...] | None = None
    stable_weeks: int | None = None
    reviewed: int = 0
    head: Attempt | None = None
    tuned: TuningEstimate | None = None
    roi: Roi | None = None
    approved_by: str = ""
