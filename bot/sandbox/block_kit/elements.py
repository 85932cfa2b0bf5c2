"""The schemas of Block Kit's elements and composition objects, with Slack's limits."""

from __future__ import annotations

from bot.sandbox.block_kit.checks import (
    Check,
    any_value,
    array,
    boolean,
    number,
    object_with,
    one_of,
    string,
    tagged_union,
)
from bot.sandbox.block_kit.rich_text import RICH_TEXT
from bot.sandbox.block_kit.rules import count, most, number_within, text_within

ACTION_ID = text_within("element.action_id")
URL = text_within("url")
LABEL = text_within("button.accessibility_label")


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
        "title": plain_text(most("confirm.title")),
        "text": text_object(most("confirm.text")),
        "confirm": plain_text(most("confirm.confirm")),
        "deny": plain_text(most("confirm.deny")),
    },
    {"style": one_of("primary", "danger")},
)
OPTION = object_with(
    {"text": text_object(most("option.text")), "value": text_within("option.value")},
    {"description": text_object(most("option.description")), "url": URL},
)
OPTIONS = array(OPTION, *count("static_select.options"))
OPTION_GROUP = object_with(
    {
        "label": plain_text(most("option_group.label")),
        "options": array(OPTION, *count("option_group.options")),
    }
)
OPTION_GROUPS = array(OPTION_GROUP, *count("static_select.option_groups"))
UP_TO_TEN_OPTIONS = array(OPTION, *count("radio_buttons.options"))
IDS = array(ACTION_ID, *count("element.ids"))
IMAGE = object_with(
    {"alt_text": text_within("image.alt_text")},
    {"image_url": text_within("image.image_url"), "slack_file": any_value},
    any_of=("image_url", "slack_file"),
)
# Fields that several types of elements have in common.
COMMON_FIELDS = {"action_id": ACTION_ID, "confirm": CONFIRM, "focus_on_load": boolean}
PLACEHOLDER_FIELDS = {**COMMON_FIELDS, "placeholder": plain_text(most("element.placeholder"))}
TEXT_INPUT_FIELDS = {
    "action_id": ACTION_ID,
    "focus_on_load": boolean,
    "placeholder": plain_text(most("element.placeholder")),
    "dispatch_action_config": any_value,
}
MULTI_SELECT_FIELDS = {"max_selected_items": number_within("multi_select.max_selected_items")}
FILTER_FIELDS = {"filter": any_value, "default_to_current_conversation": boolean}
STATIC_SELECT_FIELDS = {**PLACEHOLDER_FIELDS, "options": OPTIONS, "option_groups": OPTION_GROUPS}
FEEDBACK_BUTTON = object_with(
    {"text": plain_text(most("feedback_button.text"))},
    {"value": text_within("feedback_button.value"), "accessibility_label": LABEL},
)

BUTTON = object_with(
    {"text": plain_text(most("button.text"))},
    {
        "action_id": ACTION_ID,
        "url": URL,
        "value": text_within("button.value"),
        "style": one_of("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": LABEL,
        "agent_prompt": text_within("button.agent_prompt"),
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
        {},
        {
            **PLACEHOLDER_FIELDS,
            "initial_option": OPTION,
            "min_query_length": number_within("external_select.min_query_length"),
        },
    ),
    "users_select": object_with({}, {**PLACEHOLDER_FIELDS, "initial_user": ACTION_ID}),
    "conversations_select": object_with(
        {},
        {
            **PLACEHOLDER_FIELDS,
            **FILTER_FIELDS,
            "initial_conversation": ACTION_ID,
            "response_url_enabled": boolean,
        },
    ),
    "channels_select": object_with(
        {}, {**PLACEHOLDER_FIELDS, "initial_channel": ACTION_ID, "response_url_enabled": boolean}
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
            "min_query_length": number_within("external_select.min_query_length"),
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
    "datepicker": object_with(
        {}, {**PLACEHOLDER_FIELDS, "initial_date": text_within("datepicker.initial_date")}
    ),
    "timepicker": object_with(
        {},
        {
            **PLACEHOLDER_FIELDS,
            "initial_time": text_within("timepicker.initial_time"),
            "timezone": text_within("timepicker.timezone"),
        },
    ),
    "datetimepicker": object_with(
        {},
        {**COMMON_FIELDS, "initial_date_time": number_within("datetimepicker.initial_date_time")},
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
        {"options": array(OPTION, *count("overflow.options"))},
        {"action_id": ACTION_ID, "confirm": CONFIRM},
    ),
    "workflow_button": object_with(
        {"text": plain_text(most("button.text")), "workflow": any_value},
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
            "initial_value": text_within("plain_text_input.initial_value"),
            "multiline": boolean,
            "min_length": number_within("plain_text_input.min_length"),
            "max_length": number_within("plain_text_input.max_length"),
        },
    ),
    "rich_text_input": object_with(
        {},
        {**TEXT_INPUT_FIELDS, "initial_value": RICH_TEXT, "min_lines": number, "max_lines": number},
    ),
    "email_text_input": object_with(
        {},
        {**TEXT_INPUT_FIELDS, "initial_value": text_within("plain_text_input.initial_value")},
    ),
    "url_text_input": object_with(
        {},
        {**TEXT_INPUT_FIELDS, "initial_value": text_within("plain_text_input.initial_value")},
    ),
    "number_input": object_with(
        {"is_decimal_allowed": boolean},
        {
            **TEXT_INPUT_FIELDS,
            "initial_value": text_within("number_input.initial_value"),
            "min_value": text_within("number_input.min_value"),
            "max_value": text_within("number_input.min_value"),
        },
    ),
    "file_input": object_with(
        {},
        {
            "action_id": ACTION_ID,
            "filetypes": array(string(20), *count("file_input.filetypes")),
            "max_files": number_within("file_input.max_files"),
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
        {"icon": text_within("icon_button.icon"), "text": plain_text(most("icon_button.text"))},
        {
            "action_id": ACTION_ID,
            "value": text_within("icon_button.value"),
            "confirm": CONFIRM,
            "accessibility_label": LABEL,
            "visible_to_user_ids": IDS,
        },
    ),
}
