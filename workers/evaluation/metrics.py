"""How right an answer is: per field for structured answers, by shared words for free text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from router.catalog.route_file import Row

EXTRACTED_SHARE = 0.8
DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Rule:
    """Which fields of an answer must be equal; the others are texts in the model's own words. None: free text."""

    exact: tuple[str, ...] | None
    loose: tuple[str, ...] = ()

    @property
    def metric(self) -> str:
        """What `accuracy` means, in words."""
        if self.exact is None:
            return "mean word F1 against the reference text"
        if not self.exact:
            return "mean word F1 over all fields"

        return f"share of rows where {', '.join(self.exact)} are all right"


def rule_of(output: Mapping[str, Any] | None, rows: Sequence[Row]) -> Rule:
    """Which fields to compare how.

    A field with a closed set of values must be equal, in lists and objects too. A text must be,
    where at least 80 % of the right ones stand word for word in their messages: then it is
    extracted, not written.
    """
    if output is None:
        return Rule(None)

    exact: list[str] = []
    loose: list[str] = []

    for name, part in output.get("properties", {}).items():
        (exact if _closed(part) or _extracted(name, rows) else loose).append(name)

    return Rule(tuple(exact), tuple(loose))


def correct(rule: Rule, answer: Any, right: Any) -> float:
    """0-1; what is averaged into `accuracy`. An answer that is missing is worth nothing."""
    if answer is None:
        return 0.0
    if rule.exact is None:
        return word_f1(str(answer), str(right))
    if not isinstance(answer, Mapping):
        return 0.0

    if not rule.exact:
        return float(
            np.mean([word_f1(_flat(answer.get(n)), _flat(right.get(n))) for n in rule.loose])
        )

    return float(all(answer.get(name) == right.get(name) for name in rule.exact))


def field_scores(rule: Rule, answer: Any, right: Any) -> dict[str, float]:
    """Each field of a structured answer, 0-1."""
    if rule.exact is None:
        return {}

    given = answer if isinstance(answer, Mapping) else {}
    scores = {name: float(name in given and given[name] == right.get(name)) for name in rule.exact}
    return scores | {
        name: word_f1(_flat(given.get(name)), _flat(right.get(name))) for name in rule.loose
    }


def feedback(rule: Rule, answer: Any, right: Any) -> str:
    """What was expected, what came and by which rule they differ, one line for each field that is not right."""
    if rule.exact is None:
        return _difference("the answer", answer, right, exact=False)

    given = answer if isinstance(answer, Mapping) else {}
    wrong = [name for name, score in field_scores(rule, answer, right).items() if score < 1.0]
    return "\n".join(
        _difference(name, given.get(name), right.get(name), exact=name in rule.exact)
        for name in wrong
    )


def _difference(name: str, given: Any, right: Any, *, exact: bool) -> str:
    if exact:
        return f"{name}: expected {right!r}, got {given!r}; it must be equal"

    shared = word_f1(_flat(given), _flat(right))
    return f"{name}: expected {right!r}, got {given!r}; {shared:.0%} of the words agree, and the words count"


def word_f1(said: str, right: str) -> float:
    """Harmonic mean of the shares of words that both texts have in common."""
    one, other = Counter(_words(said)), Counter(_words(right))
    if not one or not other:
        return float(one == other)

    shared = (one & other).total()
    return 2 * shared / (one.total() + other.total())


def interval(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """95 % bootstrap interval of the mean."""
    data = np.asarray(values, dtype=float)
    means = np.random.default_rng(seed).choice(data, (DRAWS, len(data))).mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))

    return float(low), float(high)


def _closed(part: Mapping[str, Any]) -> bool:
    """Whether nothing in it is in the model's own words; a list of texts is, and counts by the words they share."""
    if "enum" in part or "const" in part:
        return True

    kind = part.get("type", "string")
    kinds = kind if isinstance(kind, list) else [kind]
    inside = [*part.get("properties", {}).values()]
    inside += [part["items"]] if isinstance(part.get("items"), Mapping) else []

    if {"array", "object"} & set(kinds) and inside:
        return all(map(_closed, inside))

    return "string" not in kinds


def _extracted(name: str, rows: Sequence[Row]) -> bool:
    values = [(row.text, row.answer.get(name)) for row in rows if isinstance(row.answer, dict)]
    texts = [(text, value) for text, value in values if isinstance(value, str) and value]
    return bool(texts) and sum(value in text for text, value in texts) >= EXTRACTED_SHARE * len(
        texts
    )


def _flat(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(_flat, value))
    if isinstance(value, Mapping):
        return " ".join(map(_flat, value.values()))
    return "" if value is None else str(value)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
