"""Split and merge corrections by admins hold for the next run and all later ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from workers.mining.clustering import RowGroup
from workers.mining.constraints import Merge, Split, TypedCluster, apply_constraints, bisect
from workers.mining.pipeline import MiningHistory, MiningLimits, mine
from workers.mining.request_gate import MAX_SHIFT, MIN_VERDICTS_TO_VALIDATE, load_gate

LOOSE = MiningLimits(
    min_people=1, min_requests=12, max_person_share=1.0, min_weeks=1, threshold=0.2
)
WEEK = 7 * 86_400.0


def group(vectors, rows, **over):
    rows = np.asarray(rows, np.intp)
    return TypedCluster(RowGroup(rows, 0.9, {"size": 1.0}), rows, **over)


def named(found):
    return {each.id: each.rows.tolist() for each in found}


@pytest.fixture
def two(encode, repeated_requests):
    """Vectors of two requests, 30 rows of the first, then 20 of the second."""
    return encode(
        [row.text for row in (*repeated_requests("vpn", 30), *repeated_requests("room", 20))]
    )


def test_two_requests_in_one_candidate_are_split(two):
    one, other = bisect(two)
    side = two @ one > two @ other
    assert (
        set(map(tuple, np.split(side, [30]))) == {(True,) * 30, (False,) * 20}
        or (side[:30] != side[30]).all()
    )
    assert len(set(side[:30])) == len(set(side[30:])) == 1


def test_what_is_said_once_cannot_be_two():
    assert bisect(np.eye(4, dtype=np.float32)) is None


def test_a_split_cluster_stays_split_under_the_same_ids(two, encode, repeated_requests):
    split = Split(*bisect(two))
    found = apply_constraints([group(two, range(50))], two, [split], {}, 12)
    assert sorted(map(len, named(found).values())) == [20, 30]
    later = encode(
        [row.text for row in (*repeated_requests("room", 25), *repeated_requests("vpn", 18))]
    )
    again = apply_constraints([group(later, range(43))], later, [split], {}, 12)
    assert set(named(again)) == set(named(found))
    apart = apply_constraints(
        [group(later, range(25)), group(later, range(25, 43))], later, [split], {}, 12
    )
    assert named(apart) == named(again)


def test_a_part_that_is_too_small_is_no_group_and_its_rows_are_not_counted_to_the_other(two):
    found = apply_constraints([group(two, range(36))], two, [Split(*bisect(two))], {}, 12)
    assert [len(each.rows) for each in found] == [30]


def test_a_split_leaves_other_groups_alone(two, encode, repeated_requests):
    invoice = encode([row.text for row in repeated_requests("invoice", 20)])
    found = apply_constraints(
        [group(invoice, range(20))], invoice, [Split(*bisect(two))], {"old": centre(invoice)}, 12
    )
    assert list(named(found)) == ["old"]


def centre(vectors):
    mean = vectors.mean(0)
    return (mean / np.linalg.norm(mean)).astype(np.float32)


def test_one_request_in_two_groups_is_one_from_then_on(two):
    before = {"vpn": centre(two[:30])}
    merge = Merge(centre(two[30:]), "room", "vpn")
    found = apply_constraints(
        [group(two, range(30)), group(two, range(30, 50))], two, [merge], before, 12
    )
    assert named(found) == {"vpn": list(range(50))}
    alone = apply_constraints([group(two, range(30, 50))], two, [merge], before, 12)
    assert list(named(alone)) == ["vpn"]


def test_what_was_joined_to_one_that_was_joined_itself_goes_with_it(two):
    merges = [Merge(centre(two[30:]), "room", "vpn"), Merge(centre(two[:30]), "vpn", "office")]
    found = apply_constraints(
        [group(two, range(30)), group(two, range(30, 50))], two, merges, {}, 12
    )
    assert named(found) == {"office": list(range(50))}
    assert named(
        apply_constraints(
            [group(two, range(30)), group(two, range(30, 50))], two, merges[::-1], {}, 12
        )
    ) == named(found)


def test_requests_that_no_route_serves_can_be_those_of_a_route(two):
    routed = group(two, range(30), route="vpn")
    (name,) = named(apply_constraints([routed], two, [], {}, 12))
    merge = Merge(centre(two[30:]), "room", name)
    (found,) = apply_constraints([group(two, range(30, 50)), routed], two, [merge], {}, 12)
    assert (found.id, found.route, len(found.rows)) == (name, "vpn", 50)


def test_a_route_s_requests_can_be_two_things_and_both_are_its_own(two):
    found = apply_constraints(
        [group(two, range(50), route="office")], two, [Split(*bisect(two))], {}, 12
    )
    assert [each.route for each in found] == ["office"] * 2
    assert all(each.is_part for each in found)
    assert len({each.id for each in found}) == 2


def test_the_next_look_at_the_same_messages_follows_the_correction(
    encode, repeated_requests, chatter
):
    rows = [*repeated_requests("vpn"), *repeated_requests("room"), *chatter(200)]
    first = mine(rows, encode, LOOSE)
    ids = {one.id: one for one in first.clusters}
    vpn, room = (
        max(
            first.clusters,
            key=lambda one, name=name: sum(name in rows[row].text for row in one.rows),
        )
        for name in ("vpn", "room")
    )

    assert vpn.id != room.id
    past = MiningHistory(centroids={name: one.centroid for name, one in ids.items()})
    joined = mine(
        rows,
        encode,
        LOOSE,
        history=replace(past, corrections=[Merge(room.centroid, room.id, vpn.id)]),
    )
    assert {one.id: len(one.rows) for one in joined.clusters}[vpn.id] == len(vpn.rows) + len(
        room.rows
    )
    assert room.id not in {one.id for one in joined.clusters}
    shuffled = mine(
        rows[::-1],
        encode,
        LOOSE,
        history=replace(past, corrections=[Merge(room.centroid, room.id, vpn.id)]),
    )

    assert {one.id for one in shuffled.clusters} == {one.id for one in joined.clusters}


@pytest.fixture(scope="module")
def gate():
    return load_gate()


def measured(gate, count, seed=0):
    chance = np.random.default_rng(seed)
    rows = np.array(gate.mean) + np.array(gate.scale) * chance.normal(
        size=(count, len(gate.features))
    )

    return [dict(zip(gate.features, row.tolist(), strict=True)) for row in rows]


def odds(scores):
    return np.log(scores / (1 - scores))


@pytest.mark.parametrize("clicks", [1, 3, 5])
def test_a_few_clicks_move_no_group_far_whatever_they_say(gate, clicks):
    everybody = measured(gate, 300, seed=1)
    best = [everybody[i] for i in np.argsort(-gate.score(everybody), kind="stable")[:clicks]]
    taught = gate.refit(best, [False] * clicks)
    before, after = odds(gate.score(everybody)), odds(taught.score(everybody))
    assert np.abs(after - before).max() <= 0.15 * clicks + 1e-6
    assert taught.score(best)[0] < gate.score(best)[0]


def test_verdicts_that_contradict_each_other_teach_nothing(gate):
    everybody = measured(gate, 400, seed=2)
    uncertain = np.argsort(np.abs(odds(gate.score(everybody))), kind="stable")[:10]
    groups = [everybody[i] for i in uncertain]
    assert gate.refit([*groups, *groups], [True] * 10 + [False] * 10) is gate


def test_many_verdicts_that_agree_teach_the_gate_and_it_still_cannot_be_turned(gate):
    groups = measured(gate, 120, seed=4)
    usual = gate.mean[gate.features.index("asks")]
    said = [one["asks"] > usual for one in groups]
    taught, fresh = gate.refit(groups, said), measured(gate, 300, seed=5)
    wanted = np.array([one["asks"] > usual for one in fresh])
    before, after = odds(gate.score(fresh)), odds(taught.score(fresh))
    assert len(said) >= MIN_VERDICTS_TO_VALIDATE
    assert (after - before)[wanted].mean() - (after - before)[~wanted].mean() > 0.5
    assert np.abs(after - before).max() <= MAX_SHIFT + 1e-6
