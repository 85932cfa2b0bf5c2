"""Membership is fetched before a search; missing answers count as the narrowest right."""

from __future__ import annotations

import pytest

from router.index import WORKSPACE_ACL
from workers.fakes import MemoryDirectory
from workers.knowledge.membership import MAX_AGE_SECONDS, refresh_membership
from workers.ports import ChannelInfo


@pytest.fixture
def people():
    return MemoryDirectory()


@pytest.fixture
def sees(store, people, clock, make_request):
    """The access rights of a request after membership was refreshed."""
    readers = store.access

    def ask(user="U1", channel="C1", kind="private"):
        refresh_membership(
            readers, people, make_request(user=user, channel=channel, channel_kind=kind), clock()
        )
        return readers.viewer("T1", user, channel, kind).channels

    ask.readers = readers
    return ask


def test_a_full_member_in_an_ordinary_channel_may_use_the_workspace_s_documents(sees):
    assert sees() >= {"C1", WORKSPACE_ACL}


def test_a_guest_in_the_channel_narrows_the_answer_to_it(sees, people):
    people.guest_ids.add("U2")
    people.member_ids["C1"] = ["U1", "U2"]
    assert sees() == {"C1"}


def test_a_channel_shared_with_another_company_is_narrow(sees, people):
    people.channels["C1"] = ChannelInfo("C1", "partners", public=False, shared=True)
    assert sees() == {"C1"}


def test_somebody_slack_does_not_know_is_a_guest(sees, people):
    people.unknown_ids.add("U1")
    assert sees(kind="dm", channel="D1") == set()


def test_while_slack_does_not_answer_everything_unknown_is_narrow(sees, people):
    people.down = True
    assert sees() == {"C1"}
    people.down = False
    assert WORKSPACE_ACL in sees()


def test_slack_is_asked_once_and_again_after_an_hour(sees, people, clock):
    sees()
    asked = len(people.lookups)
    sees()
    assert len(people.lookups) == asked
    clock.forward(MAX_AGE_SECONDS + 1)
    people.channels["C1"] = ChannelInfo("C1", "partners", public=False, shared=True)
    assert sees() == {"C1"}


def test_a_leave_that_was_never_heard_of_counts_within_the_hour(sees, people, clock):
    people.channels["C2"] = ChannelInfo("C2", "deals", public=False, shared=False)
    people.member_ids["C2"] = ["U1"]
    sees(channel="C2")
    assert "C2" in sees(channel="D1", kind="dm")
    people.member_ids["C2"] = []
    clock.forward(MAX_AGE_SECONDS + 1)
    assert "C2" not in sees(channel="D1", kind="dm")
