"""Executes a tool call that a person has confirmed, once, and shows the result in the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from router.catalog.version import ReactStep
from router.errors import PathError
from router.log import get_log
from router.types import Decision, Outcome, Proposal, Request
from workers.context import Context, Work
from workers.tools import ToolCall, ToolError, get_tool

QUEUE = "answer"
FIRST = True
"""A person has confirmed it: it must not wait behind the wake-up calls of many requests."""

CLAIM_SECONDS = 60.0
"""How long a worker has before another one may take it for dead."""
RETRY_SECONDS = 30.0


def run(context: Context, key: str) -> None:
    """Executes proposal `key` if a person has confirmed it, and updates the message.

    Runs at least once for each confirmation. If a worker dies in between, another one repeats the
    call, so a tool must act only once for each `ToolCall.key`.
    """
    store = context.store
    now = context.now()
    proposal = store.proposals.get(key)
    if proposal is None or proposal.state == "pending":
        return

    request = store.requests.get(proposal.request)
    decision = store.decisions.newest(proposal.request)
    if request is None or decision is None:
        return

    if proposal.state in ("confirmed", "running"):
        if not store.proposals.claim(key, now, now + CLAIM_SECONDS):
            return

        state, result = _execute(context, request, decision, proposal)
        store.proposals.complete(key, state, result, context.now())
        get_log(job="execute_proposal", request=request.id).info(
            "proposal_closed", tool=proposal.tool, state=state
        )

    # The reaper wakes it again until the message shows the result.
    store.proposals.set_wake_at(key, context.now() + RETRY_SECONDS)

    outcome = store.decisions.outcome(proposal.request, proposal.revision)
    is_visible = decision.revision == proposal.revision
    if (
        is_visible
        and outcome is not None
        and not _update_message(context, request, decision, outcome)
    ):
        return

    store.proposals.set_wake_at(key, None)


def _execute(
    context: Context, request: Request, decision: Decision, proposal: Proposal
) -> tuple[Literal["done", "failed"], str]:
    """Runs the tool; returns the proposal's new state and a sentence for the person."""
    if decision.revision != proposal.revision:
        return "failed", "the request was sent another way meanwhile"

    try:
        # Looked up again: the route may have changed since the person was asked.
        version = context.serving_version(
            request.team, decision.route or "", decision.version or ""
        )
        if proposal.tool not in _allowed_tools(version.steps):
            return "failed", "the route does not allow this tool any more"

        work = Work(request, decision, version)
        call = ToolCall(context, work, proposal.args, key=proposal.key)
        return "done", get_tool(proposal.tool).run(call)
    except (ToolError, PathError) as error:
        return "failed", str(error)
    except Exception:  # noqa: BLE001  # the job boundary: whatever happened, the person is told
        get_log(job="execute_proposal", request=request.id).exception(
            "tool_crashed", tool=proposal.tool
        )
        return "failed", "something went wrong; an admin finds it in the log"


def _allowed_tools(steps: Sequence[object]) -> set[str]:
    allowed: set[str] = set()
    for step in steps:
        if isinstance(step, ReactStep):
            allowed.update(step.tools)

    return allowed


def _update_message(
    context: Context, request: Request, decision: Decision, outcome: Outcome
) -> bool:
    """Posts the answer again; returns False when that should be tried once more later."""
    try:
        context.replies.deliver(request, decision, outcome)
    except PathError as error:
        return not error.retry

    return True
