"""The emulator's table of Slack's rules: read by its checks, and compared with Slack's own SDK."""

from __future__ import annotations

from collections.abc import Iterator

from slack_sdk.models import blocks as sdk
from slack_sdk.models.blocks import Block, basic_components, block_elements
from slack_sdk.models.messages import chunk

from bot.sandbox.block_kit.blocks import BLOCKS
from bot.sandbox.block_kit.elements import (
    ACTION_ELEMENTS,
    CONTEXT_ACTION_ELEMENTS,
    INPUT_ELEMENTS,
)
from bot.sandbox.block_kit.rich_text import INLINE_ELEMENTS, RICH_TEXT_PARTS
from bot.sandbox.block_kit.rules import BLOCK_KINDS, LIMITS, NOT_EMULATED, limits_in_use
from bot.sandbox.web_api.streams import REQUIRED_FIELDS

WITHOUT_A_CLASS = {"data_table", "data_visualization"}
"""Blocks that Slack documents and that the SDK has no class for yet."""
ELEMENTS = {**ACTION_ELEMENTS, **INPUT_ELEMENTS, **CONTEXT_ACTION_ELEMENTS}
PARTS_OF_OTHERS = {"image", "url", *RICH_TEXT_PARTS, *INLINE_ELEMENTS}
"""Types in the SDK's module of elements that the emulator checks as parts of other blocks."""
NAMES = {
    "context_actions.elements": "context_actions.elements",
    "static_select.placeholder": "element.placeholder",
    "button.url": "url",
    "workflow_button.text": "button.text",
    "workflow_button.accessibility_label": "button.accessibility_label",
    "icon_button.accessibility_label": "button.accessibility_label",
    "video.title_url": "url",
}
"""Rules that several elements share."""


def sdk_blocks() -> dict[str, type]:
    found = {}
    for name in dir(sdk):
        member = getattr(sdk, name)
        if isinstance(member, type) and issubclass(member, Block) and member is not Block:
            found[str(member.type)] = member

    return found


def sdk_elements() -> dict[str, type]:
    found = {}
    for name in dir(block_elements):
        member = getattr(block_elements, name)
        kind = getattr(member, "type", None)
        is_element = isinstance(member, type) and issubclass(member, block_elements.BlockElement)
        if is_element and isinstance(kind, str) and kind:
            found.setdefault(kind, member)

    return found


def sdk_limits(kinds: dict[str, type]) -> Iterator[tuple[str, int]]:
    """Yields the SDK's limits as `kind.field`, without those that every element has."""
    for kind, model in kinds.items():
        for name in dir(model):
            field = name.removesuffix("_max_length")
            if field != name and field not in ("action_id", "block_id", "placeholder"):
                yield f"{kind}.{field}", getattr(model, name)


def our_name(name: str) -> str:
    kind, _, field = name.partition(".")
    for shared in (NAMES.get(name, name), f"{kind.removeprefix('multi_')}.{field}"):
        if shared in LIMITS:
            return shared

    choices = {"options": "static_select.options", "option_groups": "static_select.option_groups"}
    return choices.get(field, name)


def test_each_rule_is_read_by_a_check():
    assert limits_in_use() == set(LIMITS)


def test_each_block_has_its_surfaces_and_its_schema():
    assert set(BLOCK_KINDS) == set(BLOCKS)


def test_the_sdk_knows_no_block_that_the_table_does_not():
    assert set(sdk_blocks()) == set(BLOCKS) - WITHOUT_A_CLASS | NOT_EMULATED


def test_the_sdk_knows_no_element_that_the_table_does_not():
    assert set(sdk_elements()) - set(ELEMENTS) - PARTS_OF_OTHERS == set()


def test_the_sdk_knows_no_chunk_that_the_table_does_not():
    assert {kind.type for kind in chunk.Chunk.__subclasses__()} == set(REQUIRED_FIELDS)


def test_the_sdks_limits_are_those_of_the_table():
    different = {}
    for name, value in sdk_limits({**sdk_blocks(), **sdk_elements()}):
        if name.split(".")[0] in NOT_EMULATED:
            continue

        rule = LIMITS.get(our_name(name))
        if rule is None or rule.most != value:
            different[name] = value

    # Slack's pages say "less than" for these two, and the SDK takes that for "at most".
    assert different == {"video.title": 200, "video.author_name": 50}


def test_the_sdks_limits_of_composition_objects_are_those_of_the_table():
    confirm = basic_components.ConfirmObject
    option = basic_components.Option
    assert [confirm.title_max_length, confirm.text_max_length, confirm.confirm_max_length] == [
        LIMITS["confirm.title"].most,
        LIMITS["confirm.text"].most,
        LIMITS["confirm.confirm"].most,
    ]
    assert confirm.deny_max_length == LIMITS["confirm.deny"].most
    assert option.label_max_length == LIMITS["option.text"].most
    assert option.value_max_length == LIMITS["option.value"].most
    group = basic_components.OptionGroup
    assert group.label_max_length == LIMITS["option_group.label"].most
    assert group.options_max_length == LIMITS["option_group.options"].most


def test_the_sdk_knows_no_field_of_a_block_that_the_schema_refuses():
    refused: dict[str, set[str]] = {}
    for kind, model in sdk_blocks().items():
        if kind in NOT_EMULATED:
            continue

        fields = model.__new__(model).attributes
        names = set(fields) - {"type", "block_id"}
        sentences = list(BLOCKS[kind](dict.fromkeys(names), ""))
        unknown = {name for name in names for text in sentences if f"property: {name} " in text}
        if unknown:
            refused[kind] = unknown

    assert refused == {}
