import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.model_choice import VersionRecord, choose_version, escalation_version, shadow_version


def record(share, runs, usd):
    return VersionRecord(share * runs, (1 - share) * runs, usd * runs, runs)


def test_the_cheaper_version_answers_once_it_is_known_to_be_as_good():
    choice = choose_version({"large": record(0.90, 1000, 0.02), "small": record(0.90, 4000, 0.001)})

    assert (choice.version, choice.best) == ("small", choice.best)


def test_a_cheaper_version_that_few_have_tried_must_wait():
    assert (
        choose_version(
            {"large": record(0.90, 1000, 0.02), "small": record(0.90, 10, 0.001)}
        ).version
        == "large"
    )


def test_a_cheaper_version_that_is_worse_never_answers():
    assert (
        choose_version(
            {"large": record(0.90, 1000, 0.02), "small": record(0.80, 9000, 0.001)}
        ).version
        == "large"
    )


def test_of_two_that_cost_the_same_the_faster_one_answers():
    slow, fast = VersionRecord(900, 100, 1.0, 5000), VersionRecord(900, 100, 1.0, 100)

    assert choose_version({"slow": slow, "fast": fast}, delta=0.1).version == "fast"


def test_choosing_among_none_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        choose_version({})


def test_escalation_takes_the_cheapest_that_is_better():
    records = {
        "small": record(0.7, 100, 0.001),
        "middle": record(0.8, 100, 0.01),
        "large": record(0.9, 100, 0.1),
    }

    assert escalation_version(records, "small") == "middle"
    assert escalation_version(records, "large") is None


def test_shadow_tries_the_least_known_for_a_small_share():
    records = {
        "live": record(0.9, 500, 0.01),
        "new": record(0.9, 3, 0.001),
        "old": record(0.9, 90, 0.1),
    }

    assert shadow_version(records, "live", chance=0.01) == "new"
    assert shadow_version(records, "live", chance=0.5) is None
    assert shadow_version({"live": records["live"]}, "live", chance=0.0) is None


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), max_size=30))
def test_a_record_counts_every_answer_once(answers):
    known = VersionRecord()
    for success, usd in answers:
        known = known.with_answer(success, usd, 1.0)

    assert known.runs == len(answers)
    assert known.usd == pytest.approx(sum(usd for _, usd in answers))
    assert known.min_quality() <= known.quality
