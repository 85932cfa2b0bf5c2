"""Forget me: copies of a person's words go, what others wrote stays, evidence is not touched."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select, update

from router.candidate_evidence import CandidateEvidence, GateOutcome
from router.evidence_codec import encode
from router.index import Chunk, Document
from router.lifecycle_evidence import ApprovalEvidence
from router.store.base.tables import candidate, dataset, feedback, outcome, verdict
from router.store.privacy.sentences import REPLACEMENT
from router.store.weekly.candidate_tables import candidate_edge
from router.store.weekly.digests import Verdict
from router.store.weekly.evidence_hash import evidence_hash, full_hash
from router.types import Candidate, Citation, Feedback, Outcome, Proposal
from workers.knowledge.channel_history import ChannelHistory
from workers.ports import ChannelInfo
from workers.privacy.erasure import erase_person

WORDS = "Project Nightjar closes the plant in Lyon"
OTHER = "the vending machine on floor three is empty"


@pytest.fixture
def add(every_store, make_request, make_decision, clock):
    """Stores a request with an answer and returns its id."""

    def ask(text: str, answer: str = "done", **over: object) -> str:
        request = make_request(text, **over)
        every_store.requests.insert(request, clock())
        every_store.decisions.insert_first(request.id, make_decision(), clock(), None)
        every_store.decisions.insert_outcome(
            request.id, 0, Outcome(text=answer, model="m"), clock()
        )
        return request.id

    return ask


@pytest.fixture
def forget(every_store, clock):
    def erase(team: str = "T1", user: str = "U1"):
        clock.forward(60.0)
        return erase_person(every_store, every_store.documents, team, user, clock())

    return erase


@pytest.fixture
def add_candidate(every_store, clock):
    def add(team: str = "T1", **over: object) -> Candidate:
        evidence = CandidateEvidence(
            count=40,
            examples=(WORDS, OTHER),
            recommendation="keep the prompt for now",
            reasons=("keep the prompt for now",),
            gates=(GateOutcome(name="volume", figure="keep the prompt for now"),),
            naming={"label": "plants", "model": "m", "examples": {"nightjar": 2}},
        )
        new = Candidate(
            id=f"{team}:c1",
            team=team,
            label="closing plants",
            definition=f"People write things like “{WORDS}”.",
            state="digested",
            evidence=evidence,
        )
        return every_store.candidates.upsert(new, clock())

    return add


def test_an_answer_that_repeats_the_thread_goes(every_store, add, forget):
    add(WORDS)
    repeating = add("what did she say", f"She said: {WORDS}.", user="U2")
    other = add("something else", "Nothing to see.", user="U2")

    gone = forget()

    assert gone.rows["answer"] == 1
    assert every_store.decisions.outcome(repeating, 0).text == ""
    assert every_store.requests.get(repeating).text == "what did she say"
    assert every_store.decisions.outcome(other, 0).text == "Nothing to see."
    assert gone.remaining == {}


def test_the_data_and_the_quotes_of_an_answer_are_searched_too(every_store, add, forget, clock):
    add(WORDS)
    key = add("what did she say", user="U2")
    for revision, answer in enumerate(
        (
            Outcome(text="see below", data={"summary": [f"note: {WORDS}"]}, model="m"),
            Outcome(text="see", citations=(Citation(1, "t", "u", WORDS),), model="m"),
        ),
        1,
    ):
        every_store.decisions.insert_outcome(key, revision, answer, clock())

    assert forget().rows["answer"] == 2


def test_a_shortcut_of_somebody_else_on_the_message_goes(every_store, add, forget):
    add(WORDS)
    known = add(WORDS, f"You ask about {WORDS}", user="U2", source="shortcut", author="U1")
    unknown = add(WORDS, f"You ask about {WORDS}", user="U2", source="shortcut")

    gone = forget()

    assert every_store.requests.get(known) is None
    assert every_store.requests.get(unknown).text == ""
    assert every_store.decisions.outcome(unknown, 0).text == ""
    assert (gone.rows["copied"], gone.shared) == (1, 0)


def test_a_shortcut_on_somebody_else_s_message_is_theirs(every_store, add, forget):
    add(WORDS)
    key = add(WORDS, user="U2", source="shortcut", author="U3")

    assert forget().shared > 0
    assert every_store.requests.get(key).text == WORDS


def test_a_note_and_a_proposal_with_the_words_go(every_store, add, forget, clock):
    add(WORDS)
    key = add("keep what she said", user="U2")
    every_store.proposals.propose(
        Proposal(key, 0, "note", {"text": WORDS}, f"Keep “{WORDS}”?", clock())
    )
    note = Document(
        team="T1",
        key=f"note:{key}.0",
        source="note:C1",
        title="Note",
        url="",
        acl="C1",
        updated_at=clock(),
        hash="h",
        chunks=[Chunk("Note", "", WORDS, "U2")],
    )
    every_store.documents.upsert(note)

    gone = forget()

    assert (gone.rows["note"], gone.rows["proposal"]) == (1, 1)
    assert every_store.documents.hashes("T1", "note:C1") == {}
    assert every_store.proposals.get(f"{key}.0").said == ""


def test_what_people_of_another_workspace_wrote_is_not_even_counted(every_store, add, forget):
    add(WORDS)
    theirs = add(WORDS, team="T2", user="U2")

    assert forget().shared == 0
    assert every_store.requests.get(theirs).text == WORDS


def test_what_another_person_wrote_independently_stays_and_is_reported(every_store, add, forget):
    add(f"{WORDS}. And I am very sorry about it")
    same = add(WORDS, f"You say {WORDS}", user="U2")

    gone = forget()

    assert every_store.requests.get(same).text == WORDS
    assert every_store.decisions.outcome(same, 0).text == f"You say {WORDS}"
    assert gone.shared > 0
    assert gone.terms == ("And I am very sorry about it",)


def test_somebody_in_another_workspace_with_the_same_id_loses_nothing(every_store, add, forget):
    add(WORDS)
    theirs = add(WORDS, team="T2", channel="C9")
    every_store.feedback.record(Feedback(theirs, "U1", "thumb", "up", 1.0))
    answer = add("what was it", f"It was {WORDS}", team="T2", channel="C9", user="U2")
    copied = add("what was it", f"It was {WORDS}", user="U2")

    forget()

    assert every_store.requests.get(theirs).text == WORDS
    assert every_store.decisions.outcome(answer, 0).text == f"It was {WORDS}"
    # The sentence is another workspace's too, and a copy in this one goes all the same.
    assert every_store.decisions.outcome(copied, 0).text == ""
    with every_store.begin() as connection:
        assert connection.execute(select(feedback.c.user)).scalars().all() == ["U1"]


def test_an_answer_given_before_the_words_were_written_is_no_copy(every_store, add, forget, clock):
    earlier = add("what is new", f"News: {WORDS}", user="U2")
    clock.forward(10.0)
    add(WORDS)

    forget()

    assert every_store.decisions.outcome(earlier, 0).text == f"News: {WORDS}"


def test_evidence_loses_quotations_and_nothing_else(every_store, add, forget, add_candidate):
    add(WORDS)
    add("keep the prompt for now")
    before = add_candidate()

    forget()

    after = every_store.candidates.get(before.id)
    assert after.evidence.examples == (REPLACEMENT, OTHER)
    assert after.definition == f"People write things like “{REPLACEMENT}”."
    assert after.label == before.label
    assert after.evidence.naming["examples"] == {}
    for name in ("recommendation", "reasons", "gates", "count"):
        assert getattr(after.evidence, name) == getattr(before.evidence, name)


def test_a_member_of_another_workspace_changes_no_evidence(every_store, add, forget, add_candidate):
    add(WORDS, team="T2", channel="C9")
    before = add_candidate()

    forget("T2")

    assert every_store.candidates.get(before.id) == before


def test_the_hash_of_a_decision_stays_true(every_store, add, forget, add_candidate, clock):
    add(WORDS)
    found = add_candidate()
    every_store.candidates.advance(
        found.id,
        ApprovalEvidence(reason="yes", budget_usd=1.0),
        actor="UADMIN",
        at=clock(),
        version=found.version,
    )
    edge = every_store.candidates.history(found.id)[-1]

    forget()

    body = encode(every_store.candidates.get(found.id).evidence)
    assert every_store.candidates.history(found.id) == [edge]
    assert edge.evidence_hash == evidence_hash(body, encode(edge.evidence))


def test_a_hash_of_an_older_release_is_renewed(every_store, add, forget, add_candidate, clock):
    add(WORDS)
    found = add_candidate()
    every_store.candidates.advance(
        found.id, ApprovalEvidence(), actor="UADMIN", at=clock(), version=found.version
    )
    old = full_hash(
        encode(found.evidence),
        encode(every_store.candidates.history(found.id)[-1].evidence),
    )
    every_store.digests.record_verdict(Verdict(found.id, 1, "UADMIN", "approve", "", old, clock()))
    with every_store.begin() as connection:
        connection.execute(update(candidate_edge).values(evidence_hash=old))

    forget()

    edge = every_store.candidates.history(found.id)[-1]
    body = encode(every_store.candidates.get(found.id).evidence)
    assert edge.evidence_hash == evidence_hash(body, encode(edge.evidence))
    with every_store.begin() as connection:
        stored = connection.execute(select(verdict.c.evidence_hash)).scalars().all()
    assert stored == [edge.evidence_hash]


def test_a_digest_loses_the_words(every_store, add, forget, clock):
    add(WORDS)
    body = {
        "gaps": [{"example": WORDS, "asked": 2}],
        "decided": [{"label": WORDS, "state": "approved"}],
        "numbers": {"requests": 3},
    }
    every_store.digests.insert("T1", "2027-W01", body, clock())
    every_store.digests.insert("T2", "2027-W01", body, clock())
    forget()

    mine = every_store.digests.get("T1", "2027-W01").body
    assert mine["gaps"] == [{"example": REPLACEMENT, "asked": 2}]
    assert mine["decided"] == [{"label": REPLACEMENT, "state": "approved"}]
    assert mine["numbers"] == body["numbers"]
    assert every_store.digests.get("T2", "2027-W01").body == body


def test_datasets_lose_the_person_s_rows_and_answers_that_repeat_them(
    every_store, add, forget, add_candidate, clock
):
    add(WORDS)
    add("ask about her message", user="U4")
    rows = [
        {"text": WORDS, "answer": "a", "user": "U1", "at": 1.0},
        {"text": "what is up", "answer": {"summary": WORDS}, "user": "U2", "at": 1.0},
        {"text": OTHER, "answer": OTHER, "user": "U3", "at": 1.0},
    ]
    card = {"contradictions": [WORDS, OTHER], "found": 3}
    for team in ("T1", "T2"):
        found = add_candidate(team)
        values = {"team": team, "id": "d1", "candidate": found.id, "route": "triage"}
        values |= {"rows": rows, "card": card, "at": clock()}
        with every_store.begin() as connection:
            connection.execute(insert(dataset).values(values))

    gone = forget()

    assert gone.datasets == ("d1",)
    assert [row["user"] for row in every_store.datasets.get("T1", "d1").rows] == ["U3"]
    assert every_store.datasets.get("T1", "d1").card == {
        "contradictions": [REPLACEMENT, OTHER],
        "found": 3,
    }
    assert every_store.datasets.get("T2", "d1").rows == rows


def test_words_in_a_channel_of_which_only_a_file_remains_are_the_person_s(every_store, forget, add):
    history = ChannelHistory(every_store.documents, every_store.access, lambda channel: "")
    harbour = ChannelInfo("C1", "harbour", public=True, shared=False)
    history.allow("T1", harbour, ["U1", "U2"], 0.0)
    message = {"type": "message", "channel": "C1", "user": "U1", "text": WORDS}
    history.apply("T1", message | {"ts": "1700000000.000100"})
    repeating = add("who knows", f"She said: {WORDS}", user="U2")

    gone = forget()

    assert gone.rows["thread"] == 1
    assert every_store.decisions.outcome(repeating, 0).text == ""
    assert gone.remaining == {}


def test_a_place_that_nobody_cleans_is_found_by_the_proof(every_store, add, forget, add_candidate):
    add(WORDS)
    found = add_candidate()
    with every_store.begin() as connection:
        money = {"note": f"{WORDS}"}
        body = encode(found.evidence) | {"money": money}
        connection.execute(update(candidate).values(evidence=body))

    assert forget().remaining == {"candidate.evidence": 1}


def test_twice_is_once(every_store, add, forget, add_candidate):
    add(WORDS)
    add("what did she say", f"She said: {WORDS}.", user="U2")
    add_candidate()
    forget()

    assert set(forget().rows.values()) == {0}
    with every_store.begin() as connection:
        assert len(connection.execute(select(outcome.c.request)).all()) == 1
