"""The buttons of drafted routes: have one drafted, edit it, reject it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from slack_bolt import App
from slack_sdk import WebClient

from bot.payloads import Ack, Action, ActionBody, Respond, View, ViewBody
from bot.ui.dialogs import answer_to
from bot.ui.texts import drafts as texts
from bot.weekly.action_ids import listen
from bot.weekly.candidate_click import CandidateClick, CandidateClicks
from bot.weekly.drafts import dialogs
from router.catalog.version import Version
from router.lifecycle_evidence import (
    ApprovalEvidence,
    DraftedEvidence,
    RejectionEvidence,
    TransitionEvidence,
)
from router.store import Store
from router.store.versions.drafted_routes import DraftedRoute
from router.store.versions.versions import StoredVersion
from router.store.weekly.digests import VerdictValue
from router.types import Candidate
from workers.drafting.edit import DraftEdit, EditError, edit_draft
from workers.drafting.kind import STYLES
from workers.rollout.approval import PROMPT_ONLY

AGAIN = "draft_"
"""Before the kind of draft that an admin wants instead."""
ERROR_LIMIT = 150


class Decide(Protocol):
    """Takes a decision on a candidate and records it as a verdict that mining learns from."""

    def __call__(
        self,
        click: CandidateClick,
        candidate: Candidate,
        verdict: VerdictValue,
        evidence: TransitionEvidence,
        reason: str,
        client: WebClient,
        text: str = "",
    ) -> bool:
        """Returns whether this click was the one that counted."""
        ...


class DraftActions:
    """Answers every click on a candidate that has no route, and on its draft."""

    def __init__(
        self, store: Store, clicks: CandidateClicks, now: Callable[[], float], decide: Decide
    ) -> None:
        self._store = store
        self._clicks = clicks
        self._now = now
        self._decide = decide

    def listen(self, app: App) -> None:
        """Registers the buttons and dialogs."""
        actions = {
            "candidate_draft": self.start,
            "draft_edit": self.open_edit,
            "draft_reject": self.open_rejection,
        }
        views = {dialogs.EDIT_VIEW: self.save_edit, dialogs.REJECT_VIEW: self.reject}
        listen(app, actions, views)

    def start(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> None:
        """Has the route drafted. No dialog: nothing is trained, and nothing answers yet."""
        ack()
        click = self._clicks.on_button("candidate", action, body, respond, client)
        candidate = click.resolve(states=("digested",))
        if candidate is None:
            return

        evidence = ApprovalEvidence(verdict="approve", base=PROMPT_ONLY)
        text = texts.DRAFTING_STARTED
        if self._decide(click, candidate, "approve", evidence, "", client, text):
            click.wake_worker(candidate)

    def open_edit(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> None:
        """Shows the draft's texts to edit."""
        ack()
        click = self._clicks.on_button("rollout", action, body, respond, client)
        candidate = self._open_draft(click)
        draft = self._draft_of(candidate)
        if candidate is None or draft is None:
            return

        view = dialogs.edit_dialog(candidate, *draft)
        client.views_open(trigger_id=body["trigger_id"], view=view)

    def save_edit(self, ack: Ack, body: ViewBody, view: View, client: WebClient) -> None:
        """Stores the edited draft; a worker tries it again. A wrong part is shown at its field."""
        click = self._clicks.on_dialog("rollout", ack, body, view, "description")
        candidate = self._open_draft(click)
        draft = self._draft_of(candidate)
        if candidate is None or draft is None:
            return

        edit = DraftEdit(
            description=answer_to(view, "description"),
            prompt=answer_to(view, "prompt"),
            utterances=answer_to(view, "utterances").splitlines(),
            visibility=answer_to(view, "visibility"),
            by=click.user,
        )
        try:
            edited = edit_draft(*draft, edit, self._now())
        except EditError as error:
            ack(response_action="errors", errors={error.field: str(error)[:ERROR_LIMIT]})
            return

        version, team = edited.version, candidate.team
        body_json = version.model_dump(mode="json")
        self._store.versions.insert(
            StoredVersion(
                team, version.route, version.id, version.kind, "shadow", body_json, self._now()
            )
        )
        evidence = DraftedEvidence(
            route=version.route, version=version.id, explanation=texts.EDITED
        )
        if click.advance(candidate, evidence, action="edit") is not None:
            # After the step: of two people who edit at once, the one who was first counts.
            self._store.drafted_routes.save(team, edited.route)
            click.wake_worker(candidate)

    def open_rejection(
        self, ack: Ack, action: Action, body: ActionBody, respond: Respond, client: WebClient
    ) -> None:
        """Asks what is wrong with the draft."""
        ack()
        click = self._clicks.on_button("rollout", action, body, respond, client)
        candidate = self._open_draft(click)
        if candidate is None:
            return

        draft = self._draft_of(candidate)
        view = dialogs.reject_dialog(candidate, None if draft is None else draft[1])
        client.views_open(trigger_id=body["trigger_id"], view=view)

    def reject(self, ack: Ack, body: ViewBody, view: View, client: WebClient) -> None:
        """Has it drafted in another way, or ends it; both teach."""
        click = self._clicks.on_dialog("rollout", ack, body, view, "kind")
        candidate = self._open_draft(click)
        if candidate is None:
            return

        kind, why = answer_to(view, "kind"), answer_to(view, "why")
        wanted = kind.removeprefix(AGAIN)
        if kind.startswith(AGAIN) and wanted in STYLES:
            avoid = tuple(style for style in STYLES if style != wanted)
            evidence = ApprovalEvidence(
                verdict="approve", base=PROMPT_ONLY, reason=why, avoid=avoid
            )
            if click.advance(candidate, evidence, action="draft_again") is not None:
                click.wake_worker(candidate)
            return

        verdict: VerdictValue = "reject"
        if kind == "chatter":
            verdict = "chatter"

        rejection = RejectionEvidence(verdict=verdict, reason=why)
        if self._decide(click, candidate, verdict, rejection, why, client):
            self._store.drafted_routes.remove(candidate.team, str(candidate.route))

    def _open_draft(self, click: CandidateClick) -> Candidate | None:
        """Returns the candidate, if its draft waits for a person or nothing of it serves any more.

        Otherwise tells the person why not.
        """
        candidate = click.resolve(states=("drafted", "rolled_back"))
        if candidate is None or candidate.state == "drafted":
            return candidate

        team, route = candidate.team, str(candidate.route)
        is_drafted = self._store.drafted_routes.get(team, route) is not None
        if not is_drafted or self._store.versions.live(team, route) is not None:
            # Another version of the route answers: this one is a version like any other.
            click.refuse_late(candidate)
            return None

        return candidate

    def _draft_of(self, candidate: Candidate | None) -> tuple[DraftedRoute, Version] | None:
        if candidate is None or candidate.route is None:
            return None

        drafted = self._store.drafted_routes.get(candidate.team, candidate.route)
        if drafted is None:
            return None

        stored = self._store.versions.get(candidate.team, drafted.name, drafted.version)
        if stored is None:
            return None

        return drafted, Version.model_validate(dict(stored.body))
