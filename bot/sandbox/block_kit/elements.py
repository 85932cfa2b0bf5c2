"""The schemas of Block Kit's elements and composition objects, with Slack's limits."""

from __future__ import annotations

from bot.sandbox.block_kit.checks import (
    Check,
    any_value,
    array,
    boolean,
    integer,
    number,
    object_with,
    one_of,
    string,
    tagged_union,
)
from bot.sandbox.block_kit.rich_text import RICH_TEXT

ACTION_ID = string(255)
URL = string(3000)
LABEL = string(75)


def plain_text(maximum: int) -> Check:
    """Accepts a `plain_text` object."""
    return tagged_union({"plain_text": _plain_text_fields(maximum)}, "text object")


def text_object(maximum: int) -> Check:
    """Accepts a `plain_text` or `mrkdwn` object."""
    mrkdwn = object_with({"text": string(maximum)}, {"verbatim": boolean})
    variants = {"plain_text": _plain_text_fields(maximum), "mrkdwn": mrkdwn}
    return tagged_union(variants, "text object")


def _plain_text_fields(maximum: int) -> Check:
    return object_with({"text": string(maximum)}, {"emoji": boolean})


# Composition objects, which elements share.
CONFIRM = object_with(
    {
        "title": plain_text(100),
        "text": text_object(300),
        "confirm": plain_text(30),
        "deny": plain_text(30),
    },
    {"style": one_of("primary", "danger")},
)
OPTION = object_with(
    {"text": text_object(75), "value": string(150)}, {"description": text_object(75), "url": URL}
)
OPTIONS = array(OPTION, 1, 100)
OPTION_GROUPS = array(object_with({"label": plain_text(75), "options": OPTIONS}), 1, 100)
UP_TO_TEN_OPTIONS = array(OPTION, 1, 10)
IDS = array(string(255), 0, 100)
IMAGE = object_with(
    {"alt_text": string(2000)},
    {"image_url": URL, "slack_file": any_value},
    any_of=("image_url", "slack_file"),
)
# Fields that several types of elements have in common.
COMMON_FIELDS = {"action_id": ACTION_ID, "confirm": CONFIRM, "focus_on_load": boolean}
PLACEHOLDER_FIELDS = {**COMMON_FIELDS, "placeholder": plain_text(150)}
TEXT_INPUT_FIELDS = {
    "action_id": ACTION_ID,
    "focus_on_load": boolean,
    "placeholder": plain_text(150),
    "dispatch_action_config": any_value,
}
MULTI_SELECT_FIELDS = {"max_selected_items": integer(1, 1000)}
FILTER_FIELDS = {"filter": any_value, "default_to_current_conversation": boolean}
STATIC_SELECT_FIELDS = {**PLACEHOLDER_FIELDS, "options": OPTIONS, "option_groups": OPTION_GROUPS}
FEEDBACK_BUTTON = object_with(
    {"text": plain_text(75)}, {"value": string(2000), "accessibility_label": LABEL}
)

BUTTON = object_with(
    {"text": plain_text(75)},
    {
        "action_id": ACTION_ID,
        "url": URL,
        "value": string(2000),
        "style": one_of("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": LABEL,
        "agent_prompt": string(4000),
        "agent_prompt_display": any_value,
        "visible_to_user_ids": IDS,
    },
)
# The options of an external select come from the app while the user types.
SELECTS: dict[str, Check] = {
    "static_select": object_with(
        {}, {**STATIC_SELECT_FIELDS, "initial_option": OPTION}, any_of=("options", "option_groups")
    ),
    "external_select": object_with(
        {}, {**PLACEHOLDER_FIELDS, "initial_option": OPTION, "min_query_length": integer(0, 100)}
    ),
    "users_select": object_with({}, {**PLACEHOLDER_FIELDS, "initial_user": string(255)}),
    "conversations_select": object_with(
        {},
        {
            **PLACEHOLDER_FIELDS,
            **FILTER_FIELDS,
            "initial_conversation": string(255),
            "response_url_enabled": boolean,
        },
    ),
    "channels_select": object_with(
        {}, {**PLACEHOLDER_FIELDS, "initial_channel": string(255), "response_url_enabled": boolean}
    ),
    "multi_static_select": object_with(
        {},
        {**STATIC_SELECT_FIELDS, **MULTI_SELECT_FIELDS, "initial_options": OPTIONS},
        any_of=("options", "option_groups"),
    ),
    "multi_external_select": object_with(
        {},
        {
            **PLACEHOLDER_FIELDS,
            **MULTI_SELECT_FIELDS,
            "initial_options": OPTIONS,
            "min_query_length": integer(0, 100),
        },
    ),
    "multi_users_select": object_with(
        {}, {**PLACEHOLDER_FIELDS, **MULTI_SELECT_FIELDS, "initial_users": IDS}
    ),
    "multi_conversations_select": object_with(
        {},
        {
            **PLACEHOLDER_FIELDS,
            **MULTI_SELECT_FIELDS,
            **FILTER_FIELDS,
            "initial_conversations": IDS,
        },
    ),
    "multi_channels_select": object_with(
        {}, {**PLACEHOLDER_FIELDS, **MULTI_SELECT_FIELDS, "initial_channels": IDS}
    ),
}
# Elements with a choice may be in actions, sections and inputs alike.
CHOICE_ELEMENTS: dict[str, Check] = {
    **SELECTS,
    "datepicker": object_with({}, {**PLACEHOLDER_FIELDS, "initial_date": string(10)}),
    "timepicker": object_with(
        {}, {**PLACEHOLDER_FIELDS, "initial_time": string(5), "timezone": string(100)}
    ),
    "datetimepicker": object_with(
        {}, {**COMMON_FIELDS, "initial_date_time": integer(0, 9_999_999_999)}
    ),
    "radio_buttons": object_with(
        {"options": UP_TO_TEN_OPTIONS}, {**COMMON_FIELDS, "initial_option": OPTION}
    ),
    "checkboxes": object_with(
        {"options": UP_TO_TEN_OPTIONS}, {**COMMON_FIELDS, "initial_options": UP_TO_TEN_OPTIONS}
    ),
}
# Elements of `actions` blocks and accessories of sections.
ACTION_ELEMENTS: dict[str, Check] = {
    **CHOICE_ELEMENTS,
    "button": BUTTON,
    "overflow": object_with(
        {"options": array(OPTION, 1, 5)}, {"action_id": ACTION_ID, "confirm": CONFIRM}
    ),
    "workflow_button": object_with(
        {"text": plain_text(75), "workflow": any_value},
        {
            "action_id": ACTION_ID,
            "style": one_of("primary", "danger"),
            "accessibility_label": LABEL,
        },
    ),
}
# Elements of `input` blocks.
INPUT_ELEMENTS: dict[str, Check] = {
    **CHOICE_ELEMENTS,
    "plain_text_input": object_with(
        {},
        {
            **TEXT_INPUT_FIELDS,
            "initial_value": string(3000, 0),
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        },
    ),
    "rich_text_input": object_with(
        {},
        {**TEXT_INPUT_FIELDS, "initial_value": RICH_TEXT, "min_lines": number, "max_lines": number},
    ),
    "email_text_input": object_with({}, {**TEXT_INPUT_FIELDS, "initial_value": string(3000, 0)}),
    "url_text_input": object_with({}, {**TEXT_INPUT_FIELDS, "initial_value": string(3000, 0)}),
    "number_input": object_with(
        {"is_decimal_allowed": boolean},
        {
            **TEXT_INPUT_FIELDS,
            "initial_value": string(100, 0),
            "min_value": string(100),
            "max_value": string(100),
        },
    ),
    "file_input": object_with(
        {},
        {
            "action_id": ACTION_ID,
            "filetypes": array(string(20), 1, 100),
            "max_files": integer(1, 10),
        },
    ),
}
# Elements of `context_actions` blocks, which Slack shows under an answer.
CONTEXT_ACTION_ELEMENTS: dict[str, Check] = {
    "feedback_buttons": object_with(
        {"positive_button": FEEDBACK_BUTTON, "negative_button": FEEDBACK_BUTTON},
        {"action_id": ACTION_ID},
    ),
    "icon_button": object_with(
        {"icon": string(100), "text": plain_text(75)},
        {
            "action_id": ACTION_ID,
            "value": string(2000),
            "confirm": CONFIRM,
            "accessibility_label": LABEL,
            "visible_to_user_ids": IDS,
        },
    ),
}
