"""Saves an answer that a person gave: marked with a reaction or a shortcut, then reviewed."""

from __future__ import annotations

from collections.abc import Callable

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.admins import Admins
from bot.intake.message_text import strip_mention
from bot.listeners.people_answers import view as screens
from bot.listeners.people_answers.thread import AnswerThreads, FoundAnswer
from bot.payloads import (
    Ack,
    Action,
    ActionBody,
    Event,
    InteractionBody,
    Respond,
    ShortcutBody,
    View,
    ViewBody,
    clicker,
)
from bot.transport.clients import UNREACHABLE, error_code
from bot.transport.events import Events, event_person
from bot.ui import dialogs
from bot.ui.blocks import Rendered
from bot.ui.button_values import decode_number
from bot.ui.ephemeral import send_text
from bot.ui.texts import people_answers as texts
from router.errors import QueueError
from router.log import get_log
from router.store import Store
from router.store.knowledge.captured_answers import CapturedAnswer
from router.store.workspace.audit import ActionOutcome
from router.types import SlackPerson
from workers.knowledge.membership import ReadingRights
from workers.knowledge.people_answers import (
    MAX_ANSWER,
    MAX_QUESTION,
    answer_document,
    contradicting,
    masked,
)
from workers.knowledge.retrieval import format_date
from workers.ports import Queue

SHORTCUT = "save_answer"
REACTION = "white_check_mark"
"""The name of ✅."""
DAY = 86_400.0
BESIDE_PASSAGES = 6
"""Passages that are searched for something else than the answer says."""


class PeopleAnswers:
    """Offers, reviews, saves and lets go. Each step checks the person's right again.

    An admin has it, and whoever an admin named for the channel. Nothing is stored before the
    review: until then an offer is a button with the ids of messages.
    """

    def __init__(
        self,
        store: Store,
        queue: Queue,
        admins: Admins,
        rights: ReadingRights,
        me: Callable[[str], str],
    ) -> None:
        self._store = store
        self._queue = queue
        self._admins = admins
        self._rights = rights
        self._me = me
        self._threads = AnswerThreads(store, rights, me)
        self._now = admins.now
        self._log = get_log(part="people_answers")

    def listen(self, app: App, events: Events) -> None:
        """Registers for the reaction, the shortcut, the dialog and the buttons."""
        events.on("reaction_added", self.reacted)
        app.message_shortcut(SHORTCUT)(self.ask)
        app.action(screens.REVIEW)(self.review)
        app.view(screens.VIEW)(self.save)
        app.action(screens.KEEP)(self.keep)
        app.action(screens.DROP)(self.drop)

    def reacted(self, event: Event, team: str, client: WebClient) -> None:
        """Offers to save the answer that got a ✅ from somebody with the right to."""
        item = event.get("item") or {}
        channel, ts = str(item.get("channel") or ""), str(item.get("ts") or "")
        if event.get("reaction") != REACTION or item.get("type") != "message":
            return

        # Everybody may react; only who has the right hears from Beagle.
        person = event_person(event, team)
        if not self._may_save(person, channel):
            return
        if self._store.captured_answers.get(team, channel, ts) is not None:
            return

        found = self._threads.find(client, team, channel, ts)
        if isinstance(found, str) or not self._threads.may_offer(found):
            return
        if self._threads.problem(found, person):
            return

        message = screens.offer(
            str(found.message["user"]), {"channel": channel, "ts": ts, "thread": found.thread}
        )
        client.chat_postEphemeral(
            channel=channel,
            user=person.user,
            thread_ts=found.thread,
            text=message.text,
            blocks=message.blocks,
        )

    def ask(self, ack: Ack, body: ShortcutBody, client: WebClient, respond: Respond) -> None:
        """Opens the review of the message that the shortcut was used on."""
        ack()
        channel = (body.get("channel") or {"id": ""})["id"]
        thread = str(body["message"].get("thread_ts") or body["message_ts"])
        self._open(body, client, respond, (channel, body["message_ts"], thread))

    def review(
        self, ack: Ack, body: ActionBody, action: Action, client: WebClient, respond: Respond
    ) -> None:
        """Opens the review of the answer that was offered."""
        ack()
        value = dialogs.button_value(action)
        place = (value.get("channel", ""), value.get("ts", ""), value.get("thread", ""))
        self._open(body, client, respond, place)

    def save(self, ack: Ack, body: ViewBody, view: View, client: WebClient) -> None:
        """Saves the reviewed answer: the next one who asks gets it."""
        person, value = clicker(body), dialogs.dialog_value(view)
        channel, ts = value.get("channel", ""), value.get("ts", "")
        if not self._may_save(person, channel):
            self._record(person, channel, "refused")
            ack(response_action="errors", errors={"question": texts.OWNERS_ONLY})
            return

        words = (dialogs.answer_to(view, "question"), dialogs.answer_to(view, "answer"))
        errors = {}
        if not words[0].strip():
            errors["question"] = texts.NO_QUESTION
        if not words[1].strip():
            errors["answer"] = texts.NO_ANSWER
        if errors:
            ack(response_action="errors", errors=errors)
            return

        ack()
        found = self._threads.find(client, person.team, channel, ts, value.get("thread", ""))
        problem = found if isinstance(found, str) else self._threads.problem(found, person)
        if problem or isinstance(found, str):
            self._tell(client, (channel, value.get("thread", "")), person, problem)
            return

        days = decode_number(dialogs.answer_to(view, "days"))
        days = days if days in texts.DAYS else screens.DEFAULT_DAYS
        owner = dialogs.user_answer(view, "owner") or person.user
        self._store_answer(client, found, person, words, (owner, days))

    def keep(self, ack: Ack, body: ActionBody, action: Action, respond: Respond) -> None:
        """Lets an answer hold for as long again as a new one."""
        ack()
        answer = self._own_answer(body, action, respond)
        if answer is None:
            return

        until = self._now() + screens.DEFAULT_DAYS * DAY
        self._store.captured_answers.renew(answer.team, answer.channel, answer.ts, until)
        self._record(clicker(body), answer.channel, "applied")
        _replace(respond, texts.KEPT.format(day=format_date(until)))

    def drop(self, ack: Ack, body: ActionBody, action: Action, respond: Respond) -> None:
        """Deletes a saved answer: it is gone from the next search."""
        ack()
        answer = self._own_answer(body, action, respond)
        if answer is None:
            return

        self._store.captured_answers.remove(answer.team, answer.channel, answer.ts)
        self._record(clicker(body), answer.channel, "applied")
        _replace(respond, texts.TAKEN_BACK)

    def _may_save(self, person: SlackPerson, channel: str) -> bool:
        if self._admins.includes(person):
            return True
        if person.home or not person.user:
            return False

        rule = self._store.channel_rules.for_channel(person.team, channel)
        return person.user in rule.owners

    def _open(
        self,
        body: InteractionBody,
        client: WebClient,
        respond: Respond,
        place: tuple[str, str, str],
    ) -> None:
        person, (channel, ts, thread) = clicker(body), place
        if not self._may_save(person, channel):
            self._record(person, channel, "refused")
            send_text(respond, texts.OWNERS_ONLY)
            return

        # At once: a trigger id lives for three seconds, and what follows asks Slack several times.
        opened = client.views_open(
            trigger_id=body.get("trigger_id", ""), view=screens.line_dialog(texts.READING)
        )
        found = self._threads.find(client, person.team, channel, ts, thread)
        problem = found if isinstance(found, str) else self._threads.problem(found, person)
        if problem or isinstance(found, str):
            view = screens.line_dialog(problem)
        else:
            view = screens.review_dialog(self._draft(found, person))

        try:
            client.views_update(view_id=opened["view"]["id"], view=view)
        except SlackApiError as error:
            # The person has closed the dialog.
            self._log.info("dialog_not_updated", error=error_code(error))

    def _draft(self, found: FoundAnswer, person: SlackPerson) -> screens.AnswerDraft:
        question = ""
        if found.question is not None:
            asked = strip_mention(str(found.question.get("text") or ""), self._me(found.team))
            question = masked(asked, MAX_QUESTION)

        answer = masked(str(found.message.get("text") or ""), MAX_ANSWER)
        name = self._store.access.channel_name(found.team, found.channel)
        # What the reviewer may read, as `problem` has just asked Slack: the dialog is theirs alone.
        viewer = self._store.access.viewer(
            found.team, person.user, "", "dm", since=self._rights.since
        )
        hits = self._store.documents.search(question or answer, None, viewer, BESIDE_PASSAGES)
        return screens.AnswerDraft(
            channel=found.channel,
            channel_name=name or found.channel,
            ts=found.ts,
            thread=found.thread,
            question=question,
            answer=answer,
            owner=person.user,
            beside=contradicting(question or answer, answer, hits),
        )

    def _store_answer(
        self,
        client: WebClient,
        found: FoundAnswer,
        person: SlackPerson,
        words: tuple[str, str],
        choice: tuple[str, int],
    ) -> None:
        team, channel = found.team, found.channel
        (owner, days), note = choice, ""
        is_person = owner != self._me(team)
        if not is_person or not self._rights.readable(SlackPerson(team, owner), [channel]):
            owner, note = person.user, texts.OWNER_CANNOT_READ.format(channel=channel)

        answer = self._answer_row(found, person, owner, self._now() + days * DAY)
        name, link = self._author_name(client, answer), self._link(client, answer)
        self._store.captured_answers.save(answer, answer_document(answer, words, name, link))

        # Deleted in Slack while it was being saved.
        if self._threads.problem(found, person):
            self._store.captured_answers.remove(team, channel, found.ts)
            self._tell(client, (channel, found.thread), person, texts.NOT_AN_ANSWER)
            return

        self._record(person, channel, "applied")
        self._log.info("answer_saved", channel=channel, days=days, route=answer.route)
        try:
            self._queue.enqueue("embed", answer.document_key)
        except QueueError as error:
            # It is found by its words already.
            self._log.warning("embedding_deferred", error=str(error))

        message = screens.saved(answer, note)
        self._show(client, (channel, found.thread), person, message)

    def _answer_row(
        self, found: FoundAnswer, person: SlackPerson, owner: str, until: float
    ) -> CapturedAnswer:
        question, request = found.question, found.request
        decision = self._store.decisions.newest(request.id) if request else None
        return CapturedAnswer(
            team=found.team,
            channel=found.channel,
            ts=found.ts,
            thread_ts=found.thread,
            question_ts=str(question["ts"]) if question is not None else "",
            author=str(found.message["user"]),
            asker=str(question["user"]) if question is not None else "",
            owner=owner,
            reviewer=person.user,
            request=request.id if request else "",
            route=(decision.route if decision else None) or "",
            at=self._now(),
            valid_until=until,
        )

    def _author_name(self, client: WebClient, answer: CapturedAnswer) -> str:
        try:
            user = client.users_info(user=answer.author)["user"]
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.info("author_unknown", error=error_code(error))
            return ""

        profile = user.get("profile") or {}
        return str(profile.get("display_name") or user.get("real_name") or user.get("name") or "")

    def _link(self, client: WebClient, answer: CapturedAnswer) -> str:
        try:
            link = client.chat_getPermalink(channel=answer.channel, message_ts=answer.ts)
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.info("link_unknown", error=error_code(error))
            return ""

        return str(link.get("permalink") or "")

    def _own_answer(
        self, body: ActionBody, action: Action, respond: Respond
    ) -> CapturedAnswer | None:
        """Returns the answer of the button; None, and the person is told, if it is not theirs."""
        person, value = clicker(body), dialogs.button_value(action)
        channel, ts = value.get("channel", ""), value.get("ts", "")
        answer = self._store.captured_answers.get(person.team, channel, ts)

        is_owner = answer is not None and not person.home and person.user == answer.owner
        if not is_owner and not self._may_save(person, channel):
            self._record(person, channel, "refused")
            send_text(respond, texts.NOT_YOURS)
            return None

        if answer is None:
            send_text(respond, texts.GONE)

        return answer

    def _record(self, person: SlackPerson, channel: str, outcome: ActionOutcome) -> None:
        self._admins.record((person.team, person.user), "save_answer", channel, outcome)

    def _tell(
        self, client: WebClient, found: tuple[str, str], person: SlackPerson, text: str
    ) -> None:
        self._show(client, found, person, screens.line_for_one(text))

    def _show(
        self,
        client: WebClient,
        found: tuple[str, str],
        person: SlackPerson,
        message: Rendered,
    ) -> None:
        """Shows the message to the person alone, in the channel and thread of the answer."""
        channel, thread = found
        try:
            client.chat_postEphemeral(
                channel=channel,
                user=person.user,
                thread_ts=thread or None,
                text=message.text,
                blocks=message.blocks,
            )
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.warning("reviewer_not_told", error=error_code(error))


def _replace(respond: Respond, text: str) -> None:
    respond(text=text, response_type="ephemeral", replace_original=True)
