"""Small talk is known from the first word to the last, and a request in it stays a request."""

from pathlib import Path

import pytest

import router
from router.catalog.catalog import load_routes
from router.classifier.small_talk import FIRST, small_talk_kind
from router.classifier.small_talk_phrases import PHRASES
from router.types import NO_ROUTE

SMALL_TALK = {
    "greeting": [
        "hi",
        "Hellooo team :sunny:",
        "good morning, how are you today?",
        "you there?",
        "hi beagle, hope you slept well",
    ],
    "thanks": [
        "thanks!! ur the best",
        "thanks!! 🙏",
        "thank you for the quick reply",
        "perfect, thx a lot for your help",
        "you are the best",
        "good bot",
    ],
    "acknowledgement": ["ok", "👍", ":+1::skin-tone-2:", "+1", "got it, cool", "hahahaha"],
    "farewell": ["bye", "see you tomorrow", "good night everyone"],
    "complaint": [
        "you are useless",
        "ur so dumb lol",
        "that's not what I asked",
        "you\u2019re wrong",
        "who put this dumb bot here?",
        "nobody has asked you for anything, shut up",
        "I hate this stupid bot",
        "this stupid bot never understands anything",
        "shut your mouth, you useless robot",
    ],
    "joke": ["tell me a joke", "got any jokes?", "can you tell us a dad joke about the printer"],
    "identity": ["who are you", "Who are you?", "hey, are you a bot or a human?"],
    "command": ["beagle stats", "/beagle forget me", "<@U0BEAGLE00> stats", "Beagle optout off"],
    "bare": ["", "<@U0BEAGLE00>", "<@U0BEAGLE00> ?", "...", "beagle"],
}
REQUESTS = [
    "hi, my vpn is down",
    "thanks, and how do I book a day off?",
    "good morning, I'm off sick today",
    "ok so the server is down",
    "hello? the lift is stuck",
    "the printer is useless",
    "the customer told me to get lost when I asked for his invoice",
    "a chat bot on the page gives stupid answers",
    "my emails get lost",
    "why do so many parcels get lost?",
    "how do I make the alarm shut up",
    "that annoying robot in the warehouse is stuck again",
    "this annoying bot in #general spams, please remove it",
    "this stupid bot posts our build twice",
    "reset my password, you useless bot",
    "rewrite more politely: you can all go to hell",
    "answer this mail: fuck you",
    "this is broken",
    "THIRD time the f***ing vpn is down. AGAIN.",
    "write a thank you note to anna",
    "reply to this: thanks",
    "remember that I said ok",
    "who is on call",
    "is this right",
    "tomorrow morning",
    "right now",
    "today",
    "test the deployment",
    "can you help me",
    "help",
    "beagle help",
    "why",
    "label",
    "beagle report on the outage",
    "budget for the offsite",
    "👍 ship it",
    "no",
    "hi " * 30 + "my vpn is down",
]


@pytest.mark.parametrize("kind", SMALL_TALK)
def test_each_kind_of_small_talk_is_known(kind):
    found = {text: small_talk_kind(text) for text in SMALL_TALK[kind]}
    assert found == dict.fromkeys(SMALL_TALK[kind], kind)


@pytest.mark.parametrize("text", REQUESTS)
def test_a_request_stays_one_whatever_courtesy_is_around_it(text):
    assert small_talk_kind(text) is None


def test_no_row_of_a_built_in_route_is_taken_for_small_talk():
    catalog = load_routes(Path(router.__file__).parent / "routes")
    examples = [one for one in catalog.training_examples() if one.route != NO_ROUTE]
    assert len(examples) > 100
    assert [one.text for one in examples if small_talk_kind(one.text)] == []


@pytest.mark.parametrize("kind", FIRST)
def test_every_phrase_is_small_talk_and_with_a_fault_behind_it_is_none(kind):
    for phrase in PHRASES[kind].split("|"):
        assert small_talk_kind(phrase) is not None, phrase
        assert small_talk_kind(f"{phrase}, the payroll export fails") is None, phrase
