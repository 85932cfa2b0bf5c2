"""A structured answer matches its schema or is refused; nothing is repaired."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.catalog.output_schema import strict_schema
from workers.prompting.structured_output import (
    AnswerShapeError,
    add_reasoning_field,
    bound_lengths,
    parse_answer,
    render_value,
)

DISH: dict[str, Any] = {
    "type": "object",
    "properties": {
        "dish": {"type": "string"},
        "extras": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["dish", "extras"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soup",
        '{"dish": "soup"}',
        '{"dish": "soup", "extras": [], "price": 3}',
        '{"dish": 3, "extras": []}',
        '{"dish": "soup", "extras": [NaN]}',
        '{"dish": "soup", "extras": ["a"',
        '```json\n{"dish": "soup", "extras": []}\n```',
        "[" * 100_000,
    ],
)
def test_what_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(AnswerShapeError):
        parse_answer(text, DISH)


def test_half_a_character_cannot_reach_the_store() -> None:
    value = parse_answer('{"dish": "a\\ud800b\\u0000", "extras": ["\\udfff"]}', DISH)

    json.dumps(value, ensure_ascii=False).encode()
    assert "\x00" not in value["dish"]


@given(st.fixed_dictionaries({"dish": st.text(), "extras": st.lists(st.text())}))
def test_a_valid_answer_comes_through_unchanged(value: dict[str, Any]) -> None:
    expected = json.loads(json.dumps(value).replace("\\u0000", ""))

    assert parse_answer(json.dumps(value), DISH) == expected


def test_every_text_and_list_has_an_end() -> None:
    found = bound_lengths(DISH)

    assert found["properties"]["dish"]["maxLength"] > 0
    assert found["properties"]["extras"]["maxItems"] > 0
    assert found["properties"]["extras"]["items"]["maxLength"] > 0
    assert "maxLength" not in DISH["properties"]["dish"], "the author's schema stays as it was"


def test_reasoning_is_written_first() -> None:
    assert list(add_reasoning_field(DISH)["properties"]) == ["reasoning", "dish", "extras"]
    assert add_reasoning_field(DISH)["required"][0] == "reasoning"


def test_people_read_lines_not_braces() -> None:
    value = {
        "dish_name": "soup",
        "warm": True,
        "extras": ["bread", {"of": "salt", "g": 3}],
        "note": None,
        "none": [],
    }

    assert render_value(value) == "Dish name: soup\nWarm: yes\nExtras: \n• bread\n• Of: salt, G: 3"


def test_a_deep_schema_is_refused() -> None:
    deep: Any = {"type": "string"}
    for _ in range(9):
        deep = {"type": "object", "properties": {"a": deep}}

    with pytest.raises(ValueError, match="nested deeper"):
        strict_schema(deep)


def test_a_property_may_be_called_like_a_keyword() -> None:
    made = strict_schema(
        {"type": "object", "properties": {"if": {"type": "string"}, "not": {"type": "string"}}}
    )

    assert made["required"] == ["if", "not"]
