"""Takes the answer to a deleted question out of Slack, whatever state it is in."""

from __future__ import annotations

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.replies.deletion import NOTHING_THERE, delete_message
from bot.replies.posting import AnswerPoster
from bot.replies.thread_pages import PostedMessage
from bot.transport.clients import Clients, error_code
from router.store.requests.replies import ReplyOutbox
from router.types import Request


class AnswerRemover:
    """Deletes the messages of a request. Every method raises SlackApiError or an `UNREACHABLE`."""

    def __init__(self, clients: Clients, outbox: ReplyOutbox, poster: AnswerPoster) -> None:
        self._clients = clients
        self._outbox = outbox
        self._poster = poster

    def remove(self, request: Request) -> bool:
        """Deletes the answer and the files that belong to it.

        Returns False while a post that was begun is not found: it may still appear.
        """
        entry = self._outbox.get(request.id)
        if entry is None:
            return True

        client = self._clients.for_team(request.team).retrying
        messages = self._thread_messages(request)
        for message in messages:
            _delete_attached(client, request, message)

        ts = entry.ts or self._poster.find_unrecorded(request, messages)
        if ts is None:
            return not entry.posting

        delete_message(client, request.channel, ts)
        return True

    def _thread_messages(self, request: Request) -> list[PostedMessage]:
        try:
            return self._poster.thread_messages(request)
        except SlackApiError as error:
            if error_code(error) in NOTHING_THERE:
                return []
            raise


def attachment_prefix(request: Request) -> str:
    """Returns how the names of the files begin that hold the request's long answers."""
    return f"answer-{request.id}-"


def _delete_attached(client: WebClient, request: Request, message: PostedMessage) -> None:
    """Deletes the files with the whole text of a long answer, and the message that shares them."""
    for file in message.get("files", []):
        if not str(file.get("name")).startswith(attachment_prefix(request)):
            continue

        try:
            client.files_delete(file=str(file["id"]))
        except SlackApiError as error:
            if error_code(error) not in NOTHING_THERE:
                raise

        delete_message(client, request.channel, message["ts"])
