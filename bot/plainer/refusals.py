"""What Slack says when it refuses blocks: which kinds, and whether plainer ones may help."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.plainer.kinds import TEXT_OBJECTS

BLOCK_ERRORS = frozenset(
    {
        "invalid_attachments",
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_chunks",
        "msg_blocks_too_long",
        "msg_blocks_too_many",
        "msg_too_long",
        "view_too_large",
    }
)
"""Slack's errors for content that it does not take in this place; plainer blocks may do."""
UNCLEAR_ERRORS = frozenset({"invalid_arguments"})
"""Errors that are about blocks where Slack points at one: views get no error of their own."""
TOO_LONG = frozenset({"msg_blocks_too_long", "msg_blocks_too_many", "msg_too_long"})
CONTENT = frozenset({"blocks", "chunks", "attachments"})
_POINTER = re.compile(r"\[json-pointer:([^\[\]]{0,300})\]")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused call: Slack's error code, and the kinds of block that its error points at.

    `unknown` are those among `kinds` that Slack does not support at all, whatever they hold.
    """

    code: str
    kinds: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()


def read_refusal(answer: Mapping[str, object], body: Mapping[str, object]) -> Refusal | None:
    """Returns why Slack refused the content of `body`; None where it refused something else."""
    code = str(answer.get("error") or "")
    if code not in BLOCK_ERRORS | UNCLEAR_ERRORS:
        return None

    kinds, unknown = set(), set()
    is_pointed = False
    for message in _messages(answer):
        for pointer in _POINTER.findall(message):
            is_pointed = is_pointed or bool(CONTENT & set(pointer.split("/")))
            kind = _kind_at(body, pointer)
            if kind is None:
                continue

            kinds.add(kind)
            if pointer.endswith("/type") or "unsupported" in message or "not allowed" in message:
                unknown.add(kind)

    if code in UNCLEAR_ERRORS and not is_pointed:
        return None

    return Refusal(code, frozenset(kinds), frozenset(unknown))


def _messages(answer: Mapping[str, object]) -> list[str]:
    metadata = answer.get("response_metadata")
    found: list[object] = []
    for holder, name in ((answer, "errors"), (metadata, "messages")):
        listed = holder.get(name) if isinstance(holder, Mapping) else None
        found += listed if isinstance(listed, Sequence) and not isinstance(listed, str) else []

    return [str(message) for message in found]


def _kind_at(body: Mapping[str, object], pointer: str) -> str | None:
    """Returns the kind of the innermost block or element on the way to the place."""
    place: object = body
    kind = None
    is_content = False

    for step in pointer.strip("/").split("/"):
        is_content = is_content or step in CONTENT
        if isinstance(place, Mapping):
            place = place.get(step)
        elif isinstance(place, list) and step.isdigit() and int(step) < len(place):
            place = place[int(step)]
        else:
            break

        if is_content and isinstance(place, Mapping):
            found = place.get("type")
            if isinstance(found, str) and found not in TEXT_OBJECTS:
                kind = found

    return kind
