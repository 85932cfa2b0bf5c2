"""A request for work on a text that did not come with it is asked for the text."""

from __future__ import annotations

import pytest

from router.catalog.version import Version
from workers.context import Work
from workers.prompting.missing_text import is_elsewhere, lacks_text, points_at_nothing


@pytest.mark.parametrize(
    "text",
    [
        "summarise this file please",
        "list the action items from this discussion",
        "summarise this thread",
        "say this in plain English",
        "turn these notes into an incident record",
        "draft a reply to this message",
        "summarise the attached",
        "reword it please",
        "can you make it more formal",
        "shorten",
        "translate into French please",
        "proofread",
        "see the attached file and tell me what's important",
        "what are the action items in the attached pdf, I need them by noon",
        "please read the attachment and answer the customer",
    ],
)
def test_a_text_that_is_not_there_is_missed(text):
    assert points_at_nothing(text)


@pytest.mark.parametrize(
    "text",
    [
        "say this in plain English: utilise the facility",
        "make this sound nicer you are late once more with everything",
        "explain this error ECONNREFUSED",
        "what does error 503 mean",
        "reply that I cannot come on Friday",
        "how can I turn down an invitation kindly",
        "translate good morning everybody into French",
        "the payment service was down from noon to two",
        "summarise this\n> we met and decided to wait",
        "make this shorter: I forgot to send you the attachment of yesterday's mail",
    ],
)
def test_a_text_that_is_there_is_worked_on(text):
    assert not points_at_nothing(text)


@pytest.mark.parametrize("needs_text", [True, False])
def test_only_a_route_that_needs_a_text_misses_it(needs_text, make_request, make_decision):
    version = Version(route="summarise", kind="prompt", needs_text=needs_text)
    decision = make_decision("summarise")
    work = Work(make_request("summarise this thread"), decision, version, ())
    assert lacks_text(work) is needs_text

    # What was said before is a text.
    later = Work(work.request, decision, version, ({"role": "user", "content": "we met"},))
    assert not lacks_text(later)


@pytest.mark.parametrize(
    ("text", "is_away"),
    [
        ("summarise my inbox from this morning", True),
        ("what are the key points of all my unread mails", True),
        ("recap our meetings of yesterday", True),
        ("summarise this mail: the lift is broken, use the stairs", False),
        ("what did I miss in this thread", False),
    ],
)
def test_what_lies_elsewhere_is_not_made_up(text, is_away, make_request, make_decision):
    version = Version(route="summarise", kind="prompt", needs_text=True)
    history = ({"role": "user", "content": "we met"},)
    work = Work(make_request(text), make_decision("summarise"), version, history)

    assert is_elsewhere(text) is is_away
    assert lacks_text(work) is is_away
