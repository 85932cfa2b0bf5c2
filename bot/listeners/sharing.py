"""Answers from documents that one person may read, shown to others only if that person says so."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.listeners.clicked_request import clicked_request
from bot.payloads import Ack, Action, ActionBody, Block, Respond, View, ViewBody, clicker
from bot.transport.clients import UNREACHABLE
from bot.ui import blocks, dialogs, outcome_text, rich_text
from bot.ui.blocks import Rendered
from bot.ui.texts import common as texts
from router.catalog.version import Version
from router.classifier.second_request import first_request
from router.encoder.protocol import Encoder
from router.errors import PathError
from router.index import WORKSPACE_ACL, Hit, Vector
from router.log import get_log
from router.store import Store
from router.types import Outcome, Request, SlackPerson, Viewer
from workers.context import Work
from workers.jobs.answer import thread_history
from workers.knowledge.membership import ReadingRights
from workers.knowledge.quotes.extractive_answer import ANSWER_PASSAGES
from workers.knowledge.relevance.ranking import RANKED, rank_passages
from workers.knowledge.retrieval import (
    follow_up_query,
    follow_up_vector,
    query_vector,
    search_query,
)
from workers.paths._cited_answer import answer_with_quotes
from workers.paths._private_answer import with_public_answer
from workers.ports import Directory, QuoteScores

VIEW = "share_answer"
EVENT_TYPE = "beagle_shared"
"""Marks what is shared in Slack's message metadata: it is no answer of Beagle's to a request."""


class SharingActions:
    """Answers the buttons that search for one person alone, and those that share.

    Each click checks again what the person may read, and which routes they may use:
    `usable_routes` takes person and channel; `encoder` and `scorer` compare lines with the
    question.
    """

    def __init__(
        self,
        store: Store,
        directory: Directory,
        rights: ReadingRights,
        usable_routes: Callable[[SlackPerson, str], Collection[str]],
        encoder: Encoder | None = None,
        scorer: QuoteScores | None = None,
    ) -> None:
        self._store = store
        self._directory = directory
        self._rights = rights
        self._usable_routes = usable_routes
        self._encoder = encoder
        self._scorer = scorer
        self._log = get_log(part="sharing")

    def listen(self, app: App) -> None:
        """Registers for the buttons and the dialog."""
        app.action(blocks.LOOK_ALONE)(self.search_privately)
        app.action(blocks.SHARE_HERE)(self.share_here)
        app.action(blocks.SHARE)(self.ask_channel)
        app.view(VIEW)(self.share)

    def search_privately(
        self, ack: Ack, body: ActionBody, action: Action, client: WebClient
    ) -> None:
        """Quotes what the person may read to them alone, with a button to share it."""
        ack()
        request = clicked_request(self._store, dialogs.button_value(action), body)
        if request is None:
            return

        person = clicker(body)
        message = private_answer(request, self._search(request, person))
        client.chat_postEphemeral(
            channel=request.channel,
            user=person.user,
            thread_ts=request.thread,
            text=message.text,
            blocks=message.blocks,
            parse="none",
        )

    def share_here(
        self, ack: Ack, body: ActionBody, action: Action, client: WebClient, respond: Respond
    ) -> None:
        """Posts the quotes in the thread, in the person's name.

        They are searched again: the person may have lost a right since they saw them.
        """
        ack()
        request = clicked_request(self._store, dialogs.button_value(action), body)
        if request is None:
            return

        person = clicker(body)
        outcome = self._search(request, person)
        if _is_answered(outcome):
            self._post(client, request.channel, request.thread, person.user, outcome)

        respond(delete_original=True)

    def ask_channel(self, ack: Ack, body: ActionBody, action: Action, client: WebClient) -> None:
        """Asks the person whose answer it is where to share it."""
        ack()
        request = clicked_request(self._store, dialogs.button_value(action), body)
        if request is None or request.asker != clicker(body):
            return

        decision = self._store.decisions.newest(request.id)
        revision = decision.revision if decision is not None else 0
        outcome = self._store.decisions.outcome(request.id, revision)
        view = share_dialog(request, outcome)
        client.views_open(trigger_id=body.get("trigger_id", ""), view=view)

    def share(self, ack: Ack, body: ViewBody, view: View, client: WebClient) -> None:
        """Posts the person's answer in the chosen channel.

        Only if they are in it, and may still read everything that the answer was made from.
        """
        # At once: the members of a large channel come in many pages, and Slack waits three seconds.
        ack()
        person = clicker(body)
        channel = dialogs.conversation_answer(view, "channel")

        request = self._store.requests.get(dialogs.dialog_value(view).get("request", ""))
        if request is None or request.asker != person:
            return

        if not self._share_with(channel, request, person, client):
            # The same text for each cause: it must not reveal which channels exist.
            client.chat_postEphemeral(
                channel=request.channel,
                user=person.user,
                thread_ts=request.thread,
                text=texts.SHARE_NOT_THERE,
            )

    def _share_with(
        self, channel: str, request: Request, person: SlackPerson, client: WebClient
    ) -> bool:
        """Posts the answer if the person is in the channel; returns whether that succeeded."""
        try:
            is_member = person.user in self._directory.members(person.team, channel)
        except PathError:
            is_member = False  # Beagle itself is not in that channel

        outcome = self._own_outcome(request, person) if is_member else None
        return outcome is not None and self._post(client, channel, None, person.user, outcome)

    def _own_outcome(self, request: Request, person: SlackPerson) -> Outcome | None:
        """Returns the newest outcome of a person's request, if they may still see it."""
        decision = self._store.decisions.newest(request.id)
        if decision is None or not self._may_use(decision.route, request, person):
            return None

        outcome = self._store.decisions.outcome(request.id, decision.revision)
        # None: an older release did not record what the answer was made from.
        if outcome is None or outcome.acls is None:
            return None

        acls = frozenset(outcome.acls)
        return outcome if self._rights.readable(person, acls) == acls else None

    def _may_use(self, route: str | None, request: Request, person: SlackPerson) -> bool:
        return route in self._usable_routes(person, request.channel)

    def _search(self, request: Request, person: SlackPerson) -> Outcome:
        """Returns quotes from the documents that this person may read.

        Nothing is quoted if the request's route is not one that this person may use.
        """
        decision = self._store.decisions.newest(request.id)
        if decision is None or decision.route is None:
            return Outcome(text=texts.EMPTY)

        live = self._store.versions.live(request.team, decision.route)
        if live is None or not self._may_use(decision.route, request, person):
            return Outcome(text=texts.EMPTY)

        # As if they had asked in a direct message: then everything that they may read counts, not
        # only what everybody in the channel may read.
        asked = first_request(request, decision.reason)
        alone = replace(asked, user=person.user, user_team=person.home, channel_kind="dm")
        version = Version.model_validate(dict(live.body))
        work = Work(asked, decision, version, thread_history(self._store, request))

        own = self._answer(work, alone, person)
        public = self._answer(work, request, person)
        outcome = with_public_answer(own, public)
        acls = {*(own.acls or ()), *(public.acls or ())}
        return replace(outcome, acls=tuple(sorted(acls)))

    def _answer(self, work: Work, reader: Request, person: SlackPerson) -> Outcome:
        """Returns the quotes from what those who see the reader's answer may read, and the person.

        They are found and read as a worker does it.
        """
        found = self._passages(reader, search_query(work), query_vector(self._store, work), person)
        follow_up: list[Hit] = []
        query = follow_up_query(work)
        if query is not None:
            vector = follow_up_vector(self._store, work.request)
            follow_up = self._passages(reader, query, vector, person)

        outcome = answer_with_quotes(
            work, found, follow_up, encoder=self._encoder, scorer=self._scorer
        )
        acls = {hit.acl for hit in (*found, *follow_up)}
        return replace(outcome, acls=tuple(sorted(acls)))

    def _passages(
        self, reader: Request, query: str, vector: Vector | None, person: SlackPerson
    ) -> list[Hit]:
        def find(viewer: Viewer) -> list[Hit]:
            return self._store.documents.search(query, vector, viewer, RANKED)

        hits = rank_passages(query, self._rights.search(reader, find))[:ANSWER_PASSAGES]
        readable = self._rights.readable(person, {hit.acl for hit in hits})
        return [hit for hit in hits if hit.acl in readable]

    def _post(
        self, client: WebClient, channel: str, thread: str | None, user: str, outcome: Outcome
    ) -> bool:
        """Posts the outcome in the person's name; returns whether that succeeded."""
        message = shared_answer(user, outcome)
        try:
            client.chat_postMessage(
                channel=channel,
                thread_ts=thread,
                text=message.text,
                blocks=message.blocks,
                parse="none",
                link_names=False,
                unfurl_links=False,
                unfurl_media=False,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"user": user}},
            )
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.warning("not_shared", channel=channel, error=type(error).__name__)
            return False

        self._log.info("shared", channel=channel)
        return True


def private_answer(request: Request, outcome: Outcome) -> Rendered:
    """Returns quotes for one person alone, with a button to share them."""
    elements = outcome_text.outcome_elements(outcome)
    shown = rich_text.blocks(elements)
    if _is_answered(outcome):
        share = blocks.button(texts.SHARE_HERE, blocks.SHARE_HERE, {"request": request.id})
        shown += [blocks.paragraph(_who_may_read(outcome)), blocks.actions([share])]

    return Rendered(_short_text(elements), shown)


def shared_answer(user: str, outcome: Outcome) -> Rendered:
    """Returns an answer that the person shares with a channel."""
    elements = outcome_text.outcome_elements(outcome)
    heading = blocks.paragraph(texts.SHARED.format(user=user))
    return Rendered(_short_text(elements), [heading, *rich_text.blocks(elements)])


def share_dialog(request: Request, outcome: Outcome | None) -> Block:
    """Returns the dialog that asks for the channel; `outcome` is what will be shared."""
    picker = {"type": "conversations_select", "filter": {"include": ["public", "private"]}}
    question = dialogs.question("channel", texts.SHARE_WHERE, picker)
    return dialogs.dialog(
        VIEW,
        texts.SHARE_TITLE,
        (texts.SHARE, texts.CANCEL),
        {"request": request.id},
        [blocks.paragraph(_who_may_read(outcome)), question],
    )


def _short_text(elements: Sequence[rich_text.Element]) -> str:
    return outcome_text.plain_text(elements)[: blocks.FALLBACK_LIMIT]


def _who_may_read(outcome: Outcome | None) -> str:
    """Returns whether others may read what the answer was made from, in words."""
    # None: it is not known. Then only the careful sentence is true.
    if outcome is None or outcome.acls is None:
        return texts.ALONE

    return texts.ALONE if set(outcome.acls) - {WORKSPACE_ACL} else texts.OPEN_TO_ALL


def _is_answered(outcome: Outcome) -> bool:
    return isinstance(outcome.data, Mapping) and bool(outcome.data.get("answered"))
