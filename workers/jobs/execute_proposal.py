"""Carries out what a person confirmed, once, and shows in the answer what became of it."""

from __future__ import annotations

from typing import Literal

from router.catalog.version import ReactStep
from router.errors import PathError
from router.log import get_log
from router.types import Decision, Outcome, Proposal, Request
from workers.context import Context, Work
from workers.tools import ToolError, Use, get_tool

QUEUE = "answer"

ALONE_SECONDS = 60.0
"""How long one worker has for it before another one may take it for dead."""
AGAIN_SECONDS = 30.0


def run(context: Context, key: str) -> None:
    """`key` is a proposal's: it is done or has failed, and its message says so; what nobody confirmed is not done.

    Runs at least once for each wake-up. A worker that dies in between leaves it to another one, so
    a tool makes its effect once for each `Use.key`.
    """
    store, now = context.store, context.now()
    found = store.proposals.get(key)
    if found is None or found.state == "pending":
        return

    request, decision = store.requests.get(found.request), store.decisions.newest(found.request)
    if request is None or decision is None:
        return

    if found.state in ("confirmed", "running"):
        if not store.proposals.claim(key, now, now + ALONE_SECONDS):
            return

        state, result = _carry_out(context, request, decision, found)
        store.proposals.finish(key, state, result, context.now())
        get_log(step="execute_proposal", request=request.id).info(
            "proposal_closed", tool=found.tool, state=state
        )

    store.proposals.put_off(key, context.now() + AGAIN_SECONDS)

    outcome = store.decisions.outcome(found.request, found.revision)
    if (
        decision.revision == found.revision
        and outcome is not None
        and not _told(context, request, decision, outcome)
    ):
        return

    store.proposals.put_off(key, None)


def _carry_out(
    context: Context, request: Request, decision: Decision, found: Proposal
) -> tuple[Literal["done", "failed"], str]:
    """What became of it, as a state and a sentence."""
    if decision.revision != found.revision:
        return "failed", "the request was sent another way meanwhile"

    try:
        version = context.version(decision.route or "", decision.version or "")
        allowed = {
            name for step in version.steps if isinstance(step, ReactStep) for name in step.tools
        }
        if found.tool not in allowed:
            return "failed", "the route does not allow this tool any more"

        work = Work(request, decision, version)
        return "done", get_tool(found.tool).run(Use(context, work, found.args, key=found.key))
    except (ToolError, PathError) as error:
        return "failed", str(error)
    except Exception:  # noqa: BLE001  # the job boundary: whatever happened, the person is told
        get_log(step="execute_proposal", request=request.id).exception(
            "tool_broke", tool=found.tool
        )
        return "failed", "something went wrong; an admin finds it in the log"


def _told(context: Context, request: Request, decision: Decision, outcome: Outcome) -> bool:
    """Whether the message shows it now, or never can."""
    try:
        context.replies.deliver(request, decision, outcome)
    except PathError as error:
        return not error.retry

    return True
