"""Which fields of an answer must be equal, and how the words of the others are counted."""

from __future__ import annotations

import pytest

from workers.evaluation.metrics import ScoringRule, is_closed, score

SIZES = {"enum": ["small", "large"]}
TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("schema", "closed"),
    [
        (SIZES, True),
        ({"const": "x"}, True),
        (TEXT, False),
        ({}, False),
        ({"type": "number"}, True),
        ({"type": ["number", "null"]}, True),
        ({"type": ["string", "null"]}, False),
        ({"type": "array", "items": SIZES}, True),
        ({"type": "array", "items": TEXT}, False),
        ({"type": ["array", "string"]}, False),
        ({"type": "object", "properties": {"size": SIZES, "count": {"type": "integer"}}}, True),
        ({"type": "object", "properties": {"size": SIZES, "why": TEXT}}, False),
        # Without a type it may be a text, whatever is said of its parts.
        ({"properties": {"size": SIZES}}, False),
    ],
)
def test_a_field_is_closed_where_a_model_has_no_words_of_its_own(
    schema: dict[str, object], closed: bool
) -> None:
    assert is_closed(schema) is closed


def test_texts_count_by_the_words_that_each_field_shares() -> None:
    rule = ScoringRule(exact=(), loose=("title", "body"))
    right = {"title": "late parcel", "body": "it did not come"}

    assert score(rule, right, right) == 1.0
    assert score(rule, {"title": "late parcel", "body": "no idea"}, right) == 0.5
    assert score(rule, {"title": "late parcel"}, right) == 0.5
    assert score(rule, {"title": "late letter", "body": "no idea"}, right) == 0.25
    assert score(rule, None, right) == 0.0
    assert score(rule, "late parcel", right) == 0.0


def test_one_wrong_field_of_those_that_must_be_equal_makes_an_answer_wrong() -> None:
    rule = ScoringRule(exact=("size", "count"), loose=("why",))
    right = {"size": "small", "count": 2, "why": "because"}

    assert score(rule, {"size": "small", "count": 2}, right) == 1.0
    assert score(rule, {"size": "small", "count": 3}, right) == 0.0
    assert score(rule, {"count": 2}, right) == 0.0
