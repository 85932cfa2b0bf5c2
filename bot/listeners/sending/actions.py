"""The clicks of *Send to…*: each checks again who presses, and that nothing has changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.admins import Admins
from bot.listeners.clicked_request import clicked_request
from bot.listeners.sending import view as screens
from bot.payloads import Ack, Action, ActionBody, ButtonValue, Respond, View, ViewBody, clicker
from bot.transport.clients import UNREACHABLE, error_code
from bot.ui import blocks, dialogs
from bot.ui.ephemeral import send_text
from bot.ui.sent_message import with_note
from bot.ui.texts import sending as texts
from router.catalog.actions import SendAction
from router.catalog.catalog import Catalog
from router.errors import PathError, QueueError
from router.index import WORKSPACE_ACL
from router.log import get_log
from router.store import Store
from router.store.requests.sendings import Sending, sending_key
from router.types import Outcome, Request, SlackPerson
from workers.ports import Directory, Queue
from workers.sending.content import MAX_NOTE, content_of, seal_of, webhook_body

DEFAULT_DELAY = 3600.0
"""Seconds until a reminder where Slack sent no choice."""


@dataclass(frozen=True, slots=True)
class SendRules:
    """Who may pass on which answer, and how: asked at each click.

    `catalog_of` returns the routes of a workspace; `may_serve` whether asker and presser may both
    use a route in the request's channel.
    """

    store: Store
    admins: Admins
    catalog_of: Callable[[str], Catalog]
    may_serve: Callable[[str, Request, SlackPerson], bool]

    def answer(self, request: Request, revision: int) -> Outcome | None:
        """Returns the answer that is shown, if it is still that revision's."""
        decision = self.store.decisions.newest(request.id)
        if decision is None or decision.revision != revision:
            return None

        outcome = self.store.decisions.outcome(request.id, revision)
        if outcome is None or outcome.error:
            return None

        return outcome if outcome.text or outcome.data else None

    def actions(
        self, request: Request, outcome: Outcome, person: SlackPerson
    ) -> list[SendAction] | str:
        """Returns what the person may do with the answer, or why they may not, in words."""
        # None: an older release did not record what the answer was made from.
        if outcome.acls is None or set(outcome.acls) - {WORKSPACE_ACL}:
            return texts.PRIVATE

        route = self.catalog_of(request.team).routes.get(outcome.route or "")
        if route is None or not route.actions:
            return texts.NOT_SENDABLE
        if person.home or not self.may_serve(route.name, request, person):
            return texts.NOT_YOURS

        is_theirs = request.asker == person or self.admins.includes(person)
        mine = [action for action in route.actions if is_theirs or action.who == "anyone"]
        return mine or texts.NOT_YOURS


class SendActions:
    """Answers the clicks, and writes down what is to be sent. A worker sends it."""

    def __init__(self, rules: SendRules, queue: Queue, directory: Directory) -> None:
        self._rules = rules
        self._store = rules.store
        self._admins = rules.admins
        self._now = rules.admins.now
        self._queue = queue
        self._directory = directory
        self._log = get_log(part="sending")

    def listen(self, app: App) -> None:
        """Registers for the buttons and the dialog."""
        app.action(blocks.SEND)(self.choose)
        app.action(re.compile(rf"{screens.KIND}:\d+"))(self.show)
        app.view(screens.VIEW)(self.send)

    def choose(
        self, ack: Ack, action: Action, body: ActionBody, client: WebClient, respond: Respond
    ) -> None:
        """Asks where to send it."""
        ack()
        value = dialogs.button_value(action)
        request = clicked_request(self._store, value, body)
        if request is None:
            return

        person = clicker(body)
        outcome = self._rules.answer(request, value.get("revision", -1))
        if outcome is None:
            send_text(respond, texts.NOT_SENDABLE)
            return

        choices = self._rules.actions(request, outcome, person)
        if isinstance(choices, str):
            self._record(person, request, "refused")
            send_text(respond, choices)
            return

        carried: ButtonValue = {
            "request": request.id,
            "revision": value.get("revision", -1),
            "channel": request.channel,
        }
        client.views_open(
            trigger_id=body.get("trigger_id", ""), view=screens.kind_dialog(choices, carried)
        )

    def show(self, ack: Ack, action: Action, body: ActionBody, client: WebClient) -> None:
        """Shows what will be sent."""
        ack()
        value, dialog = dialogs.button_value(action), body.get("view", {}).get("id")
        if not dialog:
            return

        found = self._find(value, body)
        if isinstance(found, str):
            view = dialogs.message_dialog(texts.TITLE, [blocks.paragraph(found)])
        else:
            request, outcome, chosen = found
            carried: ButtonValue = {**value, "link": self._link(client, request)}
            content = _content(request, outcome, clicker(body), chosen, carried)
            carried["seal"] = seal_of(content)
            view = screens.send_dialog(chosen, content, carried)

        try:
            client.views_update(view_id=dialog, view=view)
        except SlackApiError as error:
            # The person has closed the dialog.
            self._log.info("dialog_not_updated", error=error_code(error))

    def send(self, ack: Ack, body: ViewBody, view: View, client: WebClient) -> None:
        """Writes down what is to be sent, as it was shown, and wakes a worker."""
        person, value = clicker(body), dialogs.dialog_value(view)
        found = self._find(value, body)
        if isinstance(found, str):
            request = self._store.requests.get(value.get("request", ""))
            if request is not None:
                self._record(person, request, "refused")
            _show(ack, found)
            return

        request, outcome, action = found
        content = _content(request, outcome, person, action, value)
        if seal_of(content) != value.get("seal"):
            _show(ack, texts.CHANGED)
            return

        post_at = 0.0
        if action.to == "reminder":
            post_at = self._now() + texts.DELAYS.get(dialogs.answer_to(view, "when"), DEFAULT_DELAY)

        # At once: the members of a large channel come in many pages, and Slack waits three seconds.
        ack()
        content["note"] = dialogs.answer_to(view, "note")[:MAX_NOTE]
        target = _target(action, view)
        problem = self._target_problem(action, target, person)
        if problem:
            # The dialog is gone, and what was written in it must not be.
            self._tell(client, request, person, with_note(problem, content["note"]))
            return

        new = Sending(
            key=_key(request, value.get("revision", -1), action, target),
            request=request.id,
            revision=value.get("revision", -1),
            kind=action.to,
            target="" if action.to == "reminder" else target,
            content=content,
            user=person.user,
            at=self._now(),
            post_at=post_at,
        )
        self._store_and_wake(client, request, person, new)

    def _find(
        self, value: ButtonValue, body: ActionBody | ViewBody
    ) -> tuple[Request, Outcome, SendAction] | str:
        """Returns what the dialog is about, or in words why nothing may be sent."""
        request = clicked_request(self._store, value, body, value.get("channel", ""))
        outcome = self._rules.answer(request, value.get("revision", -1)) if request else None
        if request is None or outcome is None:
            return texts.CHANGED

        choices = self._rules.actions(request, outcome, clicker(body))
        if isinstance(choices, str):
            return choices

        chosen = [action for action in choices if action.target == value.get("action")]
        return (request, outcome, chosen[0]) if chosen else texts.NOT_YOURS

    def _store_and_wake(
        self, client: WebClient, request: Request, person: SlackPerson, new: Sending
    ) -> None:
        earlier = self._store.sendings.add(new)
        if earlier is not None:
            self._record(person, request, "late")
            is_sent = earlier.state == "sent" and earlier.user
            text = texts.REPEATED.format(user=earlier.user) if is_sent else texts.UNDERWAY
            self._tell(client, request, person, text)
            return

        self._record(person, request, "applied", new.key)
        try:
            self._queue.enqueue("send_answer", new.key)
        except QueueError as error:
            # It is stored, and the reaper enqueues it.
            self._log.warning("job_enqueue_failed", request=request.id, error=str(error))

    def _target_problem(self, action: SendAction, target: str, person: SlackPerson) -> str:
        """Returns why it cannot go there, in words; empty where it can."""
        try:
            if action.to == "channel":
                is_member = person.user in self._directory.members(person.team, target)
                return "" if is_member else texts.NOT_MEMBER
            if action.to == "person":
                known = self._directory.people(person.team, [target]).get(target)
                is_colleague = known is not None and not known.home and not known.bot
                return "" if is_colleague else texts.NOT_A_COLLEAGUE
        except PathError:
            # The same text for each cause: it must not reveal which channels exist.
            return texts.NOT_MEMBER if action.to == "channel" else texts.NOT_A_COLLEAGUE

        return ""

    def _link(self, client: WebClient, request: Request) -> str:
        """Returns the address of the thread; none for a direct message, which nobody else opens."""
        if request.channel_kind == "dm":
            return ""

        try:
            # A part of a message is no message: its thread is the place to go to.
            at = request.thread if request.part_of else request.ts
            answer = client.chat_getPermalink(channel=request.channel, message_ts=at)
        except (SlackApiError, *UNREACHABLE):
            return ""

        return str(answer.get("permalink") or "")[:500]

    def _tell(self, client: WebClient, request: Request, person: SlackPerson, text: str) -> None:
        client.chat_postEphemeral(
            channel=request.channel, user=person.user, thread_ts=request.thread, text=text
        )

    def _record(
        self, person: SlackPerson, request: Request, outcome: Any, subject: str = ""
    ) -> None:
        who = (person.team, person.user)
        self._admins.record(who, "send_answer", subject or request.id, outcome)


def _content(
    request: Request,
    outcome: Outcome,
    person: SlackPerson,
    action: SendAction,
    value: ButtonValue,
) -> dict[str, Any]:
    """Returns what is sent, without the note."""
    content = content_of(request, outcome, person.user, value.get("link", ""))
    if action.to == "webhook":
        key = _key(request, value.get("revision", -1), action, action.name)
        content["body"] = webhook_body(action, content, key, request.team)

    return content


def _target(action: SendAction, view: View) -> str:
    if action.to == "channel":
        return dialogs.conversation_answer(view, "channel")
    if action.to == "person":
        return dialogs.user_answer(view, "person")

    # Each dialog makes one reminder; two of them may be wanted.
    return str(view.get("id", "")) if action.to == "reminder" else action.name


def _key(request: Request, revision: int, action: SendAction, target: str) -> str:
    return sending_key(request.id, revision, action.to, target)


def _show(ack: Ack, text: str) -> None:
    """Shows a sentence in place of the dialog."""
    view = dialogs.message_dialog(texts.TITLE, [blocks.paragraph(text)])
    ack(response_action="update", view=view)
