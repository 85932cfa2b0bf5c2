import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.text.redact import RULES, redact

NAMES = ["Anna-Lena Okafor", "Zebedee", "will", "Priya"]


@pytest.mark.parametrize(
    ("said", "masked"),
    [
        ("ask anna-lena okafor about it", "ask [person] about it"),
        ("ask Zebedee about it", "ask [person] about it"),
        ("zebedee is no word that a list may hide in small letters", None),
        ("I will be back", None),
        ("Will it work?", None),
    ],
)
def test_a_name_from_the_workspace_is_hidden_where_it_is_a_name(said, masked):
    assert redact(said, NAMES) == (masked or said)


@pytest.mark.parametrize(
    "mark", ["ann@example.com", "xoxb-123456789012-abcdefghijkl", "4111 1111 1111 1111"]
)
def test_what_identifies_a_person_or_opens_a_door_is_hidden(mark):
    assert mark not in redact(f"please use {mark} for it")


@pytest.mark.parametrize(
    ("said", "masked"),
    [
        ("Hi Zbynek, can you reset it?", "Hi [person], can you reset it?"),
        ("hello Zbynek Novotny! please", "hello [person]! please"),
        ("Good morning Oduya", "Good morning [person]"),
        ("Hi Team, can you reset it?", None),
        ("Hi IT, can you reset it?", None),
        ("Hey Jira is down", None),
    ],
)
def test_whoever_is_greeted_is_hidden_and_everybody_is_not(said, masked):
    assert redact(said) == (masked or said)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.pattern.pattern[:24])
@settings(
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow], max_examples=40
)
@given(data=st.data())
def test_whatever_a_rule_masks_shows_its_sign(rule, data):
    masked = data.draw(st.from_regex(rule.pattern))
    assert rule.sign.search(masked), masked
