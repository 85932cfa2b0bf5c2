"""Actions that a person has to confirm: the question with its buttons, and the clicks on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from slack_bolt import App

from bot.admins import Admins
from bot.payloads import Ack, Action, ActionBody, Block, Respond, clicker, team_and_user
from bot.ui import dialogs
from bot.ui.blocks import Rendered, actions, button, paragraph
from bot.ui.ephemeral import send_text
from bot.ui.texts import common as texts
from router.errors import QueueError
from router.log import get_log
from router.store import Store
from router.types import Proposal, Request, SlackPerson
from workers.ports import Queue

DECISIONS: Mapping[str, Literal["confirmed", "cancelled"]] = {
    "confirm_proposal": "confirmed",
    "decline_proposal": "cancelled",
}
"""The state that each button sets."""
MAX_RESULT = 2000
"""Characters of a result that Slack takes in a context block."""


def with_confirmation(message: Rendered, proposal: Proposal) -> Rendered:
    """Returns the answer with its proposal: two buttons while that is pending, then its result."""
    first, *rest = message.blocks
    if proposal.state == "pending":
        value = {"proposal": proposal.key, "seal": proposal.content_hash}
        buttons = [
            button(texts.CONFIRM, "confirm_proposal", value, style="primary"),
            button(texts.DECLINE, "decline_proposal", value),
        ]
        # The buttons come directly below the answer's text, which says what would be done.
        question = [paragraph(texts.PROPOSED), first, actions(buttons)]

        return Rendered(f"{texts.PROPOSED}\n{message.text}", [*question, *rest])

    status = texts.PROPOSAL[proposal.state]
    outcome: list[Block] = [paragraph(status)]
    if proposal.result:
        text = {"type": "plain_text", "text": proposal.result[:MAX_RESULT], "emoji": False}
        outcome.append({"type": "context", "elements": [text]})

    return Rendered(f"{message.text}\n{status}", [first, *outcome, *rest])


class ProposalActions:
    """Answers the clicks. Only the asker or an admin decides, and the first decision counts.

    `may_serve` says whether the asker and whoever pressed may both still use the route.
    """

    def __init__(
        self,
        store: Store,
        queue: Queue,
        admins: Admins,
        now: Callable[[], float],
        may_serve: Callable[[str, Request, SlackPerson], bool],
    ) -> None:
        self._store = store
        self._queue = queue
        self._admins = admins
        self._now = now
        self._may_serve = may_serve

    def listen(self, app: App) -> None:
        """Registers for both buttons."""
        for name in DECISIONS:
            app.action(name)(self.decide)

    def decide(self, ack: Ack, action: Action, body: ActionBody, respond: Respond) -> None:
        """Records the decision and enqueues the action, or says why not. Each click is audited."""
        ack()

        proposal = self._clicked_proposal(action, body)
        if proposal is None:
            send_text(respond, texts.ALREADY)
            return

        request = self._store.requests.get(proposal.request)
        team, user = team_and_user(body)
        name = action["action_id"]

        # The message is in a channel: others see the buttons, too.
        person = clicker(body)
        is_asker = request is not None and request.asker == person
        may_decide = is_asker or self._admins.includes(person)
        if request is None or not may_decide or not self._may_use(name, request, person):
            self._admins.record((team, user), name, proposal.key, "refused")
            send_text(respond, texts.NOT_YOURS)
            return

        if not self._store.proposals.decide(proposal, DECISIONS[name], user, self._now()):
            self._admins.record((team, user), name, proposal.key, "late")
            send_text(respond, texts.ALREADY)
            return

        self._admins.record((team, user), name, proposal.key, "applied")
        try:
            self._queue.enqueue("execute_proposal", proposal.key)
        except QueueError as error:
            # The decision is stored, and the reaper enqueues it.
            get_log(part="proposals").warning(
                "job_enqueue_failed", request=proposal.request, error=str(error)
            )

    def _may_use(self, name: str, request: Request, person: SlackPerson) -> bool:
        """Returns whether a confirmation may run the route's tool; declining runs nothing."""
        if DECISIONS[name] != "confirmed":
            return True

        decision = self._store.decisions.newest(request.id)
        route = decision.route if decision is not None else None
        return route is not None and self._may_serve(route, request, person)

    def _clicked_proposal(self, action: Action, body: ActionBody) -> Proposal | None:
        """Returns the proposal that the button showed.

        None if it has changed since, or if the click comes from another channel or workspace.
        """
        value = dialogs.button_value(action)
        proposal = self._store.proposals.get(str(value.get("proposal", "")))
        # The hash keeps a person from confirming content that they have not seen.
        if proposal is None or proposal.content_hash != value.get("seal"):
            return None

        request = self._store.requests.get(proposal.request)
        channel = body.get("channel")
        if request is None or channel is None:
            return None

        clicked_in = (team_and_user(body)[0], channel["id"])
        return proposal if clicked_in == (request.team, request.channel) else None
