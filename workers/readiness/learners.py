"""Small learners on labelled answers, cross-validated: what a head reaches, what tuning may reach.

A fine-tuned model costs hours and a review before anybody knows what it reaches. Learners that fit
in a second tell beforehand whether the answers follow from the messages at all, and whether more
rows would help.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.readiness.structure import WORD
from workers.readiness.trial_results import LearnedResult

FOLDS = 5
MIN_ROWS = 50
"""Fewer scored rows tell nothing about a learner."""
CURVE_SHARES = (0.25, 0.5, 1.0)
"""Shares of the rows to learn from, for the learning curve."""
MIN_WORD_ROWS = 3
"""Messages in which a word must occur at least: in fewer it is chance."""
WORD_SHARES = (0.01, 0.03)
"""Shares of the messages in which a word must occur, one learner for each."""

Vectors = NDArray[np.float32]
Indices = NDArray[np.intp]
Fit = Callable[["LabelledTexts", Indices, Indices], list[str]]
"""Learns from the first rows and returns an answer for each of the second."""


@dataclass(frozen=True, slots=True)
class LabelledTexts:
    """Messages with their right answers as text, and their embeddings, `(n, d)`, in one order.

    The first `scored` rows measure: their answers were written or reviewed by a person, whatever
    was answered before. The others only teach: people liked an answer, and what a prompt gets right
    is no fair sample of what is asked.
    """

    texts: Sequence[str]
    answers: Sequence[str]
    vectors: Vectors
    scored: int


def cross_validate_learners(rows: LabelledTexts, max_answers: int) -> LearnedResult | None:
    """Measures the learners on the scored rows; None with fewer than MIN_ROWS of them.

    Also None where answers are not chosen from a small set of at most `max_answers`.
    """
    frequent = _frequent_answers(rows, max_answers)
    if rows.scored < MIN_ROWS or frequent is None:
        return None

    pools = _pools(rows, frequent)
    heads = [_accuracy(rows, pool, fit_head) for pool in pools]
    best: tuple[float, Fit, Indices] = max(
        ((_accuracy(rows, pool, fit), fit, pool) for fit in _LEARNERS for pool in pools),
        key=lambda result: result[0],
    )

    accuracy, fit, pool = best
    curve = []
    for share in CURVE_SHARES[:-1]:
        curve.append((round(len(pool) * share), _accuracy(rows, pool, fit, share)))

    curve.append((len(pool), accuracy))
    return LearnedResult(rows.scored, max(heads), accuracy, tuple(curve))


def fit_head(rows: LabelledTexts, train: Indices, held_out: Indices) -> list[str]:
    """Learns an L2-regularised logistic regression on the embeddings; see `Fit`."""
    from sklearn.linear_model import LogisticRegression  # takes a second to import

    return _fit(LogisticRegression(C=10.0, max_iter=300), rows, train, held_out, rows.vectors)


def fit_curved(rows: LabelledTexts, train: Indices, held_out: Indices) -> list[str]:
    """Learns a ridge classifier with a Gaussian kernel on the embeddings; see `Fit`."""
    return _fit(_KernelRidge("rbf", gamma=1.0), rows, train, held_out, rows.vectors)


def fit_word_pairs(
    rows: LabelledTexts, train: Indices, held_out: Indices, share: float
) -> list[str]:
    """Learns a ridge classifier on which words occur together; see `Fit`.

    Its quadratic kernel sees what two words decide together, which no linear classifier finds. Only
    words in at least `share` of the messages count: of rarer ones no pair occurs twice.
    """
    words = _word_vectors(rows, train, share)
    return _fit(_KernelRidge("poly", gamma=1.0), rows, train, held_out, words)


_LEARNERS: tuple[Fit, ...] = (
    fit_head,
    fit_curved,
    *(partial(fit_word_pairs, share=share) for share in WORD_SHARES),
)


class _KernelRidge:
    """Classifies by kernel ridge regression on one-hot answers.

    A closed form takes the same time on any rows; a support vector machine may take hours where
    there is nothing to learn.
    """

    def __init__(self, kernel: str, gamma: float) -> None:
        from sklearn.kernel_ridge import KernelRidge

        self._model = KernelRidge(alpha=1.0, kernel=kernel, gamma=gamma, degree=2, coef0=1.0)
        self._answers: NDArray[np.str_] = np.array([])

    def fit(self, inputs: Any, targets: Sequence[str]) -> None:
        self._answers, numbers = np.unique(targets, return_inverse=True)
        self._model.fit(inputs, np.eye(len(self._answers))[numbers])

    def predict(self, inputs: Any) -> Sequence[str]:
        return list(self._answers[np.asarray(self._model.predict(inputs)).argmax(axis=1)])


def _fit(
    model: Any, rows: LabelledTexts, train: Indices, held_out: Indices, inputs: Any
) -> list[str]:
    targets = [rows.answers[index] for index in train]
    # A classifier needs two classes; with one there is nothing to learn.
    if len(set(targets)) < 2:
        return [targets[0] if targets else ""] * len(held_out)

    model.fit(inputs[train], targets)
    return list(model.predict(inputs[held_out]))


def _word_vectors(rows: LabelledTexts, train: Indices, share: float) -> Any:
    """Returns which words each message has, of those in `share` (0-1) of the training messages."""
    from sklearn.feature_extraction.text import CountVectorizer

    min_rows = max(MIN_WORD_ROWS, round(share * len(train)))
    vectorizer = CountVectorizer(analyzer=_words, binary=True, min_df=min_rows)
    try:
        vectorizer.fit([rows.texts[index] for index in train])
    except ValueError:
        # No word recurs so often, so there is nothing to learn from.
        return np.zeros((len(rows.texts), 1), np.float32)

    return vectorizer.transform(rows.texts)


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def _frequent_answers(rows: LabelledTexts, max_answers: int) -> frozenset[str] | None:
    """Returns the answers that a fold can learn; None if they are no small set of two or more."""
    counts = Counter(rows.answers[: rows.scored])
    frequent = frozenset(answer for answer, count in counts.items() if answer and count > 1)
    covered = sum(counts[answer] for answer in frequent)
    if not 2 <= len(frequent) <= max_answers or covered < 0.9 * rows.scored:
        return None

    return frequent


def _pools(rows: LabelledTexts, frequent: frozenset[str]) -> list[Indices]:
    """Returns what to learn from: the scored rows alone, and with the rows that only teach.

    Both are tried: more rows help, unless what people liked is too one-sided.
    """
    usable = [index for index, answer in enumerate(rows.answers) if answer in frequent]
    everything = np.array(usable, np.intp)
    own = everything[everything < rows.scored]

    return [own, everything] if len(everything) > len(own) else [own]


def _accuracy(rows: LabelledTexts, pool: Indices, fit: Fit, share: float = 1.0) -> float:
    """Returns the share of scored rows whose answer is right, learned from the other folds.

    Only `share` of what a fold may learn from is used. Rare answers count as wrong.
    """
    right = 0
    for train, held_out in _folds(rows, pool):
        kept = train[: max(2, round(share * len(train)))]
        predicted = fit(rows, kept, held_out)
        right += sum(
            answer == rows.answers[index] for answer, index in zip(predicted, held_out, strict=True)
        )

    return right / rows.scored


def _folds(rows: LabelledTexts, pool: Indices) -> Iterator[tuple[Indices, Indices]]:
    """Yields what to learn from and what to answer; a message is never in both, nor a copy."""
    rng = np.random.default_rng(0)
    # Equal messages share a fold. The seed is fixed: a week is judged as before.
    keys = [" ".join(text.lower().split()) for text in rows.texts]
    fold_of = {key: int(rng.integers(FOLDS)) for key in dict.fromkeys(keys)}
    folds = np.array([fold_of[key] for key in keys])
    shuffled = rng.permutation(pool)

    for fold in range(FOLDS):
        held_out = np.flatnonzero(folds[: rows.scored] == fold)
        if len(held_out):
            yield shuffled[folds[shuffled] != fold], held_out
