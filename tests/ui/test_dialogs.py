"""Dialogs are read alike, whatever element took an answer."""

from __future__ import annotations

import pytest

from bot.ui import dialogs


def view(answer):
    return {"state": {"values": {"q": {"q": answer}}}}


YES = {"text": {"type": "plain_text", "text": "Yes"}, "value": "yes"}


@pytest.mark.parametrize(
    ("answer", "values"),
    [
        ({"selected_options": [YES, {**YES, "value": "no"}]}, ["yes", "no"]),
        ({"selected_options": []}, []),
        ({"selected_option": YES}, ["yes"]),
        ({"selected_option": None}, []),
        ({"value": "yes, no ,"}, ["yes", "no"]),
        ({"value": None}, []),
        ({}, []),
    ],
)
def test_several_answers_are_read_from_boxes_menus_and_typed_words(answer, values):
    assert dialogs.answers_to(view(answer), "q") == values


@pytest.mark.parametrize(
    ("answer", "channel"),
    [
        ({"selected_conversation": "C1"}, "C1"),
        ({"selected_channel": "C1"}, "C1"),
        ({"value": " C1 "}, "C1"),
        ({"selected_conversation": None}, ""),
        ({"value": 7}, ""),
    ],
)
def test_a_channel_is_read_from_each_kind_of_menu_and_from_its_id(answer, channel):
    assert dialogs.conversation_answer(view(answer), "q") == channel


@pytest.mark.parametrize("answer", [{"selected_option": YES}, {"value": "yes"}])
def test_one_answer_is_read_from_a_menu_and_from_typed_words(answer):
    assert dialogs.answer_to(view(answer), "q") == "yes"
