"""Every subscribed event in each kind of place, with Slack's retries, through the whole app."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from bot.sandbox.companies import Company, build_person
from bot.sandbox.seed_data import build_channel
from router.index import Chunk, Document
from router.store.base.tables import metadata
from tests.fixtures.delivery import sandbox
from tests.fixtures.slack_app import TEAM, deliver, slack_app

__all__ = ["deliver", "sandbox", "slack_app"]

ROOT = Path(__file__).parents[2]
PAYLOADS = ROOT / "tests" / "slack_payloads" / "event_places.json"
EVENTS = json.loads(PAYLOADS.read_text("utf-8"))
PLACES = ("channel", "private", "dm", "group_dm", "connect", "grid", "guest")
ASKED = "1700001000.000100"
"""When everybody asked Beagle something, in each place."""
OURS = Company(TEAM, "Beagle Sandbox")
OUTSIDERS = {"U9": "T0OTHER0001"}
CONVERSATIONS = {
    "C0PUBLIC001": (True, False, ("U3GUEST", "U2")),
    "C0PRIVATE01": (False, False, ("U2",)),
    "C0GUESTS001": (True, False, ("U2", "U3GUEST")),
    "C0GUESTPR01": (False, False, ("U2", "U3GUEST")),
    "C0SHARED001": (True, True, ("U2", "U9")),
    "C0SHAREDPR1": (False, True, ("U2", "U9")),
    "C0ORGWIDE01": (True, False, ("U2", "W2")),
    "C0ORGPRIV01": (False, False, ("U2", "W2")),
    "D0DIRECT001": (False, False, ("U2",)),
    "D0DIRECT002": (False, False, ("W2",)),
    "D0DIRECT003": (False, False, ("U3GUEST",)),
    "D0DIRECT009": (False, True, ("U9",)),
    "G0GROUPDM01": (False, False, ("U2",)),
    "G0GROUPDM02": (False, False, ("U2", "W2")),
    "G0GROUPDM03": (False, False, ("U2", "U3GUEST")),
    "G0GROUPDM09": (False, True, ("U2", "U9")),
}
"""By id: whether it is public, whether another company shares it, and who is in it."""
MOMENTS = frozenset(
    ("at", "asked_at", "described_at", "tried_at", "received_at", "wake_at", "done_at", "seconds")
)
"""Columns that say when something happened."""
COUNTERS = frozenset(("id", "fence", "number", "tries"))
"""Columns that say in which order, or how often."""


def test_each_subscribed_event_has_a_payload_for_each_kind_of_place_or_the_reason_for_none():
    manifests = (ROOT / "deploy").glob("slack-manifest*.yaml")
    subscribed = set()
    for manifest in manifests:
        settings = yaml.safe_load(manifest.read_text("utf-8"))["settings"]
        subscribed |= set(settings["event_subscriptions"]["bot_events"])

    assert subscribed == set(EVENTS)
    for name, places in EVENTS.items():
        assert set(places) == set(PLACES), name
        assert any(isinstance(case, dict) for case in places.values()), name


PEOPLE = {
    "U2": OURS,
    "U3GUEST": OURS,
    "U9": Company("T0OTHER0001", "Small Partner"),
    "W2": Company("T0OURS00002", "Sister", "E0OURS"),
}


def settle(workspace):
    """Lets the loopback Slack know everybody and every conversation."""
    for user, company in PEOPLE.items():
        workspace.companies[company.team] = company
        workspace.add_user({**build_person(user.lower(), company), "id": user})

    for channel, (public, shared, members) in CONVERSATIONS.items():
        people = [*members, "U0BEAGLE001"]
        built = build_channel(channel.lower(), people, private=not public)
        kind = {"is_im": channel.startswith("D"), "is_mpim": channel.startswith("G")}
        about = {**built, **kind, "id": channel, "user": members[0], "is_ext_shared": shared}
        workspace.add_channel(about)
        workspace.post(channel, {"user": members[-1], "ts": ASKED, "text": "where is it"})


@pytest.fixture
def world(store, sandbox, make_request):
    """Everybody has asked something everywhere, and each conversation has a thread and a file."""
    sandbox.call(lambda: settle(sandbox.workspace))
    people = {user for _, _, members in CONVERSATIONS.values() for user in members}
    at = float(ASKED)
    guests = {user: user in ("U9", "U3GUEST") for user in people}
    store.access.set_users(TEAM, guests, at=at)

    for channel, (public, shared, members) in CONVERSATIONS.items():
        store.access.set_channel(TEAM, channel, at=at, public=public, shared=shared, read=True)
        store.access.set_members(TEAM, channel, [*members, "U0BEAGLE001"], at)
        for suffix in (ASKED, f"file:F{channel}"):
            store.documents.upsert(
                Document(
                    TEAM,
                    f"slack:{channel}:{suffix}",
                    f"slack:{channel}",
                    "a thread",
                    "https://example.com/{anchor}",
                    channel,
                    at,
                    "h",
                    [Chunk("a thread", "1", "where is the tide table", "U5")],
                )
            )

        asker = members[-1]
        request = make_request(
            "where is the tide table",
            id=f"asked-{channel}",
            team=TEAM,
            channel=channel,
            user=asker,
            user_team=OUTSIDERS.get(asker, ""),
            ts=ASKED,
            channel_kind="dm" if channel.startswith("D") else "private",
        )
        store.requests.insert(request, at)

    return store


def rows(store):
    """Returns every row of every table without its moments, counted.

    That an event of a kind came at all is not counted: it says nothing about the workspace.
    """
    found = Counter()
    with store.engine.connect() as connection:
        for table in metadata.sorted_tables:
            if table.name == "event_kind":
                continue

            for row in connection.execute(select(table)).mappings():
                facts = {k: str(v) for k, v in row.items() if k not in MOMENTS | COUNTERS}
                found[table.name, json.dumps(facts, sort_keys=True)] += 1

    return found


def changes(before, after):
    """Returns by table how many rows are new and how many are gone; a changed one is both."""
    found = {}
    for sign, rows_of_sign in ((0, after - before), (1, before - after)):
        for (table, _), number in rows_of_sign.items():
            found.setdefault(table, [0, 0])[sign] += number

    return dict(sorted(found.items()))


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_of_every_place_is_applied_once_and_to_its_team(world, deliver, name):
    for place, case in EVENTS[name].items():
        if not isinstance(case, dict):
            continue

        before = rows(world)
        for number, event in enumerate(case["events"]):
            envelope = {"event_id": f"Ev{place}{number}", **case["envelope"]}
            assert deliver(event, **envelope) == 200
            once = rows(world)

            for retry in ("1", "2"):
                headers = {"x-slack-retry-num": [retry], "x-slack-retry-reason": ["timeout"]}
                assert deliver(event, headers=headers, **envelope) == 200
            assert changes(once, rows(world)) == {}, f"{place}: a retry of {event}"

        after = rows(world)
        assert changes(before, after) == case["changes"], place
        for table, row in after - before:
            assert json.loads(row).get("team", TEAM) in (TEAM, ""), (table, row)


@pytest.mark.parametrize("kind", ["message.channels", "message.groups", "message.mpim"])
def test_nothing_that_another_company_said_is_kept_but_their_own_request(world, deliver, kind):
    said = EVENTS[kind]["connect"]["events"][0]
    words = {**said, "text": "we drilled near the lighthouse", "client_msg_id": "c-other"}
    deliver(words, **EVENTS[kind]["connect"]["envelope"])

    assert not [row for row in rows(world) if "lighthouse" in row[1]]
