"""Passes on an answer for which a person pressed *Send to…*, once, and tells them how it ended."""

from __future__ import annotations

from dataclasses import replace

from router.catalog.actions import SendAction
from router.errors import QueueError, SendError, StoreAwayError
from router.log import get_log
from router.store.requests.sendings import PASSED_ON, Sending
from router.types import Request
from workers.context import Context
from workers.sending.webhook import send_webhook

QUEUE = "answer"
FIRST = True
"""A person waits for it: it must not wait behind the wake-up calls of many requests."""

CLAIM_SECONDS = 120.0
"""How long a worker has before another one may take it for dead; each call ends long before."""
RETRY_SECONDS = (10.0, 60.0, 300.0, 1800.0, 3600.0)
"""How long each new attempt waits for what did not arrive; after the last one it is given up."""
TELL_SECONDS = 30.0
"""How long a worker has to tell the person, before another one may."""
TELL_FOR_SECONDS = 3600.0
"""How long it is tried to tell the person; after that the news is none."""


def run(context: Context, key: str) -> None:
    """Sends what is stored under `key`, and tells the person who pressed.

    Runs at least once for each press. If a worker dies in between, the next one looks whether it
    was sent; where nobody can know, it is not sent again and the person is told that.
    """
    now = context.now()
    mine = context.store.sendings.claim(key, now, now + CLAIM_SECONDS)
    if mine is not None:
        _send(context, mine)

    now = context.now()
    ended = context.store.sendings.claim_news(key, now, now + TELL_SECONDS)
    if ended is not None:
        if mine is not None and ended.state == "failed":
            # Nothing of it is stored any more: whoever wrote the note gets it back from here.
            ended = replace(ended, content={"note": mine.content.get("note", "")})
        _tell(context, ended)


def _send(context: Context, mine: Sending) -> None:
    request = context.store.requests.get(mine.request)
    log = get_log(job="send_answer", request=mine.request)
    try:
        _call(context, request, mine)
    except SendError as error:
        log.warning("not_sent", kind=mine.kind, reason=error.reason, error=str(error))
        _put_off_or_fail(context, mine, error)
    except StoreAwayError:
        # Nothing can be recorded now; the claim runs out, and the next try looks for it.
        raise
    except Exception:  # the job boundary: whatever happened, the person is told
        log.exception("sending_crashed", kind=mine.kind)
        context.store.sendings.complete(mine, "failed", "unknown", context.now())
    else:
        context.store.sendings.complete(mine, "sent", "sent", context.now())
        log.info("sent", kind=mine.kind)
        if mine.kind in PASSED_ON:
            _show_again(context, mine)


def _call(context: Context, request: Request | None, mine: Sending) -> None:
    if request is None or not mine.content:
        raise SendError("sending an answer: its words were deleted", "gone", is_sure=True)

    if mine.kind != "webhook":
        if context.sender is None:
            raise SendError("sending an answer: this process has no Slack", "set_up", is_sure=True)

        context.sender.send(request, mine)
        return

    action = _webhook(context, request, mine)
    if mine.resumed and not action.idempotent:
        # A worker died over it: whether the receiver got it, nobody here can know.
        raise SendError("sending a webhook: an earlier try broke off", "unknown", is_sure=False)

    try:
        send_webhook(context.settings, action, mine.content["body"], mine.key, context.now())
    except SendError as error:
        if error.is_sure or not action.idempotent:
            raise

        # The receiver takes a second one for the same.
        raise SendError(str(error), "unknown", retry=True, is_sure=False) from error


def _webhook(context: Context, request: Request, mine: Sending) -> SendAction:
    """Returns the webhook as the route has it now. Raises SendError where it has none any more."""
    route = context.routes_of(request.team).routes.get(str(mine.content.get("route")))
    for action in route.actions if route is not None else ():
        if action.to == "webhook" and action.name == mine.target:
            return action

    raise SendError(f"sending webhook {mine.target!r}: the route has none", "gone", is_sure=True)


def _put_off_or_fail(context: Context, mine: Sending, error: SendError) -> None:
    now = context.now()
    sendings = context.store.sendings
    # What an earlier try may have done is still unknown where this one could not look.
    is_sure = error.is_sure and not mine.resumed
    if error.retry and mine.attempts <= len(RETRY_SECONDS):
        wait = RETRY_SECONDS[mine.attempts - 1]
        sendings.put_off(mine, now + wait, is_sure=is_sure)
        return

    reason = "unknown" if error.retry and not is_sure else error.reason
    sendings.complete(mine, "failed", reason, now)


def _show_again(context: Context, mine: Sending) -> None:
    """Has the answer say where it was sent, or when it comes back, in place of its note."""
    try:
        context.queue.enqueue("show_again", mine.request)
    except QueueError as error:
        # Whoever pressed is told all the same.
        log = get_log(job="send_answer", request=mine.request)
        log.warning("job_enqueue_failed", error=str(error))


def _tell(context: Context, ended: Sending) -> None:
    request = context.store.requests.get(ended.request)
    is_late = (ended.done_at or 0.0) < context.now() - TELL_FOR_SECONDS
    is_told = request is None or not ended.user or is_late
    if not is_told and context.sender is not None and request is not None:
        is_told = context.sender.tell(request, ended)
    if is_told:
        context.store.sendings.mark_told(ended.key)
