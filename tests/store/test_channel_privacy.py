"""What was said in a channel while it was public is hidden everywhere once it is private."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.intake.requests import Intake
from router.candidate_evidence import CandidateEvidence
from router.store.base.tables import candidate, dataset, digest
from router.store.mining.channel_messages import ChannelMessage
from router.store.weekly.datasets import StoredDataset
from router.store.workspace.channel_rules import ChannelRule
from router.types import Candidate, Feedback, Outcome
from workers.fakes import MemoryDirectory
from workers.knowledge.channel_history import ChannelHistory
from workers.knowledge.membership import ReadingRights
from workers.mining.requests import messages_to_rows, to_rows
from workers.ports import ChannelInfo
from workers.runtime.person_limit import PersonLimit

TEAM = "T1"
HOUR = 3600.0
SECRET = "when does the lighthouse project start"
"""Said in C1, which becomes private."""
OTHER = "where is the guest network password"
"""Said in C2, which stays public."""


@pytest.fixture
def people():
    directory = MemoryDirectory()
    for name in ("C1", "C2"):
        directory.channels[name] = ChannelInfo(name, name.lower(), public=True, shared=False)

    return directory


@pytest.fixture
def rights(store, people, clock):
    return ReadingRights(store.access, people, clock, HOUR)


@pytest.fixture
def said(store, rights, make_request, make_decision, clock):
    """Both texts, in every table that holds what was said in public; returns the requests."""
    rights.public_channels(TEAM, ["C1", "C2"])
    requests = {}
    for channel, text in (("C1", SECRET), ("C2", OTHER)):
        for user, is_labelled in (("U1", False), ("U2", True)):
            request = make_request(text, channel=channel, user=user, received_at=clock())
            requests[channel, user] = request
            clock.forward(1.0)
            store.requests.insert(request, clock())
            store.decisions.insert_first(request.id, make_decision("handbook"), clock())
            outcome = Outcome("No.", {"answered": False}, route="handbook", kind="rag")
            store.decisions.insert_outcome(request.id, 0, outcome, clock())
            if is_labelled:
                store.feedback.record(Feedback(request.id, "U7", "review", "handbook", clock()))

        store.channel_rules.upsert(ChannelRule(TEAM, channel))
        store.channel_messages.start_mining(TEAM, channel, "UADMIN", clock())
        store.channel_messages.insert(
            ChannelMessage(TEAM, channel, "1.0", "U3", text, "public", clock())
        )

    evidence = CandidateEvidence(
        examples=(SECRET, OTHER),
        example_channels=("C1", "C2"),
        requests=tuple(request.id for request in requests.values()),
    )
    definition = f"People write things like “{SECRET}”."
    store.candidates.upsert(
        Candidate("T1:c", TEAM, "questions", definition, "detected", evidence=evidence), clock()
    )
    gaps = [{"example": text, "channel": name} for name, text in (("C1", SECRET), ("C2", OTHER))]
    store.digests.insert(TEAM, "2027-W02", {"gaps": gaps}, clock())
    rows = [
        {"text": request.text, "user": request.user, "at": request.received_at}
        for request in requests.values()
    ]
    store.datasets.insert(
        StoredDataset(id="d1", team=TEAM, candidate="T1:c", route="r", rows=rows, card={}, at=1.0)
    )
    return requests


def shown(store, clock):
    """All that people other than the channel's members are shown, by where it is shown."""
    until = clock() + 1
    requests = store.mining.requests(TEAM, 0.0, until)
    messages = store.channel_messages.between(TEAM, 0.0, until)
    rows = [*to_rows(requests), *messages_to_rows(messages)]
    uncertain = store.labels.uncertain_requests(TEAM, 0.0)
    labels = [label for label in store.labels.all(TEAM) if label.showable]
    questions = store.document_questions.between(TEAM, 0.0, until)
    answers = store.datasets.answered_requests(TEAM, [row.id for row in requests], "handbook")

    stored = {}
    with store.begin() as connection:
        for table in (candidate, digest, dataset):
            stored[table.name] = str(connection.execute(select(table)).all())

    return stored | {
        "quoted by mining": str([row.text for row in rows if row.quotable]),
        "label list": str([item.text for item in uncertain.values()]),
        "labels": str([label.example.text for label in labels]),
        "gaps": str([item.text for item in questions if item.channel_kind == "public"]),
        "training answers": str(answers),
    }


def convert(store, **_):
    history = ChannelHistory(store.documents, store.access, lambda _: "")
    event = {"type": "message", "channel": "C1", "subtype": "channel_convert_to_private"}
    history.apply(TEAM, event)


def find_out(people, clock, rights, **_):
    """The event is lost; Slack is asked again when its word is old."""
    people.channels["C1"] = ChannelInfo("C1", "c1", public=False, shared=False)
    clock.forward(HOUR + 1)
    assert rights.refresh_public_channels() == 2


def test_at_first_everything_is_shown(store, said, clock):
    for place, content in shown(store, clock).items():
        assert SECRET in content, place


@pytest.mark.parametrize("become_private", [convert, find_out])
def test_nothing_of_it_is_shown_any_more_and_the_rest_stays(
    store, said, people, clock, rights, become_private
):
    become_private(store=store, people=people, clock=clock, rights=rights)

    for place, content in shown(store, clock).items():
        assert SECRET not in content, place
        assert OTHER in content, place


def test_becoming_public_again_publishes_nothing_of_before(store, said, people, clock, rights):
    find_out(people, clock, rights)
    people.channels["C1"] = ChannelInfo("C1", "c1", public=True, shared=False)
    clock.forward(HOUR + 1)
    assert rights.public_channels(TEAM, ["C1"]) == {"C1"}

    for place, content in shown(store, clock).items():
        assert SECRET not in content, place


def test_examples_of_an_older_release_go_where_they_may_be_from_the_channel(store, said, clock):
    known = store.candidates.get("T1:c").evidence
    for key, requests in (("T1:old", known.requests), ("T1:elsewhere", ("r99",))):
        evidence = CandidateEvidence(examples=(SECRET,), requests=requests)
        store.candidates.upsert(
            Candidate(key, TEAM, "questions", "", "detected", evidence=evidence), clock()
        )

    convert(store)

    assert store.candidates.get("T1:old").evidence.examples == ()
    assert store.candidates.get("T1:elsewhere").evidence.examples == (SECRET,)


def test_another_workspace_s_channel_of_the_same_id_is_another(store, said, clock):
    store.access.set_channel("T2", "C1", public=False)

    for place, content in shown(store, clock).items():
        assert SECRET in content, place


def test_rounds_ask_about_the_longest_unasked_and_give_dead_channels_a_rest(
    store, said, people, clock, rights
):
    people.silent_channels.add("C1")
    clock.forward(HOUR + 1)

    assert rights.refresh_public_channels() == 2
    assert rights.refresh_public_channels() == 0
    clock.forward(HOUR + 1)
    assert rights.refresh_public_channels() == 2


@pytest.mark.parametrize("is_late", [False, True])
def test_a_message_that_arrives_after_the_conversion_is_private(store, clock, is_late):
    intake = Intake(store, "UBEAGLE", clock, lambda: "r1", PersonLimit(0, clock))
    store.channel_rules.upsert(ChannelRule(TEAM, "C1"))
    store.channel_messages.start_mining(TEAM, "C1", "UADMIN", clock())
    if is_late:
        convert(store)

    for number, text in enumerate(("<@UBEAGLE> what is new?", "nothing is new")):
        event = {"type": "message", "channel": "C1", "channel_type": "channel", "user": "U1"}
        event |= {"ts": f"{number + 1}.0", "text": text}
        authorization = [{"team_id": TEAM, "user_id": "UBEAGLE"}]
        body = {"type": "event_callback", "event_id": f"Ev{number}", "team_id": TEAM}
        intake(body | {"event": event, "authorizations": authorization}, {}, lambda: None)

    kinds = {store.requests.get("r1").channel_kind}
    kinds |= {m.channel_kind for m in store.channel_messages.between(TEAM, 0.0, clock() + 1)}
    assert kinds == {"private" if is_late else "public"}
