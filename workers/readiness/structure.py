"""How narrow and stable a candidate is (S2): read from the answers it got, and from its wording."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.mining.rows import Row
from workers.readiness.answer_shape import common_form

NEAR = 0.95
"""Two inputs this near want the same answer."""
APART_SECONDS = 7 * 86_400.0
SHORT_VALUE = 40
PAIR_ROWS = 2_000
HEAD_ROWS = 50
FEWEST_PAIRS = 10
"""Fewer near-identical pairs tell nothing."""
CLOSED = 0.95
"""So many of the answers must be one of the few."""
WORD = re.compile(r"[^\W_]+")
FOLDS = 5
SLOT = re.compile(
    r"\d+(?:[.,:/-]\d+)*|[$€£]\s?\d|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b"
    r"|\b(?:today|tomorrow|tonight|yesterday)\b|\[\w+\]|\"[^\"]+\"|<#\w+"
    r"|\b(?:january|february|march|april|june|july|august|september|october|november|december)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Structure:
    """What answers and wording say; shares in 0-1, None where nothing was recorded to tell.

    `one_form` is the share of answers of the most frequent form: one inferred schema, the same tool
    with the same arguments, or an edit of the message. `label_bits` is the entropy, in bits, of the
    most varied field that chooses from a list; `closed` says whether whole answers are chosen out
    of a small set. `volatility` is the share of near-identical inputs, a week or more apart, whose
    answers differ. `slots` are places filled in a message (numbers, dates, quoted things), on
    average.
    """

    answers: int
    one_form: float | None
    form: str
    label_bits: float | None
    length_spread: float | None
    volatility: float | None
    pairs: int
    correction_rate: float | None
    slots: float
    closed: bool | None = None


def read_structure(rows: Sequence[Row], vectors: NDArray[np.float32], most: int = 20) -> Structure:
    """The structure of a candidate's rows; `vectors` are theirs, rows of length 1, in the same order.

    `most` answers make a small set.
    """
    answered = [row for row in rows if row.record]
    form, share = common_form(answered)
    replies = [len(str(row.record["text"]).split()) for row in answered if row.record.get("text")]
    judged = [bool(row.record["corrected"]) for row in answered if "corrected" in row.record]
    volatile, pairs = _volatility(rows, vectors)

    return Structure(
        answers=len(answered),
        one_form=share if answered else None,
        form=form,
        label_bits=_label_bits(answered),
        length_spread=float(np.std(replies) / max(float(np.mean(replies)), 1.0))
        if replies
        else None,
        volatility=volatile,
        pairs=pairs,
        correction_rate=sum(judged) / len(judged) if judged else None,
        slots=float(np.mean([len(SLOT.findall(row.text)) for row in rows])) if rows else 0.0,
        closed=None if len(answered) < HEAD_ROWS else _closed_set(rows, most) is not None,
    )


@dataclass(frozen=True, slots=True)
class HeadTrial:
    """A linear head on the vectors, cross-validated: the share of `rows` answers that it gave, unseen, as recorded."""

    accuracy: float
    rows: int
    answers: int


def first_head(
    rows: Sequence[Row], vectors: NDArray[np.float32], most: int = 20
) -> HeadTrial | None:
    """What a linear head makes of these answers, and what tuning therefore has to beat.

    None where answers are not chosen out of a closed set of at most `most`, or are too few to tell.
    Answers too rare to be learnt count as wrong.
    """
    found = _closed_set(rows, most)
    if found is None or len(found[0]) < HEAD_ROWS:
        return None

    places, answers = found
    counts = Counter(answers)

    kept = [
        (place, answer)
        for place, answer in zip(places, answers, strict=True)
        if counts[answer] >= FOLDS
    ]
    if len({answer for _, answer in kept}) < 2:
        return None

    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    wanted = np.array([answer for _, answer in kept])
    head = LogisticRegression(C=10.0, max_iter=300)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    said = cross_val_predict(head, vectors[[place for place, _ in kept]], wanted, cv=folds)

    return HeadTrial(float((said == wanted).sum() / len(places)), len(places), len(counts))


def _closed_set(rows: Sequence[Row], most: int) -> tuple[list[int], list[str]] | None:
    """The rows with a structured answer, and the answers; None when they are not chosen from a small set.

    Words taken out of the message, numbers and long texts are no choice. What is chosen comes
    again: an answer that stands alone does not belong to a set.
    """
    places, answers = [], []
    for place, row in enumerate(rows):
        data = row.record.get("data")
        if not isinstance(data, Mapping) or not data:
            continue

        places.append(place)
        answers.append(
            json.dumps(data, sort_keys=True, default=str)
            if all(map(_chosen, data.values()))
            else ""
        )

    counts = Counter(answers)
    belong = sum(count for answer, count in counts.items() if answer and count > 1)
    few = sum(count > 1 for count in counts.values()) <= most

    return (places, answers) if places and few and belong >= CLOSED * len(places) else None


def _chosen(value: Any) -> bool:
    """Whether it can be an answer out of a list: a short text, yes or no, nothing, or a list of such."""
    if isinstance(value, list | tuple):
        return all(map(_chosen, value))

    return (
        value is None
        or isinstance(value, bool)
        or (isinstance(value, str) and len(value) <= SHORT_VALUE)
    )


def _label_bits(answered: Sequence[Row]) -> float | None:
    """The entropy of the short text values that answers choose from; None when they choose from nothing.

    What is taken out of the message, word by word, is no choice: such a field is an extraction.
    """
    by_key: dict[str, Counter[str]] = {}
    taken: Counter[str] = Counter()

    for row in answered:
        data = row.record.get("data")
        for key, value in data.items() if isinstance(data, Mapping) else ():
            if isinstance(value, str) and len(value) <= SHORT_VALUE:
                by_key.setdefault(key, Counter())[value] += 1
                taken[key] += _words(value) <= _words(row.text)

    closed = [
        counts
        for key, counts in by_key.items()
        if len(counts) < counts.total() / 2 and taken[key] < counts.total() / 2
    ]
    return max((_entropy(counts) for counts in closed), default=None)


def _entropy(counts: Counter[str]) -> float:
    total = sum(counts.values())
    return -sum(count / total * math.log2(count / total) for count in counts.values())


def _volatility(rows: Sequence[Row], vectors: NDArray[np.float32]) -> tuple[float | None, int]:
    """How often near-identical inputs, a week or more apart, got different answers; and among how many pairs."""
    answers = [_answer(row.record) for row in rows]
    places = [i for i, answer in enumerate(answers) if answer is not None][-PAIR_ROWS:]
    if len(places) < 2:
        return None, 0

    near = vectors[places] @ vectors[places].T >= NEAR
    # Other numbers, dates or things ask for another answer, however alike the rest is.
    numbers: dict[frozenset[str], int] = {}
    codes = np.array([numbers.setdefault(_asked_for(rows[i]), len(numbers)) for i in places])
    near &= codes[:, None] == codes[None, :]
    times = np.array([rows[i].at for i in places])
    far = np.abs(times[:, None] - times[None, :]) >= APART_SECONDS

    one, other = np.nonzero(np.triu(near & far, 1))
    if len(one) < FEWEST_PAIRS:
        return None, len(one)

    changed = sum(answers[places[a]] != answers[places[b]] for a, b in zip(one, other, strict=True))
    return changed / len(one), len(one)


def _words(text: str) -> frozenset[str]:
    return frozenset(WORD.findall(text.lower()))


def _asked_for(row: Row) -> frozenset[str]:
    """What sets a message apart from one like it: its numbers and dates, and the words that the answer repeats."""
    data = row.record.get("data")
    values = " ".join(str(value) for value in data.values()) if isinstance(data, Mapping) else ""
    return frozenset(SLOT.findall(row.text.lower())) | (_words(row.text) & _words(values))


def _answer(record: Mapping[str, Any]) -> str | None:
    """What was answered, in a form that can be compared."""
    if record.get("data") is not None:
        return json.dumps(record["data"], sort_keys=True, default=str)

    text = record.get("text")
    return " ".join(str(text).lower().split()) if text else None
