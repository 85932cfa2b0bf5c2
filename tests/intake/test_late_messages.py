"""A message that Slack repeats after its edit or deletion brings no old words back."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from router.store.base.mining_tables import overheard
from router.store.workspace.channel_rules import ChannelRule
from tests.fixtures.delivery import sandbox
from tests.fixtures.slack_app import TEAM, deliver, slack_app
from workers.knowledge.channel_history import ChannelHistory
from workers.ports import ChannelInfo

__all__ = ["deliver", "sandbox", "slack_app"]

CHANNEL, TS = "C0MINED0001", "1700000001.000100"
HOME = {"user": "U2", "team": TEAM}


@pytest.fixture
def channel(store, clock, slack_app):
    """A channel that is read and mined."""
    history = ChannelHistory(store.documents, store.access, lambda _: "")
    history.allow(TEAM, ChannelInfo(CHANNEL, "harbour", public=False, shared=False), ["U2"], 1.0)
    store.channel_rules.upsert(ChannelRule(TEAM, CHANNEL))
    store.channel_messages.start_mining(TEAM, CHANNEL, "U1", clock())


@pytest.fixture
def words(store):
    """Returns every text that the store holds of the message."""

    def read():
        with store.begin() as connection:
            mined = list(connection.execute(select(overheard.c.text)).scalars())
        viewer = store.access.viewer(TEAM, "U2", CHANNEL, "private", since=0.0)
        hits = store.documents.search("tide table", None, viewer)
        request = store.requests.find(TEAM, CHANNEL, TS)
        return mined + [hit.body for hit in hits] + ([request.text] if request else [])

    return read


def said(text, **over):
    place = {"channel": CHANNEL, "channel_type": "group"}
    return {"type": "message", "ts": TS, "event_ts": TS, "text": text, **place, **HOME, **over}


def changed(at, text):
    message = {"type": "message", "ts": TS, "text": text, "edited": {"user": "U2", "ts": at}}
    place = {"channel": CHANNEL, "channel_type": "group", "ts": at, "event_ts": at}
    return {"type": "message", "subtype": "message_changed", "message": message | HOME, **place}


def deleted(at, *, with_replies):
    if with_replies:
        tombstone = changed(at, "This message was deleted.")
        tombstone["message"] |= {"subtype": "tombstone", "user": "USLACKBOT", "hidden": True}
        return tombstone | {"previous_message": said("tide table")}

    place = {"channel": CHANNEL, "channel_type": "group", "ts": at, "event_ts": at}
    gone = {"deleted_ts": TS, "previous_message": said("tide table")}
    return {"type": "message", "subtype": "message_deleted", **place, **gone}


@pytest.mark.parametrize("text", ["the tide table, please", "<@U0BEAGLE001> the tide table?"])
@pytest.mark.parametrize("with_replies", [True, False])
@pytest.mark.parametrize("is_first", [True, False], ids=["it came before", "it comes first now"])
def test_a_deleted_message_that_comes_again_is_neither_kept_nor_answered(
    deliver, words, channel, store, text, with_replies, is_first
):
    if is_first:
        deliver(said(text))
    assert deliver(deleted("1700000009.000100", with_replies=with_replies)) == 200
    request = store.requests.find(TEAM, CHANNEL, TS)
    if request is not None:
        # A worker has taken the answer away since.
        store.withdrawals.finish(request.id)

    assert deliver(said(text)) == 200
    assert deliver(changed("1700000005.000100", text)) == 200

    assert words() == []


@pytest.mark.parametrize("mention", ["", "<@U0BEAGLE001> "], ids=["said", "asked"])
def test_an_edit_that_comes_after_a_newer_one_changes_nothing(deliver, words, channel, mention):
    deliver(said(f"{mention}the first tide table"))
    deliver(changed("1700000009.000100", f"{mention}the third tide table"))
    deliver(changed("1700000005.000100", f"{mention}the second tide table"))
    deliver(said(f"{mention}the first tide table"))

    assert words()
    assert all("third" in text for text in words())
