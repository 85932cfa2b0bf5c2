"""Answers that grow in Slack: finished steps as tasks, then the model's words as they come."""

from __future__ import annotations

import threading
from collections.abc import Callable

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.payloads import Block
from bot.replies.deletion import delete_message
from bot.replies.stream import EditedMessage, NativeStream, partial_message
from bot.transport.clients import HELD, UNREACHABLE, Clients, error_code
from bot.ui.texts import common as texts
from router.errors import StoppedError
from router.log import get_log
from router.store.requests.replies import ReplyOutbox
from router.types import Decision, Request
from workers.ports import Activity
from workers.runtime.bounded import BoundedDict

MAX_SOURCES = 6
"""Links under one task."""
NO_STREAMS = frozenset({"unknown_method", "method_deprecated", "feature_not_enabled"})
"""Slack's errors where it has no streams at all."""
NO_STREAM_HERE = frozenset(
    {
        "channel_type_not_supported",
        "invalid_chunks",
        "user_not_found",
        "team_not_found",
        "missing_recipient_team_id",
        "missing_recipient_user_id",
    }
)
"""Slack's errors where it has streams, but not in this kind of channel, not of our parts, or not
for this person."""
MAX_STREAMS = 256
"""Requests that one process remembers; far fewer are answered at the same time."""
WAIT_ERRORS = frozenset({HELD, "ratelimited"})


class AnswerStreams:
    """The open streams of this process, one per request.

    Best effort: whatever fails here, `SlackReplies.deliver` shows the whole answer at the end. The
    model's thread and `finish` may run at the same time, so `_lock` guards the two collections.
    """

    def __init__(self, clients: Clients, outbox: ReplyOutbox, now: Callable[[], float]) -> None:
        self._clients = clients
        self._outbox = outbox
        self._now = now
        # Bounded: a request that is stopped while it streams is never finished here.
        self._open_streams: BoundedDict[str, NativeStream | EditedMessage] = BoundedDict(
            MAX_STREAMS
        )
        # Requests whose stream ended or never began: the rest of their text waits for the end.
        self._muted: BoundedDict[str, bool] = BoundedDict(MAX_STREAMS)
        self._lock = threading.Lock()
        self._can_stream = True
        self._log = get_log(part="slack")

    def append(self, request: Request, decision: Decision, text: str) -> None:
        """Shows more of the answer's text."""
        self._grow(request, decision, lambda stream: stream.append(text))

    def show_activity(self, request: Request, decision: Decision, step: Activity) -> None:
        """Shows the step as a task; where no answer grows, in the status line under the thread."""
        if not self._grow(request, decision, lambda stream: stream.update_task(task_chunk(step))):
            self._set_status(request, step_text(step))

    def finish(self, request: Request) -> None:
        """Closes the request's stream, so that its message may be updated."""
        stream = self._drop(request)
        with self._lock:
            # A later revision of the request may stream again.
            self._muted.pop(request.id, None)

        if stream is not None and stream.streams:
            self.stop(request, stream.ts)

    def stop(self, request: Request, ts: str) -> None:
        """Closes the stream in the message at `ts`, whoever opened it."""
        try:
            self._clients.for_team(request.team).retrying.chat_stopStream(
                channel=request.channel, ts=ts, session_status="active"
            )
        except SlackApiError as error:
            # It timed out or was stopped before. The update that follows shows the whole answer.
            self._log.info("stream_over", error=error_code(error))

    def _grow(
        self,
        request: Request,
        decision: Decision,
        change: Callable[[NativeStream | EditedMessage], None],
    ) -> bool:
        """Applies the change to the request's stream, which it opens; returns whether it shows."""
        with self._lock:
            stream = self._open_streams.get(request.id)
            if request.id in self._muted:
                return False

        try:
            stream = stream or self._open(request, decision)
            if stream is None:
                return False

            change(stream)
        except SlackApiError as error:
            if stream is not None and error_code(error) in WAIT_ERRORS:
                stream.back_off()  # the text comes with a later append, or with the whole answer
                return True

            self._give_up(request, error)
            return False
        except UNREACHABLE as error:
            self._give_up(request, error)
            return False

        return True

    def _open(self, request: Request, decision: Decision) -> NativeStream | EditedMessage | None:
        """Returns a growing message whose ts is recorded.

        None where an answer is posted, or may be posted, already.
        """
        if self._outbox.begin_post(request.id, request.channel) is not None:
            return None

        client = self._clients.for_team(request.team).best_effort
        try:
            response, make_stream = self._begin(client, request, decision)
        except SlackApiError:
            # Slack refused, so nothing is posted and nobody has to look for it. After a broken
            # connection (UNREACHABLE) the entry stays: the message may exist.
            self._outbox.abandon_post(request.id)
            raise

        ts = str(response["ts"])
        recorded = self._outbox.complete_post(request.id, ts)
        if recorded is None:
            delete_message(client, request.channel, ts)
            raise StoppedError(f"answering {request.id!r}: its message was deleted")

        stream = make_stream(recorded)
        with self._lock:
            self._open_streams[request.id] = stream

        return stream

    def _begin(
        self, client: WebClient, request: Request, decision: Decision
    ) -> tuple[SlackResponse, Callable[[str], NativeStream | EditedMessage]]:
        """Posts the first line, which names the route: as a stream, else as an editable message."""
        channel = request.channel
        first_line = texts.CHOSE.format(
            route=decision.route, confidence=f"{decision.confidence:.0%}"
        )

        recipient_team = request.user_team or request.team
        # Of some people of another company only the organisation is known: no stream can be theirs.
        if self._can_stream and recipient_team.startswith("T"):
            try:
                # Slack shows a stream as addressed to one person, by their own workspace (which is
                # another one in a channel shared by Slack Connect).
                response = client.chat_startStream(
                    channel=channel,
                    thread_ts=request.thread,
                    recipient_team_id=recipient_team,
                    recipient_user_id=request.user,
                    chunks=[_chunk("route", first_line, is_done=True)],
                )
                return response, lambda ts: NativeStream(client, channel, ts, self._now)
            except SlackApiError as error:
                if error_code(error) not in NO_STREAMS | NO_STREAM_HERE:
                    raise

                self._log.info("stream_unavailable", request=request.id, error=error_code(error))
                self._can_stream = error_code(error) not in NO_STREAMS

        response = client.chat_postMessage(
            channel=channel,
            thread_ts=request.thread,
            unfurl_links=False,
            unfurl_media=False,
            **partial_message([first_line]),
        )

        return response, lambda ts: EditedMessage(client, (channel, ts), self._now, first_line)

    def _give_up(self, request: Request, error: BaseException) -> None:
        self._log.info("stream_unavailable", request=request.id, error=error_code(error))
        self._drop(request)

    def _drop(self, request: Request) -> NativeStream | EditedMessage | None:
        with self._lock:
            self._muted[request.id] = True
            return self._open_streams.pop(request.id, None)

    def _set_status(self, request: Request, status: str) -> None:
        try:
            self._clients.for_team(request.team).best_effort.assistant_threads_setStatus(
                channel_id=request.channel, thread_ts=request.thread, status=status
            )
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.info("slack_status_failed", request=request.id, error=error_code(error))


def task_chunk(step: Activity) -> Block:
    """Returns the step as a `task_update` chunk; its text is Beagle's own, never a model's."""
    titles = {}
    for source in step.sources:
        if source.url.startswith(("https://", "http://")):
            titles[source.url] = source.title

    chunk = _chunk(f"{step.name}:{step.detail}", step_text(step), is_done=step.done)
    if titles:
        links = [{"type": "url", "url": url, "text": title or url} for url, title in titles.items()]
        chunk["sources"] = links[:MAX_SOURCES]

    return chunk


def step_text(step: Activity) -> str:
    """Returns the step in words."""
    if step.name == "read" and step.count == 1:
        return texts.STEP_READ_ONE

    return texts.STEPS[step.name][step.done].format(count=step.count, detail=step.detail)


def _chunk(task: str, title: str, *, is_done: bool) -> Block:
    status = "complete" if is_done else "in_progress"
    return {"type": "task_update", "id": task, "title": title, "status": status}
