"""One click on a candidate: who clicked, whether it still counts, and what they are told.

Rights are checked at each click, because messages outlive admins. A button carries the candidate's
version, so that each decision is taken once, on the facts that the admin saw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from slack_sdk import WebClient

from bot.admins import Admins
from bot.payloads import (
    Ack,
    Action,
    ActionBody,
    ButtonValue,
    InteractionBody,
    Respond,
    View,
    ViewBody,
    clicker,
    team_and_user,
)
from bot.ui.blocks import plain_paragraph
from bot.ui.dialogs import button_value, dialog_value, message_dialog
from bot.ui.ephemeral import send_text
from bot.ui.texts import common, weekly
from router.errors import LifecycleError, QueueError
from router.lifecycle import State
from router.lifecycle_evidence import TransitionEvidence
from router.log import get_log
from router.store import Store
from router.store.workspace.audit import ActionOutcome
from router.types import Candidate
from workers.ports import Queue

MAX_SUBJECT = 100
"""Characters of an unknown candidate's id that the audit log keeps: anybody may have made it up."""

Area = Literal["candidate", "rollout", "drift"]
"""The part of the weekly loop that a click belongs to; the audit log names it."""


@dataclass(frozen=True, slots=True)
class CandidateClick:
    """A click on a button or dialog that names a candidate. Made by `CandidateClicks`, used once.

    `tell` shows something to the person alone; `succeed` also ends the dialog that was submitted.
    """

    area: Area
    value: ButtonValue
    body: InteractionBody
    tell: Callable[[str], None]
    succeed: Callable[[str], None]
    store: Store
    queue: Queue
    admins: Admins
    now: Callable[[], float]

    @property
    def user(self) -> str:
        """The person who clicked."""
        return team_and_user(self.body)[1]

    def resolve(
        self, *, states: Sequence[State] = (), any_version: bool = False
    ) -> Candidate | None:
        """Returns the candidate, if the person may decide it and has seen it as it is now.

        Otherwise tells the person why not, notes it in the audit log, and returns None. `states`
        are those in which the button makes sense, all where it is empty; `any_version` is for
        clicks that change nothing.
        """
        team, _ = team_and_user(self.body)
        key = str(self.value.get("candidate", ""))
        candidate = self.store.candidates.get(key)

        # A forged or shared button must not reveal whether another workspace has that candidate.
        if candidate is None or candidate.team != team:
            subject = key[:MAX_SUBJECT]
            self.admins.record(team_and_user(self.body), self.area, subject, "refused")
            self.tell(weekly.CANDIDATE_CHANGED)
            return None

        # The message may be years old: who is an admin now decides, not who was when it was posted.
        if not self.admins.includes(clicker(self.body)):
            self._audit(self.area, candidate, "refused")
            self.tell(common.ADMINS_ONLY)
            return None

        # The version grows with every change, so this click decides on what the admin has read.
        changed = not any_version and candidate.version != self.value.get("version")
        if changed or (states and candidate.state not in states):
            self.refuse_late(candidate)
            return None

        return candidate

    def refuse_late(self, candidate: Candidate, action: str = "") -> None:
        """Tells the person that the candidate has changed since, and notes it in the audit log."""
        self._audit(action or self.area, candidate, "late")
        self.tell(weekly.CANDIDATE_CHANGED)

    def advance(
        self,
        candidate: Candidate,
        evidence: TransitionEvidence,
        text: str = "",
        *,
        action: str = "",
    ) -> Candidate | None:
        """Takes the candidate to the state of `evidence` and tells the person `text`.

        Returns the candidate as it is afterwards. Of several clicks at the same time one succeeds;
        the others are told that they were late, and get None. `action` names it in the audit log.
        """
        name = f"{self.area}_{action or evidence.state}"
        try:
            advanced = self.store.candidates.advance(
                candidate.id,
                evidence,
                actor=self.user,
                at=self.now(),
                version=candidate.version,
            )
        except LifecycleError:
            # Between `resolve` and here another click was faster; the store let only one through.
            self.refuse_late(candidate, name)
            return None

        self._audit(name, candidate, "applied")
        self.succeed(text)
        return advanced

    def record(self, candidate: Candidate, action: str, outcome: ActionOutcome) -> None:
        """Notes a click in the audit log that does not change the candidate's state."""
        self._audit(f"{self.area}_{action}", candidate, outcome)

    def wake_worker(self, candidate: Candidate) -> None:
        """Asks a worker to take the next automatic step."""
        try:
            self.queue.enqueue("advance", candidate.id)
        except QueueError as error:
            # The state in the store is what counts: the reaper finds it and enqueues the step.
            get_log(part=self.area).warning(
                "job_enqueue_failed", candidate=candidate.id, error=str(error)
            )

    def _audit(self, action: str, candidate: Candidate, outcome: ActionOutcome) -> None:
        self.admins.record((candidate.team, self.user), action, candidate.id, outcome)


@dataclass(frozen=True, slots=True)
class CandidateClicks:
    """Makes a `CandidateClick` of what Bolt hands to a listener."""

    store: Store
    queue: Queue
    admins: Admins
    now: Callable[[], float]

    def on_button(
        self,
        area: Area,
        action: Action,
        body: ActionBody,
        respond: Respond,
        client: WebClient,
        value: ButtonValue | None = None,
    ) -> CandidateClick:
        """Returns the click on a button. `value` is given where the button's own is no JSON."""

        def tell(text: str) -> None:
            if not text:
                return

            if body.get("view"):
                # The App Home has no message to reply under: show a dialog instead.
                dialog = message_dialog(common.BEAGLE, [plain_paragraph(text)])
                client.views_open(trigger_id=body["trigger_id"], view=dialog)
            else:
                send_text(respond, text)

        return self._click(area, value or button_value(action), body, tell, tell)

    def on_dialog(
        self, area: Area, ack: Ack, body: ViewBody, view: View, question: str
    ) -> CandidateClick:
        """Returns the click on a dialog's submit button; problems are shown at that question.

        The dialog is acknowledged by what is told: with a problem it stays open.
        """

        def tell(text: str) -> None:
            ack(response_action="errors", errors={question: text})

        def succeed(_text: str) -> None:
            # Closing the dialog is the confirmation; the message behind it shows the new state.
            ack()

        return self._click(area, dialog_value(view), body, tell, succeed)

    def _click(
        self,
        area: Area,
        value: ButtonValue,
        body: InteractionBody,
        tell: Callable[[str], None],
        succeed: Callable[[str], None],
    ) -> CandidateClick:
        return CandidateClick(
            area, value, body, tell, succeed, self.store, self.queue, self.admins, self.now
        )
