"""Answers one request: from its decision to the one visible answer in its thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from router.classifier.second_request import first_request
from router.errors import (
    WEAK_ERRORS,
    BudgetError,
    ModelError,
    NoTokenError,
    PathError,
    QueueError,
    StoppedError,
    StoreAwayError,
    WeakAnswerError,
    is_shortage,
)
from router.log import get_log
from router.store import Store
from router.store.requests.decisions import RequestProgress
from router.store.requests.leasing import Lease
from router.store.requests.requests import UNINSTALLED
from router.types import UNDECIDED, Decision, Outcome, Request, RequestState
from workers import texts as worker_texts
from workers.attachments.reading import read_attachments
from workers.cascade.evidence import record_answer
from workers.cascade.serve import serve
from workers.context import Context, Work
from workers.jobs import explore_tier, shadow
from workers.knowledge.earlier_turns import earlier_turns
from workers.llm.gateway import LOCAL
from workers.paths._general_answer import general_answer, may_answer
from workers.ports import Activity, Message
from workers.prompting.file_notes import notes_line
from workers.prompting.missing_text import lacks_text
from workers.runtime import tracing

QUEUE = "answer"

BACKOFF_SECONDS = (1.0, 4.0, 15.0, 60.0, 300.0)
"""Upper bounds of the wait before each retry. The wait is drawn uniformly below them ("full
jitter"), so that many failures do not come back together."""
LEASE_CHECK_SECONDS = 0.3
"""How often a worker that streams checks that the request is still its own."""
TOKEN_SECONDS = 86_400.0
"""How long an answer waits for a new token of its workspace; then it is an admin's to replay."""
RATE_LIMIT_SECONDS = 3600.0
"""How long an answer waits for Slack's rate limits without using up a try."""
STORE_SECONDS = 5.0
"""Within so many seconds a request is tried again that found no database."""
POSTING_TRIES = 4
"""An answer that exists is worth this many times more tries than one that does not."""


def run(context: Context, key: str) -> None:  # noqa: ARG001  # a wake-up call for anybody
    """Answers the request whose turn it is; `key` names the one that woke us.

    Turns go round between workspaces and people, so that nobody's many requests delay another's.
    Each wake-up call serves one request, so all of them are served. Running it twice is safe: the
    outcome is stored before it is posted, and a worker that lost its lease writes nothing.
    """
    answer_next(context)


def answer_next(context: Context) -> bool:
    """Answers the request whose turn it is, or leaves it to a later retry; False without one."""
    with context.leases.claim() as lease:
        if lease is None:
            return False

        progress = context.store.decisions.progress(lease.request.id)
        if progress is None:
            raise LookupError(f"answering {lease.request.id!r}: it is decided but has no decision")

        with tracing.span("answer", lease.request.id, tries=lease.tries) as note:
            _trace_wait(context, lease, progress)
            note(route=progress.decision.route, verb=progress.decision.verb)
            _answer(context, lease, progress)

    if lease.at_limit:
        _wake_next(context, lease)

    return True


def _trace_wait(context: Context, lease: Lease, progress: RequestProgress) -> None:
    """Records how long the request waited for a worker, once."""
    if lease.tries == 1:
        decided_at = lease.request.received_at + progress.decision.seconds
        tracing.record("queue", lease.request.id, decided_at, context.now())


def _wake_next(context: Context, lease: Lease) -> None:
    """Wakes a slot for the person's next request: calls that came at their limit served nothing."""
    try:
        context.queue.enqueue("answer", lease.request.id)
    except QueueError as error:
        # The reaper does it later.
        get_log(job="answer").warning("job_enqueue_failed", error=str(error))


def _answer(context: Context, lease: Lease, progress: RequestProgress) -> None:
    decision = progress.decision
    # An outcome of an earlier try was paid for already; only its posting failed.
    outcome = progress.outcome
    if outcome is None:
        outcome = _produce_outcome(context, lease, progress)
        if outcome is None:
            return

        # A worker that was frozen past its lease must neither store nor post anything.
        revision, now = decision.revision, context.now()
        if not context.store.decisions.insert_outcome_held(lease, revision, outcome, now):
            _log(lease, decision).warning("lease_lost")
            return

        record_answer(context, lease.request, decision, outcome)

    outcome = _deliver(context, lease, decision, outcome)
    if outcome is not None:
        _complete(context, lease, decision, outcome)


def _complete(context: Context, lease: Lease, decision: Decision, outcome: Outcome) -> None:
    """Closes the request, logs it, and enqueues what follows: the shadow run, the next request."""
    request = lease.request
    # A request that a person stopped is done, and one about files that cannot be read, or that is
    # too hard for the included model: no admin has to look at it.
    state: RequestState = "dead"
    if outcome.error in (None, "stopped", "files", *WEAK_ERRORS):
        state = "answered"

    next_in_thread = context.store.requests.complete(lease, state, context.now(), outcome.error)
    _log(lease, decision).info(
        "answered",
        kind=outcome.kind,
        version=outcome.version,
        tier=outcome.tier or None,
        escalated=bool(outcome.attempts),
        model=outcome.model,
        error=outcome.error,
        usd=outcome.usd,
        tokens=outcome.tokens.total,
        seconds=round(context.now() - request.received_at, 3),
        model_seconds=round(outcome.seconds, 3),
    )

    tracing.record_whole(
        request.id,
        request.received_at,
        context.now(),
        route=decision.route,
        verb=decision.verb,
        error=outcome.error,
    )

    if not outcome.error:
        shadow.enqueue_shadow(context, request, shadow.shadow_route(decision))
        explore_tier.enqueue_exploration(context, request, decision)
    if next_in_thread:
        context.queue.enqueue("answer", next_in_thread)


def _deliver(
    context: Context, lease: Lease, decision: Decision, outcome: Outcome
) -> Outcome | None:
    """Posts the answer and returns what to store, or None when the request waits for a retry.

    An answer that can never be posted is returned with the error `not_delivered`.
    """
    try:
        with tracing.span("deliver"):
            context.replies.deliver(lease.request, decision, outcome)
    except StoppedError:
        get_log(job="answer", request=lease.request.id).info("stopped")
        return None
    except NoTokenError:
        if context.now() - lease.request.received_at >= TOKEN_SECONDS:
            return replace(outcome, error="not_delivered")

        # Tries do not count: nothing is wrong with the answer, and an install wakes it at once.
        get_log(job="answer", request=lease.request.id).warning("token_missing")
        wake_at = context.now() + BACKOFF_SECONDS[-1] * context.random()
        context.store.requests.retry(lease, wake_at, UNINSTALLED, free=True)
        return None
    except PathError as error:
        waited = context.now() - lease.request.received_at
        if error.retry_within is not None and waited < RATE_LIMIT_SECONDS:
            wake_at = context.now() + error.retry_within * context.random()
            context.store.requests.retry(lease, wake_at, str(error), free=True)
            return None

        if error.retry and lease.tries < context.settings.max_attempts * POSTING_TRIES:
            _retry_later(context, lease, str(error))
            return None

        return replace(outcome, error="not_delivered")

    return outcome


def _produce_outcome(context: Context, lease: Lease, progress: RequestProgress) -> Outcome | None:
    """Runs the route and returns its outcome, or one with an error that the person is told.

    Returns None when the request waits for a retry, or was stopped meanwhile.
    """
    decision = progress.decision
    if decision.verb != "route":
        return _without_route(context, lease, progress)

    start = context.now()
    failed = Outcome(text="", route=decision.route or "", version=decision.version)
    if progress.is_cancelled:
        return replace(failed, error="stopped")
    if lease.tries > context.settings.max_attempts:
        return replace(failed, error="gave_up")

    # From here on people see that somebody works on it; whatever happens, an answer must follow.
    context.replies.show_working(lease.request, decision)
    try:
        return _run_path(context, lease, decision)
    except (StoppedError, StoreAwayError) as error:
        _leave(context, lease, error)
        return None
    except BudgetError as error:
        refusal = {"resets_at": error.resets_at, "whose": error.scope}
        return replace(failed, error="budget", data=refusal, seconds=context.now() - start)
    except ModelError as error:
        # The person is told at once: they wait in a chat, and a click runs it again.
        get_log(job="answer", request=lease.request.id).warning("model_failed", error=str(error))
        return replace(failed, error=_model_code(error), seconds=context.now() - start)
    except PathError as error:
        if error.retry and lease.tries < context.settings.max_attempts:
            _retry_later(context, lease, str(error))
            return None

        return replace(failed, error="path", seconds=context.now() - start)
    except Exception as error:  # noqa: BLE001  # the boundary: people always see an outcome
        return _crashed(context, lease, error, replace(failed, seconds=context.now() - start))


def _without_route(context: Context, lease: Lease, progress: RequestProgress) -> Outcome | None:
    """Returns the outcome where no route serves the request: a general answer, or no words.

    None if the request waits for a later try.
    """
    request, decision = lease.request, progress.decision
    nothing = Outcome(text="", error=UNDECIDED if UNDECIDED in decision.reason else None)
    # What ended a worker again and again is not tried once more.
    is_over = progress.is_cancelled or lease.tries > context.settings.max_attempts
    if is_over or not may_answer(context, request, decision):
        return nothing

    context.replies.show_working(request, decision)
    try:
        history = thread_history(context.store, request)
        return general_answer(context, request, decision, history)
    except (StoppedError, StoreAwayError) as error:
        _leave(context, lease, error)
        return None
    except Exception:  # noqa: BLE001  # the job boundary: the person sees an outcome in any case
        get_log(job="answer", request=request.id).exception("general_answer_crashed")
        return nothing


def _crashed(context: Context, lease: Lease, error: Exception, failed: Outcome) -> Outcome | None:
    """Returns what the person is told; None where the machine lacked something for a moment."""
    log = get_log(job="answer", request=lease.request.id)
    if is_shortage(error) and lease.tries < context.settings.max_attempts:
        log.warning("machine_short", error=type(error).__name__)
        _retry_later(context, lease, "machine")
        return None

    log.error("path_crashed", exc_info=error)
    return replace(failed, error="internal")


def _run_path(context: Context, lease: Lease, decision: Decision) -> Outcome:
    request = lease.request
    version = context.serving_version(request.team, decision.route or "", decision.version or "")
    checked_at = context.now()

    # Checked while the answer streams, so that a Stop takes effect in the middle. A worker that
    # was paused past its lease must not write into another worker's answer either.
    def check_lease() -> None:
        nonlocal checked_at
        if context.now() - checked_at < LEASE_CHECK_SECONDS:
            return

        checked_at = context.now()
        if not context.store.requests.is_current(lease):
            raise StoppedError(
                f"answering {request.id!r}: it was stopped, or another worker has it"
            )

    opening = ""

    def emit(text: str) -> None:
        nonlocal opening
        check_lease()
        context.replies.stream(request, decision, opening + text)
        opening = ""

    def report_activity(activity: Activity) -> None:
        check_lease()
        context.replies.show_activity(request, decision, activity)

    work = Work(
        first_request(request, decision.reason),
        decision,
        version,
        thread_history(context.store, request),
        emit,
        propose=context.store.proposals.propose,
        report_activity=report_activity,
    )

    start = context.now()
    work = replace(work, attachments=read_attachments(context, work))
    opening = _opening(context, work)
    if work.attachments.declined:
        outcome = Outcome(work.attachments.line, error="files")
    elif lacks_text(work):
        outcome = Outcome(worker_texts.NO_TEXT)
    else:
        with tracing.span("path", kind=version.kind, version=version.id, route=version.route):
            outcome = serve(context, work)

        outcome = replace(outcome, text=_opening(context, work) + outcome.text)

    return replace(
        outcome,
        route=version.route,
        kind=outcome.kind or version.kind,
        version=outcome.version or version.id,
        seconds=context.now() - start,
        acls=tuple(sorted(work.acls)),
    )


def _model_code(error: ModelError) -> str:
    """Returns the code of what a person is told: whether trying again may help."""
    if isinstance(error, WeakAnswerError) and error.model in ("", LOCAL):
        return error.reason
    if error.retry:
        return "model"

    return "model_setup" if error.setup else "model_refused"


def _opening(context: Context, work: Work) -> str:
    """Returns what an answer begins with: what was not read of the request's files."""
    if not work.attachments.line:
        return ""

    unread = []
    for note in work.attachments.notes:
        if note.reason != "cut" or note.name not in work.whole_files:
            unread.append(note)

    line = notes_line(unread, context.settings)
    return f"{line}\n\n" if line else ""


def thread_history(store: Store, request: Request) -> Sequence[Message]:
    """Returns the earlier requests that this one goes on with, and their answers as chat turns."""
    turns: list[Message] = []
    earlier = earlier_turns(store, request)
    answers = store.decisions.answers([one.id for one in earlier])
    for one in earlier:
        turns.append({"role": "user", "content": one.text})
        if answers.get(one.id):
            turns.append({"role": "assistant", "content": answers[one.id]})

    return tuple(turns)


def _leave(context: Context, lease: Lease, error: StoppedError | StoreAwayError) -> None:
    """Leaves the request to whoever has it now, or to a later moment when the database answers."""
    log = get_log(job="answer", request=lease.request.id)
    if isinstance(error, StoppedError):
        log.info("stopped")
        return

    # Nothing is wrong with the request, so no try is used up. Where that cannot be stored either,
    # the lease runs out by itself.
    log.warning("store_away", error=str(error))
    wake_at = context.now() + STORE_SECONDS * context.random()
    context.store.requests.retry(lease, wake_at, "store", free=True)


def _log(lease: Lease, decision: Decision) -> Any:
    """Returns a logger with everything that identifies the request and its try."""
    return get_log(
        job="answer",
        request=lease.request.id,
        route=decision.route,
        verb=decision.verb,
        tries=lease.tries,
    )


def _retry_later(context: Context, lease: Lease, reason: str) -> None:
    bound = BACKOFF_SECONDS[min(lease.tries, len(BACKOFF_SECONDS)) - 1]
    wake_at = context.now() + bound * context.random()
    context.store.requests.retry(lease, wake_at, reason)
