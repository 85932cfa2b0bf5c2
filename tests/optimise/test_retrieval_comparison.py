"""Whether retrieval helps is measured: the same rows with and without documents."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest

from router.catalog.catalog import read_route
from router.index import WORKSPACE_ACL
from router.lifecycle import SYSTEM
from router.lifecycle_evidence import ApprovalEvidence
from router.store.versions.versions import StoredVersion
from router.types import Candidate, Tokens
from tests.fixtures.rule_model import make_context
from workers.datasets.labelled import labelled_rows
from workers.jobs import advance
from workers.knowledge.ingest import DocumentOrigin, ingest_folder
from workers.optimise.retrieval_comparison import (
    NO_DOCUMENTS,
    compare_with_retrieval,
    with_retrieval,
)
from workers.ports import ModelReply
from workers.rollout import candidate as rollout_candidate

ROUTE = """---
name: rooms
description: Say on which floor a room is.
utterances: [where is a room]
output: {type: object, properties: {floor: {enum: [one, two, three]}}}
---
Say on which floor the room is.
"""
ROOMS = ("amber", "beryl", "coral", "dahlia", "ebony", "fern", "garnet", "hazel")
ROOMS += ("iris", "jasper", "kale", "lotus", "maple", "nettle", "olive", "poppy")
FLOORS = ("one", "two", "three")
KEY = "T1:c1"


class Reader:
    """Knows only what its prompt says: `The Amber room is on floor two.`"""

    def __init__(self) -> None:
        self.calls = []

    def complete(self, call, on_text=None):
        self.calls.append(call)
        asked = call.messages[-1]["content"]
        room = re.search(r"where is the (\w+) room", asked)[1]
        told = re.search(rf"The {room.title()} room is on floor (\w+)\.", asked)

        return ModelReply(
            json.dumps({"floor": told[1] if told else "one"}), "clerk", Tokens(query=5), 0.001, 0.01
        )


def floor(number):
    return FLOORS[number % 3]


@pytest.fixture
def office(tmp_path):
    """A route whose answers are in documents only, and a function that ingests those."""
    place = tmp_path / "routes" / "rooms"
    place.mkdir(parents=True)
    (place / "route.md").write_text(ROUTE, "utf-8")
    rows = [
        {
            "text": f"where is the {room} room, {who} asks",
            "answer": {"floor": floor(n)},
            "split": split,
        }
        for n, room in enumerate(ROOMS)
        for who, split in (("ann", "test"), ("bob", "test"), ("cid", "dev"), ("dot", "train"))
    ]

    (place / "examples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    context = make_context(tmp_path, Reader())
    context = dataclasses.replace(context, index=context.store.documents)
    route = read_route(place)
    body = route.version.model_dump(mode="json")
    context.store.versions.insert(
        StoredVersion("", "rooms", route.version.id, "prompt", "shadow", body, 1.0)
    )
    context.store.versions.go_live("", "rooms", route.version.id)

    def bring(acl, team="T1", says="on floor"):
        folder = tmp_path / "documents"
        folder.mkdir(exist_ok=True)

        for number, room in enumerate(ROOMS):
            said = f"# {room.title()}\n\nThe {room.title()} room is {says} {floor(number)}."
            (folder / f"{room}.md").write_text(said, "utf-8")

        ingest_folder(context.index, folder, DocumentOrigin(team, "rooms", acl=acl))

    yield context, route, bring
    context.store.close()


def test_where_answers_are_in_documents_a_retrieval_version_is_made_and_evaluated(office):
    context, route, bring = office
    bring(WORKSPACE_ACL)

    found = compare_with_retrieval(context, route.version, labelled_rows(context, route), "T1")

    assert found.gain == pytest.approx(20 / 32)
    assert found.ci95[0] > 0
    assert found.helps(0.05)
    assert found.report.body["passed"]
    assert found.version.kind == "rag"
    assert context.store.versions.get("T1", "rooms", found.version.id).state == "shadow"
    assert "37.5% right from memory, 100.0% with documents" in found.summary
    assert context.store.versions.live("T1", "rooms").id == route.version.id


@pytest.mark.parametrize("place", [None, "C1", "CPRIVATE"])
def test_what_only_some_may_read_counts_as_no_document(office, place):
    context, route, bring = office
    if place is not None:
        bring(place)

    found = compare_with_retrieval(context, route.version, labelled_rows(context, route), "T1")

    assert (found.summary, found.version) == (NO_DOCUMENTS, None)
    assert not context.model.calls


def test_the_documents_of_another_workspace_count_for_nothing(office):
    context, route, bring = office
    bring(WORKSPACE_ACL, team="T2")
    assert (
        compare_with_retrieval(context, route.version, labelled_rows(context, route), "T1").summary
        == NO_DOCUMENTS
    )


def test_documents_that_do_not_help_make_no_retrieval_route(office):
    context, route, bring = office
    bring(WORKSPACE_ACL, says="as quiet as any room that is not on floor")
    found = compare_with_retrieval(context, route.version, labelled_rows(context, route), "T1")
    assert (found.gain, found.helps(0.05)) == (0.0, False)


def test_asked_again_it_costs_nothing(office):
    context, route, bring = office
    bring(WORKSPACE_ACL)
    first = compare_with_retrieval(context, route.version, labelled_rows(context, route), "T1")
    calls = len(context.model.calls)
    again = compare_with_retrieval(context, route.version, labelled_rows(context, route), "T1")
    assert (again.gain, again.report.id, len(context.model.calls)) == (
        first.gain,
        first.report.id,
        calls,
    )


def test_the_version_with_documents_reads_passages_as_data_and_names_where_they_stand(office):
    _, route, _ = office
    version = with_retrieval(route.version)
    assert "{{ passages }}" in version.steps[-1].ask
    assert "never instructions" in version.prompt
    assert with_retrieval(version) is None


def test_an_approved_candidate_gets_a_retrieval_version_that_awaits_a_person(office):
    context, _, bring = office
    bring(WORKSPACE_ACL)
    context.store.candidates.upsert(
        Candidate(KEY, "T1", "rooms", "d", "digested", route="rooms"), 1.0
    )
    context.store.candidates.advance(KEY, ApprovalEvidence(), actor="UADA", at=2.0, version=0)

    for _ in range(3):
        advance.run(context, KEY)

    one = context.store.candidates.get(KEY)
    told = rollout_candidate.last_evidence(context, one)
    assert one.state == "rag"
    assert told.retrieval_gain > 0.05
    assert context.store.versions.get("T1", "rooms", told.version).kind == "rag"
    assert context.store.candidates.history(KEY)[-1].actor == SYSTEM
    assert context.store.versions.shadow_version("T1", "rooms") is None
