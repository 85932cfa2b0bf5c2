"""Which request a worker gets, on each database: the turns of workspaces and people."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.store.privacy.sentences import Sentences
from router.types import SlackPerson

SECONDS = 20.0


@pytest.fixture
def store(every_store):
    return every_store


@pytest.fixture
def ask(store, make_request, make_decision, clock):
    """Stores a decided request of a person."""

    def ask(team="T1", user="U1", **over):
        request = make_request(team=team, user=user, **over)
        store.requests.insert(request, clock())
        store.decisions.insert_first(request.id, make_decision(), clock())

        return request

    return ask


@pytest.fixture
def serve(store, clock):
    """Serves the request whose turn it is to its end; returns it."""

    def serve():
        lease = store.requests.claim("w1", clock(), SECONDS)
        if lease is None:
            return None

        store.requests.complete(lease, "answered", clock())
        return lease.request

    return serve


def test_one_person_s_many_requests_delay_another_workspace_by_one(store, ask, serve):
    for _ in range(60):
        ask("TBIG", "UBUSY")
    first = serve()
    other = ask("TSMALL", "UCALM")
    colleague = ask("TBIG", "UCALM")

    assert (first.team, serve().id) == ("TBIG", other.id)
    assert serve().id == colleague.id
    assert serve().user == "UBUSY"


def test_the_requests_of_a_person_are_served_in_the_order_in_which_they_came(ask, serve, clock):
    requests = []
    for _ in range(3):
        requests.append(ask())
        clock.forward(1)

    assert [serve().id for _ in requests] == [request.id for request in requests]
    assert serve() is None


def test_workspaces_take_turns_and_so_do_the_people_of_each(ask, serve):
    for _ in range(4):
        for team, user in (("T1", "a"), ("T1", "b"), ("T2", "c")):
            ask(team, user)

    order = [(request.team, request.user) for request in iter(serve, None)]

    assert sorted(order[:2]) == [("T1", "a"), ("T2", "c")]
    assert [team for team, _ in order[:8]].count("T2") == 4
    assert [user for team, user in order if team == "T1"] == ["a", "b"] * 4


def test_a_person_who_holds_their_share_of_slots_waits_and_is_woken(store, ask, clock):
    for _ in range(3):
        ask()
    first = store.requests.claim("w1", clock(), SECONDS, max_busy=2)
    second = store.requests.claim("w1", clock(), SECONDS, max_busy=2)

    assert (first.at_limit, second.at_limit) == (False, True)
    assert store.requests.claim("w1", clock(), SECONDS, max_busy=2) is None

    other = ask("T1", "U2")
    assert store.requests.claim("w1", clock(), SECONDS, max_busy=2).request.id == other.id

    store.requests.complete(second, "answered", clock())
    assert store.requests.claim("w1", clock(), SECONDS, max_busy=2) is not None


def test_the_slots_of_a_worker_that_died_count_no_longer(store, ask, clock):
    for _ in range(2):
        ask()
    store.requests.claim("dead", clock(), SECONDS, max_busy=1)
    assert store.requests.claim("w1", clock(), SECONDS, max_busy=1) is None

    clock.forward(SECONDS + 1)
    assert store.requests.claim("w1", clock(), SECONDS, max_busy=1) is not None


def test_a_thread_is_answered_in_order_and_holds_up_nothing_else(store, ask, serve, clock):
    thread = ask(thread_ts="1800000000.000000")
    followers = [ask(thread_ts="1800000000.000000") for _ in range(50)]
    elsewhere = ask()

    lease = store.requests.claim("w1", clock(), SECONDS)
    assert lease.request.id == thread.id
    assert serve().id == elsewhere.id
    assert store.requests.claim("w1", clock(), SECONDS) is None

    store.requests.complete(lease, "answered", clock())
    assert [serve().id for _ in followers] == [request.id for request in followers]


def test_a_request_behind_a_deleted_one_is_served_when_its_wait_ends(store, ask, serve, clock):
    first = ask(thread_ts="1800000000.000000")
    second = ask(thread_ts="1800000000.000000")
    store.requests.claim("w1", clock(), SECONDS)
    assert serve() is None

    store.requests.ignore(first.id)
    clock.forward(SECONDS)

    assert store.requests.claim_overdue("decided", clock(), clock() + 5) == [second.id]
    assert serve().id == second.id


def test_what_somebody_runs_again_takes_their_turn_and_not_the_author_s(
    store, ask, serve, make_decision, clock
):
    old = [ask("T1", "UANN") for _ in range(3)]
    for _ in old:
        serve()
    for request in old:
        store.decisions.revise(request.id, make_decision(), 0, clock(), asked_by="UBOB")

    asked = ask("T1", "UANN")

    assert asked.id in {serve().id, serve().id}
    lease = store.requests.claim("w1", clock(), SECONDS)
    assert (lease.request.user, lease.served_for) == ("UANN", "UBOB")


def test_an_equal_id_of_another_company_takes_turns_of_its_own(store, ask, clock):
    for _ in range(3):
        ask("T1", "U1")
    ask("T1", "U1", user_team="T9")

    # A person may have one in work: the other company's one is not held up by it.
    leases = [store.requests.claim("w1", clock(), SECONDS, max_busy=1) for _ in range(2)]

    assert {lease.request.user_team for lease in leases} == {"", "T9"}
    assert store.requests.claim("w1", clock(), SECONDS, max_busy=1) is None


def test_running_again_from_another_company_takes_that_person_s_turn(
    store, ask, serve, make_decision, clock
):
    request = ask("T1", "UANN")
    serve()

    decided = make_decision()
    store.decisions.revise(request.id, decided, 0, clock(), asked_by="U1", asked_by_team="T9")

    lease = store.requests.claim("w1", clock(), SECONDS)
    assert lease.served_for == SlackPerson("T1", "U1", "T9").key_in_team


def test_erasing_somebody_forgets_their_turns_in_channels_of_another_workspace_only(
    store, ask, serve, make_decision, clock
):
    again = ask("T1", "UANN")
    ask("T1", "U1")
    serve(), serve()
    store.decisions.revise(again.id, make_decision(), 0, clock(), asked_by="U1", asked_by_team="T9")
    serve()

    store.personal_data.erase_user("T9", "U1", Sentences(b"key"), [])

    with store.engine.connect() as connection:
        people = connection.exec_driver_sql('SELECT "user" FROM turn').scalars().all()
        served = connection.exec_driver_sql("SELECT served_for FROM request").scalars().all()
    assert sorted(people) == ["", "U1", "UANN"]
    assert sorted(served) == ["", "U1"]


def test_erasing_a_person_forgets_their_turns(store, ask, serve):
    ask("T1", "U1")
    serve()

    store.personal_data.erase_user("T1", "U1", Sentences(b"key"), [])
    store.personal_data.delete_team("T1")

    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM turn").scalar() == 0


PEOPLE = st.tuples(st.sampled_from(["T1", "T2", "T3"]), st.sampled_from(["U1", "U2"]))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), PEOPLE, st.integers(1, 5)),
        st.tuples(st.just("serve"), st.none(), st.integers(1, 3)),
    ),
    max_size=25,
)
OTHERS = 5
"""People beside the one who waits."""


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_everybody_who_waits_is_served_within_a_round(store, ask, serve, steps):
    while serve() is not None:
        pass

    waiting, passed = {}, {}
    for step, person, count in steps:
        for _ in range(count):
            if step == "ask":
                ask(*person)
                waiting[person] = waiting.get(person, 0) + 1
                passed.setdefault(person, 0)
                continue

            request = serve()
            if request is None:
                assert not any(waiting.values())
                break

            served = (request.team, request.user)
            waiting[served] -= 1
            passed = {name: n + 1 for name, n in passed.items() if name != served}
            if waiting[served]:
                passed[served] = 0

            # Two people in each of three workspaces: a workspace's other person may come first.
            assert all(n <= OTHERS for n in passed.values())
