"""A near quote that is about another place, other people or no such value is shown with a doubt."""

from __future__ import annotations

import pytest

from router.index import Hit
from workers import texts
from workers.knowledge.quotes.by_words import Quote
from workers.knowledge.quotes.mismatch import UNKNOWN_MARGIN, Mismatch, find_mismatch
from workers.knowledge.relevance.asked_values import missing_value

SURE = 0.3
DOGS = ("The offices > Dogs", "Dogs are welcome on Tuesdays and Fridays in Lisbon.")
SICK = ("Leave > Sick children", "Each parent has 10 paid days a year to look after a sick child.")
PASSWORDS = ("Accounts > Sign-in", "Passwords live in the company's password manager.")
ABROAD = ("Work > Elsewhere", "You may work from another country within the European Union.")


@pytest.fixture
def mismatch():
    """Finds the mismatch of a question and one quote, which is all that was found."""

    def find(question, title, text, *others, margin=SURE):
        hits = [
            Hit(number, f"page-{number}", heading, "", body, 0.0, 1.0)
            for number, (heading, body) in enumerate([(title, text), *others])
        ]
        return find_mismatch(question, Quote(hits[0], text, 0.0, 1.0), hits, margin)

    return find


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("can my dog come to the berlin office on friday?", "Berlin"),
        ("are dogs allowed in Madrid", "Madrid"),
        ("is my dog welcome at the Dublin office?", "Dublin"),
    ],
)
def test_another_place_than_the_one_asked_for_is_named(mismatch, question, asked):
    assert mismatch(question, *DOGS) == Mismatch("place", asked, "Lisbon")


def test_a_place_of_another_passage_is_another_place_too(mismatch):
    other = ("The offices > Doors", "The Dublin office uses a door code.")

    assert mismatch("are dogs allowed in Dublin?", *DOGS, other).kind == "place"


def test_a_place_in_the_heading_counts(mismatch):
    title = "The Lisbon office > Dogs"

    assert mismatch("are dogs allowed in Dublin?", title, "Dogs are welcome.").quoted == "Lisbon"


@pytest.mark.parametrize(
    "question",
    [
        "can my dog come to the lisbon office on friday?",
        "can my dog come to the office on a Monday?",
        "are dogs allowed in the kitchen?",
    ],
)
def test_the_same_place_a_day_or_a_room_is_no_other_place(mismatch, question):
    assert mismatch(question, *DOGS) is None


def test_a_rule_for_all_places_answers_for_each(mismatch):
    assert mismatch("may I work from Spain for a month?", *ABROAD) is None


def test_people_who_are_not_asked_about_make_a_quote_unsure(mismatch):
    question = "how many paid sick days do I get per year when I'm ill myself"

    assert mismatch(question, *SICK) == Mismatch("people", quoted="Sick children")


@pytest.mark.parametrize("who", ["my child is", "my kid is", "my son is", "the baby is"])
def test_people_by_another_word_are_asked_about(mismatch, who):
    assert mismatch(f"{who} sick, how many days do I get?", *SICK) is None


def test_a_heading_that_the_question_does_not_touch_narrows_nothing(mismatch):
    title, text = "The offices > Visits to customers", "For visits to customers wear closed shoes."

    assert mismatch("do I have to wear a suit", title, text) is None


@pytest.mark.parametrize("question", ["whats our wifi password", "what is the WiFi password?"])
def test_a_thing_of_which_only_the_last_word_is_there_is_not_found(mismatch, question):
    assert mismatch(question, *PASSWORDS).kind == "thing"


def test_a_thing_that_a_passage_names_is_there(mismatch):
    other = ("Guests > Network", "The wifi is on the card at the desk.")

    assert mismatch("whats our wifi password", *PASSWORDS, other) is None


def test_a_word_that_nothing_holds_asks_for_a_surer_quote(mismatch):
    question = "may I bring my flamingo?"

    assert mismatch(question, *DOGS, margin=UNKNOWN_MARGIN / 2) == Mismatch("unknown")
    assert mismatch(question, *DOGS, margin=UNKNOWN_MARGIN) is None
    assert mismatch("are dogs welcome?", *DOGS, margin=0.0) is None


@pytest.mark.parametrize(
    ("question", "text", "missing"),
    [
        ("what does a new forklift license cost", "Drivers must be 18 or older.", "money"),
        ("what does a visit cost?", "A visit is free for members.", None),
        ("how much does parking cost", "A month is 28 pounds.", None),
        ("who pays the cost of a visit?", "The customer does.", None),
        ("how long do we keep customer data", "It stays in the database.", "duration"),
        ("how long do we keep them?", "Keep them for two working weeks.", None),
        ("how long may I stay?", "Until the gate closes.", None),
        ("how many people work here?", "About half of us work from home.", "count"),
        ("how many may I take?", "As many as you like: there is no limit.", None),
        ("what is the rule for data?", "It stays in the database.", None),
    ],
)
def test_a_text_without_the_value_that_is_asked_for_lacks_it(question, text, missing):
    assert missing_value(question, text) == missing


def test_each_missing_value_has_words():
    for value in ("money", "duration", "count"):
        assert texts.MISSING_VALUES[value]
