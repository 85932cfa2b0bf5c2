"""How narrow and stable a candidate is, from the answers it got and from its wording."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.mining.rows import Row
from workers.readiness.answer_shape import dominant_form

NEAR_COSINE = 0.95
"""From this cosine on, two inputs should get the same answer."""
APART_SECONDS = 7 * 86_400.0
MAX_PAIR_ROWS = 2_000
MIN_PAIRS = 10
"""Fewer near-identical pairs show nothing."""

MAX_LABEL_CHARACTERS = 40
MIN_CLOSED_ROWS = 50
"""Answers from which on it can be told whether they are a small set."""
CLOSED_SHARE = 0.95
"""Share of answers that must come from a small set."""

WORD = re.compile(r"[^\W_]+")
SLOT = re.compile(
    r"\d+(?:[.,:/-]\d+)*|[$€£]\s?\d|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b"
    r"|\b(?:today|tomorrow|tonight|yesterday)\b|\[\w+\]|\"[^\"]+\"|<#\w+"
    r"|\b(?:january|february|march|april|june|july|august|september|october|november|december)\b",
    re.IGNORECASE,
)
"""What is filled in differently from message to message: numbers, dates, masked and quoted text."""


@dataclass(frozen=True, slots=True)
class Structure:
    """What answers and wording show; shares are in 0-1, and None means not measured.

    The names are keys of stored records.

    Attributes:
        answers: How many requests were answered.
        one_form, form: The most frequent form of answer, and the share of answers that fit it.
        label_bits: The entropy, in bits, of the most varied field that chooses from a list.
        length_spread: The coefficient of variation of the replies' length in words.
        volatility: The share of near-identical inputs, a week or more apart, whose answers differ.
        pairs: How many pairs of such inputs there were.
        correction_rate: The share of answers that people corrected.
        slots: Places filled in a message, on average.
        closed: Whether whole answers are chosen from a small set.
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


def measure_structure(
    rows: Sequence[Row], vectors: NDArray[np.float32], max_answers: int = 20
) -> Structure:
    """Measures a candidate's rows; `vectors`, `(n, d)`, are theirs, with rows of length 1.

    At most `max_answers` different answers are a small set.
    """
    answered = [row for row in rows if row.record]
    form, share = dominant_form(answered)
    corrected = [bool(row.record["corrected"]) for row in answered if "corrected" in row.record]
    volatility, pairs = _volatility(rows, vectors)
    closed = None
    if len(answered) >= MIN_CLOSED_ROWS:
        closed = _closed_answers(rows, max_answers) is not None

    return Structure(
        answers=len(answered),
        one_form=share if answered else None,
        form=form,
        label_bits=_label_bits(answered),
        length_spread=_length_spread(answered),
        volatility=volatility,
        pairs=pairs,
        correction_rate=sum(corrected) / len(corrected) if corrected else None,
        slots=float(np.mean([len(SLOT.findall(row.text)) for row in rows])) if rows else 0.0,
        closed=closed,
    )


def _length_spread(answered: Sequence[Row]) -> float | None:
    lengths = [len(str(row.record["text"]).split()) for row in answered if row.record.get("text")]
    if not lengths:
        return None

    return float(np.std(lengths) / max(float(np.mean(lengths)), 1.0))


def _closed_answers(rows: Sequence[Row], max_answers: int) -> dict[int, str] | None:
    """Returns the structured answers by position; None if they are not chosen from a small set.

    Numbers, long texts and words taken from the message are no choice. A choice recurs: an answer
    that occurs once does not belong to a set.
    """
    answers: dict[int, str] = {}
    for position, row in enumerate(rows):
        data = row.record.get("data")
        if not isinstance(data, Mapping) or not data:
            continue

        is_choice = all(map(_can_be_label, data.values()))
        # What is no choice still counts in the total, under a name that is no answer.
        answers[position] = json.dumps(data, sort_keys=True, default=str) if is_choice else ""

    counts = Counter(answers.values())
    recurring = {answer: count for answer, count in counts.items() if count > 1}
    in_set = sum(count for answer, count in recurring.items() if answer)
    if not answers or len(recurring) > max_answers or in_set < CLOSED_SHARE * len(answers):
        return None

    return answers


def _can_be_label(value: object) -> bool:
    """Returns whether it can be chosen from a list: a short text, a boolean, null, or several."""
    if isinstance(value, list | tuple):
        return all(map(_can_be_label, value))
    if isinstance(value, str):
        return len(value) <= MAX_LABEL_CHARACTERS

    return value is None or isinstance(value, bool)


def _label_bits(answered: Sequence[Row]) -> float | None:
    """Returns the largest entropy among fields that choose from a list; None if there are none.

    A field whose values are mostly words of the message is an extraction, not a choice.
    """
    values_of: dict[str, Counter[str]] = {}
    extracted: Counter[str] = Counter()

    for row in answered:
        data = row.record.get("data")
        if not isinstance(data, Mapping):
            continue

        for key, value in data.items():
            if isinstance(value, str) and len(value) <= MAX_LABEL_CHARACTERS:
                values_of.setdefault(key, Counter())[value] += 1
                extracted[key] += _words(value) <= _words(row.text)

    entropies = []
    for key, counts in values_of.items():
        half = counts.total() / 2
        if len(counts) < half and extracted[key] < half:
            entropies.append(_entropy(counts))

    return max(entropies, default=None)


def _entropy(counts: Counter[str]) -> float:
    """Returns the Shannon entropy in bits."""
    total = sum(counts.values())
    return -sum(count / total * math.log2(count / total) for count in counts.values())


def _volatility(rows: Sequence[Row], vectors: NDArray[np.float32]) -> tuple[float | None, int]:
    """Returns how often near-identical inputs got different answers, and among how many pairs.

    Only inputs a week or more apart count. None where there are too few pairs.
    """
    answers = [_comparable_answer(row.record) for row in rows]
    # All pairs are compared, so that only the newest rows are taken.
    positions = [i for i, answer in enumerate(answers) if answer is not None][-MAX_PAIR_ROWS:]
    if len(positions) < 2:
        return None, 0

    # A matrix of all pairs; the conditions are applied one after the other.
    is_pair = vectors[positions] @ vectors[positions].T >= NEAR_COSINE

    # Other numbers, dates or things call for another answer, however similar the rest is.
    codes: dict[frozenset[str], int] = {}
    slots = np.array([codes.setdefault(_slots_of(rows[i]), len(codes)) for i in positions])
    is_pair &= slots[:, None] == slots[None, :]

    times = np.array([rows[i].at for i in positions])
    is_pair &= np.abs(times[:, None] - times[None, :]) >= APART_SECONDS

    # The upper triangle holds each pair once.
    first, second = np.nonzero(np.triu(is_pair, 1))
    if len(first) < MIN_PAIRS:
        return None, len(first)

    changed = 0
    for a, b in zip(first, second, strict=True):
        changed += answers[positions[a]] != answers[positions[b]]

    return changed / len(first), len(first)


def _words(text: str) -> frozenset[str]:
    return frozenset(WORD.findall(text.lower()))


def _slots_of(row: Row) -> frozenset[str]:
    """Returns what tells a message from one like it: slots, and words that the answer repeats."""
    data = row.record.get("data")
    values = ""
    if isinstance(data, Mapping):
        values = " ".join(str(value) for value in data.values())

    return frozenset(SLOT.findall(row.text.lower())) | (_words(row.text) & _words(values))


def _comparable_answer(record: Mapping[str, object]) -> str | None:
    """Returns the answer in a form that can be compared; None without an answer."""
    if record.get("data") is not None:
        return json.dumps(record["data"], sort_keys=True, default=str)

    text = record.get("text")
    return " ".join(str(text).lower().split()) if text else None
