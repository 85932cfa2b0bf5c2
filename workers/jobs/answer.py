"""One request, from its decision to the one visible answer in its thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from router.errors import BudgetError, ModelError, NoTokenError, PathError, StoppedError
from router.log import get_log
from router.store import Store
from router.store.requests.requests import UNINSTALLED, Lease
from router.types import Decision, Outcome, Request, RequestState
from workers.context import Context, Work
from workers.jobs import shadow
from workers.paths import get_path
from workers.ports import Message, Step

QUEUE = "answer"

BACKOFF_SECONDS = (1.0, 4.0, 15.0, 60.0, 300.0)
"""Upper bounds; the wait is drawn evenly below them, so that many failures do not come back
together."""
LOOK_SECONDS = 0.3
"""How often a worker that streams looks whether the request is still its own."""
TOKEN_SECONDS = 86_400.0
"""An answer for a workspace whose token was revoked waits so long for another one; then it is an
admin's to replay."""
FULL_SECONDS = 3600.0
"""For so long an answer waits for room in Slack's rate limits and no try counts."""
POSTING_TRIES = 4
"""An answer that exists is worth this many times more tries than one that does not."""


def run(context: Context, key: str) -> None:
    """The request's answer stands in its thread, or the request is leased, waiting or done elsewhere.

    Runs at least once for each wake-up; a worker that lost its lease writes nothing.
    """
    with context.leases.take(key) as lease:
        if lease is None:
            return

        decision = context.store.decisions.newest(key)
        if decision is None:
            raise LookupError(f"answering {key!r}: it is decided but has no decision")

        _answer(context, lease, decision)


def _answer(context: Context, lease: Lease, decision: Decision) -> None:
    request, store = lease.request, context.store
    log = get_log(
        step="answer",
        request=request.id,
        route=decision.route,
        verb=decision.verb,
        tries=lease.tries,
    )

    outcome = store.decisions.outcome(request.id, decision.revision)
    if outcome is None:
        outcome = _outcome(context, lease, decision)
        if outcome is None:
            return

        if not store.requests.holds(lease):
            log.warning("lease_lost")
            return

        store.decisions.keep(request.id, decision.revision, outcome, context.now())

    outcome = _delivered(context, lease, decision, outcome)
    if outcome is None:
        return

    # What a person stopped is done: nothing waits for an admin, and `Try again` is not offered.
    state: RequestState = "dead" if outcome.error not in (None, "stopped") else "answered"
    following = store.requests.finish(lease, state, context.now(), outcome.error)
    log.info(
        "answered",
        kind=outcome.kind,
        version=outcome.version,
        model=outcome.model,
        error=outcome.error,
        usd=outcome.usd,
        tokens=outcome.tokens.total,
        seconds=round(context.now() - request.received_at, 3),
        model_seconds=round(outcome.seconds, 3),
    )

    if not outcome.error:
        shadow.wake(context, request.id, decision.route)
    if following:
        context.queue.wake("answer", following)


def _delivered(
    context: Context, lease: Lease, decision: Decision, outcome: Outcome
) -> Outcome | None:
    """What stands in the thread, or an outcome that says it does not; None when the row waits for another try."""
    try:
        context.replies.deliver(lease.request, decision, outcome)
    except NoTokenError:
        if context.now() - lease.request.received_at < TOKEN_SECONDS:
            # Tries do not count: nothing is wrong with the answer, and an install wakes it at once.
            get_log(step="answer", request=lease.request.id).warning("no_token")
            wake_at = context.now() + BACKOFF_SECONDS[-1] * context.random()
            context.store.requests.retry(lease, wake_at, UNINSTALLED, free=True)

            return None

        return replace(outcome, error="not_delivered")
    except PathError as error:
        waited = context.now() - lease.request.received_at
        if error.within is not None and waited < FULL_SECONDS:
            wake_at = context.now() + error.within * context.random()
            context.store.requests.retry(lease, wake_at, str(error), free=True)
            return None

        if error.retry and lease.tries < context.settings.attempts * POSTING_TRIES:
            _later(context, lease, str(error))
            return None

        return replace(outcome, error="not_delivered")

    return outcome


def _outcome(context: Context, lease: Lease, decision: Decision) -> Outcome | None:
    """What the route gave, or an outcome with an error to tell; None when the row waits for another try."""
    if decision.verb != "route":
        return Outcome(text="")

    start = context.now()
    failed = Outcome(text="", route=decision.route or "", version=decision.version)
    if context.store.stops.stopped(lease.request.id, decision.revision):
        return replace(failed, error="stopped")
    if lease.tries > context.settings.attempts:
        return replace(failed, error="gave_up")

    context.replies.working(lease.request, decision)
    try:
        return _run_path(context, lease, decision)
    except StoppedError:
        get_log(step="answer", request=lease.request.id).info("stopped")
        return None
    except BudgetError as error:
        again = {"resets_at": error.resets_at, "whose": error.whose}
        return replace(failed, error="budget", data=again, seconds=context.now() - start)
    except ModelError as error:
        # People are told at once: they wait in a chat, and `replay` or a click runs it again.
        get_log(step="answer", request=lease.request.id).warning("model_failed", error=str(error))
        return replace(failed, error="model", seconds=context.now() - start)
    except PathError as error:
        if error.retry and lease.tries < context.settings.attempts:
            _later(context, lease, str(error))
            return None

        return replace(failed, error="path", seconds=context.now() - start)
    except Exception:  # noqa: BLE001  # the job boundary: whatever happened, the person gets a visible outcome
        get_log(step="answer", request=lease.request.id).exception("path_broke")
        return replace(failed, error="internal", seconds=context.now() - start)


def _run_path(context: Context, lease: Lease, decision: Decision) -> Outcome:
    request = lease.request
    version = context.version(decision.route or "", decision.version or "")
    looked = context.now()

    def look() -> None:
        nonlocal looked
        if context.now() - looked >= LOOK_SECONDS:
            looked = context.now()
            if not context.store.requests.holds(lease):
                raise StoppedError(
                    f"answering {request.id!r}: it was stopped, or another worker has it"
                )

    def emit(text: str) -> None:
        look()
        context.replies.stream(request, decision, text)

    def tell(step: Step) -> None:
        look()
        context.replies.step(request, decision, step)

    work = Work(
        request,
        decision,
        version,
        history(context.store, request),
        emit,
        propose=context.store.proposals.propose,
        step=tell,
    )

    start = context.now()
    outcome = get_path(version.kind).run(context, work)
    return replace(
        outcome,
        route=version.route,
        kind=version.kind,
        version=version.id,
        seconds=context.now() - start,
    )


def history(store: Store, request: Request) -> Sequence[Message]:
    """The earlier turns of the thread as a chat, oldest first: what was asked and what Beagle answered."""
    turns: list[Message] = []
    for earlier in store.requests.thread(request):
        turns.append({"role": "user", "content": earlier.text})
        decision = store.decisions.newest(earlier.id)

        outcome = store.decisions.outcome(earlier.id, decision.revision) if decision else None
        if outcome is not None and outcome.text:
            turns.append({"role": "assistant", "content": outcome.text})

    return tuple(turns)


def _later(context: Context, lease: Lease, why: str) -> None:
    bound = BACKOFF_SECONDS[min(lease.tries, len(BACKOFF_SECONDS)) - 1]
    wake_at = context.now() + bound * context.random()
    context.store.requests.retry(lease, wake_at, why)
