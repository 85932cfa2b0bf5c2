"""Mining uses the whole record of a request: route, answer and tools."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from router.store.mining.channel_messages import ChannelMessage
from router.types import WITHOUT_FILES, Outcome, Proposal
from workers.mining.pipeline import NO_PRIVACY_LIMITS, mine
from workers.mining.requests import to_rows, without_answers
from workers.readiness.structure import measure_structure


def test_a_tool_that_was_asked_for_is_part_of_the_record(
    every_store, make_request, make_decision, clock
):
    store = every_store
    for n in range(3):
        request = make_request(f"note {n}")
        store.requests.insert(request, clock())
        store.decisions.insert_first(request.id, make_decision("remember"), clock())
        store.decisions.insert_outcome(
            request.id, 0, Outcome(text="Keep it?", route="remember", kind="tools"), clock()
        )
        store.proposals.propose(
            Proposal(request.id, 0, "note", {"text": f"note {n}"}, "Keep it?", clock())
        )

    rows = to_rows(store.mining.requests("T1", 0.0, clock() + 1))
    assert [row.record["tool"] for row in rows] == [
        {"name": "note", "arguments": {"text": f"note {n}"}} for n in range(3)
    ]
    found = measure_structure(rows, np.eye(3, dtype=np.float32))
    assert (found.one_form, found.form) == (1.0, "note({text: text})")


def test_small_talk_is_no_work_and_is_not_mined(every_store, make_request, make_decision, clock):
    store = every_store
    for n, verb in enumerate(("meta", "out_of_scope", "route")):
        request = make_request(f"{verb} {n}")
        store.requests.insert(request, clock())
        decided = replace(make_decision(), verb=verb)
        store.decisions.insert_first(request.id, decided, clock())

    store.requests.insert(make_request("not decided yet"), clock())
    found = {row.text for row in store.mining.requests("T1", 0.0, clock() + 1)}
    assert found == {"out_of_scope 1", "route 2", "not decided yet"}


def test_answers_to_files_are_not_learned_from_the_message(
    every_store, make_request, make_decision, clock
):
    for request in (
        make_request("sum it up", files="F1"),
        make_request("sum up: a and b"),
        make_request("sum up: c and d", files=f"{WITHOUT_FILES} F2"),
    ):
        every_store.requests.insert(request, clock())
        every_store.decisions.insert_first(request.id, make_decision("summarise"), clock())

    rows = every_store.mining.requests("T1", 0.0, clock() + 1)
    assert [row.text for row in rows] == ["sum up: a and b", "sum up: c and d"]


def test_what_one_route_serves_as_a_task_is_one_candidate_with_its_answers(
    encode, repeated_requests, chatter
):
    served = [
        row.__class__(
            row.text,
            row.user,
            row.at,
            row.channel,
            record={"route": "tokens", "kind": "prompt", "data": {}},
        )
        for row in [*repeated_requests("vpn"), *repeated_requests("room")]
    ]

    found = mine([*served, *chatter(100)], encode, NO_PRIVACY_LIMITS)
    (mine_of_it,) = [one for one in found.clusters if one.route == "tokens"]
    assert len(mine_of_it.rows) == len(served)
    assert found.rows_by_route["tokens"] == len(served)


def test_an_answer_to_somebody_else_is_no_request():
    def said(ts, user, thread=""):
        return ChannelMessage("T1", "C1", ts, user, "a text", "public", float(ts), thread)

    asked, again = said("1.0", "U1"), said("2.0", "U1", "1.0")
    answer, unknown = said("3.0", "U2", "1.0"), said("4.0", "U2", "0.5")

    assert without_answers([asked, again, answer, unknown], []) == [asked, again, unknown]
