"""Parts of a message that may be requests of their own, and messages that go on with another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.classifier.second_request import (
    Part,
    SecondRequest,
    first_request,
    parts_of,
    second_request_in,
    with_parts,
    with_second_request,
)
from router.speech.follow_up import is_about_thread, is_follow_up
from router.types import SECOND_REQUEST, Decision


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "i am off friday and also the printer is broken",
            ["i am off friday", "the printer is broken"],
        ),
        (
            "The vpn is down. How many sick days do we get?",
            ["The vpn is down", "How many sick days do we get?"],
        ),
        ("im off friday and the vpn is down", ["im off friday", "the vpn is down"]),
        (
            "I'm sick today. Also, how many vacation days do I have left?",
            ["I'm sick today", "how many vacation days do I have left?"],
        ),
        (
            "Two things: the vpn is down, and I'm off on Friday",
            ["the vpn is down", "I'm off on Friday"],
        ),
        (
            "1. the printer on floor 2 is jammed 2. how much parental leave do we get?",
            ["the printer on floor 2 is jammed", "how much parental leave do we get?"],
        ),
        (
            "summarise the last thread, then list the action items",
            ["summarise the last thread", "list the action items"],
        ),
        ("two things: draft a reply: can we meet on Friday and who brings it?", []),
        (
            "the printer is on floor 2. It does not work",
            ["the printer is on floor 2", "It does not work"],
        ),
        (
            "Shorten this: 'The pool is shut. Use the lake.' And draft a reply to Ole: 'See you?'",
            [
                "Shorten this: 'The pool is shut. Use the lake.'",
                "draft a reply to Ole: 'See you?'",
            ],
        ),
        (
            'Rewrite "we r closed. sorry and bye" in plain words. How long is the notice?',
            ['Rewrite "we r closed. sorry and bye" in plain words', "How long is the notice?"],
        ),
        (
            "sum this up: the pool is shut. Use the lake.\n\nAnd how long is the notice?",
            ["sum this up: the pool is shut. Use the lake.", "how long is the notice?"],
        ),
        ("sum this up: the pool is shut. How long is the notice? I am ill today", []),
        ('sum up "the pool is shut. How long is the notice? I am ill today"', []),
        ("sum this up\n> the pool is shut. How long is it?", []),
        (
            "my phone is gone \U0001f62c who do i tell now",
            ["my phone is gone", "who do i tell now"],
        ),
        (
            "the gate is stuck :weary: how long is the notice",
            ["the gate is stuck", "how long is the notice"],
        ),
        ("a new \U0001f5a8 for the second floor please", []),
        ("Off on holiday from Monday. Calendar is blocked.", []),
        ("the vpn is down", []),
        ("say this in plain English: the vpn is down and the wifi is slow", []),
        ("fish and chips", []),
        ("one two three four and " * 30, []),
    ],
)
def test_a_short_message_is_taken_apart_at_its_borders(text, parts):
    assert [part.words_in(text) for part in parts_of(text)] == parts


@pytest.mark.parametrize(
    ("text", "follows"),
    [
        ("and sick days?", True),
        ("what about part-timers?", True),
        ("or in Berlin", True),
        ("shorter please", True),
        ("Android phones cannot connect", False),
        ("the vpn is down", False),
        ("and " + "word " * 20, False),
    ],
)
def test_a_follow_up_begins_as_one(text, follows):
    assert is_follow_up(text) is follows


def alone(route: str | None, confidence: float = 0.95, in_scope: float = 0.95) -> Decision:
    verb = "out_of_scope" if route is None else "route"
    return Decision(verb, route, confidence, confidence, in_scope, (), "r1", reason={})


@pytest.mark.parametrize(
    ("whole", "parts", "route", "second"),
    [
        # One part is surely what was decided, the other surely something else.
        (alone("leave"), (alone("leave"), alone("triage")), "leave", "triage"),
        (alone("leave"), (alone("triage"), alone("leave", 0.8)), "leave", "triage"),
        # A remark beside a request is hardly a request at all.
        (alone("leave"), (alone("leave"), alone("triage", in_scope=0.7)), "leave", None),
        (alone("leave"), (alone("leave"), alone("triage", 0.7)), "leave", None),
        (alone("leave"), (alone("leave"), alone("leave"), alone(None)), "leave", None),
        # Together they look like a third request, or like none: each is believed only if sure.
        (alone("leave"), (alone("remember"), alone("handbook")), "remember", "handbook"),
        (alone(None), (alone("triage"), alone("leave")), "triage", "leave"),
        (alone(None), (alone("triage"), alone("leave", 0.85)), None, None),
        (alone("leave"), (alone("triage"), alone(None)), "leave", None),
        (alone("leave"), (), "leave", None),
    ],
)
def test_of_two_requests_one_is_decided_and_the_other_is_named(whole, parts, route, second):
    placed = [(Part(10 * n, 10 * n + 9), part) for n, part in enumerate(parts)]
    decided = with_second_request(whole, placed)

    assert decided.route == route
    named = decided.reason.get(SECOND_REQUEST)
    assert (named and named["route"]) == second
    if second is not None:
        start = next(part.start for part, one in placed if one.route == second)
        assert named == {"route": second, "start": start, "end": start + 9}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The vpn is down. How many sick days do we get?", "How many sick days do we get?"),
        # Edited within the part: what is there now counts.
        ("The vpn is down. How many free days do we get?", "How many free days do we get?"),
        ("The vpn is down. How many days do we get?", None),
        ("The vpn is down", None),
        ("", None),
    ],
)
def test_the_words_of_the_second_request_are_found_again_while_they_are_a_part(text, words):
    reason = {SECOND_REQUEST: {"route": "handbook", "start": 17, "end": 46}}

    found = second_request_in(text, reason)

    assert found == (None if words is None else SecondRequest("handbook", words))
    assert second_request_in(text, {}) is None


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("The printer jams, and also book my leave for Friday", "The printer jams"),
        ("Two things: the printer jams a lot. Book my leave for Friday", "the printer jams a lot."),
        ("The printer jams a lot", "The printer jams a lot"),
    ],
)
def test_the_first_request_is_read_without_the_words_of_the_other(make_request, text, alone):
    request = replace(make_request(), text=text)
    parts = parts_of(text)
    named = {"route": "leave", "start": parts[-1].start, "end": parts[-1].end} if parts else None

    assert first_request(request, {SECOND_REQUEST: named} if named else {}).text == alone
    # Edited since: nobody knows any more which words belong to which.
    edited = replace(request, text="Another text")
    assert first_request(edited, {SECOND_REQUEST: named} if named else {}) == edited


LIST = "To-dos: Ida orders the banner until Friday. Max prints the leaflets for the fair."


@pytest.mark.parametrize(
    ("text", "turns", "is_about"),
    [
        ("who orders the banner?", [LIST], True),
        ("when does Max print the leaflets", [LIST], True),
        ("how many days of holiday do I get?", [LIST], False),
        ("order the banner for Friday", [LIST], False),
        ("who orders the banner?", [], False),
    ],
)
def test_a_question_whose_words_the_thread_holds_is_about_the_thread(text, turns, is_about):
    assert is_about_thread(text, turns) is is_about


def test_a_question_behind_what_is_none_needs_less_to_count():
    first, asked = Part(0, 9), Part(10, 19)
    parts = [(first, alone("leave")), (asked, alone("handbook", in_scope=0.7))]

    assert SECOND_REQUEST not in with_second_request(alone("leave"), parts).reason
    decided = with_second_request(alone("leave"), parts, [asked])
    assert decided.reason[SECOND_REQUEST]["route"] == "handbook"


def test_a_sure_statement_with_a_question_behind_it_holds_two_requests():
    first, asked = Part(0, 9), Part(10, 19)
    parts = [(first, alone("leave")), (asked, alone("handbook", 0.82, 0.67))]

    assert with_second_request(alone(None), parts).route is None
    decided = with_second_request(alone(None), parts, [asked])
    assert (decided.route, decided.reason[SECOND_REQUEST]["route"]) == ("leave", "handbook")


ORDERED = replace(alone("summarise"), reason={"order": "by the order alone"})


@pytest.mark.parametrize(
    ("text", "routes", "second"),
    [
        (
            "Sum this up: 'The pool is shut.' And draft a reply to Ole: 'See you there?'",
            {"Sum": "summarise", "draft": "reply"},
            "reply",
        ),
        # One sentence that is no request is material, and so is the rest then.
        (
            "Sum this up for me. Ida wrote 'the pool is shut'. Please send me the reports",
            {"Sum": "summarise", "Please": "reply"},
            None,
        ),
        (
            "Sum this up for me. The pool is shut. Please send me the reports",
            {"Sum": "summarise", "The": "triage", "Please": "reply"},
            None,
        ),
    ],
)
def test_an_order_with_material_has_a_second_request_only_beside_orders(text, routes, second):
    def decide(words: str) -> Decision:
        return alone(routes.get(words.split()[0]))

    named = with_parts(ORDERED, text, decide).reason.get(SECOND_REQUEST)

    assert (named and named["route"]) == second
