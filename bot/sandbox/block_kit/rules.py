"""The table of Slack's rules for blocks, elements and views: each number, and how it is known.

The checks in this folder read their limits here, and `docs/slack-emulator.md` lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.sandbox.block_kit.checks import Check, integer, string

Evidence = Literal["documented", "captured", "measured", "assumed"]
"""How a rule is known: on Slack's pages or in its own types, in payloads that others captured, from
what others measured at Slack, or by nothing but analogy."""

Surface = Literal["message", "modal", "home"]
ANYWHERE: tuple[Surface, ...] = ("message", "modal", "home")
MESSAGES: tuple[Surface, ...] = ("message",)
REFERENCE = "https://docs.slack.dev/reference/block-kit/"
METHODS = "https://docs.slack.dev/reference/methods/"
TYPES = "https://docs.slack.dev/tools/node-slack-sdk/reference/types/interfaces/RawNumberElement"
OTHERS = "crate slackblocks 2.7.0, limits that its author tried"


@dataclass(frozen=True, slots=True)
class KindRule:
    """Where a kind of block is allowed. `page` is below `REFERENCE`, or another source."""

    page: str
    surfaces: tuple[Surface, ...] = ANYWHERE
    evidence: Evidence = "documented"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many characters, items, or a number so large; and at least.

    `source` is empty where it is the page of the block or element itself.
    """

    most: int
    least: int = 1
    evidence: Evidence = "documented"
    source: str = ""


BLOCK_KINDS: Mapping[str, KindRule] = {
    "actions": KindRule("blocks/actions-block"),
    "alert": KindRule("blocks/alert-block", ("modal",), "measured"),
    "card": KindRule("blocks/card-block"),
    "carousel": KindRule("blocks/carousel-block"),
    "container": KindRule("blocks/container-block", evidence="assumed"),
    "context": KindRule("blocks/context-block"),
    "context_actions": KindRule("blocks/context-actions-block", MESSAGES),
    "data_table": KindRule("blocks/data-table-block", MESSAGES, "assumed"),
    "data_visualization": KindRule("blocks/data-visualization-block", MESSAGES, "assumed"),
    "divider": KindRule("blocks/divider-block"),
    "file": KindRule("blocks/file-block", MESSAGES),
    "header": KindRule("blocks/header-block"),
    "image": KindRule("blocks/image-block"),
    "input": KindRule("blocks/input-block"),
    "markdown": KindRule("blocks/markdown-block", MESSAGES),
    "plan": KindRule("blocks/plan-block", MESSAGES),
    "rich_text": KindRule("blocks/rich-text-block"),
    "section": KindRule("blocks/section-block"),
    "table": KindRule("blocks/table-block", ("message", "home")),
    "task_card": KindRule("blocks/task-card-block", MESSAGES),
    "video": KindRule("blocks/video-block"),
}
NOT_EMULATED = frozenset({"call", "auth_provider"})
"""Blocks that Slack's SDK has a class for and that Beagle never sends."""

OPTION_TEXT = Limit(75, source="composition-objects/option-object")
LIMITS: Mapping[str, Limit] = {
    # All blocks and elements.
    "block.block_id": Limit(255),
    "element.action_id": Limit(255),
    "element.placeholder": Limit(150),
    "element.ids": Limit(100, 0, "assumed"),
    "url": Limit(3000),
    # Composition objects.
    "confirm.title": Limit(100, source="composition-objects/confirmation-dialog-object"),
    "confirm.text": Limit(300, source="composition-objects/confirmation-dialog-object"),
    "confirm.confirm": Limit(30, source="composition-objects/confirmation-dialog-object"),
    "confirm.deny": Limit(30, source="composition-objects/confirmation-dialog-object"),
    "option.text": OPTION_TEXT,
    "option.description": OPTION_TEXT,
    "option.value": Limit(150, source="composition-objects/option-object"),
    "option_group.label": Limit(75, source="composition-objects/option-group-object"),
    "option_group.options": Limit(100, source="composition-objects/option-group-object"),
    # Elements.
    "button.text": Limit(75),
    "button.value": Limit(2000),
    "button.accessibility_label": Limit(75),
    "button.agent_prompt": Limit(4000, source="slack_sdk models"),
    "feedback_button.text": Limit(75),
    "feedback_button.value": Limit(2000),
    "icon_button.icon": Limit(100, evidence="assumed"),
    "icon_button.text": Limit(75, evidence="assumed"),
    "icon_button.value": Limit(2000),
    "image.image_url": Limit(3000),
    "image.alt_text": Limit(2000),
    "static_select.options": Limit(100),
    "static_select.option_groups": Limit(100),
    "multi_select.max_selected_items": Limit(1000, evidence="assumed"),
    "external_select.min_query_length": Limit(100, 0, "assumed"),
    "overflow.options": Limit(5),
    "radio_buttons.options": Limit(10),
    "datepicker.initial_date": Limit(10),
    "timepicker.initial_time": Limit(5),
    "timepicker.timezone": Limit(100, evidence="assumed"),
    "datetimepicker.initial_date_time": Limit(9_999_999_999, 0),
    "plain_text_input.initial_value": Limit(3000, 0),
    "plain_text_input.min_length": Limit(3000, 0),
    "plain_text_input.max_length": Limit(3000),
    "number_input.initial_value": Limit(100, 0, "assumed"),
    "number_input.min_value": Limit(100, evidence="assumed"),
    "file_input.filetypes": Limit(100, evidence="assumed"),
    "file_input.max_files": Limit(10),
    # Blocks.
    "actions.elements": Limit(25),
    "alert.text": Limit(200, evidence="measured", source=OTHERS),
    "card.title": Limit(150),
    "card.subtitle": Limit(150),
    "card.body": Limit(200),
    "card.actions": Limit(3, evidence="measured", source=OTHERS),
    "carousel.elements": Limit(10),
    "container.child_blocks": Limit(10),
    "container.title": Limit(150),
    "container.subtitle": Limit(150),
    "context.elements": Limit(10),
    "context.text": Limit(3000, evidence="assumed"),
    "context_actions.elements": Limit(5),
    "data_table.caption": Limit(3000, evidence="assumed"),
    "data_table.rows": Limit(101, 2),
    "data_table.columns": Limit(20),
    "data_table.page_size": Limit(100),
    "data_table.row_header_column_index": Limit(19, 0),
    "data_visualization.title": Limit(50),
    "data_visualization.points": Limit(20),
    "data_visualization.series": Limit(12),
    "data_visualization.segments": Limit(12),
    "data_visualization.label": Limit(20),
    "data_visualization.axis_label": Limit(50),
    "file.external_id": Limit(255),
    "header.text": Limit(150),
    "header.level": Limit(4),
    "image.title": Limit(2000),
    "input.label": Limit(2000),
    "input.hint": Limit(2000),
    "markdown.text": Limit(12_000),
    "plan.title": Limit(3000, evidence="assumed"),
    "plan.tasks": Limit(50, 0, "assumed"),
    "raw_number.text": Limit(10_000, source=TYPES),
    "raw_text.text": Limit(10_000, evidence="measured", source=OTHERS),
    "rich_text.text": Limit(40_000, evidence="assumed"),
    "rich_text.elements": Limit(10_000, 1, "assumed"),
    "rich_text_list.indent": Limit(8, 0),
    "section.text": Limit(3000),
    "section.fields": Limit(10),
    "section.field_text": Limit(2000),
    "table.rows": Limit(100),
    "table.columns": Limit(20),
    "table.column_settings": Limit(20, 0),
    "table.characters": Limit(10_000),
    "task_card.title": Limit(3000, evidence="assumed"),
    "task_card.sources": Limit(100, 0, "assumed"),
    "video.title": Limit(199),
    "video.author_name": Limit(49),
    "video.description": Limit(200),
    "video.provider_name": Limit(100, evidence="assumed"),
    # Messages and views as a whole.
    "message.blocks": Limit(50, 0, source="blocks"),
    "message.markdown": Limit(12_000, 0, source="blocks/markdown-block"),
    "message.charts": Limit(2, 0, "measured", "npm @chat-adapter/slack 4.38, its list of limits"),
    "message.tables": Limit(1, 0, source="blocks/table-block"),
    "view.blocks": Limit(100, 0, source="blocks"),
    "view.title": Limit(24, source="views"),
    "view.close": Limit(24, source="views"),
    "view.submit": Limit(24, source="views"),
    "view.private_metadata": Limit(3000, 0, source="views"),
    "view.callback_id": Limit(255, 0, source="views"),
    "view.external_id": Limit(255, 0, source="views"),
    # Arguments of methods.
    "chat.postMessage.text": Limit(40_000, 0, source=f"{METHODS}chat.postMessage"),
    "chat.update.text": Limit(4_000, 0, source=f"{METHODS}chat.update"),
    "markdown_text": Limit(12_000, 0, source=f"{METHODS}chat.postMessage"),
    "metadata": Limit(16_000, 0, "assumed"),
    "assistant.threads.setStatus.loading_messages": Limit(
        10, 0, source=f"{METHODS}assistant.threads.setStatus"
    ),
    "assistant.threads.setSuggestedPrompts.prompts": Limit(
        4, 1, source=f"{METHODS}assistant.threads.setSuggestedPrompts"
    ),
}
"""By block or element and field."""
_read: set[str] = set()


def most(name: str) -> int:
    """Returns the largest length, count or number of a field."""
    _read.add(name)
    return LIMITS[name].most


def count(name: str) -> tuple[int, int]:
    """Returns the smallest and the largest count of items."""
    _read.add(name)
    return LIMITS[name].least, LIMITS[name].most


def text_within(name: str) -> Check:
    """Accepts a string that is no longer than this field may be."""
    least, longest = count(name)
    return string(longest, least)


def number_within(name: str) -> Check:
    """Accepts a whole number that this field may have."""
    return integer(*count(name))


def limits_in_use() -> frozenset[str]:
    """Returns the rows that a check reads."""
    return frozenset(_read)
