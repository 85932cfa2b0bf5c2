"""Values of a form that the message does not say are left out; right answers are not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from router.catalog.catalog import Route
from router.catalog.installed import installed_routes
from router.config import Settings
from workers.prompting.free_text import invents, is_about
from workers.prompting.grounding import ground, is_grounded, is_stated, with_own_line
from workers.prompting.own_words import KnownWords
from workers.prompting.repetition import is_degenerate

TEXT = {"type": "string"}
FORM: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "part": TEXT,
        "since": {"type": ["string", "null"]},
        "level": {"enum": ["low", "high"]},
    },
}
LIST: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "items": {
            "type": "array",
            "items": {"type": "object", "properties": {"task": TEXT, "owner": TEXT, "due": TEXT}},
        }
    },
}
MINUTES = "Ida prints the badges. The hall is booked. Nils calls the caterer by Tuesday."


@pytest.mark.parametrize(
    ("value", "is_said"),
    [
        ("parking gate", True),
        ("Gate does not open", True),
        ("8", True),
        ("08:00", True),
        ("8:30", False),
        ("payment service", False),
        ("gate motor", False),
        ("the gate", True),
        ("Tuesday", False),
    ],
)
def test_a_value_has_to_be_in_the_words_of_the_message(value, is_said):
    message = "the gate of the car parking has not opened since 8 am"

    assert is_grounded(value, KnownWords.of_text(message)) is is_said


@pytest.mark.parametrize(
    ("value", "message", "is_said"),
    [
        ("two days", "I need 2 days in May", True),
        ("2 days", "I need two days in May", True),
        ("two days", "I need 20 days in May", False),
        ("sixteen days", "I need sixty days in May", False),
    ],
)
def test_a_number_may_be_written_as_a_word_or_in_figures(value, message, is_said):
    assert is_grounded(value, KnownWords.of_text(message)) is is_said


PHRASE = {"type": "string", "description": "the first day, in the message's own words"}


@pytest.mark.parametrize(
    ("value", "schema", "is_said"),
    [
        ("Nadia", TEXT, True),
        ("Viennese", TEXT, False),
        ("Lions", TEXT, False),
        ("Ted", TEXT, False),
        ("from 3 to 14 June", PHRASE, True),
        ("the third week of July", PHRASE, False),
        ("3 Jun", PHRASE, False),
        # A summary may have other forms of the message's words.
        ("Nadia knows of the Vienna orders and invoicing", TEXT, True),
    ],
)
def test_a_name_or_a_phrase_of_the_message_is_there_as_whole_words(value, schema, is_said):
    message = (
        "away from 3 to 14 June, Nadia knows the Vienna order and the invoice for Lion & Teddy"
    )

    assert is_stated(value, schema, KnownWords.of_text(message)) is is_said


def test_a_word_that_only_begins_like_one_of_the_message_is_not_stated():
    data = {"part": "Viennese", "since": "Monday", "level": "high"}

    result = ground(data, FORM, "Nadia looks after the Vienna order from Monday on")

    assert result.data == {"part": "", "since": "Monday", "level": "high"}
    assert result.missing == ("part",)


def test_what_is_made_up_is_left_out_and_named():
    data = {"part": "card payments", "since": "8 am", "level": "high"}

    result = ground(data, FORM, "the gate has been stuck since 8 am")

    assert result.data == {"part": "", "since": "8 am", "level": "high"}
    assert result.missing == ("part",)
    assert not result.is_empty


def test_a_form_of_inventions_is_empty():
    data = {"part": "card payments", "since": "18:02", "level": "high"}

    result = ground(data, FORM, "somebody left a folder on the bus")

    assert result.is_empty
    assert result.data == {"part": "", "since": None, "level": "high"}


def test_the_choices_of_a_form_remain_where_they_are_most_of_it():
    schema = {"properties": {**FORM["properties"], "queue": {"enum": ["doors", "floors"]}}}
    del schema["properties"]["since"]
    data = {"part": "card payments", "level": "high", "queue": "doors"}

    result = ground(data, schema, "the gate is stuck")

    assert not result.is_empty
    assert result.data == {"part": "", "level": "high", "queue": "doors"}


def test_an_item_of_an_example_is_no_item_of_the_message():
    items = [
        {"task": "Send the contract", "owner": "Raj", "due": ""},
        {"task": "Print the badges", "owner": "Ida", "due": ""},
    ]

    assert ground({"items": items}, LIST, MINUTES).data == {"items": items[1:]}


def test_the_right_name_at_the_wrong_task_is_left_out():
    items = [{"task": "Print the badges", "owner": "Nils", "due": "Tuesday"}]

    result = ground({"items": items}, LIST, MINUTES)

    assert result.data == {"items": [{"task": "Print the badges", "owner": "", "due": ""}]}
    assert result.missing == ("owner", "due")


def test_who_does_a_task_is_no_day_on_which_it_is_due():
    items = [{"task": "Call the supplier", "owner": "Tom", "due": "tom"}]

    result = ground({"items": items}, LIST, "Tom will call the supplier tomorrow.")

    assert result.data == {"items": [{"task": "Call the supplier", "owner": "Tom", "due": ""}]}


def test_whoever_takes_a_task_may_say_so_in_the_next_line():
    chat = "Ola: somebody has to order chairs\nPer: I do that"
    items = [{"task": "Order chairs", "owner": "Per", "due": ""}]

    assert ground({"items": items}, LIST, chat).missing == ()


@pytest.mark.parametrize(
    ("beside", "due"),
    [
        ("Next call Tuesday.", ""),
        ("See you Tuesday!", ""),
        ("By Tuesday please.", "Tuesday"),
        ("I can do it before the call on Tuesday.", "Tuesday"),
    ],
)
def test_an_event_in_the_next_sentence_is_no_day_on_which_a_task_is_due(beside, due):
    items = [{"task": "Order chairs", "owner": "Ola", "due": "Tuesday"}]

    result = ground({"items": items}, LIST, f"Ola has to order chairs. {beside}")

    assert result.data["items"][0]["due"] == due
    assert result.missing == ()


def _refusals(route: Route) -> tuple[int, int]:
    """Returns how many right answers of a route's rows would lose something, and of how many."""
    version = route.version
    refused, count = 0, 0
    for row in route.rows:
        if row.answer is None:
            continue

        count += 1
        material = f"{row.thread}\n{row.text}"
        if isinstance(row.answer, str):
            is_words = version.grounding == "words"
            refused += (
                is_degenerate(row.answer, material)
                or invents(row.answer, material)
                or (is_words and not is_about(row.answer, material))
            )
        elif isinstance(row.answer, dict) and version.output is not None:
            refused += bool(ground(row.answer, version.output, material).missing)

    return refused, count


def test_hardly_any_right_answer_of_the_built_in_routes_is_refused():
    settings = Settings(_env_file=None)  # type: ignore[call-arg]  # pydantic-settings takes it
    refused, count = 0, 0
    for route in installed_routes(settings, all_tiers=True).routes.values():
        if route.version.grounding is not None:
            of_route = _refusals(route)
            refused += of_route[0]
            count += of_route[1]

    assert count > 900
    assert refused / count < 0.01


LINE: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "summary": {"type": "string", "maxLength": 120},
        "queue": {"enum": ["network", "hardware"]},
    },
}


@pytest.mark.parametrize(
    ("summary", "shown"),
    [
        ("Barrier does not lift", "Barrier does not lift"),
        ("Carrier does not lift", "the barrier does not lift"),
        ("Barrier has not lifted since 4", "the barrier does not lift"),
        ("", "the barrier does not lift"),
    ],
)
def test_the_one_line_of_a_form_has_no_word_of_the_models_own(summary, shown):
    message = "the barrier\ndoes not lift"

    line = with_own_line({"summary": summary, "queue": "hardware"}, LINE, message, message)

    assert line == {"summary": shown, "queue": "hardware"}


def test_a_long_message_is_cut_behind_a_word():
    message = "the barrier " + "really " * 30

    line = with_own_line({"summary": "Carrier", "queue": "hardware"}, LINE, message, message)

    assert len(line["summary"]) <= 120
    assert line["summary"].endswith("really…")


def test_a_form_of_several_open_fields_has_no_such_line():
    data = {"part": "motor", "since": None, "level": "low"}

    assert with_own_line(data, FORM, "the gate is stuck", "the gate is stuck") == data


@pytest.mark.parametrize(
    ("message", "since"),
    [
        ("gate stuck since noon", None),
        ("at noon the gate was stuck, and again past noon", "noon"),
    ],
)
def test_one_phrase_of_the_message_fills_one_field(message, since):
    data = {"part": "noon", "since": "noon", "level": "low"}

    assert ground(data, FORM, message).data["since"] == since


def test_the_day_of_another_task_is_not_this_ones() -> None:
    fields = {name: {"type": "string"} for name in ("task", "owner", "due")}
    items = {"type": "array", "items": {"type": "object", "properties": fields}}
    schema = {"type": "object", "properties": {"items": items}}
    material = "Paul sends the new plan by Thursday. Anna checks the test system. Ben, too? Yes."
    made = [
        {"task": "send the new plan", "owner": "Paul", "due": "Thursday"},
        {"task": "check the test system", "owner": "Anna", "due": "Thursday"},
    ]

    grounded = ground({"items": made}, schema, material)

    assert grounded.data["items"] == [made[0], made[1] | {"due": ""}]
    # What stands beside a task and says no other one belongs to it.
    assert ground({"items": made[1:]}, schema, material).data["items"] == made[1:]
    # Nor does an item that says nothing take its neighbours away.
    wordless = [made[1], {"task": "-", "owner": "", "due": ""}]
    assert ground({"items": wordless}, schema, material).data["items"][0] == made[1]
