"""What the gate reads in the wording of a group."""

from __future__ import annotations

import numpy as np

from workers.mining.clustering import rows_that_ask
from workers.mining.request_gate import THING_OTHER_WORDS, load_gate
from workers.mining.text_features import TextFeatures

NOTICES = [f"the lift on floor {number} was painted on monday" for number in range(12)]
ORDERS = [f"please repair the lift on floor {number}" for number in range(12)]


def test_messages_that_tell_are_counted_beside_the_mean():
    features = TextFeatures([*NOTICES, *ORDERS])

    told = features.measure(np.arange(12))
    asked = features.measure(np.arange(12, 24))
    mixed = features.measure(np.arange(24))

    assert (told["telling"], asked["telling"], mixed["telling"]) == (1.0, 0.0, 0.5)
    assert told["asking"] < mixed["asking"] < asked["asking"]


def test_a_group_whose_language_is_unknown_counts_as_asking():
    polish = ["proszę o nowy klucz do biura", "drukarka znowu nie działa"] * 8

    features = TextFeatures(polish).measure(np.arange(len(polish)))

    assert (features["asking"], features["telling"]) == (1.0, 0.0)


THINGS = ("harbour tour", "glass hall", "night opening", "summer school", "loan from Vienna")
ASKED = (
    "put Ada on the guest list for the {}",
    "how long can the {} be lent",
    "where are the photos of the {} stored",
    "reserve nine places for the {}",
    "a newspaper wrote about the {}",
)


def test_a_group_about_one_thing_has_few_other_words_of_its_own():
    texts = [wording.format(thing) for thing in THINGS for wording in ASKED for _ in range(3)]
    one_thing = np.array([row for row, text in enumerate(texts) if THINGS[-1] in text], np.intp)
    several = [f"please order {thing} tickets for Ada" for thing in THINGS[:3]] * 2
    several += [f"we need more tickets of the {thing}, who orders" for thing in THINGS[:3]] * 2

    mixed = TextFeatures([*texts, *several]).measure(one_thing)
    request = TextFeatures([*texts, *several]).measure(
        np.arange(len(texts), len(texts) + len(several))
    )

    assert mixed["core_twice"] == 1.0
    assert mixed["other_words"] < THING_OTHER_WORDS < request["other_words"]


def test_a_thing_that_some_ask_about_and_others_praise_is_no_request():
    gate = load_gate()
    features = dict.fromkeys(gate.features, 0.5)
    thing = {**features, "asking": 0.7, "core_twice": 1.0, "own_words": 0.8, "other_words": 0.3}

    only_asked, also_told = gate.score([{**thing, "telling": 0.0}, {**thing, "telling": 0.3}])

    assert also_told < only_asked / 10


def test_features_that_an_older_release_stored_lose_nothing():
    gate = load_gate()
    stored = dict.fromkeys(gate.features, 0.5)
    asking = {**stored, "asking": 1.0, "telling": 0.0, "other_words": 1.0}
    assert gate.score([stored]) == gate.score([asking])


def test_a_notice_among_requests_is_not_counted_with_them():
    texts = [
        "send 12 kegs to the taproom please",
        "12 kegs of the stout went out, thanks everybody",
        "can we have 6 more kegs by friday?",
    ]
    rows = rows_that_ask(texts, np.arange(3), is_among_english=True)
    assert rows.tolist() == [0, 2]


def test_messages_in_other_languages_stay_in_their_group():
    texts = ["der Drucker ist leer", "où est la salle", "勤怠の修正"]
    rows = rows_that_ask(texts, np.arange(3), is_among_english=False)
    assert rows.tolist() == [0, 1, 2]
