"""How right an answer is: exact match per field for structured answers, word F1 for free text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from router.catalog.route_file import ExampleRow

JsonSchema = Mapping[str, Any]
EXTRACTED_SHARE = 0.8
"""Share of right values that must be in their messages, word for word, for a field to be
extracted."""


@dataclass(frozen=True, slots=True)
class ScoringRule:
    """Which fields of an answer must be equal (`exact`), and which are free text (`loose`).

    `exact` is None for a route whose answers are free text.
    """

    exact: tuple[str, ...] | None
    loose: tuple[str, ...] = ()

    @property
    def metric(self) -> str:
        """What `accuracy` means, in words."""
        if self.exact is None:
            return "mean word F1 against the reference text"
        if not self.exact:
            return "mean word F1 over all fields"

        *others, last = self.exact
        if not others:
            return f"share of rows where {last} is right"

        return f"share of rows where {', '.join(others)} and {last} are right"


def scoring_rule(output: JsonSchema | None, rows: Sequence[ExampleRow]) -> ScoringRule:
    """Returns how the answers of a route are compared, by its output schema.

    A field with a closed set of values must be equal, also inside lists and objects. So must a text
    that is extracted from the message, not written.
    """
    if output is None:
        return ScoringRule(None)

    exact: list[str] = []
    loose: list[str] = []

    for name, schema in output.get("properties", {}).items():
        if is_closed(schema) or _is_extracted(name, rows):
            exact.append(name)
        else:
            loose.append(name)

    return ScoringRule(tuple(exact), tuple(loose))


def score(rule: ScoringRule, answer: object, right: Any) -> float:
    """Returns how right an answer is, 0-1.

    Reports average it into `accuracy`. A missing one scores 0.
    """
    if answer is None:
        return 0.0
    if rule.exact is None:
        return word_f1(str(answer), str(right))
    if not isinstance(answer, Mapping):
        return 0.0

    if not rule.exact:
        # No field is exact, so the mean over the fields is the score.
        shares = [
            word_f1(_as_text(answer.get(name)), _as_text(right.get(name))) for name in rule.loose
        ]
        return float(np.mean(shares))

    return float(all(answer.get(name) == right.get(name) for name in rule.exact))


def field_scores(rule: ScoringRule, answer: object, right: Any) -> dict[str, float]:
    """Returns the score of each field of a structured answer, 0-1; empty for free text."""
    if rule.exact is None:
        return {}

    # An answer that is no object has none of the fields.
    fields = answer if isinstance(answer, Mapping) else {}
    scores = {}
    for name in rule.exact:
        scores[name] = float(name in fields and fields[name] == right.get(name))
    for name in rule.loose:
        scores[name] = word_f1(_as_text(fields.get(name)), _as_text(right.get(name)))

    return scores


def feedback(rule: ScoringRule, answer: object, right: Any) -> str:
    """Returns a line for each wrong field: what was expected, what came and how they differ."""
    if rule.exact is None:
        return _difference("the answer", answer, right, exact=False)

    fields = answer if isinstance(answer, Mapping) else {}
    lines = []
    for name, share in field_scores(rule, answer, right).items():
        if share < 1.0:
            exact = name in rule.exact
            lines.append(_difference(name, fields.get(name), right.get(name), exact=exact))

    return "\n".join(lines)


def _difference(name: str, value: object, right: object, *, exact: bool) -> str:
    expected = f"{name}: expected {right!r}, got {value!r}"
    if exact:
        return f"{expected}; it must be equal"

    shared = word_f1(_as_text(value), _as_text(right))
    return f"{expected}; {shared:.0%} of the words agree, and the words count"


def word_f1(text: str, right: str) -> float:
    """Returns the F1 score over words: the harmonic mean of precision and recall, 0-1."""
    words = Counter(_words(text))
    right_words = Counter(_words(right))
    # Precision and recall are undefined without words: only two empty texts agree.
    if not words or not right_words:
        return float(words == right_words)

    # The intersection of multisets: a word counts as often as both texts have it.
    shared = (words & right_words).total()
    return 2 * shared / (words.total() + right_words.total())


def is_closed(schema: JsonSchema) -> bool:
    """Returns whether the schema leaves nothing to the model's own words.

    A list of texts does: it counts by the words that are shared.
    """
    if "enum" in schema or "const" in schema:
        return True

    # JSON Schema allows one type or a list of them.
    type_names = schema.get("type", "string")
    types = set(type_names) if isinstance(type_names, list) else {type_names}
    parts = [*schema.get("properties", {}).values()]
    if isinstance(schema.get("items"), Mapping):
        parts.append(schema["items"])

    if {"array", "object"} & types and parts:
        return all(map(is_closed, parts))

    return "string" not in types


def _is_extracted(name: str, rows: Sequence[ExampleRow]) -> bool:
    """Returns whether the right values of a field are mostly copied from the messages."""
    copied = 0
    total = 0
    for row in rows:
        value = row.answer.get(name) if isinstance(row.answer, dict) else None
        if isinstance(value, str) and value:
            total += 1
            copied += value in row.text

    return total > 0 and copied >= EXTRACTED_SHARE * total


def _as_text(value: object) -> str:
    """Returns the words of a value, those of lists and objects in their order."""
    if isinstance(value, list):
        return " ".join(map(_as_text, value))
    if isinstance(value, Mapping):
        return " ".join(map(_as_text, value.values()))

    return "" if value is None else str(value)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
