"""A follow-up in a thread changes the fields that it speaks of and keeps the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from workers.ports import Message
from workers.prompting.corrections import corrected, earlier_form
from workers.prompting.grounding import ground

OPTIONAL = {"type": ["string", "null"]}
TRIP: Mapping[str, Any] = {
    "type": "object",
    "properties": {"from": OPTIONAL, "to": OPTIONAL, "cover": OPTIONAL},
}
TICKET: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "summary": {"type": "string"},
        "queue": {"enum": ["network", "hardware", "access"]},
        "urgency": {"enum": ["low", "normal", "high"]},
    },
}
BEFORE = {"summary": "Lift is stuck", "queue": "hardware", "urgency": "normal"}


def thread(answer: str) -> tuple[Message, ...]:
    return ({"role": "user", "content": "…"}, {"role": "assistant", "content": answer})


def test_the_last_form_of_the_thread_is_read() -> None:
    answer = "Summary: Lift is stuck\nQueue: hardware\nUrgency: normal"

    assert earlier_form(thread(answer), TICKET) == BEFORE
    assert earlier_form(thread("There is nothing to do."), TICKET) == {}
    assert earlier_form((), TICKET) == {}


def test_other_dates_keep_who_takes_over() -> None:
    earlier = {"from": "5 May", "to": "7 May", "cover": "Rosa"}
    new = {"from": "6 May", "to": "8 May", "cover": None}

    for message in ("sorry, 6 May to 8 May", "sorry, 6 to 8 May"):
        merged = corrected(new, earlier, message, TRIP)

        assert merged == {"from": "6 May", "to": "8 May", "cover": "Rosa"}


@pytest.mark.parametrize(
    ("message", "to"),
    [
        ("no, only Friday", None),
        ("just Friday please", None),
        ("I just noticed: from Friday", "next week"),
        ("from Friday", "next week"),
    ],
)
def test_only_one_day_takes_the_other_days_back(message: str, to: str | None) -> None:
    earlier = {"from": "Thursday", "to": "next week", "cover": "Rosa"}
    new = {"from": "Friday", "to": None, "cover": None}

    assert corrected(new, earlier, message, TRIP) == {"from": "Friday", "to": to, "cover": "Rosa"}


@pytest.mark.parametrize(
    ("message", "queue", "urgency"),
    [
        ("this is more urgent, visitors are stuck in it", "hardware", "high"),
        ("not that urgent after all", "hardware", "low"),
        ("urgency high please", "hardware", "high"),
        ("I think it belongs to access", "access", "normal"),
        ("it is the left one", "hardware", "normal"),
    ],
)
def test_a_choice_changes_where_the_message_speaks_of_it(
    message: str, queue: str, urgency: str
) -> None:
    guess = {"summary": "Urgent visitors are stuck", "queue": "network", "urgency": "low"}

    merged = corrected(guess, BEFORE, message, TICKET)

    assert merged == {"summary": "Lift is stuck", "queue": queue, "urgency": urgency}


def test_a_message_without_an_earlier_form_stands_alone() -> None:
    guess = {"summary": "Door is open", "queue": "access", "urgency": "low"}

    assert corrected(guess, {}, "the door is open", TICKET) == guess


@pytest.mark.parametrize(
    ("message", "end"),
    [
        ("out from Monday, back on Thursday", None),
        ("out from Monday, back in the office on Thursday", None),
        ("out from Monday to Thursday", "Thursday"),
        ("out from Monday, back after Thursday", "Thursday"),
    ],
)
def test_the_day_of_the_return_is_no_day_away(message: str, end: str | None) -> None:
    form = {"from": "Monday", "to": "Thursday", "cover": None}

    assert ground(form, TRIP, message).data["to"] == end


@pytest.mark.parametrize(
    ("message", "form"),
    [
        ("only until Thursday", {"from": None, "to": "Thursday", "cover": None}),
        ("sorry, just till Thursday", {"from": None, "to": "Thursday", "cover": None}),
        ("just move the start to Tuesday", {"from": "Tuesday", "to": None, "cover": None}),
        ("just add Saturday", {"from": None, "to": "Saturday", "cover": None}),
    ],
)
@pytest.mark.parametrize("cover", ["Jan", "April", "June Miller", "May"])
def test_a_moved_day_leaves_the_other_fields(
    message: str, form: Mapping[str, Any], cover: str
) -> None:
    earlier = {"from": "Monday", "to": "Friday", "cover": cover}
    said = {name: value for name, value in form.items() if value is not None}

    assert corrected(form, earlier, message, TRIP) == {**earlier, **said}


@pytest.mark.parametrize("cover", ["Jan", "April", "June Miller"])
def test_only_one_day_leaves_who_takes_over(cover: str) -> None:
    earlier = {"from": "Monday", "to": "Friday", "cover": cover}
    form = {"from": "Tuesday", "to": None, "cover": None}

    merged = corrected(form, earlier, "only Tuesday", TRIP)

    assert merged == {"from": "Tuesday", "to": None, "cover": cover}


@pytest.mark.parametrize(
    "message", ["smells of smoke too btw", "smells of smoke as well", "contract number is 88120"]
)
def test_what_only_adds_to_a_matter_does_not_take_its_place(message: str) -> None:
    value = message.removesuffix(" too btw").removesuffix(" as well")

    assert corrected(BEFORE | {"summary": value}, BEFORE, message, TICKET) == BEFORE
