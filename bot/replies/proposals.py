"""What a person has to confirm: the question with its buttons, and the clicks on them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

from slack_bolt import App

from bot.admins import Admins
from bot.ui.blocks import Shown, button, words
from bot.ui.texts import common as texts
from router.errors import QueueError
from router.log import get_log
from router.store import Store
from router.types import Proposal
from workers.ports import Queue

DECISIONS: Mapping[str, Literal["confirmed", "cancelled"]] = {
    "confirm_proposal": "confirmed",
    "decline_proposal": "cancelled",
}


def with_question(shown: Shown, proposal: Proposal) -> Shown:
    """The answer with what it asks for: two buttons while nobody has decided, then what became of it."""
    first, *rest = shown.blocks
    plainer = None if shown.plainer is None else with_question(shown.plainer, proposal)

    if proposal.state == "pending":
        value = {"proposal": proposal.key, "seal": proposal.seal}
        buttons = [
            button(texts.CONFIRM, "confirm_proposal", value, style="primary"),
            button(texts.DECLINE, "decline_proposal", value),
        ]
        asked = [words(texts.PROPOSED), first, {"type": "actions", "elements": buttons}]

        return Shown(f"{texts.PROPOSED}\n{shown.text}", [*asked, *rest], plainer)

    said = [words(texts.PROPOSAL[proposal.state])]
    if proposal.result:
        text = {"type": "plain_text", "text": proposal.result[:2000], "emoji": False}
        said.append({"type": "context", "elements": [text]})

    return Shown(f"{shown.text}\n{texts.PROPOSAL[proposal.state]}", [first, *said, *rest], plainer)


class Decisions:
    """Answers the clicks. Only the person who asked or an admin decides; the first word counts."""

    def __init__(
        self, store: Store, queue: Queue, admins: Admins, now: Callable[[], float]
    ) -> None:
        self._store, self._queue, self._admins, self._now = store, queue, admins, now

    def listen(self, app: App) -> None:
        """Both buttons are listened to."""
        for name in DECISIONS:
            app.action(name)(self.decide)

    def decide(self, ack: Any, action: dict[str, Any], body: dict[str, Any], respond: Any) -> None:
        """What the person said holds, or they are told why not; each click leaves a row in the audit."""
        ack()

        seen = self._seen(action, body)
        if seen is None:
            self._tell(respond, texts.ALREADY)
            return

        request = self._store.requests.get(seen.request)
        who = (request.team if request else "", str(body["user"]["id"]))
        name = str(action["action_id"])

        if request is None or not (who[1] == request.user or self._admins.includes(*who)):
            self._admins.note(who, name, seen.key, "refused")
            self._tell(respond, texts.NOT_YOURS)
            return

        if not self._store.proposals.decide(seen, DECISIONS[name], who[1], self._now()):
            self._admins.note(who, name, seen.key, "late")
            self._tell(respond, texts.ALREADY)
            return

        self._admins.note(who, name, seen.key, "applied")
        try:
            self._queue.wake("execute_proposal", seen.key)
        except QueueError as error:
            # The reaper wakes it; the person's word is in the store.
            get_log(part="proposals").warning("not_woken", request=seen.request, error=str(error))

    def _seen(self, action: Mapping[str, Any], body: Mapping[str, Any]) -> Proposal | None:
        """The proposal that the button showed, if it is still the same and belongs to where the click came from."""
        try:
            value = json.loads(str(action.get("value", "")))
        except ValueError:
            return None

        found = (
            self._store.proposals.get(str(value.get("proposal", "")))
            if isinstance(value, dict)
            else None
        )

        if found is None or found.seal != value.get("seal"):
            return None

        request = self._store.requests.get(found.request)
        here = (body.get("team", {}).get("id"), body.get("channel", {}).get("id"))
        return found if request is not None and here == (request.team, request.channel) else None

    @staticmethod
    def _tell(respond: Any, said: str) -> None:
        respond(text=said, response_type="ephemeral", replace_original=False)
