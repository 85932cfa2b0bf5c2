"""Every block that Slack knows, the shape it must have, and where it may stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.sandbox.block_kit import elements as e
from bot.sandbox.block_kit.checks import (
    Check,
    anything,
    array,
    boolean,
    fields,
    kind,
    later,
    number,
    one_of,
    string,
    whole,
    wrong,
)
from bot.sandbox.block_kit.rich_text import RICH_TEXT

TABLE_CHARACTERS = 10_000
CONTEXT = {
    "image": e.IMAGE,
    "plain_text": fields({"text": string(3000)}, {"emoji": boolean}),
    "mrkdwn": fields({"text": string(3000)}, {"verbatim": boolean}),
}
RAW_TEXT = fields({"text": string(TABLE_CHARACTERS, 0)})
RAW_NUMBER = fields({"value": number}, {"text": string(100)})
RICH = {"rich_text": RICH_TEXT}
SOURCE = kind({"url": fields({"url": string(3000), "text": string(3000)})}, "source")
TASK = fields(
    {"task_id": string(255), "title": string(3000)},
    {
        "status": one_of("pending", "in_progress", "complete", "error"),
        "details": kind(RICH, "block type"),
        "output": kind(RICH, "block type"),
        "sources": array(SOURCE, 0, 100),
    },
)
CARD = fields(
    {},
    {
        "title": e.text(150),
        "subtitle": e.text(150),
        "body": e.text(200),
        "hero_image": kind({"image": e.IMAGE}, "element"),
        "icon": anything,
        "actions": array(kind(e.ACTING, "element"), 1, 5),
        "slack_icon": anything,
    },
    any_of=("hero_image", "title", "actions", "body"),
)
POINT = fields({"label": string(20), "value": number})
AXES = fields(
    {"categories": array(string(20), 1, 20)}, {"x_label": string(50), "y_label": string(50)}
)
SERIES = array(fields({"name": string(20), "data": array(POINT, 1, 20)}), 1, 12)
AXED = fields({"series": SERIES, "axis_config": AXES})
CHART = {
    "pie": fields({"segments": array(POINT, 1, 12)}),
    "bar": AXED,
    "line": AXED,
    "area": AXED,
}


def table(shape: Check, *, header: bool) -> Check:
    """A table whose rows are equally long and whose words fit together; a header is plain."""

    def check(value: Any, path: str) -> Iterator[str]:
        found = list(shape(value, path))
        yield from found
        if found:
            return

        rows = value["rows"]
        if header and len({len(row) for row in rows}) > 1:
            yield wrong("all rows must have the same number of cells", f"{path}/rows")
        if header and any(cell["type"] == "rich_text" for cell in rows[0]):
            yield wrong("rich_text is not allowed in a header", f"{path}/rows/0")
        if sum(words(cell) for row in rows for cell in row) > TABLE_CHARACTERS:
            yield wrong(f"no more than {TABLE_CHARACTERS} characters allowed", f"{path}/rows")

    return check


def words(value: Any) -> int:
    """How many characters of text stand somewhere in `value`."""
    if isinstance(value, dict):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(words(one) for one in value.values() if isinstance(one, dict | list))

    return sum(words(one) for one in value) if isinstance(value, list) else 0


def section(value: Any, path: str) -> Iterator[str]:
    """A section: text, fields or both, and one element beside them."""
    beside = kind({**e.ACTING, "image": e.IMAGE}, "element")
    inside = {
        "text": e.text(3000),
        "fields": array(e.text(2000), 1, 10),
        "accessory": beside,
        "expand": boolean,
    }

    return fields({}, inside, any_of=("text", "fields"))(value, path)


BLOCKS: dict[str, Check] = {
    "section": section,
    "divider": fields({}),
    "image": fields(
        {"alt_text": string(2000)},
        {"image_url": e.URL, "slack_file": anything, "title": e.plain(2000)},
        any_of=("image_url", "slack_file"),
    ),
    "actions": fields({"elements": array(kind(e.ACTING, "element"), 1, 25)}),
    "context": fields({"elements": array(kind(CONTEXT, "element"), 1, 10)}),
    "context_actions": fields({"elements": array(kind(e.JUDGING, "element"), 1, 5)}),
    "input": fields(
        {"label": e.plain(2000), "element": kind(e.ASKED, "element")},
        {"hint": e.plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "file": fields({"external_id": string(255), "source": one_of("remote")}),
    "header": fields({"text": e.plain(150)}, {"level": whole(1, 4)}),
    "markdown": fields({"text": string(12_000)}),
    "video": fields(
        {
            "alt_text": string(2000),
            "title": e.plain(199),
            "thumbnail_url": e.URL,
            "video_url": e.URL,
        },
        {
            "author_name": string(49),
            "description": e.plain(200),
            "provider_icon_url": e.URL,
            "provider_name": string(100),
            "title_url": e.URL,
        },
    ),
    "rich_text": RICH_TEXT,
    "table": table(
        fields(
            {"rows": array(array(kind({"raw_text": RAW_TEXT, **RICH}, "cell"), 1, 20), 1, 100)},
            {"column_settings": array(anything, 0, 20)},
        ),
        header=False,
    ),
    "data_table": table(
        fields(
            {
                "caption": string(3000),
                "rows": array(
                    array(
                        kind({"raw_text": RAW_TEXT, "raw_number": RAW_NUMBER, **RICH}, "cell"),
                        1,
                        20,
                    ),
                    2,
                    101,
                ),
            },
            {"page_size": whole(1, 100), "row_header_column_index": whole(0, 19)},
        ),
        header=True,
    ),
    "data_visualization": fields({"title": string(50), "chart": kind(CHART, "chart")}),
    "task_card": TASK,
    "plan": fields(
        {"title": string(3000)}, {"tasks": array(kind({"task_card": TASK}, "task"), 0, 50)}
    ),
    "alert": fields(
        {"text": e.text(3000)}, {"level": one_of("default", "info", "warning", "error", "success")}
    ),
    "card": CARD,
    "carousel": fields({"elements": array(kind({"card": CARD}, "card"), 1, 10)}),
    "container": fields(
        {"child_blocks": array(later(lambda: kind(BLOCKS, "block type")), 1, 10)},
        {
            "title": e.plain(150),
            "rich_text_title": anything,
            "subtitle": e.text(150),
            "icon": anything,
            "width": one_of("narrow", "standard", "wide", "full"),
            "is_collapsible": boolean,
            "default_collapsed": boolean,
            "has_header_divider": boolean,
        },
        any_of=("title", "rich_text_title"),
    ),
}
MESSAGE_ONLY = frozenset(
    {"context_actions", "data_table", "data_visualization", "file", "markdown", "plan", "task_card"}
)
MODAL_ONLY = frozenset({"alert"})
