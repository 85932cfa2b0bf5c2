import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.text.redact import MAX_MASKED_CHARACTERS, MAX_WORD_CHARACTERS, redact
from router.text.redaction_rules import RULES

NAMES = ["Anna-Lena Okafor", "Zebedee", "will", "Priya"]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("ask anna-lena okafor about it", "ask [person] about it"),
        ("ask Zebedee about it", "ask [person] about it"),
        ("zebedee is no word that a list may hide in small letters", None),
        ("I will be back", None),
        ("Will it work?", None),
    ],
)
def test_a_name_from_the_workspace_is_hidden_where_it_is_a_name(text, masked):
    assert redact(text, NAMES) == (masked or text)


@pytest.mark.parametrize(
    "mark", ["ann@example.com", "xoxb-123456789012-abcdefghijkl", "4111 1111 1111 1111"]
)
def test_what_identifies_a_person_or_opens_a_door_is_hidden(mark):
    assert mark not in redact(f"please use {mark} for it")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Hi Zbynek, can you reset it?", "Hi [person], can you reset it?"),
        ("hello Zbynek Novotny! please", "hello [person]! please"),
        ("Good morning Oduya", "Good morning [person]"),
        ("Hi Team, can you reset it?", None),
        ("Hi IT, can you reset it?", None),
        ("Hey Jira is down", None),
    ],
)
def test_whoever_is_greeted_is_hidden_and_everybody_is_not(text, masked):
    assert redact(text) == (masked or text)


@pytest.mark.parametrize(
    ("number", "mark"),
    [
        ("4111 1111 1111 1111", "[card]"),
        ("5500005555555559", "[card]"),
        ("4111 1111 1111 1112", "[number]"),
        ("5500005555555558", "[number]"),
    ],
)
def test_a_long_number_is_a_card_when_its_check_digit_fits(number, mark):
    assert redact(f"charge {number} please") == f"charge {mark} please"


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.slack.com/services/T01/B02/abcDEF",
        "https://hooks.slack.com/workflows/T01/A02/33/x-y",
        "https://hooks.slack-gov.com/triggers/T01/22/zz",
    ],
)
def test_whoever_has_a_webhook_can_post_so_it_is_a_key(url):
    assert redact(f"post it to {url} then") == "post it to [key] then"


every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.pattern.pattern[:24])
strange = [HealthCheck.filter_too_much, HealthCheck.too_slow]


@every_rule
@settings(suppress_health_check=strange, max_examples=8)
@given(data=st.data())
def test_whatever_a_rule_masks_has_its_hint(rule, data):
    assert_has_hint(rule, data)


@pytest.mark.fuzz
@every_rule
@settings(suppress_health_check=strange, max_examples=200)
@given(data=st.data())
def test_whatever_a_rule_masks_of_many_texts_has_its_hint(rule, data):
    assert_has_hint(rule, data)


def assert_has_hint(rule, data):
    masked = data.draw(st.from_regex(rule.pattern))
    assert rule.hint.search(masked), masked


def test_a_text_as_long_as_may_be_stays_whole():
    text = ("lorem " * MAX_MASKED_CHARACTERS)[: MAX_MASKED_CHARACTERS - 1] + "x"

    assert redact(text) == text


@pytest.mark.parametrize("blank", [" ", "\n"])
def test_a_longer_text_is_cut_between_two_words_and_is_not_too_long_then(blank):
    text = f"lorem{blank}" * MAX_MASKED_CHARACTERS

    start = redact(text).removesuffix("[…]")

    assert start == text[: len(start)]
    assert start.endswith("lorem")
    assert text[len(start)] == blank
    # As much as fits: the next word would be too much.
    assert MAX_MASKED_CHARACTERS - len("lorem ") < len(f"{start}[…]") <= MAX_MASKED_CHARACTERS


def test_a_word_without_end_is_cut_where_the_limit_is():
    text = "lorem " + "x" * 2 * MAX_MASKED_CHARACTERS

    masked = redact(text)

    assert masked.startswith("lorem xxx")
    assert masked.endswith("x[…]")
    assert len(masked) == MAX_MASKED_CHARACTERS


def test_a_word_of_the_longest_kind_that_is_kept_whole_is_left_out_whole():
    start = ("lorem " * MAX_MASKED_CHARACTERS)[: MAX_MASKED_CHARACTERS - MAX_WORD_CHARACTERS]

    masked = redact(f"{start.rstrip()} " + "x" * 2 * MAX_WORD_CHARACTERS)

    assert masked == f"{start.rstrip()}[…]"
