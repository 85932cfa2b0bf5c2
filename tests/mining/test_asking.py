"""Mining tells what people ask for from what they say every day, in words of unknown companies."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from evals.mining.streams.company_files import FITTED, HELD_OUT, TUNED, read_companies
from workers.mining.mood.asking import is_mostly_english, load_asking_model
from workers.mining.naming import name_cluster
from workers.mining.pipeline import MiningLimits, mine
from workers.mining.request_gate import ASKING_MIDDLE
from workers.mining.rows import Row

LOOSE = MiningLimits(threshold=0.15)
TEXTS = 80
HABIT_TEXTS = 900
MISSED_SHARE = 0.1
"""The share of unknown companies' requests that may be taken for statements."""


def probability(text):
    return load_asking_model().probability(text)


def mean_probability(texts):
    return float(np.nanmean([probability(text) for text in texts]))


@pytest.mark.parametrize(
    "text",
    [
        "can somebody reset my token?",
        "please water the plants",
        "need a visitor badge for tuesday",
        "my vpn does not connect",
        "printer on floor 3 is broken",
        "order two boxes of gloves",
        "looking for cover on friday",
        "hi all, quick question: who has the key",
        "I'd like a second monitor",
    ],
)
def test_a_request_asks_with_and_without_a_question_mark(text):
    assert probability(text) > ASKING_MIDDLE


@pytest.mark.parametrize(
    "text",
    [
        "the office plants were watered",
        "the office plants are doing fine",
        "thanks a lot!",
        "good morning everybody :sunny:",
        ":white_check_mark: deployed checkout to production",
        "yesterday I finished the report, today the slides",
        "+1",
        "standup yesterday was short",
        "lunch is ready",
        "I am off on friday",
    ],
)
def test_what_tells_something_does_not_ask(text):
    assert probability(text) < ASKING_MIDDLE


@pytest.mark.parametrize(
    "text", ["kann jemand bitte mein Passwort zurücksetzen", "où est la salle", "VPN", "勤怠の修正"]
)
def test_other_languages_and_bare_names_are_left_undecided(text):
    assert math.isnan(probability(text))


@pytest.mark.parametrize("text", ["docket sync 4 of 9 ok", "mixer cycle complete"])
def test_a_message_without_known_words_is_read_as_english_only_among_english(text):
    model = load_asking_model()
    among = model.probability(text, is_among_english=True)
    assert among < ASKING_MIDDLE


@pytest.mark.parametrize(
    "text", ["hi folks, how is everyone?", "hey [person], how are you??", "thanks [person]!!", "gm"]
)
def test_small_talk_asks_for_nothing_whatever_its_marks(text):
    assert load_asking_model().probability(text, is_among_english=True) == 0.0


@pytest.mark.parametrize("text", ["what is your name?", "tell me a joke please"])
def test_small_talk_that_wants_an_answer_asks(text):
    assert probability(text) > ASKING_MIDDLE


def test_messages_in_another_language_do_not_make_a_workspace_english():
    random = np.random.default_rng(5)
    english = [text for text, _ in read_companies(HELD_OUT)[0].habit_texts(200, random)]
    german = ["kann jemand bitte mein Passwort zurücksetzen", "der Drucker ist schon wieder leer"]
    polish = ["proszę o nowy klucz do biura", "drukarka znowu nie działa"]

    assert is_mostly_english(english)
    assert not is_mostly_english(german * 20)
    assert not is_mostly_english(polish * 20)
    assert not is_mostly_english([*english, *german * 60])
    assert not is_mostly_english([])


def test_no_company_for_tests_is_fitted_on():
    assert not {*FITTED, *TUNED} & set(HELD_OUT)
    assert not set(FITTED) & set(TUNED)


@pytest.mark.parametrize("company", read_companies(HELD_OUT), ids=HELD_OUT)
def test_no_habit_of_an_unknown_company_asks(company):
    random = np.random.default_rng(5)
    texts_of = {}
    for text, habit in company.habit_texts(HABIT_TEXTS, random):
        texts_of.setdefault(habit.name, []).append(text)

    asking = {name: mean_probability(texts) for name, texts in texts_of.items()}
    assert {name: figure for name, figure in asking.items() if figure > ASKING_MIDDLE} == {}


def test_requests_of_unknown_companies_ask():
    random = np.random.default_rng(5)
    figures = {}
    for company in read_companies(HELD_OUT):
        for name in company.requests:
            texts = company.request_texts(name, TEXTS, random)
            figures[company.name, name] = mean_probability(texts)

    missed = [name for name, figure in figures.items() if figure <= ASKING_MIDDLE]
    assert len(missed) <= MISSED_SHARE * len(figures), missed


def repeated(wordings, count, now):
    """Says the wordings in turn, each time by another of eight people, over four weeks."""
    return [
        Row(wordings[i % len(wordings)].format(i), f"U{i % 8}", now - i * 40_000.0)
        for i in range(count)
    ]


NOTICES = (
    "the office plants were watered on floor {}",
    "the office plants on floor {} are doing well",
    "the office plants on floor {} got new soil",
)
ORDERS = (
    "please water the office plants on floor {}",
    "can somebody water the office plants on floor {}",
    "the office plants on floor {} need water",
)


@pytest.mark.parametrize(("wordings", "shown"), [(NOTICES, 0), (ORDERS, 1)])
def test_what_repeats_is_a_candidate_only_if_it_asks(encode, chatter, now, wordings, shown):
    mined = mine([*repeated(wordings, 60, now), *chatter(200)], encode, LOOSE)
    assert len(mined.visible) == shown


def test_the_name_of_an_emoji_is_no_word_of_a_label(now):
    rows = [Row(f":red_circle: token {i} :red_circle:", f"U{i}", now) for i in range(20)]
    counts = Counter({"red": 20, "circle": 20, "token": 20})
    name = name_cluster(rows, np.ones(len(rows)), counts, frozenset(counts))
    assert name.label == "token"
