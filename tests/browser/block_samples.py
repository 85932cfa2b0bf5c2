"""One sample of each block family that the page draws, as a bot would send it."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def option(label: str, value: str) -> Json:
    return {"text": plain(label), "value": value}


def rich(*parts: Json) -> Json:
    return {"type": "rich_text", "elements": list(parts)}


def text_element(text: str, **style: bool) -> Json:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


def rich_section(*elements: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(elements)}


def button(label: str, action: str, **more: Any) -> Json:
    return {"type": "button", "text": plain(label), "action_id": action, **more}


def raw(text: str) -> Json:
    return {"type": "raw_text", "text": text}


def xy_chart(kind: str) -> Json:
    series = [
        {"name": name, "data": [{"label": "Mon", "value": 2}, {"label": "Tue", "value": 5.5}]}
        for name in "ab"
    ]
    chart = {
        "type": kind,
        "series": series,
        "axis_config": {"categories": ["Mon", "Tue"], "x_label": "Day"},
    }

    return {"type": "data_visualization", "title": f"A {kind} chart", "chart": chart}


OPTIONS = [option("One", "1"), option("Two", "2")]

FAMILIES: dict[str, list[Json]] = {
    "text": [
        {"type": "header", "text": plain("A header :eyes:")},
        {
            "type": "section",
            "text": mrkdwn("*bold* _it_ ~gone~ `code` <https://example.com|label> <@U0GRACE0000>"),
        },
        {"type": "section", "fields": [mrkdwn("*Left*\none"), mrkdwn("*Right*\ntwo")]},
        {"type": "divider"},
        {"type": "context", "elements": [mrkdwn("small print"), plain("and more")]},
        {
            "type": "markdown",
            "text": "# Title\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode\n```",
        },
    ],
    "media": [
        {
            "type": "image",
            "image_url": "https://example.com/dog.png",
            "alt_text": "a dog",
            "title": plain("Dog"),
        },
        {
            "type": "video",
            "title": plain("Tour"),
            "alt_text": "a tour",
            "video_url": "https://example.com/v",
            "thumbnail_url": "https://example.com/t.png",
        },
    ],
    "actions": [
        {
            "type": "actions",
            "elements": [
                button("Go", "go", style="primary"),
                {
                    "type": "static_select",
                    "action_id": "pick",
                    "placeholder": plain("Pick"),
                    "options": OPTIONS,
                },
                {"type": "overflow", "action_id": "more", "options": OPTIONS},
                {"type": "datepicker", "action_id": "day", "initial_date": "2026-11-20"},
                {"type": "timepicker", "action_id": "hour", "initial_time": "09:30"},
                {"type": "datetimepicker", "action_id": "moment"},
                {"type": "checkboxes", "action_id": "boxes", "options": OPTIONS},
                {"type": "radio_buttons", "action_id": "radios", "options": OPTIONS},
                {"type": "users_select", "action_id": "who", "placeholder": plain("Who")},
                {
                    "type": "multi_static_select",
                    "action_id": "several",
                    "placeholder": plain("Some"),
                    "options": OPTIONS,
                },
            ],
        },
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "action_id": "thumb",
                    "positive_button": {"text": plain("Good"), "value": "up"},
                    "negative_button": {"text": plain("Bad"), "value": "down"},
                },
                {
                    "type": "icon_button",
                    "action_id": "bin",
                    "icon": "trash",
                    "text": plain("Remove"),
                },
            ],
        },
    ],
    "rich_text": [
        rich(
            rich_section(
                text_element("bold", bold=True),
                text_element(" code", code=True),
                {"type": "link", "url": "https://example.com", "text": "link"},
                {"type": "user", "user_id": "U0GRACE0000"},
                {"type": "channel", "channel_id": "C0GENERAL00"},
                {"type": "broadcast", "range": "here"},
                {"type": "emoji", "name": "tada"},
            ),
            {
                "type": "rich_text_list",
                "style": "ordered",
                "indent": 0,
                "elements": [rich_section(text_element("first"))],
            },
            {
                "type": "rich_text_list",
                "style": "bullet",
                "indent": 1,
                "elements": [rich_section(text_element("nested"))],
            },
            {"type": "rich_text_quote", "elements": [text_element("quoted")]},
            {"type": "rich_text_preformatted", "elements": [text_element("fixed")]},
        )
    ],
    "tables": [
        {
            "type": "table",
            "rows": [
                [raw("Gate"), raw("Figure")],
                [raw("Volume"), rich(rich_section(text_element("412")))],
            ],
        },
    ],
    # Slack takes one table a message.
    "data_tables": [
        {
            "type": "data_table",
            "caption": "Routes",
            "page_size": 1,
            "rows": [
                [raw("Route"), raw("Requests")],
                *(
                    [raw(name), {"type": "raw_number", "value": n, "text": str(n)}]
                    for name, n in (("b", 2), ("a", 10))
                ),
            ],
        },
    ],
    "charts": [xy_chart("bar"), xy_chart("line")],
    "more_charts": [
        xy_chart("area"),
        {
            "type": "data_visualization",
            "title": "A pie",
            "chart": {
                "type": "pie",
                "segments": [{"label": "rag", "value": 3}, {"label": "tuned", "value": 1}],
            },
        },
    ],
    "tasks": [
        {
            "type": "plan",
            "title": "Answering",
            "tasks": [
                {
                    "type": "task_card",
                    "task_id": "t1",
                    "title": "Chose a route",
                    "status": "complete",
                },
                {"type": "task_card", "task_id": "t2", "title": "Writing", "status": "in_progress"},
            ],
        },
        {"type": "task_card", "task_id": "t3", "title": "Failed alone", "status": "error"},
    ],
    "cards": [
        {
            "type": "card",
            "title": mrkdwn("*A card*"),
            "body": mrkdwn("text"),
            "actions": [button("Approve", "approve")],
        },
        {
            "type": "carousel",
            "elements": [{"type": "card", "title": mrkdwn(name)} for name in ("first", "second")],
        },
        {
            "type": "container",
            "title": plain("Details"),
            "is_collapsible": True,
            "default_collapsed": True,
            "child_blocks": [{"type": "section", "text": mrkdwn("inside")}],
        },
    ],
}


def field(block_id: str, element: Json, label: str = "A field", **more: Any) -> Json:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": element,
        **more,
    }


def form(*blocks: Json, title: str = "A form") -> Json:
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain(title),
        "submit": plain("Send"),
        "close": plain("Cancel"),
        "blocks": list(blocks),
    }


ALL_INPUTS = form(
    {"type": "alert", "level": "warning", "text": mrkdwn("This costs *money*.")},
    field("text", {"type": "plain_text_input", "action_id": "v", "multiline": True}, optional=True),
    field("email", {"type": "email_text_input", "action_id": "v"}, optional=True),
    field("url", {"type": "url_text_input", "action_id": "v"}, optional=True),
    field(
        "number",
        {"type": "number_input", "action_id": "v", "is_decimal_allowed": True},
        optional=True,
    ),
    field("rich", {"type": "rich_text_input", "action_id": "v"}, optional=True),
    field("date", {"type": "datepicker", "action_id": "v"}, optional=True),
    field("time", {"type": "timepicker", "action_id": "v"}, optional=True),
    field("moment", {"type": "datetimepicker", "action_id": "v"}, optional=True),
    field("select", {"type": "static_select", "action_id": "v", "options": OPTIONS}, optional=True),
    field(
        "several",
        {"type": "multi_static_select", "action_id": "v", "options": OPTIONS},
        optional=True,
    ),
    field("users", {"type": "multi_users_select", "action_id": "v"}, optional=True),
    field("channel", {"type": "channels_select", "action_id": "v"}, optional=True),
    field("conversation", {"type": "conversations_select", "action_id": "v"}, optional=True),
    field("boxes", {"type": "checkboxes", "action_id": "v", "options": OPTIONS}, optional=True),
    field("radios", {"type": "radio_buttons", "action_id": "v", "options": OPTIONS}, optional=True),
    field("files", {"type": "file_input", "action_id": "v"}, optional=True),
)
