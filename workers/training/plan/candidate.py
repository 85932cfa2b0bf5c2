"""What a candidate brings to a training, and what training it on this machine takes."""

from __future__ import annotations

from router.types import Candidate
from workers.training.plan import Card, TrainingPlan, plan_training
from workers.training.plan.memory import Method

BYTES_PER_TOKEN = 4
ANSWER_TOKENS = 60
"""Tokens of an answer and of the chat template around both."""
CPU = Card("this machine's processor", 24, (0.2, 0.0), (0.2, 0.0), start_hours=(0.01, 0.1))
"""Two cores trained the small model with 0.09e12 operations a second, which is 45 % of this peak:
2.9 CPU seconds for a step of eight short examples."""


def learnable_rows(candidate: Candidate) -> int:
    """Returns how many of its requests may be learned from.

    Messages of mined channels were not sent to Beagle: they are counted, never learned from.
    """
    return candidate.evidence.count - candidate.evidence.channel_messages


def row_tokens(candidate: Candidate) -> int:
    """Returns the tokens of one of its examples, by its masked texts; 0 where it shows none."""
    texts = candidate.evidence.examples
    if not texts:
        return 0

    size = sum(len(text.encode()) for text in texts) / len(texts)
    return round(size / BYTES_PER_TOKEN) + ANSWER_TOKENS


def plan_here(candidate: Candidate, base: str, rank: int, method: Method = "lora") -> TrainingPlan:
    """Returns the plan of training a base on this machine, an adapter unless it says otherwise."""
    rows = max(1, learnable_rows(candidate))
    return plan_training(base, method, rows, row_tokens(candidate) or None, rank, CPU)
