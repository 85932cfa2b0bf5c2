"""Validates blocks, messages and views as Slack does, and gives them ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from string import ascii_letters, digits

from bot.sandbox.block_kit.blocks import BLOCKS
from bot.sandbox.block_kit.checks import boolean, problem, tagged_union
from bot.sandbox.block_kit.elements import plain_text
from bot.sandbox.block_kit.rules import BLOCK_KINDS, Surface, most, text_within
from bot.sandbox.json_types import Json

MESSAGE_LIMIT = most("message.blocks")
VIEW_LIMIT = most("view.blocks")
MARKDOWN_LIMIT = most("message.markdown")
CHART_LIMIT = most("message.charts")
TABLE_LIMIT = most("message.tables")
BLOCK_ID = text_within("block.block_id")
ID_LENGTH = 5
# Lower case first: the order decides which ids a seed gives.
ID_LETTERS = ascii_letters + digits
CHECK_BLOCK = tagged_union(BLOCKS, "block type")
VIEW_FIELDS = {
    "title": plain_text(most("view.title")),
    "close": plain_text(most("view.close")),
    "submit": plain_text(most("view.submit")),
    "private_metadata": text_within("view.private_metadata"),
    "callback_id": text_within("view.callback_id"),
    "external_id": text_within("view.external_id"),
    "clear_on_close": boolean,
    "notify_on_close": boolean,
}
UNCHECKED_VIEW_FIELDS = ("type", "blocks", "submit_disabled", "state")
ELEMENT_LISTS = {"actions": "elements", "context_actions": "elements", "card": "actions"}
"""By block type: the field with its elements."""
CHILD_LISTS = {"carousel": "elements", "container": "child_blocks"}
"""By block type: the field with its child blocks."""


@dataclass(slots=True)
class Problems:
    """What Slack refuses in a message. With `too_long`, only the sum of all blocks is too long."""

    details: list[str] = field(default_factory=list)
    too_long: bool = False


def check_message(blocks: object) -> Problems:
    """Returns Slack's objections to the blocks of a message; no details means none."""
    # The sums below need valid blocks.
    details = list(_check_blocks(blocks, "message", "/blocks", MESSAGE_LIMIT))
    if details or not isinstance(blocks, list):
        return Problems(details)

    markdown_length = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    if markdown_length > MARKDOWN_LIMIT:
        sentence = f"markdown blocks exceed {MARKDOWN_LIMIT} characters together"
        return Problems([sentence], too_long=True)

    types = [block["type"] for block in blocks]
    if types.count("data_visualization") > CHART_LIMIT:
        sentence = f"no more than {CHART_LIMIT} data_visualization blocks allowed"
        return Problems([problem(sentence, "/blocks")])

    if types.count("table") + types.count("data_table") > TABLE_LIMIT:
        return Problems([problem("only_one_table_allowed", "/blocks")])

    return Problems()


def check_view(view: Json, surface: str | None = None) -> list[str]:
    """Returns Slack's objections to a view, which must be of this type if `surface` is given."""
    allowed = ("modal", "home") if surface is None else (surface,)
    if view.get("type") not in allowed:
        return [problem(f"must be one of {', '.join(allowed)}", "/view/type")]

    is_modal = view["type"] == "modal"
    problems = []
    if is_modal and "title" not in view:
        problems.append(problem("missing required field: title", "/view"))

    for name, value in view.items():
        if name in VIEW_FIELDS and value is not None:
            problems += VIEW_FIELDS[name](value, f"/view/{name}")
        elif name not in VIEW_FIELDS and name not in UNCHECKED_VIEW_FIELDS:
            problems.append(problem(f"invalid additional property: {name}", "/view"))

    blocks = view.get("blocks")
    # A missing `blocks` is an error too.
    problems += _check_blocks(blocks, "modal" if is_modal else "home", "/view/blocks", VIEW_LIMIT)
    if is_modal and _has_input(blocks) and not view.get("submit"):
        problems.append(problem("submit is required when an input block is present", "/view"))

    return problems


def with_ids(blocks: list[Json], random: Random) -> list[Json]:
    """Returns the blocks with the block_ids and action_ids that Slack adds if they are missing."""
    return [_with_ids(block, random) for block in blocks]


def _with_ids(block: Json, random: Random) -> Json:
    block = dict(block)
    if not block.get("block_id"):
        block["block_id"] = _random_id(random)

    kind = block["type"]
    if kind in ELEMENT_LISTS:
        name = ELEMENT_LISTS[kind]
        block[name] = [_with_action_id(element, random) for element in block.get(name, [])]
    elif kind in ("section", "input"):
        for name in ("accessory", "element"):
            if name in block:
                block[name] = _with_action_id(block[name], random)
    elif kind in CHILD_LISTS:
        block[CHILD_LISTS[kind]] = with_ids(block[CHILD_LISTS[kind]], random)

    return block


def _with_action_id(element: Json, random: Random) -> Json:
    if element["type"] == "image" or element.get("action_id"):
        return element

    return {**element, "action_id": _random_id(random)}


def _random_id(random: Random) -> str:
    return "".join(random.choices(ID_LETTERS, k=ID_LENGTH))


def _check_blocks(blocks: object, surface: Surface, path: str, maximum: int) -> Iterator[str]:
    if not isinstance(blocks, list):
        yield problem("must be an array", path)
        return

    if len(blocks) > maximum:
        yield problem(f"no more than {maximum} items allowed", path)
        return

    # Only top-level blocks are compared.
    block_ids: set[str] = set()
    for index, block in enumerate(blocks):
        block_path = f"{path}/{index}"
        yield from CHECK_BLOCK(block, block_path)
        if not isinstance(block, dict):
            continue

        kind = str(block.get("type"))
        if kind in BLOCK_KINDS and surface not in BLOCK_KINDS[kind].surfaces:
            yield problem(f"block type {kind!r} is not allowed in a {surface}", block_path)

        yield from _check_ids(block, block_path, block_ids)


def _has_input(blocks: object) -> bool:
    if not isinstance(blocks, list):
        return False

    return any(isinstance(block, dict) and block.get("type") == "input" for block in blocks)


def _check_ids(block: Json, path: str, block_ids: set[str]) -> Iterator[str]:
    """Checks that block_ids are unique in a message, and action_ids in a block."""
    block_id = block.get("block_id")
    if block_id is not None:
        yield from BLOCK_ID(block_id, f"{path}/block_id")
        if block_id in block_ids:
            yield problem(f"block_id already exists: {block_id}", f"{path}/block_id")

        block_ids.add(str(block_id))

    elements = block.get("elements")
    if not isinstance(elements, list):
        return

    action_ids: set[str] = set()
    for index, element in enumerate(elements):
        action_id = element.get("action_id") if isinstance(element, dict) else None
        if not isinstance(action_id, str):
            continue

        if action_id in action_ids:
            action_path = f"{path}/elements/{index}/action_id"
            yield problem(f"action_id already exists: {action_id}", action_path)

        action_ids.add(action_id)
