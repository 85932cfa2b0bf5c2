"""Two writers on PostgreSQL end as if one had come after the other, wherever the first one stops.

Every pair of writers that share rows is run with the first stopped before each of its statements
while the second does all that it can. What both return, and every row that is stored then, has to
be what one of the two orders gives.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass, replace

import numpy as np
import pytest

from router.index import Chunk, Document
from router.lifecycle_evidence import ApprovalEvidence, RejectionEvidence
from router.store.knowledge.sources import Source
from router.store.mining.channel_messages import ChannelMessage
from router.store.privacy.sentences import Sentences, WrittenText
from router.store.usage.spend import Cap
from router.store.versions.versions import StoredVersion
from router.store.weekly.datasets import StoredDataset
from router.store.weekly.digests import Verdict
from router.store.weekly.drift_checks import DriftCheck
from router.store.workspace.channel_rules import ChannelRule
from router.store.workspace.installations import StoredInstallation
from router.types import Candidate, Decision, Feedback, Outcome, Proposal, Request, Score
from tests.fixtures.side_by_side import SideBySide

NOW = 1_800_000_000.0
SECONDS = 20.0
DAY = 20_000
CAPS = [Cap(("user", "T1/U1"), requests=1, usd=1.0), Cap(("team", "T1"), usd=1.0)]
DECISION = Decision("route", "triage", 0.9, 0.5, 1.0, (Score("triage", 0.9),), "v0")
ANSWER = Outcome("the answer", usd=0.1, route="triage", kind="prompt", version="a")
WORDS = "my secret plan is to plant forty apple trees behind the house"
SENTENCES = Sentences(b"key", [WrittenText(WORDS, 1.0)])
VECTOR = np.ones(4, dtype=np.float32)


@dataclass
class World:
    """What is stored before the two writers begin, as they have read it."""

    lease: object = None
    dataset: object = None
    proposal: object = None
    chunks: object = None


def request(number, **over):
    values = {
        "id": f"r{number}",
        "team": "T1",
        "channel": "C1",
        "user": "U1",
        "ts": f"{number}.0",
        "event_id": f"E{number}",
        "text": WORDS,
        "received_at": NOW + number,
    }
    return Request(**(values | over))


def document(key="page", body="words of a page"):
    return Document(
        "T1", key, "handbook", key, "", "workspace", NOW, body, [Chunk("Page", "", body)]
    )


def requests_world(store):
    """One request in work, one that waits behind it, one answered, one undecided, one proposal."""
    for number in (1, 2, 3):
        new = request(number, thread_ts="1.0") if number < 3 else request(number, channel="C2")
        store.requests.insert(new, NOW)
        store.decisions.insert_first(new.id, DECISION, NOW)

    lease = store.requests.claim("before", NOW, SECONDS)
    store.requests.insert(request(4, user="U2"), NOW)
    answered = request(5, user="U3", channel="C3")
    store.requests.insert(answered, NOW)
    store.decisions.insert_first(answered.id, DECISION, NOW)
    held = store.requests.acquire(answered.id, "before", NOW, SECONDS)
    store.decisions.insert_outcome(answered.id, 0, ANSWER, NOW)
    store.replies.begin_post(answered.id, "C3")
    store.replies.complete_post(answered.id, "5.5")
    store.requests.complete(held, "answered", NOW)
    store.requests.insert(request(6, user="U4", channel="C4"), NOW)
    store.decisions.insert_first("r6", DECISION, NOW)
    proposal = Proposal("r6", 0, "note", {"text": "x"}, "Shall I?", NOW)
    store.proposals.propose(proposal)
    return World(lease=lease, proposal=proposal)


REQUEST_WRITERS = {
    "insert": lambda s, w, who: s.requests.insert(request(7), NOW),
    "decide": lambda s, w, who: s.decisions.insert_first("r4", DECISION, NOW),
    "begin deciding": lambda s, w, who: s.undecided.begin("r4", NOW, NOW + 5),
    "claim": lambda s, w, who: s.requests.claim(who, NOW, SECONDS, 2),
    "acquire": lambda s, w, who: s.requests.acquire("r3", who, NOW, SECONDS),
    "renew": lambda s, w, who: s.requests.renew([w.lease], NOW + 5, SECONDS),
    "complete": lambda s, w, who: s.requests.complete(w.lease, "answered", NOW + 5),
    "retry": lambda s, w, who: s.requests.retry(w.lease, NOW + 9, "later"),
    "revise": lambda s, w, who: s.decisions.revise("r5", DECISION, 0, NOW, asked_by=who),
    "revise in work": lambda s, w, who: s.decisions.revise("r1", DECISION, 0, NOW, asked_by=who),
    "reopen": lambda s, w, who: s.requests.reopen("r5", NOW),
    "stop": lambda s, w, who: s.cancellations.cancel_thread(("T1", "C1", "1.0"), who, NOW),
    "withdraw": lambda s, w, who: s.withdrawals.begin("T1", "C1", "1.0", NOW),
    "withdraw answered": lambda s, w, who: s.withdrawals.begin("T1", "C3", "5.0", NOW),
    "ignore": lambda s, w, who: s.requests.ignore("r1"),
    "edit": lambda s, w, who: s.requests.update_text("r1", "another text"),
    "store outcome": lambda s, w, who: s.decisions.insert_outcome_held(w.lease, 0, ANSWER, NOW),
    "begin post": lambda s, w, who: s.replies.begin_post("r1", "C1"),
    "post": lambda s, w, who: s.replies.complete_post("r5", f"5.{len(who)}"),
    "give up post": lambda s, w, who: s.replies.abandon_post("r5"),
    "feedback": lambda s, w, who: s.feedback.record(Feedback("r5", "U1", "thumb", who, NOW)),
    "propose": lambda s, w, who: s.proposals.propose(replace(w.proposal, said=f"{who}?")),
    "confirm": lambda s, w, who: s.proposals.decide(w.proposal, "confirmed", who, NOW),
    "cancel": lambda s, w, who: s.proposals.decide(w.proposal, "cancelled", who, NOW),
    "erase": lambda s, w, who: s.personal_data.erase_user("T1", "U1", SENTENCES, []).rows,
}


def weekly_world(store):
    """A digested candidate, versions of a route, a digest, a dataset, a drift check."""
    store.candidates.upsert(Candidate("c1", "T1", "leave", "d", "digested", route="triage"), 1.0)
    for name, state in (("a", "shadow"), ("b", "shadow"), ("c", "shadow")):
        store.versions.insert(StoredVersion("T1", "triage", name, "prompt", state, {}, 1.0))

    store.versions.go_live("T1", "triage", "a")
    store.digests.insert("T1", "2027-W01", {"candidates": []}, 1.0)
    rows = [{"text": WORDS, "user": "U1", "request": "r1", "at": 1.0}]
    dataset = StoredDataset("T1", "d1", "c1", "triage", rows, {}, 1.0)
    store.datasets.insert(dataset)
    store.drift_checks.insert(DriftCheck("k1", "T1", "c1", "2027-W01", {}, 1.0, telling=True))
    return World(dataset=dataset)


def reviewed(world, who):
    return [dict(row) | {"review": who} for row in world.dataset.rows]


WEEKLY_WRITERS = {
    "store candidate": lambda s, w, who: s.candidates.upsert(
        Candidate("c1", "T1", f"leave {who}", "d", "digested"), 2.0
    ),
    "new candidate": lambda s, w, who: s.candidates.upsert(
        Candidate("c2", "T1", f"new {who}", "d", "digested"), 2.0
    ),
    "approve": lambda s, w, who: s.candidates.advance(
        "c1", ApprovalEvidence(), actor=who, at=2.0, version=0
    ),
    "reject": lambda s, w, who: s.candidates.advance(
        "c1", RejectionEvidence(), actor=who, at=2.0, version=0
    ),
    "verdict": lambda s, w, who: s.digests.record_verdict(
        Verdict("c1", 1, who, "approve", "", "h", 2.0)
    ),
    "claim digest": lambda s, w, who: s.digests.claim("T1", "2027-W01", who),
    "new digest": lambda s, w, who: s.digests.insert("T1", "2027-W02", {"by": who}, 2.0),
    "claim alarm": lambda s, w, who: s.drift_checks.claim("k1", who, 5.0, 2.0),
    "claim card": lambda s, w, who: s.rollout_cards.claim("c1", who, 2.0),
    "review": lambda s, w, who: s.datasets.save_review(w.dataset, reviewed(w, who), {}).rows,
    "promote b": lambda s, w, who: s.versions.go_live("T1", "triage", "b"),
    "promote c": lambda s, w, who: s.versions.go_live("T1", "triage", "c"),
    "canary b": lambda s, w, who: s.versions.start_canary("T1", "triage", "b", 0.5),
    "canary c": lambda s, w, who: s.versions.start_canary("T1", "triage", "c", 0.5),
    "shadow c": lambda s, w, who: s.versions.start_shadow("T1", "triage", "c"),
    "roll back a": lambda s, w, who: s.versions.roll_back("T1", "triage", "a"),
    "roll back b": lambda s, w, who: s.versions.roll_back("T1", "triage", "b"),
    "expire quotations": lambda s, w, who: s.personal_data.expire_quotations(9.0, 9.0),
    "erase": lambda s, w, who: s.personal_data.erase_user("T1", "U1", SENTENCES, []).rows,
}


def knowledge_world(store):
    """A channel with a member and a document, a mined channel, an installation."""
    store.access.set_channel("T1", "C1", name="general", public=True, at=NOW)
    store.access.set_members("T1", "C1", ["U1", "U2"], NOW)
    store.documents.upsert(document())
    store.channel_rules.upsert(ChannelRule("T1", "C1"))
    store.channel_messages.start_mining("T1", "C1", "U9", NOW)
    store.embeddings.insert("T1", "e", {"h1": b"1", "h2": b"2"}, 1.0)
    store.installations.save(StoredInstallation("T1", "U1", "sealed", NOW))
    store.sources.upsert(Source("T1", "handbook", "folder", ["/x"], "workspace"))
    chunks = [pending.chunk for pending in store.documents.chunks_without_vector("e")]
    return World(chunks=chunks)


def store_vectors(store, world, _who):
    return store.documents.store_vectors("e", world.chunks, [VECTOR] * len(world.chunks))


MESSAGE = ChannelMessage("T1", "C1", "7.0", "U1", "masked", "public", NOW)
KNOWLEDGE_WRITERS = {
    "join": lambda s, w, who: s.access.add_member("T1", "C1", "U3", said_at=NOW),
    "leave": lambda s, w, who: s.access.remove_member("T1", "C1", "U1", said_at=NOW + 1),
    "list": lambda s, w, who: s.access.set_members("T1", "C1", ["U1", "U3"], NOW + 5),
    "make private": lambda s, w, who: s.access.set_channel("T1", "C1", public=False),
    "describe": lambda s, w, who: s.access.set_channel("T1", "C1", public=True, at=NOW + 5),
    "remove channel": lambda s, w, who: s.access.delete_channel("T1", "C1"),
    "late private": lambda s, w, who: s.access.set_channel(
        "T1", "C1", public=False, said_at=NOW + 2
    ),
    "late public": lambda s, w, who: s.access.set_channel("T1", "C1", public=True, said_at=NOW + 3),
    "edit message": lambda s, w, who: s.access.event_times.edit_message("T1", "C1", "7.0", NOW),
    "delete message": lambda s, w, who: s.access.event_times.delete_message(
        "T1", "C1", "7.0", NOW + 1
    ),
    "guest": lambda s, w, who: s.access.set_user("T1", "U1", True, said_at=NOW),
    "full member": lambda s, w, who: s.access.set_user("T1", "U1", False, said_at=NOW + 1),
    "guests": lambda s, w, who: s.access.set_users("T1", {"U1": True, "U2": False}, at=NOW),
    "rewrite page": lambda s, w, who: s.documents.upsert(document(body=f"by {who}")),
    "new page": lambda s, w, who: s.documents.upsert(document("new", who)),
    "delete page": lambda s, w, who: s.documents.delete("T1", ["page"]),
    "restrict": lambda s, w, who: s.documents.set_acl("T1", "handbook", "C1"),
    "embed": store_vectors,
    "capture": lambda s, w, who: s.channel_messages.insert(MESSAGE),
    "stop mining": lambda s, w, who: s.channel_messages.stop_mining("T1", "C1"),
    "opt out": lambda s, w, who: s.opt_outs.add("T1", "U1", NOW),
    "opt in": lambda s, w, who: s.opt_outs.remove("T1", "U1"),
    "set rule": lambda s, w, who: s.channel_rules.upsert(
        ChannelRule("T1", "C1", default_route=who, version=2)
    ),
    "use embeddings": lambda s, w, who: sorted(s.embeddings.get("T1", ["h1", "h2"], "e", 2.0)),
    "drop embeddings": lambda s, w, who: s.embeddings.delete_unused(1.5),
    "install": lambda s, w, who: s.installations.save(StoredInstallation("T1", who, who, NOW)),
    "use state": lambda s, w, who: s.installations.use_state("state", NOW + 9, NOW),
    "take over": lambda s, w, who: s.installations.replace_installer("T1", "U1", who),
}


def spend_world(_store):
    return World()


SPEND_WRITERS = {
    "reserve": lambda s, w, who: s.spend.reserve(CAPS, DAY, 1, 0.6),
    "reserve little": lambda s, w, who: s.spend.reserve(CAPS[1:], DAY, 0, 0.4),
    "settle": lambda s, w, who: s.spend.settle([cap.scope for cap in CAPS], DAY, -0.3),
}

# What becomes due while the reaper looks is found by its next look, so it is paired with itself.
REAPERS = {
    "wake overdue": lambda s, w, who: s.requests.claim_overdue("decided", NOW, NOW + 5),
}

GROUPS = {
    "reapers": (requests_world, REAPERS),
    "requests": (requests_world, REQUEST_WRITERS),
    "weekly": (weekly_world, WEEKLY_WRITERS),
    "knowledge": (knowledge_world, KNOWLEDGE_WRITERS),
    "spend": (spend_world, SPEND_WRITERS),
}

PROMISED = [
    ("spend", "reserve", "reserve"),
    ("reapers", "wake overdue", "wake overdue"),
    ("requests", "claim", "claim"),
    ("requests", "acquire", "claim"),
    ("requests", "begin post", "withdraw"),
    ("requests", "store outcome", "withdraw"),
    ("requests", "store outcome", "stop"),
    ("requests", "revise", "revise"),
    ("requests", "complete", "claim"),
    ("requests", "confirm", "cancel"),
    ("weekly", "promote b", "promote c"),
    ("weekly", "roll back a", "promote b"),
    ("weekly", "approve", "reject"),
    ("weekly", "claim digest", "claim digest"),
    ("knowledge", "capture", "opt out"),
    ("knowledge", "leave", "list"),
]
"""Pairs on which a promise stands: caps, one lease, one answer, one decision, nothing kept."""


@pytest.fixture(scope="module")
def stage(databases):
    stage = SideBySide(databases.fresh())
    yield stage
    stage.close()


def check_pair(stage, group, one_name, other_name):
    make_world, writers = GROUPS[group]

    def fresh():
        stage.clear()
        world = make_world(stage.setup.store)
        one = functools.partial(_call, writers[one_name], world, "one")
        other = functools.partial(_call, writers[other_name], world, "another")
        return one, other

    one, other = fresh()
    serial = [((stage.in_turn(one, other)), stage.content())]
    one, other = fresh()
    results = stage.in_turn(other, one)
    serial.append((results[::-1], stage.content()))

    for steps in itertools.count(1):
        one, other = fresh()
        results = stage.interleaved(one, other, steps)
        if results is None:
            return

        for result in results:
            assert not isinstance(result, Exception), (steps, one_name, other_name, result)
        found = (list(results), stage.content())
        assert found in serial, _difference(steps, one_name, other_name, found, serial)


def _call(write, world, who, store):
    return write(store, world, who)


def _difference(steps, one, other, found, serial):
    lines = [f"{one!r} stopped after {steps} statements for {other!r}: {found[0]}"]
    for name, (results, content) in zip((f"{one} first", f"{other} first"), serial, strict=True):
        lines.append(f"  {name}: {results}")
        for table in sorted(content.keys() | found[1].keys()):
            was, now = content.get(table, []), found[1].get(table, [])
            lines += [f"    {table} - {row}" for row in was if row not in now]
            lines += [f"    {table} + {row}" for row in now if row not in was]

    return "\n".join(lines)


@pytest.mark.parametrize(("group", "one", "other"), PROMISED)
def test_what_is_promised_holds_wherever_a_writer_stops(stage, group, one, other):
    check_pair(stage, group, one, other)
    check_pair(stage, group, other, one)


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("group", "one"), [(group, one) for group, (_, writers) in GROUPS.items() for one in writers]
)
def test_any_two_writers_end_as_if_one_had_come_after_the_other(stage, group, one):
    for other in GROUPS[group][1]:
        check_pair(stage, group, one, other)
