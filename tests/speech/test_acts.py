import pytest

from router.speech.acts import (
    asks_for_guidance,
    asks_permission,
    report_before_help,
    speech_act,
)


@pytest.mark.parametrize(
    "text",
    [
        "when is payday",
        "hello! quick question: who signs the contracts",
        "how many desks are on the second floor",
        "my chair is ten years old. when may I order another?",
        "please tell me how many days are left",
        "could somebody tell me where the canteen is",
        "during the trial period, how long is the notice?",
        "we are moving in May, how many days off do I get",
        "my son starts school, who do I ask about a free day",
        "I am pregnant, how long is parental leave?",
        "the vpn is down, how do I connect to the guest network?",
        "the loft lift is stuck, who signs the contract for it?",
        "away on Monday, how many days are left?",
        "my contract ends in June, how do I extend it?",
        "I am getting married, what do I need to do for the free day?",
        "I want to work from Spain, what do I need to do?",
        "I have a question. who is on call?",
        "off to Rome \U0001f600 how many days are left",
        "my contract ends :cry: how do I extend it",
        "what is going on",
        "when is it back",
        "I'd like to work from Canada for a month. Is that allowed?",
        "My sister wants to use my laptop. Are we allowed to lend them?",
        "please remind me of the wifi code",
    ],
)
def test_a_message_that_wants_to_know_a_fact_is_a_question(text):
    assert speech_act(text) == "question"


@pytest.mark.parametrize(
    "text",
    [
        "is the second of May free for everybody?",
        "do we get a bonus in spring",
        "are students paid for public holidays?",
        "can I take half a day",
        "if I am ill abroad do I need a note",
        "is it possible to work from home",
        "may I come later on Mondays",
        "can we use the terrace on Sundays?",
    ],
)
def test_a_message_that_wants_to_know_whether_something_is_so_is_one_too(text):
    assert speech_act(text) == "yes_no_question"


@pytest.mark.parametrize(
    "text",
    [
        "could you reset the password of the shared mailbox?",
        "can I take Thursday off?",
        "can we have this Monday off?",
        "would it be possible to have 3 May free?",
        "please order a screen",
    ],
)
def test_a_polite_question_for_something_to_be_done_is_an_order(text):
    assert speech_act(text) == "order"


@pytest.mark.parametrize(
    "text",
    [
        "I'm off on Thursday, Ida covers",
        "off on Monday?",
        "would like to be away from 8/9 to 9/28",
        "have the flu, staying in bed",
        "when I press save, the app closes",
        "the scanner is stuck. what can I do?",
        "why is the wiki so slow today",
        "what's wrong with the wiki today?",
        "the scanner is stuck, what do I do",
        "off on Monday, who can cover?",
        "the tool shows my name, what a mess",
        "the vpn is down, what is going on",
        "checkout is failing since 9:05, who is on it",
        "payment page is broken for all customers, what is the status?",
        "the gate does not open. what is happening?",
        "the lights are out on floor 2, when will they be fixed?",
        "search is gone, when is it up again and who is looking into it",
        "I am locked out of my account, how do I get in?",
        "the printer jams, how do I get it fixed",
        "cannot log in, what do I need to do?",
        "the mail server is gone, how long will it take?",
        "the app shows nothing, do you know what is wrong?",
        "I lost my badge, where do I get a new one?",
        "I'm ill today, who can take my shift?",
        "have a cold, who stands in for me",
        "I would like Friday off, who is covering",
        "I asked Ida, who is my team lead",
        "the customer, who is angry, calls every hour",
        "what happened at noon? the wiki was gone for an hour",
        "away 9.8. to 27.9., who could cover?",
        "",
    ],
)
def test_a_message_that_says_how_things_are_is_a_statement(text):
    assert speech_act(text) == "statement"


@pytest.mark.parametrize(
    "text",
    [
        "cancel my days off in June",
        "please withdraw my request for Monday",
        "I'd like to call off my holiday",
        "hi, I won't be taking the Friday off after all",
        "I no longer need the week in May",
    ],
)
def test_a_message_that_takes_something_back_is_a_cancellation(text):
    assert speech_act(text) == "cancellation"


def test_an_order_not_to_forget_something_is_no_question():
    assert speech_act("don't forget that the gate is locked at ten") == "statement"


@pytest.mark.parametrize(
    ("text", "report", "asks"),
    [
        ("my tablet was stolen \U0001f62c who do i tell", "my tablet was stolen.", True),
        (
            "I opened a strange file :scream: whom should I inform?",
            "I opened a strange file.",
            True,
        ),
        ("lost my key card. what do I have to do now?", "lost my key card.", True),
        ("the scanner is stuck, when is it up again", "the scanner is stuck", False),
        ("the scanner is stuck, who can fix it?", "the scanner is stuck", False),
        ("my tablet was stolen", None, False),
        ("who do I tell", None, False),
        ("could you reset it? what do I do", None, False),
        ("", None, False),
    ],
)
def test_a_report_is_told_from_the_question_for_help_behind_it(text, report, asks):
    assert report_before_help(text) == report
    assert asks_for_guidance(text) is asks


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("may I feed the minutes of the board to a chat bot to shorten them?", True),
        ("can we upload a contract to a translation site?", True),
        ("am I allowed to record a call and have it written down", True),
        ("is it ok to paste customers' names into a web form?", True),
        ("can I have a summary of the minutes", False),
        ("can we shorten the minutes a little", False),
        ("may I ask you to shorten the minutes", False),
        ("can I put this into plain words?", False),
        ("could you put the minutes into plain words?", False),
        ("the minutes are long. can I upload them to a chat bot?", False),
        ("can I", False),
        ("", False),
    ],
)
def test_a_question_whether_one_may_do_a_thing_orders_nothing(text, asks):
    assert asks_permission(text) is asks
