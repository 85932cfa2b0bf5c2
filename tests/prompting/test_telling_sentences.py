"""A summary without a model consists of the text's own sentences and of whose they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.catalog.version import Version
from tests.fixtures.router import TrigramEncoder
from workers.context import Work
from workers.prompting.extract.material import texts_to_summarise
from workers.prompting.extract.spoken_sentences import SpokenSentence, spoken_sentences
from workers.prompting.extract.telling_sentences import MAX_READ, places_to_read, telling_places

CHAT = "09:02 Lena: the import failed\n09:05 Marco: which one?\n09:06 Lena: Kessler. All of it."
MAIL = (
    "The team met on Tuesday. The logo was chosen, the colours are open. Rita shows two variants."
)


def plain(text: str) -> str:
    return " ".join(text.split())


@given(st.text(max_size=400))
def test_every_sentence_is_in_the_text_and_in_its_order(text: str) -> None:
    whole = plain(text)

    position = 0
    for sentence in spoken_sentences(text):
        assert sentence.text
        position = whole.index(sentence.text, position) + len(sentence.text)


@given(st.text(max_size=400))
def test_no_sentence_of_a_person_comes_twice(text: str) -> None:
    found = spoken_sentences(f"{text}\n{text}")

    assert len({(one.speaker, one.text) for one in found}) == len(found)


@given(st.lists(st.text(min_size=1, max_size=30), max_size=12), st.integers(1, 4))
def test_places_are_in_order_and_none_comes_twice(sentences: list[str], count: int) -> None:
    vectors = TrigramEncoder().views(sentences)

    places = telling_places(sentences, vectors, count)

    assert places == sorted(set(places))
    assert len(places) == min(count, len(sentences))


def test_what_was_said_already_makes_room_for_something_else() -> None:
    sentences = [
        "The pump in hall two is broken today",
        "The pump in hall two is broken now",
        "Whoever wants lunch writes to Mona today",
    ]

    places = telling_places(sentences, TrigramEncoder().views(sentences), 2)

    assert places[1] == 2


def test_a_figure_and_a_decision_count_more_than_a_greeting() -> None:
    sentences = ["Morning everybody in the hall", "Well.", "We decided to pay 300 for the hall"]
    vectors = np.eye(3, dtype=np.float32)

    assert telling_places(sentences, vectors, 1) == [2]


@pytest.mark.parametrize("count", [0, 1, MAX_READ, MAX_READ + 1, 10 * MAX_READ])
def test_of_a_long_text_its_beginning_and_its_end_are_read(count: int) -> None:
    places = places_to_read(count)

    assert len(places) == min(count, MAX_READ)
    assert places == sorted(set(places))
    assert not count or (places[0], places[-1]) == (0, count - 1)


def test_each_line_of_a_chat_keeps_who_said_it() -> None:
    assert spoken_sentences(CHAT) == [
        SpokenSentence("Lena", "the import failed"),
        SpokenSentence("Marco", "which one?"),
        SpokenSentence("Lena", "Kessler."),
        SpokenSentence("Lena", "All of it."),
    ]


def test_a_line_without_a_name_is_said_by_the_person_above_it() -> None:
    copied = (
        "Ida Berg  10:22 AM\nI roll it back.\nThen: a test.\nTom  10:30 AM\nGood.\n"
        "Ida Berg  10:31\nDone."
    )

    assert [one.speaker for one in spoken_sentences(copied)] == [
        "Ida Berg",
        "Ida Berg",
        "Tom",
        "Ida Berg",
    ]


def test_names_in_small_letters_are_names() -> None:
    chat = "marcus: drop it\nyuki: why, it works\ndevon: noooo\nyuki: see"

    assert [one.speaker for one in spoken_sentences(chat)] == ["marcus", "yuki", "devon", "yuki"]


def test_words_before_colons_are_no_names() -> None:
    form = "Status: red\nOwner: Tom\nDue: Friday\nThe rest is open."

    assert [one.speaker for one in spoken_sentences(form)] == ["", "", "", ""]
    assert spoken_sentences(form)[0].text == "Status: red"


def test_a_mail_that_was_broken_into_lines_keeps_its_sentences() -> None:
    text = "The owner wants\neighteen percent more, which\nis a lot. We move."

    assert [one.text for one in spoken_sentences(text)] == [
        "The owner wants eighteen percent more, which is a lot.",
        "We move.",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "会議は火曜日でした。予算は未定です。来週決めます。",
        "اجتمع الفريق. الميزانية مفتوحة؟ نقرر غدا.",
    ],
)
def test_sentences_of_other_scripts_are_found(text: str) -> None:
    assert len(spoken_sentences(text)) == 3


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (f"summarise this: {MAIL}", MAIL),
        (f"summarise: {MAIL}", MAIL),
        (f"please sum up this mail:\n\n{MAIL}", MAIL),
        (f"what is the gist of this chat?\n\n{CHAT}", CHAT),
        (f"{CHAT}\n\nI only need it in a sentence or two, my boss is asking", CHAT),
        ("give me the gist\n> We met.\n> We wait for Tom.", "We met.\nWe wait for Tom."),
        (f"tl;dr of this\n\n“{MAIL}”", MAIL),
        (MAIL, MAIL),
    ],
)
def test_the_order_is_no_part_of_its_text(message, text, make_request, make_decision):
    version = Version(route="summarise", kind="prompt")

    assert texts_to_summarise(Work(make_request(message), make_decision(), version)) == [("", text)]


def test_a_thread_is_summarised_without_orders_and_without_summaries(make_request, make_decision):
    version = Version(route="summarise", kind="prompt")
    history = (
        {"role": "user", "content": "where is the key of the archive?"},
        {"role": "assistant", "content": "Mona has the key."},
        {"role": "user", "content": "summarise this thread"},
    )
    work = Work(make_request("recap please"), make_decision(), version, history)

    assert texts_to_summarise(work) == [
        ("Person", "where is the key of the archive?"),
        ("Beagle", "Mona has the key."),
    ]


def test_a_text_in_a_thread_comes_before_the_thread(make_request, make_decision):
    version = Version(route="summarise", kind="prompt")
    text = f"{MAIL} We meet again in May. Bring your ideas and your patience for the third round."
    work = Work(
        make_request(text), make_decision(), version, ({"role": "user", "content": "Hello Tom"},)
    )

    assert texts_to_summarise(work) == [("", text)]


def test_an_order_alone_has_no_text(make_request, make_decision):
    version = Version(route="summarise", kind="prompt")

    work = Work(make_request("short version of this please"), make_decision(), version)

    assert texts_to_summarise(work) == []
