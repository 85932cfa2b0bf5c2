"""The made-up fortnight holds the group of failures that the discovery story reads."""

from __future__ import annotations

import pytest

from bot.demo import failing_data, sample_data
from evals.weekly.advice_world.word_encoder import WordEncoder
from router.catalog.catalog import builtin_routes_folder, load_routes
from router.publish import publish_catalog
from workers.failures.weekly import find_failures

PEOPLE = ["U1", "U2", "U3", "U4", "U5"]


@pytest.fixture
def found(store, clock, make_context):
    publish_catalog(load_routes(builtin_routes_folder()), store, clock())
    samples = failing_data.failing_requests(clock(), PEOPLE)
    sample_data.load_into(store, "T1", "C1", samples, WordEncoder())
    part = find_failures(make_context(), "T1", "2027-W01", clock())
    return [store.failure_groups.get("T1", key) for key in part["groups"]]


def test_one_group_fails_at_a_rule_that_its_prompt_has(found):
    (group,) = found

    assert (group.cause, group.route, group.people) == ("prompt", failing_data.ROUTE, len(PEOPLE))
    assert failing_data.RULE in group.detail["rule"]
    assert group.failed >= 10


def test_the_same_seed_gives_the_same_fortnight(clock):
    first = failing_data.failing_requests(clock(), PEOPLE)

    assert first == failing_data.failing_requests(clock(), PEOPLE)
    assert first != failing_data.failing_requests(clock(), PEOPLE, seed=6)
    assert {sample.user for sample in first} == set(PEOPLE)
