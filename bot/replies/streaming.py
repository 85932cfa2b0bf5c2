"""Answers that grow in Slack: what was done so far as tasks, then the model's words; where Slack streams, natively."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.replies.stream import Edited, Live, growing_message
from bot.transport.clients import HELD, UNREACHABLE, Clients, code
from bot.ui.texts import common as texts
from router.log import get_log
from router.store.requests.replies import Replies
from router.types import Decision, Request
from workers.ports import Step

SOURCES = 6
NO_STREAMS = ("unknown_method", "method_deprecated", "feature_not_enabled")
"""Slack's words for having no streams at all; `NOT_HERE` is its word for having none in this
place."""
NOT_HERE = ("channel_type_not_supported",)


class Growing:
    """The open streams of this process. Best effort: whatever fails here, the whole answer comes at the end."""

    def __init__(self, clients: Clients, places: Replies, now: Callable[[], float]) -> None:
        self._clients, self._places, self._now = clients, places, now
        self._live: dict[str, Live | Edited] = {}
        self._mute: set[str] = set()
        """Requests whose stream ended or never began: the rest of their text waits for the whole
        answer."""
        self._lock = threading.Lock()
        self._streams = True
        self._log = get_log(part="slack")

    def text(self, request: Request, decision: Decision, text: str) -> None:
        """The answer has grown by `text`."""
        self._grow(request, decision, lambda live: live.add(text))

    def step(self, request: Request, decision: Decision, step: Step) -> None:
        """The step stands in the growing answer; where nothing grows, in the status line under the thread."""
        if not self._grow(request, decision, lambda live: live.task(task(step))):
            self._status(request, said(step))

    def finish(self, request: Request) -> None:
        """The request's stream is closed; what replaces it may be written."""
        live = self._drop(request)
        with self._lock:
            self._mute.discard(request.id)

        if live is not None and live.streams:
            self.stop(request, live.ts)

    def stop(self, request: Request, ts: str) -> None:
        """The message at `ts` is open for streaming no more."""
        try:
            patient = self._clients.of(request.team).patient
            patient.chat_stopStream(channel=request.channel, ts=ts, session_status="active")
        except SlackApiError as error:
            # The stream ran out or was stopped before; the update that follows puts the whole
            # answer there.
            self._log.info("stream_over", error=code(error))

    def _grow(
        self, request: Request, decision: Decision, grow: Callable[[Live | Edited], None]
    ) -> bool:
        """Whether the stream took it, at once or with what follows."""
        with self._lock:
            live = self._live.get(request.id)
            if request.id in self._mute:
                return False

        try:
            live = live or self._open(request, decision)
            if live is None:
                return False

            grow(live)
        except SlackApiError as error:
            if live is not None and code(error) in (HELD, "ratelimited"):
                live.later()  # what was held back comes with what follows, or with the whole answer
                return True

            self._log.info("no_stream", request=request.id, error=code(error))
            self._drop(request)
            return False
        except UNREACHABLE as error:
            self._log.info("no_stream", request=request.id, error=code(error))
            self._drop(request)
            return False

        return True

    def _open(self, request: Request, decision: Decision) -> Live | Edited | None:
        """A growing message whose ts is stored; None when an answer stands or may stand there already."""
        if self._places.announce(request.id, request.channel) is not None:
            return None

        nicety = self._clients.of(request.team).nicety
        try:
            begun, made = self._begin(nicety, request, decision)
        except SlackApiError:
            # Slack said no, so nothing stands there and nobody has to look for it.
            self._places.withdraw(request.id)
            raise

        live = made(self._places.settle(request.id, str(begun["ts"])))
        with self._lock:
            self._live[request.id] = live

        return live

    def _begin(
        self, nicety: WebClient, request: Request, decision: Decision
    ) -> tuple[SlackResponse, Callable[[str], Live | Edited]]:
        """A stream, or where Slack has none a message to be edited; the first line says which route was taken."""
        chosen, channel = _chosen(decision), request.channel
        if self._streams:
            try:
                begun = nicety.chat_startStream(
                    channel=channel,
                    thread_ts=request.thread,
                    recipient_team_id=request.user_team or request.team,
                    recipient_user_id=request.user,
                    chunks=[chosen],
                )
                return begun, lambda ts: Live(nicety, channel, ts, self._now)
            except SlackApiError as error:
                if code(error) not in (*NO_STREAMS, *NOT_HERE):
                    raise

                self._log.info("no_stream", request=request.id, error=code(error))
                self._streams = code(error) not in NO_STREAMS

        first = str(chosen["title"])
        begun = nicety.chat_postMessage(
            channel=channel,
            thread_ts=request.thread,
            unfurl_links=False,
            unfurl_media=False,
            **growing_message([first]),
        )

        return begun, lambda ts: Edited(nicety, (channel, ts), self._now, first)

    def _drop(self, request: Request) -> Live | Edited | None:
        with self._lock:
            self._mute.add(request.id)
            return self._live.pop(request.id, None)

    def _status(self, request: Request, status: str) -> None:
        try:
            nicety = self._clients.of(request.team).nicety
            nicety.assistant_threads_setStatus(
                channel_id=request.channel, thread_ts=request.thread, status=status
            )
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.info("no_status", request=request.id, error=code(error))


def task(step: Step) -> dict[str, Any]:
    """The step as a `task_update` chunk. Its words are ours; its links lead to our own data's places."""
    chunk = {
        "type": "task_update",
        "id": f"{step.name}:{step.detail}",
        "title": said(step),
        "status": "complete" if step.done else "in_progress",
    }

    found = {
        source.url: source.title
        for source in step.sources
        if source.url.startswith(("https://", "http://"))
    }

    links = [
        {"type": "url", "url": url, "text": title or url}
        for url, title in list(found.items())[:SOURCES]
    ]
    return chunk | ({"sources": links} if links else {})


def said(step: Step) -> str:
    """The step in words."""
    if step.name == "read" and step.count == 1:
        return texts.STEP_READ_ONE
    return texts.STEPS[step.name][step.done].format(count=step.count, detail=step.detail)


def _chosen(decision: Decision) -> dict[str, Any]:
    """The first line of a growing answer: which route was taken, and how sure."""
    title = texts.CHOSE.format(route=decision.route, confidence=f"{decision.confidence:.0%}")
    return {"type": "task_update", "id": "route", "title": title, "status": "complete"}
