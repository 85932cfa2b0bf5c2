"""The shortcut that makes a message a request."""

from __future__ import annotations

import itertools

import pytest

from bot.admins import Admins
from bot.listeners.shortcuts import ShortcutListener
from router.config import Settings
from router.types import SlackPerson
from workers.fakes import MemoryDirectory
from workers.knowledge.membership import ReadingRights
from workers.ports import ChannelInfo
from workers.runtime.person_limit import PersonLimit

ME = "UBEAGLE"


class Routing:
    """Decides nothing; keeps the requests it is given."""

    def __init__(self, admins):
        self.admins = admins
        self.limit = PersonLimit(2, admins.now)
        self.decided = []

    def decide(self, request):
        self.decided.append(request)


class Slack:
    """A workspace that Beagle may answer in."""

    def assistant_threads_setStatus(self, **_):  # noqa: N802  # Slack's name
        return {"ok": True}


@pytest.fixture
def routing(store, clock):
    return Routing(Admins(Settings(_env_file=None), store.audit, clock))


@pytest.fixture
def people():
    """What Slack says of the channels."""
    directory = MemoryDirectory()
    directory.channels = {
        "C1": ChannelInfo("C1", "general", public=True, shared=False),
        "C2": ChannelInfo("C2", "deals", public=False, shared=False),
        "C3": ChannelInfo("C3", "directmessage", public=True, shared=False),
        "D1": ChannelInfo("D1", "", public=False, shared=False, is_dm=True),
        "G1": ChannelInfo("G1", "mpdm-ada--grace-1", public=False, shared=False),
    }
    directory.silent_channels.add("C9")
    return directory


@pytest.fixture
def ask(store, routing, people):
    ids = itertools.count(1)
    rights = ReadingRights(store.access, people, routing.admins.now, 3600.0)
    listener = ShortcutListener(
        store, routing, None, rights, lambda _: ME, lambda: f"id{next(ids)}"
    )

    def ask(*, channel, author="UGRACE", text="where is my parcel?", home="T1", **message):
        said = []
        listener.ask(
            ack=lambda **_: None,
            body={
                "team": {"id": "T1"},
                "user": {"id": "UADA", "team_id": home},
                "channel": channel,
                "message": {"ts": "1.0", "user": author, "text": text, **message},
                "message_ts": "1.0",
                "action_ts": "2.0",
            },
            client=Slack(),
            respond=lambda **message: said.append(message["text"]),
        )
        return said

    return ask


@pytest.mark.parametrize(
    ("channel", "kind"),
    [
        ({"id": "C1", "name": "general"}, "public"),
        ({"id": "D1", "name": "directmessage"}, "dm"),
        ({"id": "C2", "name": "privategroup"}, "private"),
        ({"id": "G1", "name": "mpdm-ada--grace-1"}, "private"),
        ({"id": "G2"}, "private"),
        # A name is chosen by people, and proves nothing.
        ({"id": "C2", "name": "general"}, "private"),
        ({"id": "C3", "name": "directmessage"}, "public"),
        # Slack does not say what this one is.
        ({"id": "C9", "name": "general"}, "private"),
    ],
)
def test_a_message_of_a_private_channel_is_a_private_request(store, routing, ask, channel, kind):
    ask(channel=channel)

    (request,) = routing.decided
    assert request.channel_kind == kind
    assert store.requests.get(request.id) == request


def test_whoever_opted_out_is_not_asked_about_by_others(store, routing, ask, clock):
    store.opt_outs.add("T1", "UGRACE", clock())

    (refusal,) = ask(channel={"id": "C1", "name": "general"})

    assert "not to use their words" in refusal
    assert routing.decided == []


@pytest.mark.parametrize(
    ("message", "author"),
    [
        ({"author": "UGRACE"}, ("UGRACE", "")),
        ({"author": "UADA"}, ("", "")),
        ({"author": "UADA", "user_team": "T9"}, ("UADA", "T9")),
        ({"author": "UGRACE", "team": "T9"}, ("UGRACE", "T9")),
        ({"author": "UADA", "user_team": "T9", "home": "T9"}, ("", "")),
    ],
)
def test_the_request_names_who_wrote_the_words(store, routing, ask, message, author):
    ask(channel={"id": "C1", "name": "general"}, **message)

    (request,) = routing.decided
    assert (request.author, request.author_team) == author
    assert request.user == "UADA"
    assert store.requests.get(request.id) == request


def test_words_of_nobody_are_no_request(routing, ask):
    assert ask(channel={"id": "C1", "name": "general"}, author=None)
    assert routing.decided == []


def test_whoever_opted_out_at_home_is_not_asked_about_either(store, routing, ask, clock):
    store.opt_outs.add("T9", "UGRACE", clock())

    (refusal,) = ask(channel={"id": "C1", "name": "general"}, user_team="T9")

    assert "not to use their words" in refusal
    assert routing.decided == []


def test_whoever_uses_it_too_often_is_told_and_nothing_is_stored(store, routing, ask):
    channel = {"id": "C1", "name": "general"}
    routing.limit.check(SlackPerson("T1", "UADA"))
    routing.limit.check(SlackPerson("T1", "UADA"))

    said = ask(channel=channel)

    assert "more than 2 requests within a minute" in said[0]
    assert routing.decided == []
