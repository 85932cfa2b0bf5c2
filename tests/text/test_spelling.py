import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.text.spelling import MAX_LOOKED_AT, MAX_READINGS, Speller
from router.text.word_list import WordList, english_words

SPELLER = Speller.from_texts(
    [
        "what is the weather like",
        "reset my password please",
        "where is my parcel",
        "the order was cancelled",
        "change my delivery address",
    ]
)
ROUTE_WORDS = ("weather", "password", "parcel", "order", "delivery", "address", "cancelled")


def read(text: str) -> str:
    return SPELLER.readings(text)[0].text


def test_a_mistyped_word_is_read_as_the_routes_word_that_it_resembles():
    assert read("how is teh wether") == "how is teh weather"
    assert read("my pasword and my parcle") == "my password and my parcel"
    assert read("WHERE IS MY PACREL") == "WHERE IS MY parcel"


def test_a_word_with_two_slips_is_read_as_a_word_of_the_routes():
    assert read("the adrdes of my order") == "the address of my order"


def test_a_rare_word_beside_a_word_of_the_routes_can_be_meant_as_either():
    readings = SPELLER.readings("my oder")

    assert "my order" in [reading.text for reading in readings]
    assert readings[0].cost == 0


def test_what_was_read_is_named_with_what_was_typed():
    (reading, *_) = SPELLER.readings("reset my pasword")

    assert reading.changes == (("pasword", "password"),)


@pytest.mark.parametrize(
    "text",
    [
        "the weather and my laptop's invoices",
        "ask Kalee about Zendesk and kubectl2",
        "wann kommt endlich meine bestellung aus hamburg",
        "see https://shop.example/parcle and parcle_id in `parcle.py`",
        "#parcle @parcle parcle-7",
        "Fatima ordered, fatima paid",
        "ok no thx",
        "天気はどうですか",
    ],
)
def test_names_code_links_and_other_languages_stay_as_they_are(text):
    assert [reading.text for reading in SPELLER.readings(text)] == [text]


@given(st.sampled_from(ROUTE_WORDS), st.integers(0, 30))
def test_swapped_neighbours_in_a_word_of_the_routes_are_always_put_right(word, number):
    at = 1 + number % (len(word) - 2)
    typed = word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    texts = [reading.text for reading in SPELLER.readings(f"my {typed} now")]

    assert f"my {word} now" in texts


@given(st.text(max_size=200))
def test_any_text_can_be_read_and_its_likeliest_reading_costs_nothing(text):
    readings = SPELLER.readings(text)

    assert 1 <= len(readings) <= MAX_READINGS
    assert readings[0].cost == 0
    assert all(reading.cost >= 0 for reading in readings)


@given(st.lists(st.sampled_from(["weather", "parcel", "the", "is"]), min_size=1))
def test_a_text_of_known_words_is_never_changed(words):
    text = " ".join(words)

    assert [reading.text for reading in SPELLER.readings(text)] == [text]


def test_the_word_list_knows_shares_and_not_what_is_no_word():
    common, rare, none, long = english_words().shares(
        ["from", "skillet", "qqzzx", "from" + "x" * 40]
    )

    assert common > rare > 0
    assert (none, long) == (0, 0)


class CountingWords(WordList):
    """A word list that counts how often somebody looks something up in it."""

    lookups = 0

    def shares(self, words):
        self.lookups += 1
        return super().shares(words)


@settings(max_examples=15)
@given(
    st.lists(
        st.text("abcdefghijklmnopqrstuvwxyz", min_size=4, max_size=8), min_size=60, max_size=300
    ),
    st.sampled_from(["please", "order my parcel and", "the"]),
)
def test_a_text_of_made_up_words_is_given_up_after_a_few(made_up, known):
    """Each word that is tried costs 200 guesses: 800 of them held the process for 0.2 s."""
    words = CountingWords([("please", 9), ("the", 99), ("my", 50), ("and", 80)])
    speller = Speller({"order": 3, "parcel": 2, "weather": 1}, words)

    speller.readings(" ".join(f"{word} {known} {word}" for word in made_up))

    # One look for all words of the text, then one for each that is tried.
    assert words.lookups <= 1 + MAX_LOOKED_AT


def test_a_word_that_is_repeated_is_tried_once():
    words = CountingWords([("please", 9), ("send", 9)])
    speller = Speller({"parcel": 2}, words)

    (reading, *_) = speller.readings("please send my parcle " * 100)

    assert reading.text == "please send my parcel " * 100
    assert words.lookups == 2
