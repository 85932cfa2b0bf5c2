"""What makes an answer of a route verifiably right: checks that a route file declares as data.

Reinforcement fine-tuning needs a reward that a program can compute. A route's `reward` is a list of
checks with weights; where it has none, the closed fields of its output schema are one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

CheckName = Literal["schema", "fields", "quotes", "arguments"]
TOOL_KEYS = ("tool", "args")
"""The properties of an answer that calls a tool."""


class RewardCheck(BaseModel):
    """One check of an answer, worth `weight` of the reward.

    `schema`: the answer fits the output schema. `fields`: each of the named fields equals the right
    answer's. `quotes`: each of the named fields is in the message word for word, and is empty only
    where the right one is. `arguments`: the tool and its arguments are those of the right answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: CheckName
    fields: tuple[str, ...] = ()
    weight: float = Field(1.0, gt=0, le=100)


def check_reward(reward: Sequence[RewardCheck], output: Mapping[str, Any] | None) -> None:
    """Raises ValueError unless every check can be computed for answers of this schema."""
    if not reward:
        return

    if output is None:
        raise ValueError("'reward' checks fields of an answer; declare 'output' first")

    properties = output.get("properties", {})
    for part in reward:
        needs_fields = part.check in ("fields", "quotes")
        if needs_fields != bool(part.fields):
            raise ValueError(
                f"'reward' check {part.check!r} {'needs' if needs_fields else 'takes no'} 'fields'"
            )

        wanted = TOOL_KEYS if part.check == "arguments" else part.fields
        missing = [name for name in wanted if name not in properties]
        if missing:
            raise ValueError(
                f"'reward' check {part.check!r} names {', '.join(missing)}, which 'output' does "
                f"not have; known: {', '.join(properties)}"
            )


def is_verifiable(reward: Sequence[RewardCheck]) -> bool:
    """Returns whether a wrong answer can lose anything but its shape."""
    return any(part.check != "schema" for part in reward)


def reward_of(
    declared: Sequence[RewardCheck], output: Mapping[str, Any] | None
) -> tuple[RewardCheck, ...]:
    """Returns the declared reward, or that of the schema: its shape and its closed fields.

    Empty where nothing of an answer can be verified.
    """
    if declared:
        return tuple(declared)

    if output is None:
        return ()

    closed = []
    for name, schema in output.get("properties", {}).items():
        if "enum" in schema or "const" in schema or schema.get("type") in ("boolean", "integer"):
            closed.append(name)

    if not closed:
        return ()

    return (
        RewardCheck(check="schema", weight=1.0),
        RewardCheck(check="fields", fields=tuple(closed), weight=3.0),
    )
