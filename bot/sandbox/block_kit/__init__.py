"""Refuses the blocks that Slack refuses; made of plain dicts, for messages, modals and homes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from bot.sandbox.block_kit.blocks import BLOCKS, MESSAGE_ONLY, MODAL_ONLY
from bot.sandbox.block_kit.checks import boolean, kind, string, wrong
from bot.sandbox.block_kit.elements import plain

Json = dict[str, Any]
Surface = Literal["message", "modal", "home"]

MESSAGE_LIMIT = 50
VIEW_LIMIT = 100
MARKDOWN_LIMIT = 12_000
CHARTS = 2
"""Slack refuses a third chart in one message, which its documentation does not say."""
PAYLOAD_LIMIT = 250_000
NESTED = ("elements", "accessory", "element", "child_blocks", "actions")
BLOCK = kind(BLOCKS, "block type")
VIEW_FIELDS = {
    "title": plain(24),
    "close": plain(24),
    "submit": plain(24),
    "private_metadata": string(3000, 0),
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
    "clear_on_close": boolean,
    "notify_on_close": boolean,
}


@dataclass(slots=True)
class Problems:
    """What is wrong with the blocks of a message. `too_long`: each is fine, together they are too much."""

    details: list[str] = field(default_factory=list)
    too_long: bool = False


def check_message(blocks: Any) -> Problems:
    """What Slack would say about the blocks of a message; no details: it takes them."""
    details = list(_check(blocks, "message", "/blocks", MESSAGE_LIMIT))
    if details:
        return Problems(details)

    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MARKDOWN_LIMIT:
        return Problems(
            [f"markdown blocks exceed {MARKDOWN_LIMIT} characters together"], too_long=True
        )

    if sum(block["type"] == "data_visualization" for block in blocks) > CHARTS:
        return Problems(
            [wrong(f"no more than {CHARTS} data_visualization blocks allowed", "/blocks")]
        )

    if sum(block["type"] == "table" for block in blocks) > 1:
        return Problems([wrong("only_one_table_allowed", "/blocks")])

    return Problems()


def check_view(view: Json, surface: str | None = None) -> list[str]:
    """What Slack would say about a view; nothing: it takes it."""
    kinds = ("modal", "home") if surface is None else (surface,)
    if view.get("type") not in kinds:
        return [wrong(f"must be one of {', '.join(kinds)}", "/view/type")]

    modal = view["type"] == "modal"
    found = []
    if modal and "title" not in view:
        found.append(wrong("missing required field: title", "/view"))

    for name, value in view.items():
        if name in VIEW_FIELDS and value is not None:
            found += VIEW_FIELDS[name](value, f"/view/{name}")
        elif name not in (*VIEW_FIELDS, "type", "blocks", "submit_disabled", "state"):
            found.append(wrong(f"invalid additional property: {name}", "/view"))

    found += _check(view.get("blocks"), "modal" if modal else "home", "/view/blocks", VIEW_LIMIT)
    asks = isinstance(view.get("blocks"), list) and any(
        isinstance(block, dict) and block.get("type") == "input" for block in view["blocks"]
    )
    if modal and asks and not view.get("submit"):
        found.append(wrong("submit is required when an input block is present", "/view"))

    return found


def with_ids(blocks: list[Json], random: Random) -> list[Json]:
    """The blocks, each with a block_id and each element with an action_id, as Slack gives them."""
    return [_with_ids(block, random) for block in blocks]


def _with_ids(block: Json, random: Random) -> Json:
    made = dict(block)
    if not made.get("block_id"):
        made["block_id"] = _letters(random)

    if made["type"] in ("actions", "context_actions", "card"):
        name = "actions" if made["type"] == "card" else "elements"
        made[name] = [_named(element, random) for element in made.get(name, [])]
    elif made["type"] in ("section", "input"):
        for name in ("accessory", "element"):
            if name in made:
                made[name] = _named(made[name], random)
    elif made["type"] in ("carousel", "container"):
        name = "elements" if made["type"] == "carousel" else "child_blocks"
        made[name] = [_with_ids(child, random) for child in made[name]]

    return made


def _named(element: Json, random: Random) -> Json:
    if element["type"] == "image" or element.get("action_id"):
        return element
    return {**element, "action_id": _letters(random)}


def _letters(random: Random) -> str:
    return "".join(
        random.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=5)
    )


def _check(blocks: Any, surface: Surface, path: str, most: int) -> Iterator[str]:
    if not isinstance(blocks, list):
        yield wrong("must be an array", path)
        return

    if len(blocks) > most:
        yield wrong(f"no more than {most} items allowed", path)
        return

    ids: set[str] = set()
    for place, block in enumerate(blocks):
        here = f"{path}/{place}"
        yield from BLOCK(block, here)
        if not isinstance(block, dict):
            continue

        kind = str(block.get("type"))
        if (kind in MODAL_ONLY and surface != "modal") or (
            kind in MESSAGE_ONLY and surface != "message"
        ):
            yield wrong(f"block type {kind!r} is not allowed in a {surface}", here)

        yield from _check_ids(block, here, ids)


def _check_ids(block: Json, path: str, ids: set[str]) -> Iterator[str]:
    """A block_id stands once in a message, an action_id once in a block."""
    block_id = block.get("block_id")
    if block_id is not None:
        yield from string(255)(block_id, f"{path}/block_id")
        if block_id in ids:
            yield wrong(f"block_id already exists: {block_id}", f"{path}/block_id")

        ids.add(str(block_id))

    seen: set[str] = set()

    elements = block.get("elements")
    for place, element in enumerate(elements if isinstance(elements, list) else []):
        action_id = element.get("action_id") if isinstance(element, dict) else None
        if isinstance(action_id, str) and action_id in seen:
            yield wrong(
                f"action_id already exists: {action_id}", f"{path}/elements/{place}/action_id"
            )

        seen.add(str(action_id))
