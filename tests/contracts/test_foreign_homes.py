"""People of other organisations have one home, however Slack names them: on each database."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from router.index import Chunk, Document
from router.store.base.knowledge_tables import chunk as chunk_table
from router.types import Feedback, SlackPerson

TEAM, USER, ORGANISATION, FIRST, SECOND = "T1", "W9", "E9", "T9", "T8"
BY_ORGANISATION = SlackPerson(TEAM, USER, ORGANISATION)


@pytest.fixture
def store(every_store):
    return every_store


def test_nobody_is_moved_before_anything_is_known(store):
    assert store.access.foreign_homes.home_of(BY_ORGANISATION) == ORGANISATION
    assert store.access.foreign_homes.home_of(SlackPerson(TEAM, USER, FIRST)) == FIRST


def test_the_first_workspace_stays_and_others_of_the_organisation_are_the_same_home(store):
    homes = store.access.foreign_homes
    assert homes.learn(BY_ORGANISATION, FIRST) == FIRST
    assert homes.learn(BY_ORGANISATION, SECOND) == FIRST
    homes.learn(SlackPerson(TEAM, "W8", ORGANISATION), SECOND)

    assert homes.home_of(BY_ORGANISATION) == FIRST
    assert homes.home_of(SlackPerson(TEAM, USER, SECOND)) == FIRST
    assert homes.home_of(SlackPerson(TEAM, "W8", ORGANISATION)) == SECOND


def test_it_is_known_for_one_person_of_one_workspace_alone(store):
    homes = store.access.foreign_homes
    homes.learn(BY_ORGANISATION, FIRST)

    assert homes.home_of(SlackPerson(TEAM, "W1", ORGANISATION)) == ORGANISATION
    assert homes.home_of(SlackPerson("T2", USER, ORGANISATION)) == ORGANISATION
    assert homes.home_of(SlackPerson(TEAM, USER, "T7")) == "T7"
    assert homes.home_of(SlackPerson(TEAM, USER, "E7")) == "E7"


def test_what_was_stored_under_the_organisation_is_theirs_from_then_on(
    store, clock, make_request, make_decision
):
    asked = make_request(team=TEAM, user=USER, user_team=ORGANISATION)
    written = make_request(team=TEAM, user="U1", author=USER, author_team=ORGANISATION)
    other = make_request(team=TEAM, user="W8", user_team=ORGANISATION)
    elsewhere = make_request(team="T2", user=USER, user_team=ORGANISATION)
    for request in (asked, written, other, elsewhere):
        store.requests.insert(request, clock())
        store.decisions.insert_first(request.id, make_decision(), clock())
    store.decisions.revise(
        other.id, make_decision(), 0, clock(), asked_by=USER, asked_by_team=ORGANISATION
    )
    thumb = Feedback(other.id, USER, "thumb", "up", clock(), user_team=ORGANISATION)
    store.feedback.record(thumb)
    chunk = Chunk("a", "1", "words", USER, ORGANISATION)
    store.documents.upsert(
        Document(TEAM, "k", "s", "t", "https://example.com", "C1", clock(), "h", [chunk])
    )

    store.access.foreign_homes.learn(BY_ORGANISATION, FIRST)

    assert store.requests.get(asked.id).user_team == FIRST
    assert store.requests.get(written.id).author_team == FIRST
    assert store.requests.get(other.id).user_team == ORGANISATION
    assert store.requests.get(elsewhere.id).user_team == ORGANISATION
    assert store.decisions.newest(other.id).asked_by_team == FIRST
    assert [found.user_team for found in store.feedback.for_request(other.id)] == [FIRST]
    with store.engine.connect() as connection:
        assert connection.execute(select(chunk_table.c.author_team)).scalars().all() == [FIRST]


def test_what_was_asked_by_an_equal_id_of_another_company_is_nobody_else_s(
    store, clock, make_request
):
    request = make_request(team=TEAM, user=USER, user_team=FIRST, thread_ts="1.0")
    store.requests.insert(request, clock())
    here, there = SlackPerson(TEAM, USER), SlackPerson(TEAM, USER, FIRST)

    assert store.requests.has_asked_in_thread(there, request.channel, "1.0")
    assert not store.requests.has_asked_in_thread(here, request.channel, "1.0")
    assert store.stats.recent_requests(TEAM, USER, 5) == []
    assert store.stats.since(TEAM, 0.0, USER).requests == 0
    assert store.stats.since(TEAM, 0.0).requests == 1
