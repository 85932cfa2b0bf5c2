"""Verifiable rewards: what each check gives, and what a route file may declare."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.catalog.catalog import read_route
from router.catalog.export import write_route
from router.catalog.reward import RewardCheck, is_verifiable, reward_of
from router.errors import RouteError
from workers.training.reward import RewardFunction, RewardSpec

SCHEMA = {
    "type": "object",
    "properties": {
        "type": {"enum": ["sick", "other"]},
        "from": {"type": ["string", "null"]},
        "note": {"type": "string"},
    },
    "required": ["type", "from", "note"],
    "additionalProperties": False,
}
TOOL_SCHEMA = {
    "type": "object",
    "properties": {"tool": {"enum": ["note", "none"]}, "args": {"type": "object"}},
}
MESSAGE = "I am ill from Monday"
RIGHT = json.dumps({"type": "sick", "from": "Monday", "note": "ill"})
ROUTE = """---
name: boxes
description: Say which box.
utterances: [which box]
output: {{type: object, properties: {{box: {{enum: [left, right]}}, who: {{type: string}}}}}}
reward: {reward}
---
Say which box.
"""


def reward(*checks: RewardCheck, schema=SCHEMA) -> RewardFunction:
    return RewardFunction(RewardSpec(checks, schema))


def answer(**fields: object) -> str:
    return json.dumps({"type": "sick", "from": "Monday", "note": "ill"} | fields)


@pytest.mark.parametrize(
    ("check", "text", "expected"),
    [
        (RewardCheck(check="schema"), answer(), 1.0),
        (RewardCheck(check="schema"), answer(type="holiday"), 0.0),
        (RewardCheck(check="schema"), "sick", 0.0),
        (RewardCheck(check="fields", fields=("type", "from")), answer(**{"from": "today"}), 0.5),
        (RewardCheck(check="quotes", fields=("from",)), answer(**{"from": "ill from"}), 1.0),
        (RewardCheck(check="quotes", fields=("from",)), answer(**{"from": "Tuesday"}), 0.0),
        # Saying nothing is no way to be always right.
        (RewardCheck(check="quotes", fields=("from",)), answer(**{"from": None}), 0.0),
        (RewardCheck(check="quotes", fields=("from",)), answer(**{"from": 3}), 0.0),
    ],
)
def test_a_check_gives_the_share_of_it_that_holds(check, text, expected):
    assert reward(check).score(MESSAGE, text, RIGHT) == expected


def test_nothing_quoted_is_right_where_nothing_is_to_be_quoted():
    empty = answer(**{"from": None})
    check = RewardCheck(check="quotes", fields=("from",))
    assert reward(check).score(MESSAGE, empty, empty) == 1.0


@pytest.mark.parametrize(
    ("given_answer", "expected"),
    [
        ({"tool": "note", "args": {"text": "a", "who": "b"}}, 1.0),
        ({"tool": "note", "args": {"text": "a"}}, 0.5),
        ({"tool": "note", "args": {"text": "a", "who": "b", "more": "c"}}, 2 / 3),
        ({"tool": "none", "args": {"text": "a", "who": "b"}}, 0.0),
    ],
)
def test_tool_arguments_count_one_by_one(given_answer, expected):
    right = json.dumps({"tool": "note", "args": {"text": "a", "who": "b"}})
    function = reward(RewardCheck(check="arguments"), schema=TOOL_SCHEMA)
    assert function.score("", json.dumps(given_answer), right) == pytest.approx(expected)


def test_weights_share_the_reward():
    function = reward(
        RewardCheck(check="schema", weight=1),
        RewardCheck(check="fields", fields=("type",), weight=3),
    )
    assert function.score(MESSAGE, answer(type="other"), RIGHT) == 0.25


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_reward_is_a_share_whatever_is_written(message, text):
    checks = (
        RewardCheck(check="schema"),
        RewardCheck(check="fields", fields=("type",)),
        RewardCheck(check="quotes", fields=("from", "note")),
        RewardCheck(check="arguments"),
    )
    function = reward(*checks)
    assert 0 <= function.score(message, text, RIGHT) <= 1
    assert 0 <= function.score(message, json.dumps({"from": text, "args": text}), RIGHT) <= 1


def test_a_reward_survives_the_way_to_another_process():
    spec = RewardSpec((RewardCheck(check="fields", fields=("type",), weight=2),), SCHEMA)
    assert RewardSpec.from_dict(json.loads(json.dumps(spec.as_dict()))) == spec


def test_without_a_declared_reward_closed_fields_are_one():
    checks = reward_of((), SCHEMA)
    assert [check.check for check in checks] == ["schema", "fields"]
    assert checks[1].fields == ("type",)
    assert is_verifiable(checks)


@pytest.mark.parametrize("output", [None, {"type": "object", "properties": {"a": {}}}])
def test_free_text_has_no_reward(output):
    assert reward_of((), output) == ()


def test_the_shape_alone_verifies_nothing():
    assert not is_verifiable([RewardCheck(check="schema")])


def write(folder: Path, declared: str) -> Path:
    path = folder / "boxes"
    path.mkdir()
    (path / "route.md").write_text(ROUTE.format(reward=declared), "utf-8")
    return path


def test_a_route_file_declares_a_reward_and_keeps_it_when_exported(tmp_path):
    declared = "[{check: schema}, {check: fields, fields: [box], weight: 2}]"
    route = read_route(write(tmp_path, declared))
    assert [check.weight for check in route.version.reward] == [1, 2]
    written = write_route(route.version, route, tmp_path / "out")
    assert read_route(written).version.reward == route.version.reward


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ("[{check: fields, fields: [colour]}]", "colour"),
        ("[{check: fields}]", "needs 'fields'"),
        ("[{check: schema, fields: [box]}]", "takes no 'fields'"),
        ("[{check: arguments}]", "tool, args"),
        ("[{check: python}]", "reward"),
        ("[{check: schema, weight: 0}]", "weight"),
    ],
)
def test_a_reward_that_cannot_be_computed_is_refused_in_words(tmp_path, declared, words):
    with pytest.raises(RouteError, match=words):
        read_route(write(tmp_path, declared))
