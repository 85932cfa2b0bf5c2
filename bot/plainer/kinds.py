"""The kinds of blocks and elements, and which of them Slack may refuse."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bot.payloads import Block

NEWER = frozenset(
    {
        "alert",
        "card",
        "carousel",
        "container",
        "context_actions",
        "data_table",
        "data_visualization",
        "feedback_buttons",
        "icon_button",
        "markdown",
        "plan",
        "plan_update",
        "table",
        "task_card",
        "task_update",
        "video",
    }
)
"""Kinds that are accepted only on some surfaces, plans or clients."""
BASIC = frozenset(
    {"section", "actions", "button", "input", "static_select", "plain_text_input", "markdown_text"}
)
"""Kinds that every Slack of the last years accepts: the plainest form with buttons has only these.
"""
TEXT_OBJECTS = frozenset({"plain_text", "mrkdwn"})


def kinds_in(value: object) -> Iterator[str]:
    """Yields the kind of everything within blocks, a view or chunks, but not of its texts."""
    if isinstance(value, dict):
        kind = value.get("type")
        if isinstance(kind, str) and kind not in TEXT_OBJECTS:
            yield kind

        for member in value.values():
            yield from kinds_in(member)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from kinds_in(member)


def is_accepted(block: Block, refused: Collection[str]) -> bool:
    """Returns whether nothing within the block is refused."""
    return not any(kind in refused for kind in kinds_in(block))
