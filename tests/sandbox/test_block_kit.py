"""Blocks are refused where Slack refuses them, and only there."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from bot.sandbox.block_kit import check_message, check_view, with_ids

Json = dict[str, Any]


def plain(text: str = "x") -> Json:
    return {"type": "plain_text", "text": text}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain(), "action_id": "a", **more}


def option(value: str = "v") -> Json:
    return {"text": plain(), "value": value}


def rich(*elements: Json) -> Json:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": list(elements)}],
    }


def chart(**more: Any) -> Json:
    pie = {"type": "pie", "segments": [{"label": "docs", "value": 3}]}
    return {"type": "data_visualization", "title": "Requests", "chart": pie, **more}


def table(*rows: list[str]) -> Json:
    cells = [[cell(text) for text in row] for row in rows]
    return {"type": "data_table", "caption": "By route", "rows": cells}


def cell(text: str) -> Json:
    return {"type": "raw_text", "text": text}


def bar(series: int) -> Json:
    data = [{"name": f"s{n}", "data": [{"label": "Mon", "value": n}]} for n in range(series)]
    return {"type": "bar", "series": data, "axis_config": {"categories": ["Mon"]}}


THUMBS = {
    "type": "feedback_buttons",
    "action_id": "thumb",
    "positive_button": {"text": plain(), "value": "up"},
    "negative_button": {"text": plain(), "value": "down"},
}
TASK = {"type": "task_card", "task_id": "1", "title": "Look", "status": "complete"}
CARD = {"type": "card", "title": plain(), "body": plain(), "actions": [button()]}
SELECT = {"type": "static_select", "action_id": "s", "options": [option()]}
IMAGE = {"type": "image", "image_url": "https://example.com/x.png", "alt_text": "x"}

ACCEPTED = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}, "accessory": button()},
    {"type": "section", "fields": [plain("x" * 2000)] * 10},
    {"type": "divider"},
    {"type": "header", "text": plain("x" * 150)},
    {"type": "context", "elements": [IMAGE, plain()]},
    {"type": "actions", "elements": [button(action_id=f"a{n}") for n in range(25)]},
    {
        "type": "actions",
        "elements": [{"type": "overflow", "action_id": "o", "options": [option()] * 5}],
    },
    {
        "type": "context_actions",
        "elements": [THUMBS, {"type": "icon_button", "icon": "trash", "text": plain()}],
    },
    {"type": "markdown", "text": "x" * 12_000},
    rich(
        {"type": "text", "text": "x", "style": {"bold": True}},
        {"type": "link", "url": "https://example.com"},
    ),
    {
        "type": "table",
        "rows": [[{"type": "raw_text", "text": "x"}, rich({"type": "text", "text": "y"})]],
    },
    table(["route", "n"], ["docs", "3"]),
    {**table(["n"]), "rows": [[cell("n")], [{"type": "raw_number", "value": 3, "text": "3"}]]},
    chart(),
    chart(chart=bar(12)),
    {
        **TASK,
        "output": rich({"type": "text", "text": "x"}),
        "sources": [{"type": "url", "url": "u", "text": "t"}],
    },
    {"type": "plan", "title": "Plan", "tasks": [TASK]},
    CARD,
    {"type": "carousel", "elements": [CARD] * 10},
    {
        "type": "container",
        "title": plain(),
        "child_blocks": [{"type": "divider"}],
        "is_collapsible": True,
    },
    {**IMAGE, "title": plain()},
]
REFUSED = [
    {"type": "alert", "text": plain()},
    {"type": "heading", "text": plain()},
    {"type": ["section"]},
    None,
    "section",
    {"type": "section"},
    {"type": "section", "text": plain("x" * 3001)},
    {"type": "section", "text": plain("")},
    {"type": "section", "text": "x"},
    {"type": "section", "text": plain(), "colour": "red"},
    {"type": "section", "fields": [plain()] * 11},
    {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
    {"type": "header", "text": plain("x" * 151)},
    {"type": "divider", "block_id": "x" * 256},
    {"type": "actions", "elements": [button()] * 2},
    {"type": "actions", "elements": [button(action_id=f"a{n}") for n in range(26)]},
    {"type": "actions", "elements": [button(value="x" * 2001)]},
    {"type": "actions", "elements": [button(text=plain("x" * 76))]},
    {"type": "actions", "elements": [button(style="green")]},
    {"type": "actions", "elements": [{**SELECT, "options": [option()] * 101}]},
    {"type": "actions", "elements": [{"type": "static_select", "action_id": "s"}]},
    {"type": "actions", "elements": [{**SELECT, "options": [option("x" * 151)]}]},
    {"type": "actions", "elements": [THUMBS]},
    {"type": "context", "elements": [button()]},
    {"type": "context", "elements": [plain()] * 11},
    {"type": "context_actions", "elements": [{**THUMBS, "action_id": f"t{n}"} for n in range(6)]},
    {"type": "markdown", "text": "x" * 12_001},
    {"type": "rich_text", "elements": [{"type": "text", "text": "x"}]},
    rich({"type": "text", "text": ""}),
    rich({"type": "text", "text": "x", "style": {"bold": "yes"}}),
    rich({"type": "shout", "text": "x"}),
    {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * 101},
    table(["only a header"]),
    table(["a", "b"], ["c"]),
    table(["a"], ["x" * 10_000]),
    {**table(["a"], ["b"]), "caption": ""},
    table(["a"], [""]),
    {**table(["a"]), "rows": [[cell("a")], [{"type": "raw_number", "value": 3}]]},
    {**table(["a"]), "rows": [[cell("a")], [{"type": "raw_number", "value": 3, "text": ""}]]},
    chart(title="x" * 51),
    chart(chart=bar(13)),
    chart(chart={"type": "pie", "segments": [{"label": "x" * 21, "value": 1}]}),
    chart(chart={"type": "donut", "segments": []}),
    {**TASK, "status": "done"},
    {"type": "card"},
    {**CARD, "title": plain("x" * 151)},
    {**CARD, "actions": [button(action_id=f"a{n}") for n in range(4)]},
    {**CARD, "actions": [SELECT]},
    {**CARD, "body": plain("x" * 201)},
    {"type": "carousel", "elements": [CARD] * 11},
    {"type": "carousel", "elements": []},
    {"type": "container", "title": plain(), "child_blocks": [{"type": "divider"}] * 11},
    {"type": "container", "title": plain(), "child_blocks": [{"type": "dividerr"}]},
    {"type": "input", "label": plain(), "element": button()},
]


@pytest.mark.parametrize("block", ACCEPTED, ids=lambda block: block["type"])
def test_a_block_within_the_limits_is_accepted(block: Json) -> None:
    assert check_message([block]).details == []


@pytest.mark.parametrize("block", REFUSED)
def test_a_block_beyond_a_limit_or_unknown_is_refused_with_its_place(block: Any) -> None:
    details = check_message([{"type": "divider"}, block]).details
    assert details
    assert all("[json-pointer:/blocks/1" in detail for detail in details)


def test_a_third_chart_in_a_message_is_refused() -> None:
    assert check_message([chart()] * 2).details == []
    assert check_message([chart()] * 3).details


def test_a_message_holds_one_table_of_either_kind() -> None:
    plain_table = {"type": "table", "rows": [[cell("x")]]}
    assert check_message([table(["a"], ["b"])]).details == []
    assert check_message([plain_table, table(["a"], ["b"])]).details
    assert check_message([plain_table] * 2).details


def test_a_block_id_occurs_once_in_a_message() -> None:
    assert check_message([{"type": "divider", "block_id": "b"}] * 2).details


def test_blocks_that_are_no_list_are_refused() -> None:
    assert check_message({"type": "divider"}).details == ["must be an array [json-pointer:/blocks]"]


INPUT = {
    "type": "input",
    "label": plain(),
    "element": {"type": "plain_text_input", "action_id": "why"},
}
MODAL = {
    "type": "modal",
    "title": plain(),
    "submit": plain(),
    "blocks": [INPUT, {"type": "alert", "text": plain()}],
}


@pytest.mark.parametrize(
    ("change", "accepted"),
    [
        ({}, True),
        ({"title": plain("x" * 25)}, False),
        ({"title": None, "type": "home", "submit": None, "blocks": [CARD]}, True),
        ({"type": "sheet"}, False),
        ({"submit": None}, False),
        ({"private_metadata": "x" * 3001}, False),
        ({"blocks": [{"type": "divider"}] * 101}, False),
        ({"blocks": [{"type": "divider"}] * 100}, True),
        ({"blocks": [chart()]}, False),
        ({"blocks": [{"type": "table", "rows": [[cell("x")]]}]}, False),
        ({"blocks": [{"type": "alert", "text": plain("x" * 201)}], "submit": None}, False),
        ({"colour": "red"}, False),
    ],
)
def test_a_view_is_checked_as_a_whole(change: Json, accepted: bool) -> None:
    view = {name: value for name, value in {**MODAL, **change}.items() if value is not None}
    assert (check_view(view) == []) is accepted


def test_slack_gives_ids_where_there_are_none_and_keeps_the_others() -> None:
    made = with_ids(
        [{"type": "actions", "elements": [button(), {**SELECT, "action_id": ""}]}], Random(0)
    )
    assert made[0]["elements"][0]["action_id"] == "a"
    assert len(made[0]["block_id"]) == len(made[0]["elements"][1]["action_id"]) == 5
