"""Mining finds repeated requests in any order of rows and hides those of few people."""

from __future__ import annotations

import gc
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from workers.mining.pipeline import MiningHistory, MiningLimits, mine
from workers.mining.rows import Row

LOOSE = MiningLimits(threshold=0.15)
"""These tests are about what is shown of a group. How well the gate judges real messages is
measured in `evals/`."""


@pytest.fixture(scope="module")
def rows(repeated_requests, chatter):
    return [
        *repeated_requests("vpn"),
        *repeated_requests("invoice"),
        *repeated_requests("room"),
        *chatter(300),
    ]


@pytest.fixture(scope="module")
def mined(rows, encode):
    return mine(rows, encode, LOOSE)


def test_repeated_requests_are_found_among_chatter(mined, rows):
    askers = [
        Counter(rows[i].user.rstrip("0123456789") for i in one.rows).most_common(1)[0]
        for one in mined.visible
    ]
    assert {name for name, _ in askers} == {"invoice", "room", "vpn"}
    assert all(count >= 32 for _, count in askers)


def test_a_finding_has_words_examples_and_counts(mined):
    one = next(one for one in mined.visible if "vpn" in one.label)
    assert one.people == 8
    assert 3 <= len(one.examples) <= 12
    assert one.trend.weeks_seen == 4
    assert 0 < one.request_probability <= 1


def test_the_order_of_the_rows_changes_nothing(mined, rows, encode):
    order = np.random.default_rng(3).permutation(len(rows))
    again = mine([rows[i] for i in order], encode, LOOSE)
    assert [one.id for one in again.clusters] == [one.id for one in mined.clusters]
    assert {frozenset(order[list(one.rows)].tolist()) for one in again.clusters} == {
        frozenset(one.rows) for one in mined.clusters
    }


@pytest.mark.parametrize(("people", "shown"), [(4, 0), (5, 1)])
def test_four_people_are_too_few_and_five_are_enough(
    encode, people, shown, repeated_requests, chatter
):
    mined = mine([*repeated_requests("vpn", people=people), *chatter(200)], encode, LOOSE)
    assert len(mined.visible) == shown
    assert len(mined.clusters) == 1


def test_what_may_not_be_shown_has_no_words(encode, repeated_requests, chatter):
    mined = mine([*repeated_requests("vpn", people=4), *chatter(200)], encode, LOOSE)
    hidden = mined.clusters[0]
    assert (hidden.label, hidden.definition, hidden.examples) == ("", "", ())
    assert hidden.protection.failures == ("4 people asked, at least 5 must have",)


def test_a_thousand_asks_of_one_person_show_nothing(encode, chatter, now):
    spam = [
        Row(f"please reset the vpn token for host {i}", "spammer", now - i * 2_000.0)
        for i in range(1_000)
    ]
    helpers = [
        Row(f"please reset the vpn token for host {i}", f"u{i}", now - i * 9_000.0)
        for i in range(6)
    ]
    assert mine([*spam, *helpers, *chatter(200)], encode, LOOSE).visible == ()


def test_what_was_asked_in_one_week_only_waits(encode, repeated_requests, chatter):
    mined = mine(
        [*repeated_requests("vpn", weeks=1), *chatter(800)], encode, replace(LOOSE, min_weeks=3)
    )
    assert mined.visible == ()
    assert "of the last four weeks" in mined.clusters[0].protection.failures[-1]


def test_private_places_count_and_are_never_quoted(encode, repeated_requests, chatter):
    secret = [
        Row(row.text + " zebra", row.user, row.at, "dm", quotable=False)
        for row in repeated_requests("vpn", count=30)
    ]
    mined = mine([*secret, *repeated_requests("vpn", count=10), *chatter(200)], encode, LOOSE)
    one = mined.visible[0]
    assert len(one.rows) >= 40
    assert one.examples
    assert "zebra" not in " ".join([one.label, one.definition, *one.examples])


def test_a_group_of_private_requests_alone_has_no_examples(encode, repeated_requests, chatter):
    private = [replace(row, quotable=False) for row in [*repeated_requests("vpn"), *chatter(200)]]
    mined = mine(private, encode, LOOSE)
    assert mined.visible[0].examples == ()
    assert "private places only" in mined.visible[0].label


def test_the_same_request_keeps_its_id_from_week_to_week(mined, encode, repeated_requests, chatter):
    before = {one.id: one.centroid for one in mined.clusters}
    more = [
        *repeated_requests("vpn", count=55, people=11),
        *repeated_requests("invoice", count=33),
        *repeated_requests("room"),
        *chatter(250, seed=9),
    ]

    again = mine(more, encode, LOOSE, history=MiningHistory(centroids=before))
    assert {one.id for one in again.clusters} == set(before)


def test_nothing_repeats_in_nothing(encode, chatter):
    assert mine([], encode, LOOSE).clusters == ()
    assert mine(chatter(5), encode, LOOSE).clusters == ()
    assert mine([Row("", "u", 0.0), Row("!!!", "u", 0.0)], encode, LOOSE).mined_count == 0


def test_the_collector_runs_again_after_mining_even_where_that_fails(encode, repeated_requests):
    def broken(texts):
        raise RuntimeError("no vectors")

    mine(repeated_requests("vpn"), encode, LOOSE)
    assert gc.isenabled()

    with pytest.raises(RuntimeError, match="no vectors"):
        mine(repeated_requests("vpn"), broken, LOOSE)

    assert gc.isenabled()
