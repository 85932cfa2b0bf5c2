"""A part of a message makes a request once, and only while the message is as it was read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.types import PART_EVENT

WORDS = "how long is the leave"


@pytest.fixture
def whole(every_store, clock, make_request):
    request = make_request(f"the vpn is down and also {WORDS}")
    every_store.requests.insert(request, clock())
    return request


@pytest.fixture
def part(whole):
    event = f"{PART_EVENT}{whole.id}"
    return replace(whole, id="part", ts="9.000001", event_id=event, text=WORDS, source="part")


def test_a_part_is_found_by_the_request_of_the_whole(every_store, clock, whole, part):
    assert every_store.message_parts.get(whole.id) is None

    assert every_store.message_parts.insert(part, clock(), whole.text)

    assert every_store.message_parts.get(whole.id) == part
    assert part.part_of == whole.id
    assert whole.part_of == ""


def test_a_message_makes_one_request_of_a_part(every_store, clock, whole, part):
    every_store.message_parts.insert(part, clock(), whole.text)
    again = replace(part, id="again", ts="9.000002")

    assert not every_store.message_parts.insert(again, clock(), whole.text)
    assert every_store.message_parts.get(whole.id) == part


@pytest.mark.parametrize(
    "change",
    [
        lambda store, whole: store.requests.update_text(whole.id, "the vpn is down"),
        lambda store, whole: store.requests.ignore(whole.id),
        lambda store, whole: store.withdrawals.begin(whole.team, whole.channel, whole.ts, 1.0),
        lambda store, whole: store.personal_data.delete_team(whole.team),
    ],
    ids=["edited", "ignored", "deleted", "gone"],
)
def test_of_a_message_that_has_changed_no_part_is_stored(every_store, clock, whole, part, change):
    change(every_store, whole)

    assert not every_store.message_parts.insert(part, clock(), whole.text)
    assert every_store.message_parts.get(whole.id) is None


def test_a_part_is_withdrawn_with_its_message(every_store, clock, whole, part, make_decision):
    every_store.message_parts.insert(part, clock(), whole.text)
    every_store.decisions.insert_first(part.id, make_decision(), clock())

    keys = every_store.withdrawals.begin(whole.team, whole.channel, whole.ts, clock())

    assert keys == [whole.id, part.id]
    withdrawn = every_store.requests.get(part.id)
    assert (withdrawn.state, withdrawn.text) == ("withdrawn", "")
    assert every_store.decisions.newest(part.id) is None
