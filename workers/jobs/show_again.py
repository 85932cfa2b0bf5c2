"""Shows an answer again as it is now: a button on it has been used, and must not stay there."""

from __future__ import annotations

from router.errors import PathError, StoppedError
from router.log import get_log
from workers.context import Context

QUEUE = "answer"
FIRST = True
"""A person has pressed the button, and sees that something happened."""


def run(context: Context, key: str) -> None:
    """Updates the message that answers request `key`. One that is answered again is left alone."""
    request = context.store.requests.get(key)
    progress = context.store.decisions.progress(key)
    if request is None or progress is None or progress.outcome is None:
        return
    if request.state != "answered":
        return

    try:
        context.replies.deliver(request, progress.decision, progress.outcome)
    except (PathError, StoppedError) as error:
        # The button stays; pressing it once more says what was done, and tries this again.
        get_log(job="show_again", request=key).info("answer_not_updated", error=str(error))
