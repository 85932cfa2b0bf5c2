"""Refuses kinds of blocks that Slack accepts only in some places, plans or clients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.sandbox.block_kit.checks import problem

TEXT_OBJECTS = frozenset({"plain_text", "mrkdwn"})


@dataclass(slots=True)
class Refusals:
    """The kinds that are refused now; none at first.

    `surfaces` limits that to some of `message`, `ephemeral`, `modal`, `home`, `stream` and
    `response`; empty means everywhere. Without `named` Slack does not say what it refuses, without
    `named_at_once` only the first of it. A
    refused response has this `response_status`: with 200 its body says `ok: false`. With
    `spends_trigger` a refused dialog uses up its trigger id.
    """

    kinds: frozenset[str] = frozenset()
    surfaces: frozenset[str] = frozenset()
    named: bool = True
    named_at_once: bool = True
    code: str = "invalid_blocks"
    spends_trigger: bool = False
    response_status: int = 400
    count: int = 0
    """How often something was refused."""

    def check(self, content: object, surface: str, path: str) -> list[str] | None:
        """Returns what the refusal says; None where nothing in the content is refused."""
        if not self.kinds or (self.surfaces and surface not in self.surfaces):
            return None

        found = list(self._find(content, path))
        if not found:
            return None

        self.count += 1
        if not self.named:
            return []

        return found if self.named_at_once else found[:1]

    def _find(self, value: object, path: str) -> Iterator[str]:
        if isinstance(value, dict):
            kind = value.get("type")
            if isinstance(kind, str) and kind in self.kinds and kind not in TEXT_OBJECTS:
                yield problem(f"unsupported type: {kind}", f"{path}/type")

            for name, member in value.items():
                yield from self._find(member, f"{path}/{name}")
        elif isinstance(value, list):
            for index, member in enumerate(value):
                yield from self._find(member, f"{path}/{index}")
