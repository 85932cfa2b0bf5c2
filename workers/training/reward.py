"""Computes a verifiable reward: how much of what a route declares holds for one answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from router.catalog.reward import RewardCheck


@dataclass(frozen=True, slots=True)
class RewardSpec:
    """The checks of a route and the JSON Schema of its answers."""

    checks: tuple[RewardCheck, ...]
    schema: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Returns the reward as JSON-safe values, for a trainer in another process."""
        return {
            "checks": [check.model_dump(mode="json") for check in self.checks],
            "schema": dict(self.schema),
        }

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> RewardSpec:
        """Returns what `as_dict` was made from."""
        checks = [RewardCheck.model_validate(check) for check in body["checks"]]
        return cls(tuple(checks), body["schema"])


class RewardFunction:
    """Scores answers by a reward: 0 where no check holds, 1 where all do."""

    def __init__(self, spec: RewardSpec) -> None:
        self._checks = spec.checks
        self._validator = Draft202012Validator(spec.schema)
        self._total = sum(check.weight for check in spec.checks)

    def score(self, message: str, text: str, right: str) -> float:
        """Returns the reward of the answer `text` to `message`, 0-1, by the right answer's JSON.

        An answer that is no JSON object gets nothing, whatever it says.
        """
        answer = parse_object(text)
        if answer is None:
            return 0.0

        expected = parse_object(right) or {}
        earned = 0.0
        for check in self._checks:
            earned += check.weight * self._share(check, message, answer, expected)

        return earned / self._total

    def is_valid(self, text: str) -> bool:
        """Returns whether the answer fits the schema."""
        answer = parse_object(text)
        return answer is not None and bool(self._validator.is_valid(answer))

    def _share(
        self,
        check: RewardCheck,
        message: str,
        answer: Mapping[str, Any],
        expected: Mapping[str, Any],
    ) -> float:
        """Returns how much of one check holds, 0-1."""
        if check.check == "schema":
            return float(self._validator.is_valid(answer))
        if check.check == "arguments":
            return _arguments_share(answer, expected)
        if check.check == "fields":
            return _mean([_equal(answer, expected, name) for name in check.fields])

        return _mean([_quoted(message, answer, expected, name) for name in check.fields])


def parse_object(text: str) -> dict[str, Any] | None:
    """Returns the JSON object that the text is, None where it is none."""
    try:
        value = json.loads(text)
    except ValueError:
        return None

    return value if isinstance(value, dict) else None


def _equal(answer: Mapping[str, Any], expected: Mapping[str, Any], name: str) -> bool:
    return name in answer and answer[name] == expected.get(name)


def _quoted(
    message: str, answer: Mapping[str, Any], expected: Mapping[str, Any], name: str
) -> bool:
    """Returns whether a text is quoted from the message.

    Nothing is no quotation: otherwise an answer that is always empty would earn the whole check.
    """
    value = answer.get(name)
    if not value:
        return name in answer and not expected.get(name)

    return isinstance(value, str) and value in message


def _arguments_share(answer: Mapping[str, Any], expected: Mapping[str, Any]) -> float:
    """Returns 0 for another tool, else the share of arguments that are right."""
    if answer.get("tool") != expected.get("tool"):
        return 0.0

    given, wanted = answer.get("args"), expected.get("args")
    if not isinstance(given, Mapping) or not isinstance(wanted, Mapping):
        return float(given == wanted)

    # An argument too many is as wrong as one that is missing.
    names = sorted({*given, *wanted})
    return _mean([name in given and given[name] == wanted.get(name) for name in names] or [True])


def _mean(values: Sequence[bool]) -> float:
    return sum(values) / len(values)
