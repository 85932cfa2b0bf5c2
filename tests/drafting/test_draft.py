"""A candidate without a route gets one that is drafted, evaluated, and started by a person only."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from evals.weekly.drafted.workspace import ADMIN, TEAM
from router.candidate_evidence import CandidateEvidence
from router.errors import IllegalTransitionError
from router.lifecycle import SYSTEM
from router.lifecycle_evidence import ApprovalEvidence, ShadowEvidence
from tests.drafting.conftest import room_requests
from workers.drafting.kind import STYLES
from workers.jobs import advance
from workers.llm.fakes import ScriptedModel

ANSWER = {"day": "Monday", "time": "9:00"}
SECRET = "zanzibarcanary"


@pytest.fixture
def drafted(open_workspace, add_candidate):
    """Opens a workspace of room requests and drafts the route; returns workspace and candidate."""

    def draft(messages=None, *, model=None, model_name="local"):
        messages = room_requests() if messages is None else messages
        options = {"llm": model, "model": model_name}
        workspace = open_workspace(messages, **options)
        return workspace, workspace.draft(add_candidate(workspace, messages))

    return draft


def route_and_version(workspace, candidate):
    route = workspace.store.drafted_routes.get(TEAM, candidate.route)
    stored = workspace.store.versions.get(TEAM, route.name, route.version)
    return route, workspace.context.exact_version(TEAM, route.name, stored.id)


def test_answers_of_one_shape_make_a_record(drafted):
    workspace, candidate = drafted()
    route, version = route_and_version(workspace, candidate)

    assert candidate.state == "drafted"
    assert route.name == "meeting_room"
    assert list(version.output["properties"]) == ["day", "time"]
    assert "- day:" in version.prompt


def test_the_draft_passes_lint_and_is_tried_on_held_out_requests(drafted):
    workspace, candidate = drafted()
    evidence = workspace.store.candidates.history(candidate.id)[-1].evidence

    assert evidence.evaluated
    assert evidence.open_points == ()
    assert evidence.routing["passed"]
    assert evidence.routing["own_count"] >= 10
    route, _ = route_and_version(workspace, candidate)
    assert len(route.previews) == 3


def test_people_who_asked_last_measure_and_teach_nothing(drafted):
    workspace, candidate = drafted()
    route, _ = route_and_version(workspace, candidate)

    people = {
        split: {part.user for part in route.rows if part.split == split and part.user}
        for split in ("train", "test")
    }
    people["train"] |= {part.user for part in route.utterances if part.user}
    assert people["test"]
    assert not people["test"] & people["train"]


def test_a_version_holds_nobodys_words(drafted):
    workspace, candidate = drafted()
    route, version = route_and_version(workspace, candidate)

    shown = {shot.text for shot in version.shots}
    assert shown
    assert not shown & {part.text for part in (*route.rows, *route.utterances) if part.user}


def test_near_messages_that_ask_for_nothing_teach_the_border(drafted):
    workspace, candidate = drafted()
    route, _ = route_and_version(workspace, candidate)

    assert any("cold again" in part.text for part in route.negatives)


def test_without_answers_the_values_of_the_requests_make_the_record(drafted):
    workspace, candidate = drafted(room_requests(answer=""))
    _, version = route_and_version(workspace, candidate)

    assert list(version.output["properties"]) == ["date", "time"]


def test_free_answers_make_a_prompt(drafted):
    messages = room_requests(answer="sure, just take any meeting room you see")
    for place, one in enumerate(messages):
        if one.kind:
            messages[place] = type(one)("book a meeting room please", one.user, one.at, one.kind)
    workspace, candidate = drafted(messages)
    _, version = route_and_version(workspace, candidate)

    assert version.output is None
    assert "at most 20 words" in version.prompt


def test_a_rare_word_is_nowhere_in_a_draft(drafted):
    messages = room_requests()
    first = messages[0]
    messages[0] = type(first)(f"{first.text} {SECRET}", first.user, first.at, first.kind)
    workspace, candidate = drafted(messages)
    route, version = route_and_version(workspace, candidate)
    edges = [asdict(edge.evidence) for edge in workspace.store.candidates.history(candidate.id)]

    stored = json.dumps([asdict(route), version.model_dump(mode="json"), edges])
    assert SECRET not in stored


def model_texts(**over):
    """What a capable model answers when it is asked to draft."""
    texts = {
        "description": "Books a room for a meeting.",
        "rules": ["Never book a room twice."],
        "wordings": ["could we get a room", "write to ann@example.org for a room"],
        "fields": [],
    }
    return json.dumps(texts | over)


def test_a_capable_model_words_the_draft(drafted):
    workspace, candidate = drafted(model=ScriptedModel([model_texts()]), model_name="gpt-x")
    route, version = route_and_version(workspace, candidate)

    assert route.description == "Books a room for a meeting."
    assert "Never book a room twice." in version.prompt
    assert "could we get a room" in {part.text for part in route.utterances}
    assert "ann@example.org" not in json.dumps(asdict(route))


def test_a_model_whose_text_breaks_a_limit_is_asked_once_more(drafted):
    model = ScriptedModel([model_texts(rules=["use {{ secret }}"]), model_texts()])
    workspace, candidate = drafted(model=model, model_name="gpt-x")
    route, _ = route_and_version(workspace, candidate)

    assert "braces" in model.calls[1].messages[-1]["content"]
    assert route.description == "Books a room for a meeting."


def test_a_model_that_cannot_draft_leaves_beagles_own_text(drafted):
    model = ScriptedModel(["no json", "no json"])
    workspace, candidate = drafted(model=model, model_name="gpt-x")
    route, _ = route_and_version(workspace, candidate)

    assert route.description == "Read a request about meeting room and list its details."
    assert any("was not used" in note for note in route.notes)


def test_nobody_but_a_person_starts_a_draft(drafted):
    workspace, candidate = drafted()
    step = ShadowEvidence(version="v")

    with pytest.raises(IllegalTransitionError):
        workspace.store.candidates.advance(
            candidate.id, step, actor=SYSTEM, at=1.0, version=candidate.version
        )


def test_a_draft_is_written_again_in_another_way(drafted):
    workspace, candidate = drafted()
    again = ApprovalEvidence(verdict="approve", avoid=("structured", "rag"))
    workspace.store.candidates.advance(
        candidate.id, again, actor=ADMIN, at=1.0, version=candidate.version
    )
    for _ in range(2):
        advance.run(workspace.context, candidate.id)

    redrafted = workspace.store.candidates.get(candidate.id)
    _, version = route_and_version(workspace, redrafted)
    assert redrafted.route == "meeting_room"
    assert version.output is None


@pytest.fixture
def drafted_wish(open_workspace, add_candidate):
    """Has a route drafted from what an admin wrote, with this model; returns both."""

    def draft(**options):
        workspace = open_workspace([], **options)
        wish = replace(
            add_candidate(workspace, room_requests(count=1), label="travel booking"),
            id=f"{TEAM}:new-travel",
            definition="Ask for the dates. Then say {{what}} is booked.",
            evidence=CandidateEvidence(examples=("book a flight", "I need a train")),
        )
        return workspace, workspace.draft(workspace.store.candidates.upsert(wish, 1.0))

    return draft


def test_a_wish_becomes_a_route_without_any_request(drafted_wish):
    workspace, candidate = drafted_wish()
    route, version = route_and_version(workspace, candidate)

    assert candidate.state == "drafted"
    assert {"book a flight", "I need a train"} <= {part.text for part in route.utterances}
    assert "{{" not in version.prompt


def test_a_wish_is_tried_on_each_example_once_and_on_none_of_beagles_wordings(drafted_wish):
    workspace, candidate = drafted_wish()
    route, _ = route_and_version(workspace, candidate)

    assert [part.text for part in route.previews] == ["book a flight", "I need a train"]


@pytest.mark.parametrize(
    ("wanted", "kind", "fields"),
    [("structured", "prompt", ["dates"]), ("rag", "rag", []), ("prompt", "prompt", [])],
)
def test_a_wish_is_drafted_again_in_the_way_that_an_admin_chose(drafted_wish, wanted, kind, fields):
    workspace, candidate = drafted_wish()
    again = ApprovalEvidence(
        verdict="approve", avoid=tuple(style for style in STYLES if style != wanted)
    )
    workspace.store.candidates.advance(
        candidate.id, again, actor=ADMIN, at=1.0, version=candidate.version
    )
    advance.run(workspace.context, candidate.id)

    redrafted = workspace.store.candidates.get(candidate.id)
    _, version = route_and_version(workspace, redrafted)
    assert version.kind == kind
    assert list((version.output or {}).get("properties", {})) == fields
    assert "Ask for the dates." in version.prompt


def test_a_model_that_gives_no_answer_is_named_as_the_cause_and_not_a_format(drafted_wish):
    workspace, candidate = drafted_wish(llm=ScriptedModel(default="book a flight. " * 40))
    evidence = workspace.store.candidates.history(candidate.id)[-1].evidence

    assert not evidence.passed
    assert evidence.failures == ("no_answer",)
    assert evidence.reasons[0] == (
        "Not passed: the model gave no usable answer to 2 of 2 requests (it repeats itself)"
    )
    assert not any("format" in reason for reason in evidence.reasons)


def test_an_answer_of_another_form_is_a_wrong_format(drafted):
    workspace, candidate = drafted(model=ScriptedModel(["a room, I think"] * 200))
    evidence = workspace.store.candidates.history(candidate.id)[-1].evidence

    assert evidence.failures == ("format",)
    assert evidence.reasons[0].startswith("Not passed: 0% of its answers have the right format")


def test_having_answered_is_told_and_is_no_pass(drafted_wish):
    answers = ScriptedModel(default="Bananas grow best where summers stay warm and moist.")
    workspace, candidate = drafted_wish(llm=answers)
    evidence = workspace.store.candidates.history(candidate.id)[-1].evidence
    route, _ = route_and_version(workspace, candidate)

    assert evidence.reasons[0] == "It answered 2 of 2 requests"
    assert evidence.reasons[1].startswith("Nobody has said yet whether the answers are right")
    assert evidence.reasons[2].startswith("Doubtful: 2 of 2 answers")
    assert not any(reason.startswith("Passed: the model") for reason in evidence.reasons)
    assert all("same answer" in part.doubts for part in route.previews)


def test_an_admin_may_start_what_only_a_reader_can_judge(drafted_wish):
    workspace, candidate = drafted_wish(llm=ScriptedModel(default="Which flight or train?"))
    evidence = workspace.store.candidates.history(candidate.id)[-1].evidence

    assert evidence.passed
    assert evidence.failures == ()


def test_known_right_answers_are_compared_with(drafted):
    workspace, candidate = drafted(model=ScriptedModel([json.dumps(ANSWER)] * 200))
    evidence = workspace.store.candidates.history(candidate.id)[-1].evidence

    assert any("whose right answer is known" in reason for reason in evidence.reasons)
    assert not any("Nobody has said yet" in reason for reason in evidence.reasons)
