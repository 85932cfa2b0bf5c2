"""The schema of every Block Kit block."""

from __future__ import annotations

from collections.abc import Iterator

from bot.sandbox.block_kit import elements as e
from bot.sandbox.block_kit.checks import (
    Check,
    any_value,
    array,
    boolean,
    lazy,
    number,
    object_with,
    one_of,
    problem,
    tagged_union,
)
from bot.sandbox.block_kit.rich_text import RICH_TEXT
from bot.sandbox.block_kit.rules import count, most, number_within, text_within

CONTEXT_TEXT = text_within("context.text")
TABLE_CHARACTERS = most("table.characters")
CONTEXT = {
    "image": e.IMAGE,
    "plain_text": object_with({"text": CONTEXT_TEXT}, {"emoji": boolean}),
    "mrkdwn": object_with({"text": CONTEXT_TEXT}, {"verbatim": boolean}),
}
# Cells of tables.
RAW_TEXT = object_with({"text": text_within("raw_text.text")})
RAW_NUMBER = object_with({"value": number, "text": text_within("raw_number.text")})
RICH_TEXT_CELL = {"rich_text": RICH_TEXT}
TASK_TITLE = text_within("task_card.title")
SOURCE = tagged_union({"url": object_with({"url": e.URL, "text": TASK_TITLE})}, "source")
# An agent's task; a `plan` holds several.
TASK = object_with(
    {"task_id": e.ACTION_ID, "title": TASK_TITLE},
    {
        "status": one_of("pending", "in_progress", "complete", "error"),
        "details": tagged_union(RICH_TEXT_CELL, "block type"),
        "output": tagged_union(RICH_TEXT_CELL, "block type"),
        "sources": array(SOURCE, *count("task_card.sources")),
    },
)
# Cards also appear in carousels.
CARD = object_with(
    {},
    {
        "title": e.text_object(most("card.title")),
        "subtitle": e.text_object(most("card.subtitle")),
        "body": e.text_object(most("card.body")),
        "hero_image": tagged_union({"image": e.IMAGE}, "element"),
        "icon": any_value,
        "actions": array(tagged_union({"button": e.BUTTON}, "element"), *count("card.actions")),
        "slack_icon": any_value,
    },
    any_of=("hero_image", "title", "actions", "body"),
)
# Charts: a pie has segments; bar, line and area charts share series and axes.
CHART_LABEL = text_within("data_visualization.label")
AXIS_LABEL = text_within("data_visualization.axis_label")
POINT = object_with({"label": CHART_LABEL, "value": number})
POINTS = array(POINT, *count("data_visualization.points"))
AXES = object_with(
    {"categories": array(CHART_LABEL, *count("data_visualization.points"))},
    {"x_label": AXIS_LABEL, "y_label": AXIS_LABEL},
)
SERIES = array(
    object_with({"name": CHART_LABEL, "data": POINTS}), *count("data_visualization.series")
)
AXIS_CHART = object_with({"series": SERIES, "axis_config": AXES})
CHART = {
    "pie": object_with({"segments": array(POINT, *count("data_visualization.segments"))}),
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


# A section has text, fields or both, with an optional accessory.
SECTION = object_with(
    {},
    {
        "text": e.text_object(most("section.text")),
        "fields": array(e.text_object(most("section.field_text")), *count("section.fields")),
        "accessory": tagged_union({**e.ACTION_ELEMENTS, "image": e.IMAGE}, "element"),
        "expand": boolean,
    },
    any_of=("text", "fields"),
)
CELL = tagged_union({"raw_text": RAW_TEXT, "raw_number": RAW_NUMBER, **RICH_TEXT_CELL}, "cell")

BLOCKS: dict[str, Check] = {
    # Layout and text.
    "section": SECTION,
    "divider": object_with({}),
    "image": object_with(
        {"alt_text": text_within("image.alt_text")},
        {
            "image_url": text_within("image.image_url"),
            "slack_file": any_value,
            "title": e.plain_text(most("image.title")),
        },
        any_of=("image_url", "slack_file"),
    ),
    # Interactive blocks.
    "actions": object_with(
        {"elements": array(tagged_union(e.ACTION_ELEMENTS, "element"), *count("actions.elements"))}
    ),
    "context": object_with(
        {"elements": array(tagged_union(CONTEXT, "element"), *count("context.elements"))}
    ),
    "context_actions": object_with(
        {
            "elements": array(
                tagged_union(e.CONTEXT_ACTION_ELEMENTS, "element"),
                *count("context_actions.elements"),
            )
        }
    ),
    "input": object_with(
        {
            "label": e.plain_text(most("input.label")),
            "element": tagged_union(e.INPUT_ELEMENTS, "element"),
        },
        {"hint": e.plain_text(most("input.hint")), "optional": boolean, "dispatch_action": boolean},
    ),
    # Content.
    "file": object_with(
        {"external_id": text_within("file.external_id"), "source": one_of("remote")}
    ),
    "header": object_with(
        {"text": e.plain_text(most("header.text"))}, {"level": number_within("header.level")}
    ),
    "markdown": object_with({"text": text_within("markdown.text")}),
    "video": object_with(
        {
            "alt_text": text_within("image.alt_text"),
            "title": e.plain_text(most("video.title")),
            "thumbnail_url": e.URL,
            "video_url": e.URL,
        },
        {
            "author_name": text_within("video.author_name"),
            "description": e.plain_text(most("video.description")),
            "provider_icon_url": e.URL,
            "provider_name": text_within("video.provider_name"),
            "title_url": e.URL,
        },
    ),
    "rich_text": RICH_TEXT,
    "table": table(
        object_with(
            {"rows": array(array(CELL, *count("table.columns")), *count("table.rows"))},
            {"column_settings": array(any_value, *count("table.column_settings"))},
        ),
        header=False,
    ),
    "data_table": table(
        object_with(
            # A header and up to 100 rows.
            {
                "caption": text_within("data_table.caption"),
                "rows": array(array(CELL, *count("data_table.columns")), *count("data_table.rows")),
            },
            {
                "page_size": number_within("data_table.page_size"),
                "row_header_column_index": number_within("data_table.row_header_column_index"),
            },
        ),
        header=True,
    ),
    "data_visualization": object_with(
        {
            "title": text_within("data_visualization.title"),
            "chart": tagged_union(CHART, "chart"),
        }
    ),
    # An agent's progress.
    "task_card": TASK,
    "plan": object_with(
        {"title": text_within("plan.title")},
        {"tasks": array(tagged_union({"task_card": TASK}, "task"), *count("plan.tasks"))},
    ),
    # Framed blocks.
    "alert": object_with(
        {"text": e.text_object(most("alert.text"))},
        {"level": one_of("default", "info", "warning", "error", "success")},
    ),
    "card": CARD,
    "carousel": object_with(
        {"elements": array(tagged_union({"card": CARD}, "card"), *count("carousel.elements"))}
    ),
    "container": object_with(
        # Containers may be nested.
        {
            "child_blocks": array(
                lazy(lambda: tagged_union(BLOCKS, "block type")), *count("container.child_blocks")
            )
        },
        {
            "title": e.plain_text(most("container.title")),
            "rich_text_title": any_value,
            "subtitle": e.text_object(most("container.subtitle")),
            "icon": any_value,
            "width": one_of("narrow", "standard", "wide", "full"),
            "is_collapsible": boolean,
            "default_collapsed": boolean,
            "has_header_divider": boolean,
        },
        any_of=("title", "rich_text_title"),
    ),
}
