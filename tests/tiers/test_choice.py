"""The choice of a tier: the cheapest that is credibly good enough, else the best."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.tiers.choice import TierRecord, choose_tier
from router.tiers.quality import DAY_SECONDS, Estimate, JudgedAnswer, estimate_quality

shares = st.floats(0, 1)
estimates = st.builds(Estimate, shares, st.floats(0, 500))
tiers = st.lists(
    st.builds(
        TierRecord,
        st.just("v"),
        st.just("t"),
        st.none() | st.floats(0, 1),
        estimates,
        estimates,
        shares,
    ),
    min_size=1,
    max_size=5,
)
judged = st.lists(
    st.builds(
        JudgedAnswer,
        shares,
        st.floats(0.01, 1),
        st.floats(0, 100 * DAY_SECONDS),
        silent=st.booleans(),
    ),
    max_size=40,
)


def tier(name: str, usd: float, mean: float, weight: float = 200.0) -> TierRecord:
    return TierRecord(name, name, usd, Estimate(mean, weight), Estimate(mean, weight))


@given(tiers, st.none() | shares, st.integers(0, 9), st.none() | shares)
def test_a_choice_is_a_tier_that_may_answer(ladder, target, lowest, max_usd):
    choice = choose_tier(ladder, target, lowest=lowest, max_usd=max_usd)

    assert min(lowest, len(ladder) - 1) <= choice.index < len(ladder)
    if choice.why in ("target", "asked_again"):
        assert choice.bound >= choice.target - 1e-9
    if choice.why != "budget" and max_usd is not None:
        usd = ladder[choice.index].usd
        assert usd is None or usd <= max_usd + 1e-9


@given(tiers, shares)
def test_a_lower_target_never_costs_more(ladder, target):
    priced = [TierRecord(t.version, t.name, 0.1 * i, t.raw) for i, t in enumerate(ladder)]
    strict, lax = choose_tier(priced, target), choose_tier(priced, target / 2)

    assert lax.index <= strict.index or strict.why == "best"


@given(judged, estimates, st.randoms(use_true_random=False))
def test_the_order_of_evidence_does_not_matter(answers, prior, rng: random.Random):
    shuffled = list(answers)
    rng.shuffle(shuffled)

    assert estimate_quality(answers, prior, 1e7) == estimate_quality(shuffled, prior, 1e7)


@given(judged, estimates)
def test_a_quality_and_its_bound_are_shares(answers, prior):
    estimate = estimate_quality(answers, prior, 1e7)

    assert 0 <= estimate.bound <= estimate.mean + 1e-9 <= 1 + 2e-9


@given(shares, st.floats(1, 500))
def test_more_evidence_brings_the_bound_nearer(mean, weight):
    assert Estimate(mean, 2 * weight).bound >= Estimate(mean, weight).bound - 1e-9


def test_the_cheapest_tier_that_is_good_enough_answers():
    ladder = [tier("small", 0.001, 0.8), tier("medium", 0.01, 0.95), tier("large", 0.1, 0.97)]

    assert choose_tier(ladder, 0.9).index == 1
    assert choose_tier(ladder, 0.75).index == 0
    assert choose_tier(ladder, 0.999).index == 2
    assert choose_tier(ladder).index == 1


def test_few_answers_do_not_prove_a_tier():
    ladder = [tier("small", 0.001, 1.0, weight=3), tier("large", 0.1, 0.97)]

    assert choose_tier(ladder, 0.9).index == 1


def test_the_dearest_tier_answers_while_nothing_is_known():
    unknown = [TierRecord("a", "small", 0.001), TierRecord("b", "large", 0.1)]

    assert choose_tier(unknown).index == 1
    assert choose_tier([tier("small", 0.001, 0.5), TierRecord("b", "large", 0.1)], 0.9).index == 1


def test_checks_that_find_what_is_wrong_make_a_weak_tier_good_enough():
    checked = TierRecord("s", "small", 0.001, Estimate(0.8, 200), Estimate(0.97, 200), 0.2)
    large = tier("large", 0.1, 0.97)

    assert choose_tier([tier("small", 0.001, 0.8), large], 0.92).index == 1
    assert choose_tier([checked, large], 0.92).index == 0


def test_a_tier_that_has_just_failed_somebody_is_left_out_and_the_last_one_stays():
    ladder = [tier("small", 0.001, 0.97), tier("large", 0.1, 0.98)]

    assert choose_tier(ladder, 0.9, lowest=1).index == 1
    assert choose_tier(ladder, 0.9, lowest=1).why == "asked_again"
    assert choose_tier(ladder, 0.9, lowest=7).index == 1


def test_where_every_tier_is_over_budget_the_cheapest_one_is_left_to_the_caps():
    ladder = [tier("small", 0.02, 0.5), tier("large", 0.1, 0.98)]

    choice = choose_tier(ladder, 0.9, max_usd=0.001)
    assert (choice.index, choice.why) == (0, "budget")
    assert choose_tier(ladder, 0.9, max_usd=0.05).index == 0


def test_a_tier_without_a_price_is_not_taken_for_a_cheap_one():
    ladder = [tier("small", 0.01, 0.95), TierRecord("m", "medium", None, Estimate(0.97, 300))]

    assert choose_tier([*ladder, tier("large", 0.1, 0.97)], 0.9).index == 0


def test_no_tier_at_all_is_an_error():
    with pytest.raises(ValueError, match="give at least one"):
        choose_tier([])


def answers(values: list[float], start: float = 0.0, **more) -> list[JudgedAnswer]:
    return [JudgedAnswer(v, 1.0, start + number, **more) for number, v in enumerate(values)]


def test_a_change_shows_in_the_newest_answers():
    good = answers(([1.0] * 19 + [0.0]) * 5)
    worse = answers([0.0, 1.0, 1.0, 0.0] * 5, start=1000.0)

    before = estimate_quality(good, Estimate(), 1000.0)
    after = estimate_quality(good + worse, Estimate(), 1100.0)
    assert before.mean > 0.9
    assert after.mean < 0.75


def test_silence_proves_nothing_better_than_what_is_known():
    silent = [JudgedAnswer(1.0, 0.3, float(number), silent=True) for number in range(100)]
    known = Estimate(0.6, 100)

    estimate = estimate_quality(silent, known, 200.0)
    assert estimate.mean == pytest.approx(known.mean)


def test_silence_alone_is_no_record():
    silent = [JudgedAnswer(1.0, 0.3, float(number), silent=True) for number in range(9)]

    assert estimate_quality(silent, Estimate(), 10.0) == Estimate()


def test_complaints_about_a_tenth_mean_that_a_third_is_wrong():
    stream = []
    for number in range(300):
        is_complaint = number % 10 == 0
        weight = 1.0 if is_complaint else 0.3
        stream.append(JudgedAnswer(0.0, weight, float(number), silent=not is_complaint))

    prior = Estimate(0.9, 5)
    assert estimate_quality(stream, prior, 400.0).mean == pytest.approx(2 / 3, abs=0.1)


def test_old_evidence_counts_less():
    old = answers([1.0] * 40)
    prior = Estimate(0.5, 10)

    young = estimate_quality(old, prior, 100.0)
    aged = estimate_quality(old, prior, 300 * DAY_SECONDS)
    assert aged.weight < young.weight
    assert aged.bound < young.bound
