"""A person's sentences are found in other texts, and nothing else is."""

from __future__ import annotations

import json
import time

from hypothesis import given
from hypothesis import strategies as st

from router.store.privacy.sentences import Sentences, WrittenText, words_of

KEY = b"k" * 16
TEXT = "The Lyon plant closes on 4 March. Please tell nobody yet! Thanks."


def sentences(*texts: str, at: float = 0.0) -> Sentences:
    return Sentences(KEY, [WrittenText(text, at) for text in texts])


def test_a_copy_is_found_whatever_its_case_and_punctuation() -> None:
    own = sentences(TEXT)

    assert own.found_in("You wrote: “the LYON plant,\ncloses on 4 march”, I think")
    assert own.found_in("please tell nobody yet")
    assert not own.found_in("The Lyon plant opens on 4 March. Please tell everybody")


def test_what_is_cut_out_leaves_the_rest() -> None:
    cut = sentences(TEXT).cut_from("People write things like “The Lyon plant closes on 4 March”.")

    assert cut == "People write things like “(forgotten)”."


def test_three_short_words_identify_nobody() -> None:
    own = sentences("keep the prompt")

    assert len(own) == 0
    assert own.cut_from("keep the prompt") == "keep the prompt"


def test_an_older_text_is_no_copy() -> None:
    own = sentences(TEXT, at=100.0)

    assert not own.found_in(TEXT, until=99.0)
    assert own.found_in(TEXT, until=100.0)


def test_a_part_of_a_long_sentence_is_a_copy() -> None:
    words = [f"word{number}" for number in range(40)]
    own = sentences(" ".join(words))

    assert own.found_in(" ".join(words[12:24]))


def test_a_json_escape_hides_nothing() -> None:
    text = "Die Übernahme von Müller läuft an"

    assert sentences(text).found_in(json.dumps({"answer": text}))


def test_the_stored_form_finds_the_same_and_holds_no_word() -> None:
    own = sentences(TEXT)
    record = json.dumps(own.record())

    assert Sentences.from_record(json.loads(record)).found_in(TEXT) == own.found_in(TEXT)
    assert not set(words_of(record)) & {"lyon", "plant", "closes", "march", "nobody"}


@given(st.text(max_size=300), st.text(max_size=100))
def test_every_sentence_is_found_in_its_own_text(text: str, around: str) -> None:
    own = sentences(text)

    assert len(own.found_in(f"{around}\n{text}\n{around}")) == len(own)
    assert own.found_in(own.cut_from(text)) == set()


def test_time_grows_with_the_length_even_where_everything_repeats() -> None:
    hostile = [" ".join(["a a a b"] * count) for count in (1_250, 5_000)]
    own = sentences(*(" ".join(["a a a"] * count) for count in range(2, 12)), hostile[0])

    spent = []
    for text in hostile:
        start = time.process_time()
        own.found_in(text)
        own.cut_from(text)
        spent.append(time.process_time() - start)

    # Four times the text; a quadratic search would take sixteen times as long.
    assert spent[1] < 10 * spent[0] + 0.05
