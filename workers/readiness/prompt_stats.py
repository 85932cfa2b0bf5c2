"""What is known of the prompt that serves a cluster now: its size, and what of its answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from router.catalog.reward import RewardCheck, is_verifiable, reward_of
from router.catalog.rules import is_rule_line
from router.store import Store


@dataclass(frozen=True, slots=True)
class PromptStats:
    """The size of the prompt that serves a cluster now; None where there is no prompt.

    `checkable` names what of an answer a program can verify, for a reward; empty where nothing,
    None where no route is known.
    """

    rules: int | None = None
    words: int | None = None
    checkable: tuple[str, ...] | None = None


def prompt_stats(store: Store, team: str, route: str | None) -> PromptStats:
    """Counts rules and words in the live prompt of the route that serves the cluster now."""
    live = None
    if route is not None:
        live = store.versions.live(team, route)
    if live is None:
        return PromptStats()

    steps = [step for step in live.body.get("steps") or () if isinstance(step, Mapping)]
    rules = 0
    words = 0
    for part in (live.body, *steps):
        for name in ("role", "prompt"):
            text = str(part.get(name) or "")
            rules += sum(map(is_rule_line, text.splitlines()))
            words += len(text.split())

    return PromptStats(rules, words, checkable_parts(live.body))


def checkable_parts(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns what of a version's answers can be verified: names of fields, or of the tool."""
    try:
        declared = [RewardCheck.model_validate(check) for check in body.get("reward") or ()]
    except ValidationError:
        # A version that a later release stored may have checks that this one does not know.
        return ()

    reward = reward_of(declared, body.get("output"))
    if not is_verifiable(reward):
        return ()

    parts: list[str] = []
    for check in reward:
        parts += check.fields
        if check.check == "arguments":
            parts.append("the tool's arguments")

    return tuple(dict.fromkeys(parts))
