"""Requests of people who opted out are not learned from."""

from __future__ import annotations


def test_a_person_who_opted_out_is_in_nobody_s_lesson(store, clock, make_request):
    from sqlalchemy import select

    from router.store.base.tables import request as table
    from router.store.privacy.authorship import takes_part

    for user in ("U1", "U2"):
        store.requests.insert(make_request(user=user), clock())

    store.opt_outs.add("T1", "U1", clock())
    store.opt_outs.add("T1", "U1", clock())

    with store.begin() as connection:
        assert list(connection.execute(select(table.c.user).where(takes_part())).scalars()) == [
            "U2"
        ]

    store.opt_outs.remove("T1", "U1")
    assert not store.opt_outs.is_opted_out("T1", "U1")


def test_the_router_learns_nothing_from_who_opted_out(store, clock, make_request):
    from router.types import Feedback

    for user in ("U1", "U2"):
        request = make_request(user=user)
        store.requests.insert(request, clock())
        store.feedback.record(Feedback(request.id, "U9", "route", "triage", clock()))

    before = store.labels.fingerprints()
    store.opt_outs.add("T1", "U1", clock())
    assert len(store.labels.all("T1")) == 1
    assert store.labels.fingerprints() != before
