"""Facts of a few clear kinds are found in a message by their shape alone."""

from __future__ import annotations

import pytest

from workers.prompting.message_facts import MAX_WORDS, find_facts


@pytest.mark.parametrize(
    ("message", "facts"),
    [
        ("leave for Nora Lind from 5 March to 9 June", ["Nora Lind", "from 5 March", "to 9 June"]),
        ("my account number 88120 opens no bill", ["account number 88120"]),
        ("my contract number is 4410-B", ["contract number is 4410-B"]),
        ("invoice no. 7781 over 1,200 EUR", ["invoice no. 7781", "1,200 EUR"]),
        ("search fails for all EU shops since 14:05", ["all EU shops", "since 14:05"]),
        ("the whole Lisbon branch is offline", ["the whole Lisbon branch"]),
        ("half of the users in Spain see 404", ["half of the users in Spain"]),
        ("nobody in the cardiff office can print", ["nobody in the cardiff office"]),
        ("everyone in sales waits", ["everyone in sales"]),
        ("order 3 desks for room 4.12", ["3 desks", "room 4.12"]),
        ("order 991822 has 40 new seats too many", ["order 991822", "40 new seats"]),
        ("two temps start on Monday at 9:00", ["on Monday at 9:00"]),
        ("stuck since Sunday evening, back on 3 May", ["since Sunday evening", "back on 3 May"]),
        ("mail zoe@example.org about INC-2041", ["zoe@example.org", "INC-2041"]),
        ("give Mrs Amsel's key to Joanna", ["Mrs Amsel", "Joanna"]),
        ("off since Friday, £341, and 14 SIM cards", ["since Friday", "£341", "14 SIM cards"]),
    ],
)
def test_what_a_message_says_for_certain_is_a_fact(message: str, facts: list[str]) -> None:
    assert [fact.text for fact in find_facts(message)] == facts


@pytest.mark.parametrize(
    "message",
    [
        "Hi Joanna Lind, the printer jams at all times",
        "Priya, everything is slow again - thanks Omar!",
        "the lift is stuck\n- Omar",
        "the lift is stuck again. Joanna M, field service",
        "sorry Omar, I was at Joanna's barbecue, the mouse on number 6 double clicks",
        "PLEASE HELP, THE SCREEN STAYS BLACK",
        "1. order chairs\n2. call the caterer",
        "one of them may march on after all, I tried 5 times",
        "[09:02] jorge: line 9 gets hot",
        "dentist again, Dr. Popescu hates me",
        "not Sunday, I meant the Tuesday calls",
        "nobody at all answers, everybody can see it, and nobody on the team did it",
        "Afternoon, Joanna from credit control, everyone in the trade knows it",
        "",
    ],
)
def test_whoever_is_greeted_and_what_only_looks_like_a_fact_is_none(message: str) -> None:
    assert find_facts(message) == []


def test_a_fact_that_is_said_twice_is_one() -> None:
    assert len(find_facts("on Friday, I mean it, on Friday")) == 1


def test_of_a_long_text_only_references_are_facts() -> None:
    message = "the talk went on and on. " * MAX_WORDS + "Omar opened ticket 5521 at 9:00"

    assert [fact.text for fact in find_facts(message)] == ["ticket 5521"]


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("leave for Joanna from 3 May", "person"),
        ("away on 3 May, Joanna Lind knows", "person"),
        ("away on 3 May, Joanna approved it", "person"),
        ("away on 3 May with Joanna", "name"),
    ],
)
def test_a_first_name_alone_is_no_person_whom_a_form_lacks(message: str, kind: str) -> None:
    assert {fact.kind for fact in find_facts(message)} == {"time", kind}
