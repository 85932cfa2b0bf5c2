"""Decisions on candidates: the buttons in the digest, `/beagle candidates` and the App Home.

State lives in the store: after each decision, messages that show the candidate are rendered again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from slack_bolt import App
from slack_sdk import WebClient

from bot.payloads import (
    Ack,
    Action,
    ActionBody,
    Block,
    ButtonValue,
    Option,
    Respond,
    View,
    ViewBody,
)
from bot.ui.button_values import decode_number, decode_value
from bot.ui.dialogs import (
    answer_to,
    dialog,
    message_dialog,
    option,
    option_value,
    question,
    text_field,
)
from bot.ui.texts import common
from bot.ui.texts import weekly as texts
from bot.weekly import approval_dialog, candidate_view
from bot.weekly.action_ids import listen
from bot.weekly.candidate_click import CandidateClick, CandidateClicks
from bot.weekly.candidate_view import ids_of
from bot.weekly.digest import update_digest
from router.config import Settings
from router.lifecycle_evidence import (
    DigestedEvidence,
    RejectionEvidence,
    SnoozeEvidence,
    TransitionEvidence,
)
from router.log import get_log
from router.store import Store
from router.store.weekly.digests import Verdict, VerdictValue
from router.types import Candidate
from workers.mining import admin_corrections as corrections

WEEK = 7 * 86_400.0
REJECT_VIEW = "candidate_reject_view"
SNOOZE_VIEW = "candidate_snooze_view"
SPLIT_VIEW = "candidate_split_view"
SEVERAL = "several"
"""The answer that a group mixes several requests; any other answer is the id of a candidate."""
MAX_MERGE_TARGETS = 20
REASON_LIMIT = 500


class CandidateActions:
    """Answers every click on a candidate that awaits a decision.

    `changed` is called after each decision, so that open App Homes are published again.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clicks: CandidateClicks,
        now: Callable[[], float],
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._clicks = clicks
        self._now = now
        self._changed = changed
        self._log = get_log(part="review")

    def listen(self, app: App) -> None:
        """Registers the buttons and dialogs."""
        actions = {
            "candidate_approve": self.open_approval,
            "candidate_reject": self.open_rejection,
            "candidate_snooze": self.snooze,
            "candidate_snooze_dialog": self.open_snooze,
            "candidate_examples": self.show_examples,
            "candidate_split": self.open_split,
            "candidate_return": self.bring_back,
        }
        dialogs = {
            approval_dialog.VIEW: self.approve,
            REJECT_VIEW: self.reject,
            SNOOZE_VIEW: self.submit_snooze,
            SPLIT_VIEW: self.split_or_merge,
        }
        listen(app, actions, dialogs)

    def open_approval(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> None:
        """Asks what the rollout may cost, train and learn from."""
        ack()
        candidate = self._button(action, body, respond, client).resolve()
        if candidate is not None:
            view = approval_dialog.approval_view(candidate, self._settings)
            client.views_open(trigger_id=body["trigger_id"], view=view)

    def approve(self, ack: Ack, body: ViewBody, view: View, client: WebClient) -> None:
        """Approves the candidate; a worker then takes the first step of its rollout."""
        click = self._clicks.on_dialog("candidate", ack, body, view, "budget")
        candidate = click.resolve()
        if candidate is None:
            return

        evidence, errors = approval_dialog.parse_approval(candidate, view, self._settings)
        if errors:
            ack(response_action="errors", errors=errors)
            return

        if self.decide(click, candidate, "approve", evidence, evidence.reason, client):
            # Only now: the verdict belongs to the step of the admin, not to the worker's next one.
            click.wake_worker(candidate)

    def snooze(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> None:
        """Hides the candidate for a time, or until its count has doubled."""
        ack()
        period, value = _snooze_value(action)
        click = self._clicks.on_button("candidate", action, body, respond, client, value)
        self._snooze(click, period, client)

    def open_snooze(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> None:
        """Asks for how long to snooze it."""
        ack()
        candidate = self._button(action, body, respond, client).resolve()
        if candidate is None:
            return

        client.views_open(trigger_id=body["trigger_id"], view=snooze_dialog(candidate))

    def submit_snooze(self, ack: Ack, body: ViewBody, view: View, client: WebClient) -> None:
        """Hides the candidate for as long as the dialog says."""
        click = self._clicks.on_dialog("candidate", ack, body, view, "when")
        self._snooze(click, answer_to(view, "when"), client)

    def bring_back(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> None:
        """Returns a snoozed or rejected candidate to the digest, where it awaits a decision."""
        ack()
        click = self._button(action, body, respond, client)
        candidate = click.resolve()
        if candidate is None:
            return
        if candidate.state not in candidate_view.PUT_ASIDE:
            click.refuse_late(candidate)
            return

        evidence = DigestedEvidence(explanation=texts.BROUGHT_BACK_BY_ADMIN)
        if click.advance(candidate, evidence, texts.BROUGHT_BACK, action="return") is not None:
            self._show(candidate, client)

    def open_rejection(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> None:
        """Asks whether it is a request at all, and for the reason."""
        ack()
        candidate = self._button(action, body, respond, client).resolve()
        if candidate is not None:
            client.views_open(trigger_id=body["trigger_id"], view=rejection_dialog(candidate))

    def reject(self, ack: Ack, body: ViewBody, view: View, client: WebClient) -> None:
        """Rejects it. The request gate learns only from groups that are said to be small talk."""
        click = self._clicks.on_dialog("candidate", ack, body, view, "kind")
        candidate = click.resolve()
        if candidate is None:
            return

        verdict: VerdictValue = "reject"
        if answer_to(view, "kind") == "chatter":
            verdict = "chatter"

        reason = answer_to(view, "why")
        evidence = RejectionEvidence(verdict=verdict, reason=reason)
        self.decide(click, candidate, verdict, evidence, reason, client)

    def open_split(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> None:
        """Asks whether the group mixes several requests, or belongs to another candidate."""
        ack()
        click = self._button(action, body, respond, client)
        candidate = click.resolve()
        if candidate is None:
            return

        options = []
        if corrections.split_record(candidate):
            options.append(option(texts.SPLIT_SEVERAL, SEVERAL))

        # Slack accepts 100 options; nobody reads more than a few.
        known = self._store.candidates.for_team(candidate.team)
        for other in corrections.merge_targets(known, candidate)[:MAX_MERGE_TARGETS]:
            options.append(option(texts.SPLIT_INTO.format(label=other.label), other.id))

        if not options:
            click.tell(texts.SPLIT_NOTHING)
            return

        view = split_dialog(candidate, options)
        client.views_open(trigger_id=body["trigger_id"], view=view)

    def split_or_merge(self, ack: Ack, body: ViewBody, view: View, client: WebClient) -> None:
        """Rejects the group as it is; the next mining run splits it, or merges it with another."""
        click = self._clicks.on_dialog("candidate", ack, body, view, "what")
        candidate = click.resolve()
        if candidate is None:
            return

        answer = answer_to(view, "what")
        target = None if answer == SEVERAL else self._store.candidates.get(answer)
        verdict: VerdictValue = "split"
        correction = corrections.split_record(candidate)

        if answer != SEVERAL:
            verdict = "merge"
            correction = corrections.merge_record(candidate, target)

        if correction is None:
            # Since the dialog opened, the other candidate is gone or was decided.
            click.tell(texts.CANDIDATE_CHANGED)
            return

        evidence = replace(correction, verdict=verdict, reason=texts.SPLIT_OR_MERGE)
        reason = "" if target is None else target.id
        self.decide(click, candidate, verdict, evidence, reason, client)

    def show_examples(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> None:
        """Shows the masked examples and every readiness gate to the admin who asked."""
        ack()
        candidate = self._button(action, body, respond, client).resolve(any_version=True)
        if candidate is not None:
            view = message_dialog(texts.EXAMPLES_TITLE, candidate_view.examples(candidate))
            client.views_open(trigger_id=body["trigger_id"], view=view)

    def _button(
        self, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> CandidateClick:
        return self._clicks.on_button("candidate", action, body, respond, client)

    def _snooze(self, click: CandidateClick, period: str, client: WebClient) -> None:
        candidate = click.resolve()
        if candidate is None:
            return

        # The value comes from a select, whose options may be those of an older release.
        if period not in texts.SNOOZES:
            click.tell(texts.CANDIDATE_CHANGED)
            return

        if period == "x2":
            evidence = SnoozeEvidence(verdict="snooze", until_count=2 * candidate.evidence.count)
        else:
            weeks = int(period.removesuffix("w"))
            evidence = SnoozeEvidence(verdict="snooze", until=self._now() + weeks * WEEK)

        self.decide(click, candidate, "snooze", evidence, period, client)

    def decide(
        self,
        click: CandidateClick,
        candidate: Candidate,
        verdict: VerdictValue,
        evidence: TransitionEvidence,
        reason: str,
        client: WebClient,
        text: str = "",
    ) -> bool:
        """Takes the decision, tells `text`; returns whether this click was the one that counted.

        Mining learns from verdicts, so each is stored with its reason and the hash of the evidence
        that the admin saw.
        """
        advanced = click.advance(candidate, evidence, text, action=verdict)
        if advanced is None:
            return False

        # The newest edge is the one of this click: nothing moves an undecided candidate but people.
        edge = self._store.candidates.history(candidate.id)[-1]
        self._store.digests.record_verdict(
            Verdict(
                candidate.id,
                advanced.version,
                click.user,
                verdict,
                reason,
                edge.evidence_hash,
                edge.at,
            )
        )
        self._log.info("verdict", candidate=candidate.id, value=verdict)

        self._show(candidate, client)
        return True

    def _show(self, candidate: Candidate, client: WebClient) -> None:
        """Shows the new state in the digest and in open App Homes."""
        # Only the newest: older digests keep their buttons, which answer that they are late.
        digest = self._store.digests.newest(candidate.team)
        if digest is not None:
            update_digest(self._store, client, digest)

        self._changed()


def snooze_dialog(candidate: Candidate) -> Block:
    """Returns the dialog that asks for how long to snooze it."""
    options = [option(label, name) for name, label in texts.SNOOZES.items()]
    period = {"type": "radio_buttons", "options": options}
    blocks = [question("when", texts.SNOOZE_WHEN, period)]
    buttons = (texts.SNOOZE, common.CANCEL)
    return dialog(SNOOZE_VIEW, texts.SNOOZE_TITLE, buttons, ids_of(candidate), blocks)


def split_dialog(candidate: Candidate, options: Sequence[Option]) -> Block:
    """Returns the dialog that asks whether to split the group, or with what to merge it."""
    answer = {"type": "static_select", "options": list(options)}
    blocks = [question("what", texts.SPLIT_WHAT, answer, hint=texts.SPLIT_HINT)]
    buttons = (common.SUBMIT, common.CANCEL)
    return dialog(SPLIT_VIEW, texts.SPLIT_TITLE, buttons, ids_of(candidate), blocks)


def rejection_dialog(candidate: Candidate) -> Block:
    """Returns the dialog that asks whether it is a request at all, and for the reason."""
    kinds = [option(texts.REJECT_UNWANTED, "reject"), option(texts.REJECT_SMALL_TALK, "chatter")]
    kind = {"type": "radio_buttons", "options": kinds, "initial_option": kinds[0]}
    blocks = [
        question("kind", texts.REJECT_WHAT, kind, hint=texts.REJECT_HINT),
        question("why", texts.REJECT_WHY, text_field(REASON_LIMIT), optional=True),
    ]
    buttons = (texts.REJECT, common.CANCEL)

    return dialog(REJECT_VIEW, texts.REJECT_TITLE, buttons, ids_of(candidate), blocks)


def _snooze_value(action: Action) -> tuple[str, ButtonValue]:
    """Splits the value of a snooze option: period, the candidate's version, the candidate's id."""
    parts = option_value(action.get("selected_option")).split(" ", 2)
    period, version, candidate = (*parts, "", "")[:3]
    # Read as a button's value is, which is checked field by field.
    value = {"candidate": candidate, "version": decode_number(version)}
    return period, decode_value(json.dumps(value))
