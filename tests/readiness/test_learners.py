"""Small learners tell before any training what a head reaches and what tuning may reach."""

from __future__ import annotations

import numpy as np
import pytest

from router.statistics import share_interval
from tests.fixtures.mining import HashedWordEncoder
from workers.readiness.learners import LabelledTexts, cross_validate_learners
from workers.readiness.trial_results import LearnedResult, Trials, WayResult, trials_of
from workers.readiness.tuning_estimate import estimate_tuning

PLACES = ("berlin", "oslo", "lima", "cairo", "quito", "delhi")
THINGS = ("router", "screen", "badge", "desk", "laptop", "phone")


def labelled(count, answer, scored=None, seed=0):
    """Messages about a thing in a place; `answer` says which answer is right."""
    random = np.random.default_rng(seed)
    texts, answers = [], []
    for number in range(count):
        place, thing = random.integers(0, 6, 2)
        texts.append(f"the {THINGS[thing]} in {PLACES[place]} fails {number}")
        answers.append(answer(int(place), int(thing), random))

    vectors = HashedWordEncoder()(texts)
    return LabelledTexts(texts, answers, vectors, count if scored is None else scored)


def test_a_head_learns_what_one_word_decides():
    found = cross_validate_learners(labelled(200, lambda place, *_: f"q{place % 3}"), 20)

    assert found.rows == 200
    assert found.head > 0.95


def test_what_two_words_decide_together_needs_more_than_a_head():
    found = cross_validate_learners(
        labelled(400, lambda place, thing, _: f"q{(place + thing) % 2}"), 20
    )

    assert found.head < 0.75
    assert found.learner > 0.9
    assert found.curve[0][1] < found.curve[-1][1]


def test_nobody_learns_what_the_message_does_not_say():
    found = cross_validate_learners(
        labelled(200, lambda _place, _thing, random: f"q{random.integers(3)}"), 20
    )

    assert found.learner < 0.55


@pytest.mark.parametrize(
    ("rows", "most"),
    [
        (labelled(200, lambda place, thing, random: f"{random.integers(10**6)}"), 20),
        (labelled(200, lambda place, *_: f"q{place}"), 5),
        (labelled(49, lambda place, *_: f"q{place % 2}"), 20),
        (labelled(200, lambda *_: "always"), 20),
    ],
    ids=["no choice", "too many answers", "too few rows", "one answer"],
)
def test_there_is_nothing_to_learn_without_a_small_set_and_enough_rows(rows, most):
    assert cross_validate_learners(rows, most) is None


def test_rare_answers_count_as_wrong():
    def answer(place, _thing, random):
        return "rare" if random.random() < 0.001 else f"q{place % 2}"

    rows = labelled(200, answer)
    rare = list(rows.answers)
    rare[0] = "once"
    found = cross_validate_learners(LabelledTexts(rows.texts, rare, rows.vectors, 200), 20)

    assert found.head <= 199 / 200


def test_one_sided_rows_that_people_liked_do_not_spoil_a_learner():
    def answer(place, *_):
        return f"q{place % 2}"

    own = labelled(100, answer)
    liked = labelled(400, lambda *_: "q0", seed=1)
    mixed = LabelledTexts(
        [*own.texts, *liked.texts],
        [*own.answers, *liked.answers],
        np.concatenate([own.vectors, liked.vectors]),
        100,
    )

    alone = cross_validate_learners(own, 20)
    assert cross_validate_learners(mixed, 20).head >= alone.head


def test_the_same_message_is_never_learned_and_asked():
    texts = [f"message {number % 60}" for number in range(120)]
    answers = [f"q{hash_of % 2}" for hash_of in np.random.default_rng(0).integers(0, 2, 60)] * 2
    vectors = np.eye(60, dtype=np.float32)[[number % 60 for number in range(120)]]

    found = cross_validate_learners(LabelledTexts(texts, answers, vectors, 120), 20)

    assert found.head < 0.75


def test_a_rising_curve_promises_some_gain_and_a_flat_one_none():
    rising = LearnedResult(300, 0.6, 0.8, ((75, 0.5), (150, 0.68), (300, 0.8)))
    flat = LearnedResult(300, 0.6, 0.8, ((75, 0.8), (150, 0.8), (300, 0.8)))

    more = estimate_tuning(Trials(learned=rising), 1_200)
    assert 0.8 < more.likely <= 0.9
    assert more.low == pytest.approx(share_interval(0.8, 300)[0])
    assert estimate_tuning(Trials(learned=flat), 1_200).likely == pytest.approx(0.8)
    assert estimate_tuning(Trials(learned=rising), 300).likely == pytest.approx(0.8)
    assert estimate_tuning(Trials(), 1_200) is None


def test_what_earlier_tuned_versions_gained_moves_the_estimate():
    learned = LearnedResult(300, 0.7, 0.8, ((300, 0.8),))
    few = estimate_tuning(Trials(learned=learned, earlier_gain=0.2, earlier_reports=1), 300)
    many = estimate_tuning(Trials(learned=learned, earlier_gain=0.2, earlier_reports=20), 300)

    assert 0.8 < few.likely < many.likely <= 0.9


def test_trials_come_back_from_the_store_as_they_were():
    learned = LearnedResult(300, None, 0.8, ((300, 0.8),))
    trials = Trials("abc", 60, 200, learned=learned, notes=("said",))
    trials = trials.with_way(WayResult("live", "v1", "m", 0.5, 60))

    assert trials_of(trials.as_record()) == trials
    assert trials_of(None) == Trials()
