"""Posts, edits, streams and deletes a message at Slack, to see what this workspace can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.payloads import Block
from bot.plainer.refusals import BLOCK_ERRORS
from bot.transport.clients import SECONDS, PacedClient, error_code

TEXT = "Beagle checks its connection to Slack. This message goes away by itself."
THUMBS: Block = {
    "type": "feedback_buttons",
    "action_id": "doctor_checked",
    "positive_button": {"text": {"type": "plain_text", "text": "Good"}, "value": "good"},
    "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "bad"},
}


@dataclass(frozen=True, slots=True)
class Sample:
    """The smallest message with a newer kind of block."""

    kind: str
    blocks: Sequence[Block]


SAMPLES = (
    Sample("markdown", [{"type": "markdown", "text": "**checked**"}]),
    Sample("table", [{"type": "table", "rows": [[{"type": "raw_text", "text": "checked"}]]}]),
    Sample("card", [{"type": "card", "title": {"type": "plain_text", "text": "checked"}}]),
    Sample("context_actions", [{"type": "context_actions", "elements": [THUMBS]}]),
)
"""What answers and digests use."""


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """What worked in a direct message to `user`.

    `no_stream`, `no_session` and `no_status` are Slack's error where answers cannot be streamed,
    where there are no agent sessions, and no status line under a thread; empty where there are.
    `refused_blocks` are kinds of blocks that this workspace does not take.
    """

    user: str
    no_stream: str
    no_session: str
    no_status: str
    refused_blocks: tuple[str, ...]


def open_client(token: str, url: str) -> WebClient:
    """Returns a client that sends blocks as they are: here a refusal is what we want to know."""
    return PacedClient(token=token, base_url=url, timeout=SECONDS)


def make_round_trip(client: WebClient, user: str) -> RoundTrip:
    """Posts a message to the person and takes it back; returns what this Slack can do.

    Raises SlackApiError, or one of `UNREACHABLE`, where it cannot even post, edit and delete.
    """
    team = str(client.auth_test()["team_id"])
    channel = str(client.conversations_open(users=user)["channel"]["id"])
    ts = str(client.chat_postMessage(channel=channel, text=TEXT)["ts"])

    try:
        client.chat_update(channel=channel, ts=ts, text=TEXT)
        refused = [one.kind for one in SAMPLES if _is_refused(client, channel, one)]
        no_stream = _try_stream(client, channel, ts, (team, user))
        no_session = _error_of(
            lambda: client.agents_sessions_setStatus(
                channel_id=channel, thread_ts=ts, status="active"
            )
        )
        no_status = _error_of(
            lambda: client.assistant_threads_setStatus(channel_id=channel, thread_ts=ts, status="")
        )
    except BaseException:
        # Nothing of a check that failed should stay with the person.
        with suppress(SlackApiError, OSError):
            client.chat_delete(channel=channel, ts=ts)
        raise

    client.chat_delete(channel=channel, ts=ts)
    return RoundTrip(user, no_stream, no_session, no_status, tuple(refused))


def _error_of(call: Callable[[], object]) -> str:
    """Returns Slack's error of a call, empty where it worked."""
    try:
        call()
    except SlackApiError as error:
        return error_code(error)

    return ""


def _is_refused(client: WebClient, channel: str, sample: Sample) -> bool:
    """Returns whether a message cannot hold the sample's blocks."""
    try:
        response = client.chat_postMessage(channel=channel, text=TEXT, blocks=sample.blocks)
    except SlackApiError as error:
        if error_code(error) in BLOCK_ERRORS:
            return True
        raise

    client.chat_delete(channel=channel, ts=str(response["ts"]))
    return False


def _try_stream(client: WebClient, channel: str, thread: str, recipient: tuple[str, str]) -> str:
    """Streams a word below the message; returns Slack's error, empty where it worked."""
    team, user = recipient
    chunks = [{"type": "markdown_text", "text": "checked"}]
    try:
        response = client.chat_startStream(
            channel=channel,
            thread_ts=thread,
            recipient_team_id=team,
            recipient_user_id=user,
            chunks=chunks,
        )
    except SlackApiError as error:
        return error_code(error)

    ts = str(response["ts"])
    client.chat_appendStream(channel=channel, ts=ts, chunks=chunks)
    client.chat_stopStream(channel=channel, ts=ts)
    client.chat_delete(channel=channel, ts=ts)
    return ""
