"""Membership and deletion events change access rights before they are acknowledged."""

from __future__ import annotations

import pytest

from bot.intake.access_events import AccessEvents
from router.index import WORKSPACE_ACL
from router.store.knowledge.sources import Source
from workers.fakes import MemoryQueue
from workers.knowledge.channel_history import ChannelHistory
from workers.ports import ChannelInfo


class Client:
    """A client that knows its workspace's address."""

    def auth_test(self):
        return {"url": "https://acme.example/"}


@pytest.fixture
def queue():
    return MemoryQueue({"ingest_shared_file": "compute"})


@pytest.fixture
def readers(store):
    return store.access


@pytest.fixture
def send_event(store, queue, index, readers):
    """Sends an event. The bot reads C1, and U1 is a member."""
    ears = AccessEvents(store, queue, lambda _: "UBEAGLE", lambda _: Client())
    harbour = ChannelInfo("C1", "harbour", public=False, shared=False)
    ChannelHistory(index, readers, lambda _: "").allow("T1", harbour, ["U1"], 0.0)
    readers.set_user("T1", "U1", guest=False)

    def send(**event):
        went_on = []
        body = {"type": "event_callback", "authorizations": [{"team_id": "T1"}], "event": event}
        ears(body, lambda: went_on.append(True))
        assert went_on, "other listeners hear of it too"

    return send


def said(**over):
    return {"type": "message", "channel": "C1", "user": "U1", "ts": "1700000000.000100", **over}


def test_what_is_said_where_beagle_reads_can_be_found_with_its_link(send_event, index, readers):
    send_event(**said(text="The tide table hangs in the harbour office."))
    (hit,) = index.search("tide table", None, readers.viewer("T1", "U1", "D1", "dm", since=0.0))
    assert hit.url == "https://acme.example/archives/C1/p1700000000000100"


def test_who_leaves_finds_nothing_of_the_channel(send_event, readers):
    send_event(type="member_left_channel", channel="C1", user="U1")
    assert readers.viewer("T1", "U1", "D1", "dm", since=0.0).channels == {WORKSPACE_ACL}


@pytest.mark.parametrize("kind", ["channel_rename", "group_rename"])
def test_a_channel_has_its_new_name_whether_it_is_public_or_private(kind, send_event, readers):
    send_event(type=kind, channel={"id": "C1", "name": "quay", "created": 1})
    assert readers.channel_name("T1", "C1") == "quay"


def test_when_beagle_leaves_everything_of_the_channel_goes(send_event, index, readers):
    send_event(**said(text="The tide table hangs in the harbour office."))
    send_event(type="member_left_channel", channel="C1", user="UBEAGLE")
    assert index.sources("T1") == []
    assert not readers.may_read_history("T1", "C1")


def test_a_shared_file_is_fetched_later_and_only_where_beagle_reads(send_event, queue, store):
    files = {"subtype": "file_share", "text": "look", "files": [{"id": "F1"}]}
    send_event(**said(**files))
    send_event(**said(**files, channel="C2"))
    store.opt_outs.add("T1", "U2", 0.0)
    send_event(**said(**files, user="U2"))
    assert list(queue.jobs) == [("ingest_shared_file", "T1 C1 F1")]


def test_a_queue_that_is_away_loses_no_words(send_event, queue, index):
    queue.down = True
    send_event(
        **said(subtype="file_share", text="The tide table is attached.", files=[{"id": "F1"}])
    )
    assert len(index.hashes("T1", "slack:C1")) == 1


def test_what_is_no_event_goes_on_untouched(store, queue):
    seen = []
    AccessEvents(store, queue, lambda _: "UBEAGLE", lambda _: Client())(
        {"type": "block_actions"}, lambda: seen.append(1)
    )
    assert seen == [1]


@pytest.mark.parametrize(
    "closing",
    [
        {"type": "member_left_channel", "channel": "C1", "user": "UBEAGLE"},
        {"type": "channel_deleted", "channel": "C1"},
        {"type": "group_left", "channel": "C1"},
    ],
)
def test_notes_and_documents_of_a_channel_go_with_it(closing, send_event, store, index, page):
    index.upsert(
        page("A note of the channel.", key="note:r1.0", source="note:C1", acl="C1"),
        page("A page for the channel.", key="plans:a.md", source="plans", acl="C1"),
        page("A page for everybody.", key="handbook:b.md"),
        page("Another workspace's note.", key="note:r2.0", source="note:C1", acl="C1", team="T2"),
    )
    store.sources.upsert(Source("T1", "plans", "folder", ("plans",), "C1"))
    store.sources.upsert(Source("T1", "handbook", "folder", ("handbook",), WORKSPACE_ACL))

    send_event(**closing)

    assert index.keys_with_acl("T1", "C1") == []
    assert index.keys_with_acl("T1", WORKSPACE_ACL) == ["handbook:b.md"]
    assert index.keys_with_acl("T2", "C1") == ["note:r2.0"]
    # Otherwise the next reading of the folder would bring its pages back.
    assert [source.name for source in store.sources.for_team("T1")] == ["handbook"]
