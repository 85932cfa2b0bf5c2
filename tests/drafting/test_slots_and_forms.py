"""A draft keeps people's sentences, not their values, and reads the form of their answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.store.versions.drafted_routes import DraftedRoute, DraftText
from workers.drafting.answer_form import find_form, parse_fields
from workers.drafting.draft import unused_name
from workers.drafting.material import AskedRequest, Wording
from workers.drafting.routing_check import FEW_UTTERANCES, lighter_drafts
from workers.drafting.slots import MADE_UP, find_slots, refill, values_by_kind

WORDING = Wording(
    frozenset({"book", "a", "room", "on", "at", "for", "please", "day", "status", "done", "open"})
)


def asked(text, answer="", user="U1"):
    return AskedRequest(text, user, 1.0, "C1", answer)


def test_values_are_found_with_their_kinds():
    text = "book a room on Tuesday at 14:30 for 7, ticket AB-12, 20 euros, 2 hours"

    assert values_by_kind(text) == {
        "date": "Tuesday",
        "time": "14:30",
        "number": "7",
        "reference": "AB-12",
        "amount": "20 euros",
        "duration": "2 hours",
    }


def test_a_rare_value_is_replaced_by_a_made_up_one():
    kept = WORDING.safe("book a room on 17 March at 14:37 for 53")

    values = values_by_kind(kept)
    assert all(value in MADE_UP[kind] for kind, value in values.items())
    assert set(values) == {"date", "time", "number"}


def test_a_text_with_a_rare_word_is_not_kept():
    assert WORDING.safe("book a room for zanzibar") == ""


@given(st.text(st.characters(codec="utf-8"), max_size=120))
def test_only_common_words_and_made_up_values_are_kept(text):
    kept = WORDING.safe(f"book a room {text}")

    for slot in reversed(find_slots(kept)):
        is_known = WORDING.is_common(slot.value) or slot.value in MADE_UP[slot.kind]
        assert is_known
        kept = kept[: slot.start] + " " + kept[slot.start + len(slot.value) :]
    assert WORDING.is_common(kept)


@given(st.text(max_size=80))
def test_refilling_with_common_values_changes_nothing(text):
    assert refill(text, lambda _: True) == text


def test_fields_of_an_answer_are_read_by_their_names():
    assert parse_fields("day: Monday, room: big; status = done") == {
        "day": "Monday",
        "room": "big",
        "status": "done",
    }


def test_a_field_that_people_copy_from_the_request_is_read_from_it():
    days = ("Monday", "Tuesday", "Friday") * 4
    pairs = [asked(f"book a room on {day}", f"day: {day}, status: done") for day in days]

    form = find_form(pairs, WORDING)

    assert form.kind == "fields"
    assert [(one.name, one.slot) for one in form.fields] == [("day", "date")]
    assert form.expected("a room on Friday", "day: Friday") == {"day": "Friday"}


def test_a_field_that_no_request_holds_is_left_out():
    pairs = [
        asked(f"book a room on {day}", f"day: {day}, room: {number}")
        for number, day in enumerate(("Monday", "Tuesday", "Friday") * 4)
    ]

    form = find_form(pairs, WORDING)

    assert [one.name for one in form.fields] == ["day"]
    assert form.left_out == ("room",)


def test_one_of_few_answers_is_a_choice():
    pairs = [asked("book a room", "done" if number % 2 else "open") for number in range(12)]

    (field,) = find_form(pairs, WORDING).fields

    assert field.choices == ("done", "open")


def test_a_choice_in_words_of_few_people_is_none():
    pairs = [asked("book a room", "zanzibar" if number % 2 else "open") for number in range(12)]

    assert find_form(pairs, WORDING).kind == "text"


@pytest.mark.parametrize(
    ("label", "taken", "name"),
    [
        ("Meeting room", (), "meeting_room"),
        ("meeting room", ("meeting_room",), "meeting_room_2"),
        ("3d print", (), "r_3d_print"),
        ("…", (), "request"),
    ],
)
def test_a_route_gets_a_name_that_no_other_has(label, taken, name):
    assert unused_name(label, taken) == name


def test_a_lighter_draft_still_has_enough_to_learn_from():
    utterances = tuple(DraftText(f"book room {number}", "U1") for number in range(10))
    rows = tuple(DraftText(f"a room {number}", "U2") for number in range(9))
    tests = (DraftText("any room", "U3", split="test"),)
    drafted = DraftedRoute("T1", "rooms", "", "", "Rooms.", utterances, (*rows, *tests), tests)

    *_, lightest = lighter_drafts(drafted)

    taught = [part for part in lightest.rows if part.split == "train"]
    assert len(lightest.utterances) + len(taught) == FEW_UTTERANCES
    assert tests[0] in lightest.rows
    assert lightest.negatives == ()
