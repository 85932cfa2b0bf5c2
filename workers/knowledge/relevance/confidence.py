"""How probable it is that the best quote answers: fitted on questions of people and their answers.

No single figure tells it. A near line of a passage that is far from the others is a better sign
than a nearer one among many that are as near; and a long question is matched by chance more often.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workers.knowledge.relevance.features import LINE_FEATURES, PASSAGE_FEATURES, PassageMatch
from workers.knowledge.relevance.line_meaning import LineMeaning
from workers.knowledge.relevance.ranking import LinearModel

FILE = Path(__file__).parent / "confidence.json"
"""For quotes that nothing but the vectors of their lines has ranked; `beagle eval fit_confidence`
writes it."""
SCORED_FILE = Path(__file__).parent / "confidence_scored.json"
"""For quotes that the scorer has read; `beagle eval fit_quote_scorer` writes it."""
_OWN_FEATURES = """
cosine score place support margin best_cosine best_soft_line words
"""
FEATURES = (
    *(f"passage_{name}" for name in PASSAGE_FEATURES),
    *(f"line_{name}" for name in LINE_FEATURES),
    *_OWN_FEATURES.split(),
)
"""Those of the best line's passage and of the line itself; its cosine and score; its passage's
reciprocal rank; what the words alone say; how much it scores above the best line of another
passage, or above 0 where there is none; the best cosine and the best match of words of any line;
and the logarithm of the number of words asked. None depends on how much there is to read: a
collection may be one sentence."""
SCORED_FEATURES = (*FEATURES, "read", "read_margin", "read_share")
"""With a scorer, also what it says of the best quote, how much more than of the best one of another
passage (than 0 where there is none), and its share in the softmax over all quotes."""
SOFT_LINE = LINE_FEATURES.index("soft_line")


@dataclass(frozen=True, slots=True)
class ConfidenceModel:
    """A logistic regression over `FEATURES` or `SCORED_FEATURES`.

    A quote is shown as an answer from `min_answer`, and as perhaps one from `min_doubtful`.
    """

    model: LinearModel
    min_answer: float
    min_doubtful: float

    @classmethod
    def load(cls, path: Path, features: Sequence[str] = FEATURES) -> ConfidenceModel:
        """Returns the model of a file. Raises ValueError if it was fitted on other features."""
        fields = json.loads(path.read_text("utf-8"))
        if fields["features"] != list(features):
            raise ValueError(
                f"reading {path}: fitted on features {fields['features']}, but the code has "
                f"{list(features)}; fit it again with `beagle eval fit_confidence`, or "
                "`fit_quote_scorer` for quotes that are scored"
            )

        model = LinearModel.parse(fields["model"])
        return cls(model, float(fields["min_answer"]), float(fields["min_doubtful"]))

    def chance(self, features: NDArray[np.float64] | None) -> float:
        """Returns the probability (0-1) that the quote answers; 0 without one."""
        return 0.0 if features is None else float(self.model.chances(features[None])[0])


@cache
def confidence_model(*, is_scored: bool) -> ConfidenceModel:
    """Returns the model that is part of the package, for quotes that a scorer has read or not."""
    if is_scored:
        return ConfidenceModel.load(SCORED_FILE, SCORED_FEATURES)

    return ConfidenceModel.load(FILE)


def confidence_features(
    question: str,
    matches: Sequence[PassageMatch],
    near: Sequence[LineMeaning],
    support: float,
) -> NDArray[np.float64]:
    """Returns the features of the first of `near`, the lines that can be quoted, best first.

    What is not known, such as a cosine that the index has not computed, is not a number.
    """
    best = near[0]
    others = [line.score for line in near if line.passage != best.passage]
    own: Mapping[str, float] = {
        "cosine": best.cosine,
        "score": best.score,
        "place": 1 / (2 + best.passage),
        "support": support,
        "margin": best.score - max(others, default=0.0),
        "best_cosine": max(line.cosine for line in near),
        "best_soft_line": max(
            float(matches[line.passage].lines[line.place, SOFT_LINE]) for line in near
        ),
        "words": float(np.log1p(len(question.split()))),
    }
    match = matches[best.passage]
    row = [*match.features, *match.lines[best.place], *own.values()]
    return np.array(row, np.float64)


def with_scores(
    features: NDArray[np.float64], scores: NDArray[np.float64], passages: Sequence[int]
) -> NDArray[np.float64]:
    """Returns the `SCORED_FEATURES` of the first of some quotes, from its `FEATURES`.

    `scores` are those of the quotes, best first, and `passages` the passages that they are from.
    """
    best = float(scores[0])
    others = [
        float(score)
        for score, passage in zip(scores, passages, strict=True)
        if passage != passages[0]
    ]
    share = 1 / float(np.exp(scores - best).sum())
    return np.array([*features, best, best - max(others, default=0.0), share], np.float64)
