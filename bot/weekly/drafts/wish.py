"""`/beagle routes new`: a route from a name, a task and two examples, without a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from slack_bolt import App
from slack_sdk import WebClient

from bot.admins import Admins
from bot.payloads import Ack, View, ViewBody, clicker, team_and_user
from bot.ui.dialogs import answer_to
from bot.ui.texts import common
from bot.ui.texts import drafts as texts
from bot.weekly.drafts import dialogs
from router.candidate_evidence import CandidateEvidence
from router.errors import QueueError
from router.lifecycle_evidence import ApprovalEvidence
from router.log import get_log
from router.store import Store
from router.text.normalise import normalise
from router.types import Candidate
from workers.drafting.draft import unused_name
from workers.ports import Queue
from workers.rollout.approval import PROMPT_ONLY

MIN_LETTERS = 3


class RouteWishes:
    """Turns the dialog into an approved candidate, which takes the way of every other draft."""

    def __init__(
        self,
        store: Store,
        queue: Queue,
        admins: Admins,
        routes: Callable[[str], Sequence[str]],
    ) -> None:
        self._store = store
        self._queue = queue
        self._admins = admins
        self._routes = routes

    def listen(self, app: App) -> None:
        """Registers the dialog."""
        app.view(dialogs.WISH_VIEW)(self.save)

    def save(self, ack: Ack, body: ViewBody, view: View, client: WebClient) -> None:
        """Starts the draft; a wrong answer is shown at its question."""
        team, user = team_and_user(body)
        if not self._admins.includes(clicker(body)):
            self._admins.record((team, user), "route_wish", "", "refused")
            ack(response_action="errors", errors={"name": common.ADMINS_ONLY})
            return

        errors = self._errors(team, view)
        if errors:
            ack(response_action="errors", errors=errors)
            return

        ack()
        label = " ".join(answer_to(view, "name").lower().split())
        candidate = self._approve(team, user, label, view)
        self._admins.record((team, user), "route_wish", candidate.id, "applied")
        try:
            self._queue.enqueue("advance", candidate.id)
        except QueueError as error:
            # The state in the store is what counts: the reaper enqueues it.
            get_log(part="drafts").warning("job_enqueue_failed", error=str(error))

        text = texts.WISH_STARTED.format(name=label)
        client.chat_postMessage(channel=user, text=text, unfurl_links=False)

    def _approve(self, team: str, user: str, label: str, view: View) -> Candidate:
        now = self._admins.now()
        examples = tuple(answer_to(view, name).strip() for name in ("first", "second"))
        name = unused_name(label, ())
        new = Candidate(
            id=f"{team}:new-{name}-{int(now)}",
            team=team,
            label=label,
            definition=answer_to(view, "task").strip(),
            state="digested",
            evidence=CandidateEvidence(examples=examples),
        )
        stored = self._store.candidates.upsert(new, now)
        evidence = ApprovalEvidence(verdict="approve", base=PROMPT_ONLY)
        return self._store.candidates.advance(
            stored.id, evidence, actor=user, at=now, version=stored.version
        )

    def _errors(self, team: str, view: View) -> dict[str, str]:
        errors = {}
        label = answer_to(view, "name")
        name = unused_name(label, ())
        taken = {*self._routes(team), *self._store.drafted_routes.names(team)}
        if sum(letter.isalpha() for letter in label) < MIN_LETTERS or not label.isascii():
            errors["name"] = texts.WISH_NAME_WRONG
        elif name in taken:
            errors["name"] = texts.WISH_NAME_TAKEN

        first, second = (normalise(answer_to(view, part)).lower() for part in ("first", "second"))
        if first == second:
            errors["second"] = texts.WISH_EXAMPLES_SAME

        return errors
