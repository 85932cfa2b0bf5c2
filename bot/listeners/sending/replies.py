"""What a person answers to whom a request was handed over: it comes back into the thread."""

from __future__ import annotations

from slack_bolt import App
from slack_sdk import WebClient

from bot.admins import Admins
from bot.listeners.sending import view as screens
from bot.payloads import (
    Ack,
    Action,
    ActionBody,
    InteractionBody,
    Respond,
    View,
    ViewBody,
    clicker,
)
from bot.ui import blocks, dialogs
from bot.ui.ephemeral import send_text
from bot.ui.sent_message import ANSWER
from bot.ui.texts import sending as texts
from router.errors import QueueError
from router.log import get_log
from router.store import Store
from router.store.requests.sendings import Sending, sending_key
from router.types import SlackPerson
from workers.ports import Queue
from workers.sending.content import cut


class HandedOverReplies:
    """Only the person to whom it was handed over can answer, and once."""

    def __init__(self, store: Store, queue: Queue, admins: Admins) -> None:
        self._store = store
        self._queue = queue
        self._admins = admins
        self._log = get_log(part="sending")

    def listen(self, app: App) -> None:
        """Registers for the button in the direct message, and its dialog."""
        app.action(ANSWER)(self.ask)
        app.view(screens.ANSWER_VIEW)(self.post)

    def ask(
        self, ack: Ack, action: Action, body: ActionBody, client: WebClient, respond: Respond
    ) -> None:
        """Asks for the answer."""
        ack()
        value = dialogs.button_value(action)
        if self._handed_over(value.get("sending", ""), body) is None:
            send_text(respond, texts.NOT_ANSWERED)
            return

        client.views_open(trigger_id=body.get("trigger_id", ""), view=screens.answer_dialog(value))

    def post(self, ack: Ack, body: ViewBody, view: View) -> None:
        """Writes the answer down and wakes a worker, which posts it in the thread."""
        handed = self._handed_over(dialogs.dialog_value(view).get("sending", ""), body)
        if handed is None:
            ack(response_action="errors", errors={"answer": texts.NOT_ANSWERED})
            return

        text = dialogs.answer_to(view, "answer").strip()
        if not text:
            ack(response_action="errors", errors={"answer": texts.NO_ANSWER})
            return

        if self.store_reply(handed, clicker(body), text, self._admins.now()):
            ack()
            return

        shown = dialogs.message_dialog(texts.ANSWER_TITLE, [blocks.paragraph(texts.UNDERWAY)])
        ack(response_action="update", view=shown)

    def store_reply(self, handed: Sending, person: SlackPerson, text: str, at: float) -> bool:
        """Writes an answer down and wakes a worker; returns False where there is one already."""
        new = Sending(
            key=reply_key(handed),
            request=handed.request,
            revision=handed.revision,
            kind="reply",
            target=person.user,
            content={"user": person.user, "text": cut(text, screens.MAX_ANSWER)},
            user=person.user,
            at=at,
        )
        who = (person.team, person.user)
        if self._store.sendings.add(new) is not None:
            self._admins.record(who, "send_reply", new.key, "late")
            return False

        self._admins.record(who, "send_reply", new.key, "applied")
        try:
            self._queue.enqueue("send_answer", new.key)
        except QueueError as error:
            # It is stored, and the reaper enqueues it.
            self._log.warning("job_enqueue_failed", request=handed.request, error=str(error))

        return True

    def _handed_over(self, key: str, body: InteractionBody) -> Sending | None:
        """Returns what was handed over to whoever clicks."""
        person = clicker(body)
        sending = self._store.sendings.get(key)
        if sending is None or sending.kind != "person" or sending.target != person.user:
            return None

        request = self._store.requests.get(sending.request)
        is_here = request is not None and request.team == person.team and not person.home
        return sending if is_here else None


def reply_key(handed: Sending) -> str:
    """Returns the key of the answer to what was handed over."""
    return sending_key(handed.request, handed.revision, "reply", handed.key)
