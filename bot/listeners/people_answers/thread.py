"""Reads a thread from Slack: the answer that somebody marked, and the question that it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.transport.clients import UNREACHABLE, error_code
from bot.transport.pages import pages
from bot.ui.sent_message import written_reply
from bot.ui.texts import people_answers as texts
from router.log import get_log
from router.store import Store
from router.types import Request, SlackPerson
from workers.knowledge.membership import ReadingRights
from workers.knowledge.people_answers import find_question
from workers.knowledge.sources.slack_message import Message, home_team, is_user_message

PAGE_SIZE = 200
MAX_PAGES = 5
"""Pages of a thread that are read; an answer further down is not found."""


@dataclass(frozen=True, slots=True)
class FoundAnswer:
    """A person's answer in a thread.

    `question` is the message that it answers, `request` what Beagle was asked with it; either may
    be None.
    """

    team: str
    channel: str
    message: Message
    question: Message | None
    request: Request | None

    @property
    def ts(self) -> str:
        """When the answer was posted."""
        return str(self.message["ts"])

    @property
    def thread(self) -> str:
        """The thread that it is in, or that it began."""
        return str(self.message.get("thread_ts") or self.ts)

    @property
    def people(self) -> list[Message]:
        """The messages whose words are saved."""
        return [self.message] if self.question is None else [self.message, self.question]


class AnswerThreads:
    """Finds answers in threads, and says what keeps one from being saved.

    `me` returns Beagle's own user in a workspace.
    """

    def __init__(self, store: Store, rights: ReadingRights, me: Callable[[str], str]) -> None:
        self._store = store
        self._rights = rights
        self._me = me
        self._log = get_log(part="people_answers")

    def find(
        self, client: WebClient, team: str, channel: str, ts: str, thread: str = ""
    ) -> FoundAnswer | str:
        """Returns the answer at that message, or why there is none, in words for a person."""
        try:
            read = self._read(client, channel, ts, thread)
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.info("thread_not_read", channel=channel, error=error_code(error))
            gone = error_code(error) in ("thread_not_found", "message_not_found")
            return texts.NOT_AN_ANSWER if gone else texts.SLACK_AWAY

        # A reply to what was handed over is our message, and its author's answer.
        messages = [written_reply(message, self._me(team)) or message for message in read]
        answer = next((message for message in messages if message.get("ts") == ts), None)
        if answer is None or not is_user_message(answer) or answer["user"] == self._me(team):
            return texts.NOT_AN_ANSWER

        earlier = [message for message in messages if str(message.get("ts")) < ts]
        requests = {}
        for message in earlier:
            request = self._store.requests.find(team, channel, str(message.get("ts")))
            if request is not None and is_user_message(message):
                requests[request.ts] = request

        people = [message for message in earlier if message.get("user") != self._me(team)]
        question = find_question(people, answer, requests)
        request = requests.get(str(question["ts"])) if question is not None else None
        return FoundAnswer(team, channel, answer, question, request)

    def problem(self, found: FoundAnswer, person: SlackPerson) -> str:
        """Returns why the person may not save the answer, in words; empty where they may."""
        if self._rights.channel_kind(found.team, found.channel) == "dm":
            return texts.NOT_AN_ANSWER
        if not self._rights.readable(person, [found.channel]):
            return texts.NOT_READABLE

        shared = self._store.access.is_shared(found.team, found.channel)
        for message in found.people:
            if home_team(message, found.team, shared=shared):
                return texts.OUTSIDER
            if self._store.opt_outs.is_opted_out(found.team, str(message["user"]), ""):
                return texts.LEFT_OUT

        times = self._store.access.event_times
        for message in found.people:
            if times.is_deleted(found.team, found.channel, str(message["ts"])):
                return texts.NOT_AN_ANSWER

        return ""

    def may_offer(self, found: FoundAnswer) -> bool:
        """Returns whether Beagle takes part in the thread, or may read the channel."""
        if found.thread == found.ts:
            return False
        if found.request is not None:
            return True

        return self._store.access.may_read_history(found.team, found.channel)

    def _read(self, client: WebClient, channel: str, ts: str, thread: str) -> list[Message]:
        """Returns the messages of the thread up to the answer, the first one first."""
        if not thread:
            # Slack finds a reply by its own time, and says which thread it is in.
            page = client.conversations_replies(channel=channel, ts=ts, limit=1)
            first = (page.get("messages") or [{}])[0]
            thread = str(first.get("thread_ts") or ts)

        messages: list[Message] = []
        for page in pages(
            client.conversations_replies,
            MAX_PAGES,
            channel=channel,
            ts=thread,
            latest=ts,
            inclusive=True,
            limit=PAGE_SIZE,
            include_all_metadata=True,
        ):
            messages += page.get("messages") or []

        return messages
