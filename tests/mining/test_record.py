"""Mining reads the whole record of a request: what served it, what was answered, the tool that was asked for."""

from __future__ import annotations

import numpy as np

from router.types import Outcome, Proposal
from workers.mining.pipeline import OPEN, mine
from workers.mining.requests import rows_of
from workers.readiness.structure import read_structure


def test_a_tool_that_was_asked_for_is_part_of_the_record(
    every_store, make_request, make_decision, clock
):
    store = every_store
    for n in range(3):
        request = make_request(f"note {n}")
        store.requests.remember(request, clock())
        store.decisions.decide(request.id, make_decision("remember"), clock())
        store.decisions.keep(
            request.id, 0, Outcome(text="Keep it?", route="remember", kind="tools"), clock()
        )
        store.proposals.propose(
            Proposal(request.id, 0, "note", {"text": f"note {n}"}, "Keep it?", clock())
        )

    rows = rows_of(store.minable.asked("T1", 0.0, clock() + 1))
    assert [row.record["tool"] for row in rows] == [
        {"name": "note", "arguments": {"text": f"note {n}"}} for n in range(3)
    ]
    found = read_structure(rows, np.eye(3, dtype=np.float32))
    assert (found.one_form, found.form) == (1.0, "note({text: text})")


def test_what_one_route_serves_as_a_task_is_one_candidate_with_its_answers(encode, asked, chatter):
    served = [
        row.__class__(
            row.text,
            row.user,
            row.at,
            row.channel,
            record={"route": "tokens", "kind": "prompt", "data": {}},
        )
        for row in [*asked("vpn"), *asked("room")]
    ]

    found = mine([*served, *chatter(100)], encode, OPEN)
    (mine_of_it,) = [one for one in found.findings if one.route == "tokens"]
    assert len(mine_of_it.rows) == len(served)
    assert found.known["tokens"] == len(served)
