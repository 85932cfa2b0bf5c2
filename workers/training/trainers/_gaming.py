"""A held-out check of a reward: whether the answers got better, or the reward alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from workers.evaluation.metrics import word_f1
from workers.training.reward import RewardFunction, parse_object

MIN_REWARD_GAIN = 0.05
"""A smaller rise of the reward is no reason to doubt it."""
MIN_SHARED_GAIN = 0.25
"""Of a rise of the reward, at least this share must be seen in the agreement with right answers."""
MAX_LENGTH_RATIO = 1.5
MAX_CONSTANT_RATIO = 2.0
MIN_CONSTANT_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class HeldOutFigures:
    """How a policy answers held-out prompts, greedily.

    `reward` and `right` (the share with the whole reward) are by the declared reward; `agreement`
    is by the reviewed answers, field by field, which the reward need not look at. All are 0-1.
    `characters` is the mean length of an answer, `constant` the share of the commonest one.
    """

    reward: float
    right: float
    agreement: float
    valid: float
    characters: float
    constant: float

    def as_dict(self) -> dict[str, float]:
        """Returns the figures for the bill and for checkpoints."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def held_out_figures(
    reward: RewardFunction, messages: Sequence[str], answers: Sequence[str], right: Sequence[str]
) -> HeldOutFigures:
    """Returns the figures of answers to held-out messages."""
    rewards = [
        reward.score(message, answer, best)
        for message, answer, best in zip(messages, answers, right, strict=True)
    ]
    count = len(answers)
    return HeldOutFigures(
        reward=sum(rewards) / count,
        right=sum(value > 1 - 1e-9 for value in rewards) / count,
        agreement=sum(map(_agreement, answers, right)) / count,
        valid=sum(map(reward.is_valid, answers)) / count,
        characters=sum(map(len, answers)) / count,
        constant=_commonest_share(answers),
    )


def gaming_reasons(
    before: HeldOutFigures, after: HeldOutFigures, right: Sequence[str]
) -> list[str]:
    """Returns why the reward looks gamed, in words; empty where nothing speaks for it."""
    reasons = []
    gain = after.reward - before.reward
    shared = after.agreement - before.agreement
    if gain >= MIN_REWARD_GAIN and shared < MIN_SHARED_GAIN * gain:
        reasons.append(
            f"the reward rose by {gain:.2f} and the agreement with reviewed answers by "
            f"{shared:+.2f}"
        )

    natural = _commonest_share(right)
    limit = max(MIN_CONSTANT_SHARE, MAX_CONSTANT_RATIO * natural)
    # A start that was poor in the same way has not been made so by the reward.
    if after.constant > max(limit, before.constant):
        reasons.append(
            f"{after.constant:.0%} of the answers are the same one; of the right ones {natural:.0%}"
        )

    usual = sum(map(len, right)) / len(right)
    ratio = after.characters / usual
    moved = abs(after.characters - usual) > abs(before.characters - usual)
    if moved and not 1 / MAX_LENGTH_RATIO <= ratio <= MAX_LENGTH_RATIO:
        reasons.append(f"answers have {ratio:.1f} times the length of the right ones")

    return reasons


def _agreement(answer: str, right: str) -> float:
    """Returns the mean over the right answer's fields: equal, or the F1 of its words for texts."""
    wanted = parse_object(right)
    if wanted is None:
        return word_f1(answer, right)

    given = parse_object(answer)
    if given is None or not wanted:
        return float(given == wanted)

    scores = []
    for name, value in wanted.items():
        scores.append(_field_agreement(given.get(name), value))

    return sum(scores) / len(scores)


def _field_agreement(value: Any, right: Any) -> float:
    if value == right:
        return 1.0

    return word_f1(value, right) if isinstance(value, str) and isinstance(right, str) else 0.0


def _commonest_share(texts: Sequence[str]) -> float:
    return Counter(texts).most_common(1)[0][1] / len(texts)
