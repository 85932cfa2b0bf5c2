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

NEAR = 0.95
"""Two inputs this near want the same answer."""
APART_SECONDS = 7 * 86_400.0
SHORT_VALUE = 40
PAIR_ROWS = 2_000
HEAD_ROWS = 50
FEWEST_PAIRS = 10
"""Fewer near-identical pairs tell nothing."""
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

    `one_form` is the share of answers of the most frequent form: the same keys and kinds of values, or the same tool
    with the same arguments. `label_bits` is the entropy, in bits, of the most varied field that chooses from a list.
    `volatility` is the share of near-identical inputs, a week or more apart, whose answers differ. `slots` are places
    filled in a message (numbers, dates, quoted things), on average.
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


def read_structure(rows: Sequence[Row], vectors: NDArray[np.float32]) -> Structure:
    """The structure of a candidate's rows; `vectors` are theirs, rows of length 1, in the same order."""
    answered = [row for row in rows if row.record]
    forms = Counter(form for row in answered if (form := _form(row.record)) is not None)
    form, count = min(forms.items(), key=lambda pair: (-pair[1], pair[0])) if forms else ("", 0)
    replies = [len(str(row.record["text"]).split()) for row in answered if row.record.get("text")]
    judged = [bool(row.record["corrected"]) for row in answered if "corrected" in row.record]
    volatile, pairs = _volatility(rows, vectors)
    return Structure(
        answers=len(answered),
        one_form=count / len(answered) if answered else None,
        form=form,
        label_bits=_label_bits(answered),
        length_spread=float(np.std(replies) / max(float(np.mean(replies)), 1.0)) if replies else None,
        volatility=volatile,
        pairs=pairs,
        correction_rate=sum(judged) / len(judged) if judged else None,
        slots=float(np.mean([len(SLOT.findall(row.text)) for row in rows])) if rows else 0.0,
    )


def first_head(rows: Sequence[Row], vectors: NDArray[np.float32]) -> tuple[float, int] | None:
    """How well a linear head on the vectors gives the answers' labels: accuracy on rows it did not see, and how many.

    None where answers are not one label out of few, or too few to tell. It is what tuning has to beat.
    """
    found = _labels(rows)
    if found is None:
        return None
    places, labels = found
    counts = Counter(labels)
    kept = [(place, label) for place, label in zip(places, labels, strict=True) if counts[label] >= FOLDS]
    if len(kept) < HEAD_ROWS or len({label for _, label in kept}) < 2:
        return None
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    head = LogisticRegression(C=10.0, max_iter=300)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    scores = cross_val_score(head, vectors[[place for place, _ in kept]], [label for _, label in kept], cv=folds)
    return float(scores.mean()), len(kept)


def _labels(rows: Sequence[Row]) -> tuple[list[int], list[str]] | None:
    """The rows whose answer is one label, and the labels; None when most answers say more than that."""
    places, labels = [], []
    answered = 0
    for place, row in enumerate(rows):
        data = row.record.get("data")
        if not isinstance(data, Mapping):
            continue
        answered += 1
        short = [value for value in data.values() if isinstance(value, str) and len(value) <= SHORT_VALUE]
        if len(data) == 1 and len(short) == 1:
            places.append(place)
            labels.append(short[0])
    return (places, labels) if answered and len(places) >= 0.95 * answered else None


def _form(record: Mapping[str, Any]) -> str | None:
    """The answer's form: its tool and arguments, or its keys with the kinds of their values; None for plain text."""
    tool, data = record.get("tool"), record.get("data")
    if isinstance(tool, Mapping):
        return f"{tool.get('name', '')}({_kinds(tool.get('arguments', {}))})"
    if isinstance(tool, str) and tool:
        return f"{tool}({_kinds(data)})"
    return None if data is None else _kinds(data)


def _kinds(value: Any) -> str:
    """A value's kind, and of an object each key's; two answers of one schema have the same."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_kinds(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + " | ".join(sorted({_kinds(each) for each in value})) + "]"
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else "null" if value is None else "text"


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
        counts for key, counts in by_key.items() if len(counts) < counts.total() / 2 and taken[key] < counts.total() / 2
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
