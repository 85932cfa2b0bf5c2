"""Rights have an age: Slack is asked before a search, and silence counts as the narrowest right."""

from __future__ import annotations

import pytest

from router.index import WORKSPACE_ACL
from router.types import SlackPerson
from workers.fakes import MemoryDirectory
from workers.knowledge.channel_history import ChannelHistory
from workers.knowledge.membership import MAX_CHANNELS, RETRY_SECONDS, ReadingRights
from workers.ports import ChannelInfo

HOUR = 3600.0


@pytest.fixture
def people():
    return MemoryDirectory()


@pytest.fixture
def rights(store, people, clock):
    return ReadingRights(store.access, people, clock, HOUR)


@pytest.fixture
def sees(rights, make_request):
    """What an answer may draw on."""

    def ask(user="U1", channel="C1", kind="private"):
        request = make_request(user=user, channel=channel, channel_kind=kind)
        return rights.viewer(request).channels

    return ask


@pytest.fixture
def may_read(rights):
    """Returns whether the person may read the acl, alone."""

    def ask(acl, user="U1"):
        return rights.readable(SlackPerson("T1", user), [acl]) == {acl}

    return ask


@pytest.fixture
def send(store, index):
    history = ChannelHistory(index, store.access, lambda _: "")
    return lambda **event: history.apply("T1", event)


def open_channel(people, name, *, public, members=()):
    people.channels[name] = ChannelInfo(name, name.lower(), public=public, shared=False)
    people.member_ids[name] = list(members)


def test_who_leaves_a_shared_channel_in_one_workspace_stays_in_it_in_another(store):
    for team in ("T1", "T2"):
        store.access.add_member(team, "CSHARED", "U1")
        store.access.add_member(team, "CSHARED", "U2")

    store.access.remove_member("T1", "CSHARED", "U1")

    assert set(store.access.members("T1", "CSHARED")) == {"U2"}
    assert set(store.access.members("T2", "CSHARED")) == {"U1", "U2"}


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


def test_silence_is_narrow_and_not_asked_about_again_at_once(sees, people, clock):
    people.down = True
    assert sees() == {"C1"}

    people.down = False
    asked = len(people.lookups)
    assert sees() == {"C1"}
    assert len(people.lookups) == asked

    clock.forward(RETRY_SECONDS + 1)
    assert WORKSPACE_ACL in sees()


def test_slack_is_asked_once_and_again_when_its_word_is_old(sees, people, clock):
    sees()
    asked = len(people.lookups)
    sees()
    assert len(people.lookups) == asked

    clock.forward(HOUR + 1)
    people.channels["C1"] = ChannelInfo("C1", "partners", public=False, shared=True)
    assert sees() == {"C1"}


def test_a_leave_that_was_never_heard_of_counts_within_the_hour(may_read, people, clock):
    open_channel(people, "C2", public=False, members=["U1"])
    assert may_read("C2")

    people.member_ids["C2"] = []
    clock.forward(HOUR + 1)
    assert not may_read("C2")


def test_a_channel_made_private_without_a_word_is_closed_within_the_hour(may_read, people, clock):
    open_channel(people, "C2", public=True)
    assert may_read("C2")

    open_channel(people, "C2", public=False)
    clock.forward(HOUR + 1)
    assert not may_read("C2")


def test_somebody_made_a_guest_without_a_word_is_one_within_the_hour(may_read, people, clock):
    assert may_read(WORKSPACE_ACL)

    people.guest_ids.add("U1")
    clock.forward(HOUR + 1)
    assert not may_read(WORKSPACE_ACL)


def test_a_member_made_a_guest_narrows_the_channel_within_the_hour(sees, people, clock):
    people.member_ids["C1"] = ["U1", "U2"]
    assert WORKSPACE_ACL in sees()

    people.guest_ids.add("U2")
    clock.forward(HOUR + 1)
    assert sees() == {"C1"}


def test_old_rights_count_for_nothing_while_slack_does_not_answer(may_read, people, clock):
    open_channel(people, "C2", public=True)
    assert may_read("C2")

    people.down = True
    clock.forward(HOUR + 1)
    assert not may_read("C2")
    assert not may_read(WORKSPACE_ACL)


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message", "channel": "C2", "subtype": "channel_convert_to_public"},
        {"type": "channel_created", "channel": {"id": "C2", "name": "c2"}},
        {"type": "member_joined_channel", "channel": "C2", "user": "U1"},
        {"type": "user_change", "user": {"id": "U1", "team_id": "T1"}},
    ],
)
def test_a_late_event_gives_no_right_that_slack_has_taken(may_read, people, send, event, clock):
    open_channel(people, "C2", public=False, members=["U2"])
    people.guest_ids.add("U1")
    assert not may_read("C2")

    send(**event)

    assert not may_read("C2")
    assert not may_read(WORKSPACE_ACL)


def test_a_late_leave_does_not_hide_a_guest_who_is_back(sees, people, send):
    people.member_ids["C1"] = ["U1", "U2"]
    people.guest_ids.add("U2")
    assert sees() == {"C1"}

    send(type="member_left_channel", channel="C1", user="U2")

    assert sees() == {"C1"}


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message", "channel": "C2", "subtype": "channel_convert_to_private"},
        {"type": "user_change", "user": {"id": "U1", "is_restricted": True}},
    ],
)
def test_an_event_takes_a_right_at_once(may_read, people, send, event):
    open_channel(people, "C2", public=True)
    assert may_read("C2")

    people.down = True
    send(**event)

    assert not may_read("C2")


def test_one_list_asks_about_a_bounded_number_of_channels(rights, people):
    names = [f"C{number}" for number in range(3 * MAX_CHANNELS)]
    for name in names:
        open_channel(people, name, public=True)

    assert len(rights.public_channels("T1", names)) == MAX_CHANNELS
    assert len([look for look in people.lookups if look.startswith("place")]) == MAX_CHANNELS
    # The next list goes on where this one ended.
    assert len(rights.public_channels("T1", names)) == 2 * MAX_CHANNELS


def test_a_search_asks_about_the_channels_whose_passages_it_would_show(
    rights, people, store, index, page, make_request, clock
):
    for name in ("C2", "C3", "C4"):
        open_channel(people, name, public=True)
        body = "The tide table hangs here." if name != "C4" else "Other words."
        index.upsert(page(body + name, key=name, source=f"slack:{name}", acl=name))

    rights.public_channels("T1", ["C2", "C3", "C4"])
    clock.forward(HOUR + 1)
    open_channel(people, "C3", public=False)
    people.lookups.clear()

    request = make_request(user="U1", channel="D1", channel_kind="dm")
    hits = rights.search(request, lambda viewer: index.search("tide table", None, viewer))

    assert [hit.document for hit in hits] == ["C2"]
    assert [look for look in people.lookups if look.startswith("place")] == ["place C2", "place C3"]
    assert store.access.public_channels("T1", since=clock() - HOUR) == {"C2"}


def test_the_kind_of_a_channel_is_slack_s_word(rights, people):
    people.channels["D1"] = ChannelInfo("D1", "", public=False, shared=False, is_dm=True)
    open_channel(people, "C2", public=True)
    open_channel(people, "C3", public=False)
    kinds = {name: rights.channel_kind("T1", name) for name in ("C2", "C3", "D1")}
    assert kinds == {"C2": "public", "C3": "private", "D1": "dm"}

    people.down = True
    assert rights.channel_kind("T1", "C9") == "private"
