"""Rendered messages against golden files. `GOLDEN_FILES=write` updates them."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from bot.routing import explain
from bot.ui import blocks, short_lines
from bot.ui.explanation import explanation_message
from bot.ui.texts import common
from bot.ui.texts import explain as texts_explain
from bot.ui.texts import small_talk as small_talk_texts
from router.classifier.small_talk import SmallTalk
from router.errors import WEAK_ERRORS
from router.store.requests.sendings import Sending
from router.types import (
    LANGUAGE,
    NO_ROUTE,
    ON_TRIAL,
    REROUTED,
    SECOND_REQUEST,
    SMALL_TALK,
    Citation,
    Decision,
    Outcome,
    Request,
    RouteOffer,
    Score,
    Tokens,
)

GOLDEN = Path(__file__).parent / "golden"
OFFERS = [
    RouteOffer("triage", "Sort a message", "the vpn is down"),
    RouteOffer("rewrite", "Make a text clear"),
]
REQUEST = Request("r1", "T1", "C1", "U1", "1.0", "Ev1", "the vpn is down", 0.0)


def decision(verb="route", **over):
    values = {
        "verb": verb,
        "route": "triage" if verb == "route" else None,
        "confidence": 0.92,
        "margin": 0.4,
        "in_scope": 0.97,
        "scores": (
            Score("triage", 0.92),
            Score("rewrite", 0.05),
            Score("leave", 0.02),
            Score("handbook", 0.01),
        ),
        "router_version": "abc123",
        "reason": {
            "nearest": [
                {"route": "triage", "likeness": 0.92, "source": "file", "example": "e1"},
                {"route": "rewrite", "likeness": 0.42, "source": "reviewed", "request": "r7"},
            ],
            "threshold": 0.41,
        },
        "seconds": 0.0021,
    }
    return Decision(**(values | over))


def outcome(**over):
    values = {
        "text": "",
        "tokens": Tokens(10, 20, 0, 8, 30),
        "usd": 0.00042,
        "seconds": 1.25,
        "model": "local",
        "route": "triage",
        "kind": "prompt",
        "version": "v1",
    }
    return Outcome(**(values | over))


CITATIONS = (
    Citation(1, "Leave", "http://h/leave#p", "16 weeks"),
    Citation(2, "Leave", "http://h/leave#p", "paid"),
)
DATA = {"queue": "network", "high_urgency": True}
CASES = {
    "text": lambda: blocks.answer(
        REQUEST, decision(), outcome(text="**Hello** <!channel> https://x.example"), OFFERS
    ),
    "table": lambda: blocks.answer(
        REQUEST,
        decision(),
        outcome(text="Two of them:\n\n|who|days|\n|:--|--:|\n|<!here>|25|\n|Ada||\n"),
        OFFERS,
    ),
    "data": lambda: blocks.answer(REQUEST, decision(), outcome(data=DATA), OFFERS),
    "citations": lambda: blocks.answer(
        REQUEST,
        decision(),
        outcome(text="> 16 weeks", kind="rag", model="extractive", citations=CITATIONS),
        OFFERS,
    ),
    "ask": lambda: blocks.answer(REQUEST, decision("ask"), outcome(), OFFERS),
    "out_of_scope": lambda: blocks.answer(REQUEST, decision("out_of_scope"), outcome(), OFFERS),
    "meta": lambda: blocks.answer(REQUEST, decision("meta"), outcome(), OFFERS),
    "small_talk": lambda: small_talk("greeting"),
    "error_budget": lambda: blocks.answer(
        REQUEST,
        decision(),
        outcome(error="budget", data={"resets_at": 1_800_057_600.0, "whose": "user"}),
        OFFERS,
    ),
    "error_model": lambda: blocks.answer(REQUEST, decision(), outcome(error="model"), OFFERS),
    "second": lambda: with_two_requests(),
    "empty": lambda: blocks.answer(REQUEST, decision(), outcome(text="  "), OFFERS),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_an_answer_looks_as_it_was_reviewed(name):
    shown = CASES[name]()
    said = (
        json.dumps({"text": shown.text, "blocks": shown.blocks}, indent=2, ensure_ascii=False)
        + "\n"
    )
    path = GOLDEN / f"{name}.json"

    if os.environ.get("GOLDEN_FILES") == "write":  # noqa: TID251  # a switch of this test alone
        path.write_text(said, "utf-8")

    assert path.read_text("utf-8") == said


@pytest.mark.parametrize("name", sorted(CASES))
def test_an_answer_sends_whoever_asked_to_no_setting(name):
    shown = CASES[name]()
    assert "BEAGLE_" not in f"{shown.text}{shown.blocks}"


def test_what_an_answer_may_say_besides_sends_nobody_to_a_setting():
    lines = [*common.ERRORS.values(), *common.TOPICS.values(), common.NEEDS_LARGER_MODEL]
    assert not [line for line in lines if "BEAGLE_" in line or "demo" in line]


def test_a_very_long_answer_stays_within_slacks_limits():
    shown = blocks.answer(REQUEST, decision(), outcome(text="word " * 20_000), OFFERS)
    assert len(shown.text) <= 4000
    assert len(json.dumps(shown.blocks)) < 14_000


def test_a_button_carries_ids_and_no_words():
    shown = blocks.answer(REQUEST, decision("ask"), outcome(), OFFERS)
    values = [json.loads(element["value"]) for element in shown.blocks[-1]["elements"]]
    assert all(set(value) <= {"request", "revision", "route"} for value in values)


def test_why_names_the_route_the_runner_up_and_the_evidence():
    found = explain.explain(decision(), quote=lambda example: "the vpn is down again")
    assert found.plain[:3] == (
        "I took your message for triage and was 92% sure of that.",
        "Second came rewrite, with 5%.",
        "It is like “the vpn is down again”, an example of what triage is for.",
    )


@pytest.mark.parametrize("verb", ["route", "ask", "out_of_scope", "meta"])
def test_why_keeps_what_only_admins_understand_under_a_heading_of_their_own(verb):
    reason = {
        **decision().reason,
        "gate": {"score": 0.1, "threshold": 0.29},
        "ask_below": 0.6,
        ON_TRIAL: "abcdef01, which answers 5% of users so far",
        "turns": 3,
    }
    found = explain.explain(decision(verb, reason=reason, in_scope=0.1))

    shown = explanation_message(found.without_technical())
    plain = shown.text + str(shown.blocks)
    for word in ("score", "imilarity", " ms", "router", "abcdef01", "turns", "Below", "admins"):
        assert word not in plain
    assert "imilarity" in explanation_message(found).text
    assert texts_explain.FOR_ADMINS in str(explanation_message(found).blocks)


def test_why_calls_an_example_that_no_route_serves_by_what_it_is():
    nearest = [{"route": NO_ROUTE, "likeness": 0.9}]
    for quote in (explain.no_quote, lambda example: "tell me a joke"):
        found = explain.explain(decision("out_of_scope", reason={"nearest": nearest}), quote=quote)
        assert NO_ROUTE not in "".join(found.plain)
        assert "what I am not set up for" in found.plain[-1] or "nothing that" in found.plain[-1]


def test_why_gives_no_chance_where_something_else_turned_the_message_away():
    gate = {"score": 0.95, "threshold": 0.29}
    act = {"act": "question", "route": "triage"}
    found = explain.explain(
        decision("out_of_scope", in_scope=0.95, reason={"gate": gate, "act": act, "nearest": []})
    )
    assert found.plain == (
        texts_explain.OUT_OF_SCOPE,
        "I read it as a question, which triage does not take.",
    )


def test_an_explanation_names_the_mistyped_words_and_what_they_were_read_as():
    lines = explain.explain(
        decision(reason={"nearest": []}), changed_words=[("vnp", "vpn"), ("donw", "down")]
    ).plain

    assert (
        "To choose the route, I read “vnp” as “vpn”, “donw” as “down”. "
        "The answer was made from what you wrote."
    ) in lines


def test_why_says_each_reason_as_a_sentence_and_quotes_what_the_reader_may_read():
    reason = {
        **decision().reason,
        "gate": {"score": 1.0, "threshold": 0.29},
        "ask_below": 0.5,
        "runner_up": {"route": "rewrite", "confidence": 0.05},
        "moved": {"thread": "the messages before it went to triage"},
        REROUTED: "summarise",
    }

    found = explain.explain(decision(reason=reason), quote=lambda example: "the vpn is down")
    assert "It is like “the vpn is down”, an example of what triage is for." in found.plain
    assert "The messages before it went to triage." in found.plain
    assert any(line.startswith("The thread was with summarise until now") for line in found.plain)
    assert not [line for line in found.lines if "_" in line or "{" in line]

    unquoted = explain.explain(decision(reason=reason)).plain
    assert "It is like an earlier message that was for triage." in unquoted
    figures = explain.explain(decision("out_of_scope", reason=reason)).technical
    assert "an in-scope score of 29% on" in figures[0]
    assert explain.explain(decision("ask", reason=reason)).technical[0] == "Below 50% I ask."


def test_a_thread_that_leaves_its_route_says_so_in_the_closing_line():
    line = blocks.closing_line(decision(reason={REROUTED: "summarise"}), outcome(kind="rag"))
    assert line.startswith("triage (rag) · re-routed from summarise · 92% sure of the route")


def test_what_a_person_chose_is_not_said_to_be_sure():
    assert "chosen by a person" in blocks.closing_line(
        decision(reason={"chosen": "by a person"}), outcome()
    )


def small_talk(kind, offers=OFFERS):
    shown = decision("meta", scores=(), reason={"meta": "small talk", SMALL_TALK: kind})
    return blocks.answer(REQUEST, shown, outcome(), offers)


@pytest.mark.parametrize("offers", [OFFERS, []], ids=["routes", "no routes"])
def test_small_talk_gets_one_line_of_its_own(offers):
    lines = {small_talk(kind, offers).text for kind in small_talk_texts.LINES}
    assert set(small_talk_texts.LINES) == set(get_args(SmallTalk))
    assert len(lines) == len(small_talk_texts.LINES)
    assert all(len(line) < 200 and "\n" not in line and "{" not in line for line in lines)


def test_small_talk_offers_what_this_person_may_ask_and_mentions_nobody():
    offers = [RouteOffer("call", "", "<!channel> & co"), *OFFERS, RouteOffer("c", "", "third")]
    text = small_talk("greeting", offers).blocks[0]["text"]["text"]
    assert "&lt;!channel&gt; &amp; co" in text
    assert "the vpn is down" in text
    assert "third" not in text


def test_small_talk_offers_requests_that_can_be_typed_as_they_stand_first():
    special = [RouteOffer("a", "", "summarise this thread"), RouteOffer("b", "", "19 % of 240")]
    assert "the vpn is down" in small_talk("greeting", [*special, *OFFERS]).text
    assert "summarise this thread" in small_talk("greeting", special).text


def test_why_says_of_small_talk_that_no_model_took_part():
    found = explain.explain(decision("meta", reason={"meta": "m", SMALL_TALK: "thanks"}))
    assert found.plain[0] == texts_explain.SMALL_TALK
    assert "no model" in found.technical[-1]


def test_out_of_scope_is_one_line_with_the_two_nearest_that_the_person_may_use():
    offers = [RouteOffer("a", "First"), RouteOffer("leave", "Plan leave."), *OFFERS]
    scores = (Score("secret", 0.3), Score("rewrite", 0.2), Score("leave", 0.1), Score("a", 0.0))
    shown = blocks.answer(REQUEST, decision("out_of_scope", scores=scores), outcome(), offers)

    text = shown.blocks[0]["text"]["text"]
    assert "*rewrite* (Make a text clear) and *leave* (Plan leave)" in text
    assert "secret" not in text
    assert "triage" not in text
    assert len(shown.blocks) == 2


def test_what_fits_no_route_can_be_explained_and_corrected():
    shown = blocks.answer(REQUEST, decision("out_of_scope"), outcome(), OFFERS)
    assert [one["action_id"] for one in shown.blocks[-1]["elements"]] == [
        "why_route",
        "wrong_route",
    ]


def test_an_answer_of_a_version_on_trial_says_so_and_so_does_why():
    tried = decision(
        version="abcdef0123",
        reason={ON_TRIAL: "abcdef01, which answers 5% of users so far"},
    )
    line = blocks.closing_line(tried, outcome(kind="tuned", version="abcdef0123"))
    assert line.startswith(
        "triage (tuned) · 92% sure of the route · new version abcdef01, on trial · local"
    )
    assert (
        "Answered by its new version abcdef01, which answers 5% of users so far."
        in explain.explain(tried).technical
    )


def test_an_answer_that_the_live_version_gave_after_all_is_not_said_to_be_a_trial():
    tried = decision(
        version="abcdef0123",
        reason={ON_TRIAL: "abcdef01, which answers 5% of users so far"},
    )
    assert "on trial" not in blocks.closing_line(tried, outcome(version="v1"))


@pytest.mark.parametrize(
    ("usd", "said"),
    [(0, "$0"), (0.0000001, "<$0.00001"), (0.00042, "$0.00042"), (0.25, "$0.25"), (12.5, "$12.50")],
)
def test_money_is_readable(usd, said):
    assert blocks.format_usd(usd) == said


TWO = replace(REQUEST, text="the vpn is down. Can you sum up this thread?")
SUM_UP = decision(reason={SECOND_REQUEST: {"route": "rewrite", "start": 17, "end": 44}})


def with_two_requests(offers=OFFERS, request=TWO, part=None):
    return blocks.answer(request, SUM_UP, outcome(text="Noted."), offers, part)


def test_another_request_in_the_message_is_named_with_its_words_and_a_button():
    shown = with_two_requests()

    line = "the other one: “Can you sum up this thread?” (rewrite)"
    assert line in shown.text
    assert line in str(shown.blocks)
    assert blocks.ANSWER_SECOND in str(shown.blocks)


def test_a_request_for_a_route_that_the_person_may_not_use_stays_unnamed():
    shown = with_two_requests(offers=OFFERS[:1])
    assert "sum up" not in shown.text + str(shown.blocks)
    assert blocks.ANSWER_SECOND not in str(shown.blocks)


def test_of_a_message_that_was_edited_since_nothing_else_is_named():
    shown = with_two_requests(request=replace(TWO, text="the vpn is down. It is urgent, please"))
    assert shown == blocks.answer(REQUEST, decision(reason={}), outcome(text="Noted."), OFFERS)


def test_a_request_that_was_taken_up_has_no_button_unless_it_says_something_else_now():
    part = replace(REQUEST, id="r2", text="Can you sum up this thread?")

    shown = with_two_requests(part=part)
    assert "“Can you sum up this thread?” (rewrite), has a message of its own below" in shown.text
    assert blocks.ANSWER_SECOND not in str(shown.blocks)

    shown = with_two_requests(part=replace(part, text="Can you sum up the last one?"))
    assert blocks.ANSWER_SECOND in str(shown.blocks)


def test_a_message_in_another_language_is_answered_in_it():
    found = decision(verb="out_of_scope", reason={LANGUAGE: "de"})
    shown = blocks.answer(REQUEST, found, outcome(), OFFERS)
    assert shown.text.startswith("Auf Deutsch kann ich hier noch nicht antworten.")


def test_what_was_sure_is_the_route_and_not_the_answer():
    shown = str(blocks.answer(REQUEST, decision(), outcome(text="15.15"), OFFERS).blocks)
    assert "92% sure of the route" in shown


def near(*routes):
    return [{"route": route, "likeness": 0.5} for route in routes]


def test_what_speaks_for_the_route_comes_first():
    found = explain.explain(decision(reason={"nearest": near("reply", "summarise", "triage")}))

    assert [line for line in found.plain if line.startswith("It is like")] == [
        texts_explain.LIKE_UNQUOTED.format(route="triage")
    ]
    assert "50% (triage), 50% (reply)" in "".join(found.technical)
    assert texts_explain.NONE_NEAR.format(route="triage") not in found.plain


def test_of_an_unsure_choice_only_an_example_of_the_likeliest_route_is_named():
    found = explain.explain(decision("ask", reason={"nearest": near("reply", "triage")}))
    assert texts_explain.LIKE_UNQUOTED.format(route="triage") in found.plain

    found = explain.explain(decision("ask", reason={"nearest": near("reply")}))
    assert not [line for line in found.plain if line.startswith("It is like")]


def test_where_no_example_of_the_route_is_near_it_is_said_what_decided():
    found = explain.explain(decision(reason={"nearest": near("reply", "summarise")}))

    assert texts_explain.NONE_NEAR.format(route="triage") in found.plain


@pytest.mark.parametrize(
    "other",
    [{"channel": texts_explain.DEFAULT_ROUTE.format(route="triage")}, {"thread": "was with it"}],
    ids=str,
)
def test_what_else_decided_is_said_in_its_own_line_alone(other):
    found = explain.explain(decision(reason={"nearest": near("reply"), **other}))

    assert texts_explain.NONE_NEAR.format(route="triage") not in found.plain


def test_a_route_says_under_its_answer_what_it_did_not_do():
    offers = [replace(OFFERS[0], note="No ticket was opened."), OFFERS[1]]
    shown = str(blocks.answer(REQUEST, decision(), outcome(data=DATA), offers).blocks)
    assert "No ticket was opened." in shown


def test_an_answer_that_was_sent_says_where_in_place_of_that_nobody_was_told():
    offers = [replace(OFFERS[0], note="No ticket was opened."), OFFERS[1]]
    sent = [
        Sending("k1", "r1", 0, "person", "U0MAE", {}, "U0ADA", 1.0),
        Sending("k2", "r1", 0, "channel", "C0OPS", {}, "U0ADA", 2.0),
        Sending("k3", "r1", 0, "webhook", "Desk <!here>", {}, "U0ADA", 3.0),
    ]

    shown = blocks.answer(REQUEST, decision(), outcome(data=DATA), offers, sent=sent)

    line = "_This was sent to <@U0MAE>, <#C0OPS>, Desk &lt;!here&gt;._"
    assert line in str(shown.blocks)
    assert shown.text.endswith(line)
    assert "No ticket was opened." not in str(shown)


def test_an_answer_of_which_a_reminder_was_set_does_not_say_that_nobody_is_reminded():
    offers = [replace(OFFERS[0], note="Nobody was told or will be reminded."), OFFERS[1]]
    at = 1_800_000_000.0
    reminder = Sending("k1", "r1", 0, "reminder", "", {}, "U0ADA", 1.0, post_at=at)
    sent = Sending("k2", "r1", 0, "channel", "C0OPS", {}, "U0ADA", 2.0)
    date = "<!date^1800000000^{date_short_pretty} at {time}|on 15 January 2027, 08:00 UTC>"
    line = f"_A reminder of this is set for {date}, here, for <@U0ADA>._"

    shown = blocks.answer(REQUEST, decision(), outcome(data=DATA), offers, sent=[reminder])
    assert f"{line} _It was sent to nobody else._" in str(shown.blocks)
    assert "will be reminded" not in str(shown)

    shown = blocks.answer(REQUEST, decision(), outcome(data=DATA), offers, sent=[reminder, sent])
    assert f"_This was sent to <#C0OPS>._ {line}" in str(shown.blocks)
    assert "nobody else" not in str(shown)

    forgotten = replace(reminder, user="")
    shown = blocks.answer(REQUEST, decision(), outcome(data=DATA), offers, sent=[forgotten])
    assert f"_A reminder of this is set for {date}, here._" in shown.text


@pytest.mark.parametrize(
    ("model", "is_said"), [("local", True), ("local/triage-1", False), ("gpt-5.6-luna", False)]
)
def test_a_task_that_is_too_hard_for_the_included_model_says_so_under_its_answer(model, is_said):
    offer = RouteOffer("triage", "Sorts.", note="Nothing was sent.", needs_larger_model=True)
    line = short_lines.note(Outcome("x", route="triage", model=model), [offer])
    assert line.startswith("Nothing was sent.")
    assert ("takes a larger model" in line) is is_said


@pytest.mark.parametrize("error", WEAK_ERRORS)
def test_where_the_included_model_is_too_weak_nobody_is_told_to_try_again(error: str) -> None:
    shown = blocks.answer(REQUEST, decision(), outcome(error=error), OFFERS)

    assert [block["type"] for block in shown.blocks] == ["section"]
    assert shown.text


def test_where_the_first_of_two_requests_failed_the_other_one_is_offered_all_the_same() -> None:
    shown = blocks.answer(TWO, SUM_UP, outcome(error="weak"), OFFERS)

    assert "the other one: “Can you sum up this thread?” (rewrite)" in shown.text
    assert shown.blocks[-1]["accessory"]["action_id"] == blocks.ANSWER_SECOND
