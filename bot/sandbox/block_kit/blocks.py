"""The schema of every Block Kit block, and the surfaces on which it is allowed."""

from __future__ import annotations

from collections.abc import Iterator

from bot.sandbox.block_kit import elements as e
from bot.sandbox.block_kit.checks import (
    Check,
    any_value,
    array,
    boolean,
    integer,
    lazy,
    number,
    object_with,
    one_of,
    problem,
    string,
    tagged_union,
)
from bot.sandbox.block_kit.rich_text import RICH_TEXT

# The limits below are Slack's, most of them from the reference of Block Kit.
TABLE_CHARACTERS = 10_000
CONTEXT = {
    "image": e.IMAGE,
    "plain_text": object_with({"text": string(3000)}, {"emoji": boolean}),
    "mrkdwn": object_with({"text": string(3000)}, {"verbatim": boolean}),
}
# Cells of tables.
RAW_TEXT = object_with({"text": string(TABLE_CHARACTERS)})
RAW_NUMBER = object_with({"value": number, "text": string(TABLE_CHARACTERS)})
RICH_TEXT_CELL = {"rich_text": RICH_TEXT}
SOURCE = tagged_union({"url": object_with({"url": string(3000), "text": string(3000)})}, "source")
# An agent's task; a `plan` holds several.
TASK = object_with(
    {"task_id": string(255), "title": string(3000)},
    {
        "status": one_of("pending", "in_progress", "complete", "error"),
        "details": tagged_union(RICH_TEXT_CELL, "block type"),
        "output": tagged_union(RICH_TEXT_CELL, "block type"),
        "sources": array(SOURCE, 0, 100),
    },
)
# Cards also appear in carousels.
CARD = object_with(
    {},
    {
        "title": e.text_object(150),
        "subtitle": e.text_object(150),
        "body": e.text_object(200),
        "hero_image": tagged_union({"image": e.IMAGE}, "element"),
        "icon": any_value,
        "actions": array(tagged_union({"button": e.BUTTON}, "element"), 1, 3),
        "slack_icon": any_value,
    },
    any_of=("hero_image", "title", "actions", "body"),
)
# Charts: a pie has segments; bar, line and area charts share series and axes.
POINT = object_with({"label": string(20), "value": number})
AXES = object_with(
    {"categories": array(string(20), 1, 20)}, {"x_label": string(50), "y_label": string(50)}
)
SERIES = array(object_with({"name": string(20), "data": array(POINT, 1, 20)}), 1, 12)
AXIS_CHART = object_with({"series": SERIES, "axis_config": AXES})
CHART = {
    "pie": object_with({"segments": array(POINT, 1, 12)}),
    "bar": AXIS_CHART,
    "line": AXIS_CHART,
    "area": AXIS_CHART,
}


def table(shape: Check, *, header: bool) -> Check:
    """Accepts a table within Slack's limits. A `header` must be plain and all rows equally long."""

    def check(value: object, path: str) -> Iterator[str]:
        problems = list(shape(value, path))
        yield from problems
        if problems or not isinstance(value, dict):
            return

        rows = value["rows"]
        if header and len({len(row) for row in rows}) > 1:
            yield problem("all rows must have the same number of cells", f"{path}/rows")
        if header and any(cell["type"] == "rich_text" for cell in rows[0]):
            yield problem("rich_text is not allowed in a header", f"{path}/rows/0")
        # Slack's limit is for the text of all cells together.
        if text_length(rows) > TABLE_CHARACTERS:
            yield problem(f"no more than {TABLE_CHARACTERS} characters allowed", f"{path}/rows")

    return check


def text_length(value: object) -> int:
    """Returns the number of characters in all `text` properties within `value`."""
    if isinstance(value, list):
        return sum(text_length(item) for item in value)
    if not isinstance(value, dict):
        return 0

    length = 0
    for name, member in value.items():
        if name == "text" and isinstance(member, str):
            length += len(member)
        else:
            length += text_length(member)

    return length


def section(value: object, path: str) -> Iterator[str]:
    """Accepts a section: text, fields or both, with an optional accessory."""
    accessory = tagged_union({**e.ACTION_ELEMENTS, "image": e.IMAGE}, "element")
    properties = {
        "text": e.text_object(3000),
        "fields": array(e.text_object(2000), 1, 10),
        "accessory": accessory,
        "expand": boolean,
    }

    return object_with({}, properties, any_of=("text", "fields"))(value, path)


# Only data tables have numeric cells, which sort by value.
TABLE_CELL = tagged_union({"raw_text": RAW_TEXT, **RICH_TEXT_CELL}, "cell")
DATA_CELL = tagged_union({"raw_text": RAW_TEXT, "raw_number": RAW_NUMBER, **RICH_TEXT_CELL}, "cell")

BLOCKS: dict[str, Check] = {
    # Layout and text.
    "section": section,
    "divider": object_with({}),
    "image": object_with(
        {"alt_text": string(2000)},
        {"image_url": e.URL, "slack_file": any_value, "title": e.plain_text(2000)},
        any_of=("image_url", "slack_file"),
    ),
    # Interactive blocks.
    "actions": object_with({"elements": array(tagged_union(e.ACTION_ELEMENTS, "element"), 1, 25)}),
    "context": object_with({"elements": array(tagged_union(CONTEXT, "element"), 1, 10)}),
    "context_actions": object_with(
        {"elements": array(tagged_union(e.CONTEXT_ACTION_ELEMENTS, "element"), 1, 5)}
    ),
    "input": object_with(
        {"label": e.plain_text(2000), "element": tagged_union(e.INPUT_ELEMENTS, "element")},
        {"hint": e.plain_text(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    # Content.
    "file": object_with({"external_id": string(255), "source": one_of("remote")}),
    "header": object_with({"text": e.plain_text(150)}, {"level": integer(1, 4)}),
    "markdown": object_with({"text": string(12_000)}),
    "video": object_with(
        {
            "alt_text": string(2000),
            "title": e.plain_text(199),
            "thumbnail_url": e.URL,
            "video_url": e.URL,
        },
        {
            "author_name": string(49),
            "description": e.plain_text(200),
            "provider_icon_url": e.URL,
            "provider_name": string(100),
            "title_url": e.URL,
        },
    ),
    "rich_text": RICH_TEXT,
    "table": table(
        object_with(
            {"rows": array(array(TABLE_CELL, 1, 20), 1, 100)},
            {"column_settings": array(any_value, 0, 20)},
        ),
        header=False,
    ),
    "data_table": table(
        object_with(
            # A header and up to 100 rows.
            {"caption": string(3000), "rows": array(array(DATA_CELL, 1, 20), 2, 101)},
            {"page_size": integer(1, 100), "row_header_column_index": integer(0, 19)},
        ),
        header=True,
    ),
    "data_visualization": object_with({"title": string(50), "chart": tagged_union(CHART, "chart")}),
    # An agent's progress.
    "task_card": TASK,
    "plan": object_with(
        {"title": string(3000)}, {"tasks": array(tagged_union({"task_card": TASK}, "task"), 0, 50)}
    ),
    # Framed blocks.
    "alert": object_with(
        {"text": e.text_object(200)},
        {"level": one_of("default", "info", "warning", "error", "success")},
    ),
    "card": CARD,
    "carousel": object_with({"elements": array(tagged_union({"card": CARD}, "card"), 1, 10)}),
    "container": object_with(
        # Containers may be nested.
        {"child_blocks": array(lazy(lambda: tagged_union(BLOCKS, "block type")), 1, 10)},
        {
            "title": e.plain_text(150),
            "rich_text_title": any_value,
            "subtitle": e.text_object(150),
            "icon": any_value,
            "width": one_of("narrow", "standard", "wide", "full"),
            "is_collapsible": boolean,
            "default_collapsed": boolean,
            "has_header_divider": boolean,
        },
        any_of=("title", "rich_text_title"),
    ),
}
# Slack refuses these elsewhere.
MESSAGE_ONLY = frozenset(
    {"context_actions", "data_table", "data_visualization", "file", "markdown", "plan", "task_card"}
)
MODAL_ONLY = frozenset({"alert"})
NOT_IN_MODALS = frozenset({"table"})
