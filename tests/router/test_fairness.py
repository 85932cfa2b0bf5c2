"""Turns go round: nobody who waits is passed over for long, however much others send."""

from __future__ import annotations

from collections import Counter, deque

from hypothesis import given
from hypothesis import strategies as st

from router.fairness import Contender, turn_order

PEOPLE = [("T1", "a"), ("T1", "b"), ("T2", "a"), ("T2", "c"), ("T3", "d")]


class Service:
    """Slots that serve people in turn; a slot's request ends when `finish` says so."""

    def __init__(self, slots, max_busy=None):
        self.slots, self.max_busy = slots, max_busy
        self.queues = dict.fromkeys(PEOPLE, 0)
        self.busy = deque()
        self.served_at, self.team_served_at = {}, {}
        self.order = []

    def claim(self):
        """Begins the request whose turn it is, where a slot is free; returns for whom."""
        if len(self.busy) >= self.slots:
            return None

        counts = Counter(self.busy)
        contenders = []
        for team, user in PEOPLE:
            person = (team, user)
            waiting, served_at = self.queues[person], self.served_at.get(person, 0)
            contenders.append(Contender(team, user, waiting, counts[person], served_at))

        order = turn_order(contenders, self.team_served_at, self.max_busy)
        if not order:
            return None

        person = (order[0].team, order[0].user)
        self.queues[person] -= 1
        self.busy.append(person)
        self.order.append(person)
        self.served_at[person] = self.team_served_at[person[0]] = len(self.order)

        return person

    def finish(self):
        if self.busy:
            self.busy.popleft()


def test_one_person_s_thousands_let_everybody_else_through_at_once():
    service = Service(slots=1)
    service.queues["T1", "a"] = 5000
    for _ in range(100):
        service.claim()
        service.finish()

    service.queues["T2", "c"] = 1
    service.queues["T1", "b"] = 1
    for _ in range(3):
        service.claim()
        service.finish()

    assert service.order[100] == ("T2", "c")
    assert service.order[101] == ("T1", "b")


def test_workspaces_share_the_slots_and_so_do_the_people_of_each():
    service = Service(slots=8)
    service.queues = dict.fromkeys(PEOPLE, 1000)
    for _ in range(8):
        service.claim()
    for _ in range(600):
        service.finish()
        service.claim()

    by_team = Counter(team for team, _ in service.order)
    by_person = Counter(service.order)
    assert max(by_team.values()) - min(by_team.values()) <= 8
    assert abs(by_person["T1", "a"] - by_person["T1", "b"]) <= 8


def test_a_person_holds_no_more_than_their_share_of_slots_even_when_nobody_else_waits():
    service = Service(slots=8, max_busy=4)
    service.queues["T1", "a"] = 5000
    for _ in range(8):
        service.claim()

    assert len(service.busy) == 4
    service.queues["T1", "b"] = 1
    assert service.claim() == ("T1", "b")


@given(
    st.integers(1, 4),
    st.lists(
        st.tuples(st.sampled_from(PEOPLE), st.integers(0, 20), st.integers(0, 3)), max_size=60
    ),
)
def test_whoever_waits_is_served_before_anybody_else_is_served_often(slots, arrivals):
    service = Service(slots)
    waits_since = {}
    for person, sent, ends in arrivals:
        service.queues[person] += sent
        for _ in range(ends):
            service.finish()
        for name in PEOPLE:
            if service.queues[name] and name not in waits_since:
                waits_since[name] = len(service.order)

        begun = service.claim()
        if begun is None:
            continue

        # Each other person may go first, and once more for each slot that was filled before.
        assert service.order.count(begun) >= 1
        passed = service.order[waits_since.pop(begun) : -1]
        assert len(passed) <= 2 * len(PEOPLE) * slots + slots
        if service.queues[begun]:
            waits_since[begun] = len(service.order)
