from hypothesis import given
from hypothesis import strategies as st

from router.text.normalise import normalise


def test_markup_becomes_the_words_a_reader_sees():
    text = (
        "<@U12> please *reset* the <https://x.example/a|login page> in <#C1|support> &amp; tell me"
    )

    assert normalise(text) == "please reset the login page in support & tell me"


def test_greeting_and_thanks_do_not_count():
    assert normalise("Hi team, where is my parcel? Thanks a lot!") == "where is my parcel"


def test_quoted_lines_are_dropped_where_other_text_is_around_them():
    assert (
        normalise("> the old plan was better\nwhere is my parcel now") == "where is my parcel now"
    )


def test_a_code_block_counts_when_it_is_all_there_is():
    assert normalise("```KeyError: 'name'```") == "KeyError: 'name'"


def test_a_code_block_does_not_drown_the_question():
    assert normalise("why does this fail\n```" + "x = 1\n" * 200 + "```") == "why does this fail"


def test_a_greeting_alone_stays():
    assert normalise("hello!") == "hello"


def test_emoji_and_stretched_letters_do_not_count():
    assert normalise("pleeeease help :pray::skin-tone-2: 🙏") == "pleease help"


@given(
    st.sampled_from(["who are you", "where is my parcel", "Réinitialise mon mot de passe"]),
    st.text(".?! …", max_size=5),
)
def test_closing_punctuation_never_counts(text, closing):
    assert normalise(text + closing) == normalise(text)


@given(st.text(max_size=300))
def test_any_message_can_be_normalised_and_none_becomes_longer_than_its_limit(text):
    assert len(normalise(text)) <= 3 * 4000


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=40))
def test_a_message_of_letters_never_vanishes(text):
    assert normalise(text)
