"""How far two answers to one request agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.types import Outcome
from workers.evaluation.metrics import field_scores, scoring_rule, word_f1


def agreement(output: Mapping[str, Any] | None, answer: Outcome, other: Outcome) -> float:
    """Returns how much of `answer` the other outcome repeats, in 0-1.

    With an output schema it is the mean over the fields, else the F1 score of shared words.
    """
    if output is None or not isinstance(answer.data, Mapping):
        return word_f1(other.text, answer.text)

    scores = field_scores(scoring_rule(output, ()), other.data, answer.data)
    if not scores:
        return 1.0

    return sum(scores.values()) / len(scores)
