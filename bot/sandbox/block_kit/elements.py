"""The elements and small objects that blocks are made of, with Slack's limits."""

from __future__ import annotations

from bot.sandbox.block_kit.checks import (
    Check,
    anything,
    array,
    boolean,
    fields,
    kind,
    number,
    one_of,
    string,
    whole,
)
from bot.sandbox.block_kit.rich_text import RICH_TEXT

ACTION_ID = string(255)
URL = string(3000)
LABEL = string(75)


def plain(most: int) -> Check:
    """A `plain_text` object."""
    return kind({"plain_text": fields({"text": string(most)}, {"emoji": boolean})}, "text object")


def text(most: int) -> Check:
    """A text object of either sort."""
    marked = fields({"text": string(most)}, {"verbatim": boolean})
    return kind(
        {"plain_text": fields({"text": string(most)}, {"emoji": boolean}), "mrkdwn": marked},
        "text object",
    )


CONFIRM = fields(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)
OPTION = fields({"text": text(75), "value": string(150)}, {"description": text(75), "url": URL})
OPTIONS = array(OPTION, 1, 100)
GROUPS = array(fields({"label": plain(75), "options": OPTIONS}), 1, 100)
FEW = array(OPTION, 1, 10)
IDS = array(string(255), 0, 100)
IMAGE = fields(
    {"alt_text": string(2000)},
    {"image_url": URL, "slack_file": anything},
    any_of=("image_url", "slack_file"),
)
BASE = {"action_id": ACTION_ID, "confirm": CONFIRM, "focus_on_load": boolean}
ASKING = {**BASE, "placeholder": plain(150)}
TYPING = {
    "action_id": ACTION_ID,
    "focus_on_load": boolean,
    "placeholder": plain(150),
    "dispatch_action_config": anything,
}
MANY = {"max_selected_items": whole(1, 1000)}
FILTER = {"filter": anything, "default_to_current_conversation": boolean}
STATIC = {**ASKING, "options": OPTIONS, "option_groups": GROUPS}
THUMB = fields({"text": plain(75)}, {"value": string(2000), "accessibility_label": LABEL})

BUTTON = fields(
    {"text": plain(75)},
    {
        "action_id": ACTION_ID,
        "url": URL,
        "value": string(2000),
        "style": one_of("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": LABEL,
        "agent_prompt": string(4000),
        "agent_prompt_display": anything,
        "visible_to_user_ids": IDS,
    },
)
SELECTS: dict[str, Check] = {
    "static_select": fields(
        {}, {**STATIC, "initial_option": OPTION}, any_of=("options", "option_groups")
    ),
    "external_select": fields(
        {}, {**ASKING, "initial_option": OPTION, "min_query_length": whole(0, 100)}
    ),
    "users_select": fields({}, {**ASKING, "initial_user": string(255)}),
    "conversations_select": fields(
        {},
        {**ASKING, **FILTER, "initial_conversation": string(255), "response_url_enabled": boolean},
    ),
    "channels_select": fields(
        {}, {**ASKING, "initial_channel": string(255), "response_url_enabled": boolean}
    ),
    "multi_static_select": fields(
        {}, {**STATIC, **MANY, "initial_options": OPTIONS}, any_of=("options", "option_groups")
    ),
    "multi_external_select": fields(
        {}, {**ASKING, **MANY, "initial_options": OPTIONS, "min_query_length": whole(0, 100)}
    ),
    "multi_users_select": fields({}, {**ASKING, **MANY, "initial_users": IDS}),
    "multi_conversations_select": fields(
        {}, {**ASKING, **MANY, **FILTER, "initial_conversations": IDS}
    ),
    "multi_channels_select": fields({}, {**ASKING, **MANY, "initial_channels": IDS}),
}
CHOOSING: dict[str, Check] = {
    **SELECTS,
    "datepicker": fields({}, {**ASKING, "initial_date": string(10)}),
    "timepicker": fields({}, {**ASKING, "initial_time": string(5), "timezone": string(100)}),
    "datetimepicker": fields({}, {**BASE, "initial_date_time": whole(0, 9_999_999_999)}),
    "radio_buttons": fields({"options": FEW}, {**BASE, "initial_option": OPTION}),
    "checkboxes": fields({"options": FEW}, {**BASE, "initial_options": FEW}),
}
ACTING: dict[str, Check] = {
    **CHOOSING,
    "button": BUTTON,
    "overflow": fields(
        {"options": array(OPTION, 1, 5)}, {"action_id": ACTION_ID, "confirm": CONFIRM}
    ),
    "workflow_button": fields(
        {"text": plain(75), "workflow": anything},
        {
            "action_id": ACTION_ID,
            "style": one_of("primary", "danger"),
            "accessibility_label": LABEL,
        },
    ),
}
ASKED: dict[str, Check] = {
    **CHOOSING,
    "plain_text_input": fields(
        {},
        {
            **TYPING,
            "initial_value": string(3000, 0),
            "multiline": boolean,
            "min_length": whole(0, 3000),
            "max_length": whole(1, 3000),
        },
    ),
    "rich_text_input": fields(
        {}, {**TYPING, "initial_value": RICH_TEXT, "min_lines": number, "max_lines": number}
    ),
    "email_text_input": fields({}, {**TYPING, "initial_value": string(3000, 0)}),
    "url_text_input": fields({}, {**TYPING, "initial_value": string(3000, 0)}),
    "number_input": fields(
        {"is_decimal_allowed": boolean},
        {
            **TYPING,
            "initial_value": string(100, 0),
            "min_value": string(100),
            "max_value": string(100),
        },
    ),
    "file_input": fields(
        {},
        {"action_id": ACTION_ID, "filetypes": array(string(20), 1, 100), "max_files": whole(1, 10)},
    ),
}
JUDGING: dict[str, Check] = {
    "feedback_buttons": fields(
        {"positive_button": THUMB, "negative_button": THUMB}, {"action_id": ACTION_ID}
    ),
    "icon_button": fields(
        {"icon": string(100), "text": plain(75)},
        {
            "action_id": ACTION_ID,
            "value": string(2000),
            "confirm": CONFIRM,
            "accessibility_label": LABEL,
            "visible_to_user_ids": IDS,
        },
    ),
}
