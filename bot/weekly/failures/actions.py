"""The buttons under a group of failures: each does one thing about it, for admins alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from jsonschema import Draft202012Validator
from slack_bolt import App
from slack_sdk import WebClient

from bot.admins import Admins
from bot.payloads import (
    Ack,
    Action,
    ActionBody,
    InteractionBody,
    Respond,
    View,
    ViewBody,
    clicker,
    team_and_user,
)
from bot.ui import dialogs
from bot.ui.ephemeral import send_text
from bot.ui.texts import common
from bot.ui.texts import failures as texts
from bot.weekly.digest import update_digest
from bot.weekly.failures import view as screens
from router.catalog.catalog import Catalog
from router.catalog.lint import lint_routes
from router.catalog.version import Version
from router.log import get_log
from router.store import Store
from router.store.versions.quality import Judgement
from router.store.weekly.datasets import TEST_ROW_PREFIX, StoredDataset
from router.store.weekly.failure_groups import FailureGroup
from router.store.workspace.audit import ActionOutcome
from router.text.redact import redact
from router.types import Feedback, Request
from workers.datasets.build import DatasetExample
from workers.datasets.review import to_records
from workers.failures.words import GroupWords, group_words, quotable_requests


class FailureActions:
    """Answers every click on a group of failures.

    `catalog` returns the routes as they are now; `learn` has a workspace's router trained.
    """

    def __init__(
        self,
        store: Store,
        admins: Admins,
        catalog: Callable[[], Catalog],
        learn: Callable[[str], object],
    ) -> None:
        self._store = store
        self._admins = admins
        self._catalog = catalog
        self._learn = learn
        self._now = admins.now
        self._log = get_log(part="failures")

    def listen(self, app: App) -> None:
        """Registers the buttons and the dialog."""
        app.action(screens.LABELS)(self.add_labels)
        app.action(screens.LINT)(self.open_lint)
        app.action(screens.DOCUMENT)(self.ask_for_document)
        app.action(screens.TIER)(self.raise_tier)
        app.action(screens.TEST_ROW)(self.open_test_row)
        app.view(screens.TEST_VIEW)(self.add_test_row)

    def add_labels(
        self, ack: Ack, body: ActionBody, action: Action, client: WebClient, respond: Respond
    ) -> None:
        """Labels the group's requests with the route that people chose for most of them."""
        ack()
        group = self._group(body, action, respond)
        if group is None:
            return

        to = str(group.detail.get("to") or "")
        is_known = to in self._catalog().routes or to == texts.OUT_OF_SCOPE
        if group.cause != "router" or not is_known:
            send_text(respond, texts.NOTHING_TO_LABEL)
            return

        team, user = team_and_user(body)
        requests = self._requests(group)
        for request in requests:
            label = Feedback(request.id, user, "review", to, self._now())
            self._store.feedback.record(label)

        self._done(group, "labels", (team, user), client)
        self._learn(team)
        send_text(respond, texts.LABELLED.format(count=len(requests), to=to))

    def open_lint(
        self, ack: Ack, body: ActionBody, action: Action, client: WebClient, respond: Respond
    ) -> None:
        """Opens what the lint says of the route's prompt, with the rule that fails."""
        ack()
        group = self._group(body, action, respond)
        if group is None:
            return

        results = {result.route: result for result in lint_routes(self._catalog())}
        if group.route not in results:
            send_text(respond, texts.LINT_NO_ROUTE)
            return

        words = self._words(group)
        dialog = screens.lint_dialog(group, results[group.route], words)
        client.views_open(trigger_id=body.get("trigger_id", ""), view=dialog)
        self._done(group, "lint", team_and_user(body), client)

    def ask_for_document(
        self, ack: Ack, body: ActionBody, action: Action, client: WebClient, respond: Respond
    ) -> None:
        """Asks in the digest's thread for a document, and names the gap."""
        ack()
        group = self._group(body, action, respond)
        digest = self._store.digests.get(group.team, group.week) if group is not None else None
        if group is None or digest is None or digest.channel is None:
            return

        text = screens.document_request(group, self._words(group))
        client.chat_postMessage(channel=digest.channel, thread_ts=digest.ts, text=text)
        self._done(group, "document", team_and_user(body), client)
        send_text(respond, texts.DOCUMENT_ASKED)

    def raise_tier(
        self, ack: Ack, body: ActionBody, action: Action, client: WebClient, respond: Respond
    ) -> None:
        """Counts the weak tier's answers as wrong, so that requests like these start above it."""
        ack()
        group = self._group(body, action, respond)
        if group is None:
            return

        weak = str((group.detail.get("models") or [""])[0])
        count = 0
        for request in self._requests(group):
            progress = self._store.decisions.progress(request.id)
            outcome = progress.outcome if progress is not None else None
            if progress is None or outcome is None or outcome.tier != weak or not outcome.version:
                continue

            revision, version = progress.decision.revision, outcome.version
            judgement = Judgement(request.id, revision, version, "thumb", 0.0, self._now())
            self._store.quality.judge(judgement)
            count += 1

        if not count:
            send_text(respond, texts.NO_TIER)
            return

        self._done(group, "tier", team_and_user(body), client)
        send_text(respond, texts.TIER_RAISED.format(count=count, tier=weak))

    def open_test_row(
        self, ack: Ack, body: ActionBody, action: Action, client: WebClient, respond: Respond
    ) -> None:
        """Asks for the right answer to one of the messages."""
        ack()
        group = self._group(body, action, respond)
        if group is None:
            return

        requests = quotable_requests(self._store, group)
        people = {request.user for request in requests}
        if not group.route or len(people) < self._admins.settings.mine_min_people:
            send_text(respond, texts.NO_EXAMPLE)
            return

        in_form = self._schema(group) is not None
        dialog = screens.test_row_dialog(
            group, requests[0].id, redact(requests[0].text), in_form=in_form
        )
        client.views_open(trigger_id=body.get("trigger_id", ""), view=dialog)

    def add_test_row(self, ack: Ack, body: ViewBody, view: View, client: WebClient) -> None:
        """Adds the message with its right answer to the route's test rows."""
        value = dialogs.dialog_value(view)
        team, user = team_and_user(body)
        if not self._admins.includes(clicker(body)):
            self._record(body, "refused")
            ack(response_action="errors", errors={"answer": common.ADMINS_ONLY})
            return

        group = self._store.failure_groups.get(team, value.get("group", ""))
        allowed = quotable_requests(self._store, group) if group is not None else []
        request = next((r for r in allowed if r.id == value.get("request")), None)
        if group is None or request is None:
            ack(response_action="errors", errors={"answer": texts.GONE})
            return

        answer, problem = self._answer(group, dialogs.answer_to(view, "answer"))
        if problem:
            ack(response_action="errors", errors={"answer": problem})
            return

        ack()
        self._store.datasets.insert(_test_row(group, request, answer, user, self._now()))
        self._done(group, "test_row", (team, user), client)

    def _group(self, body: ActionBody, action: Action, respond: Respond) -> FailureGroup | None:
        """Returns the button's group; None, and the person is told, if nothing may be done."""
        team, _ = team_and_user(body)
        if not self._admins.includes(clicker(body)):
            self._record(body, "refused")
            send_text(respond, common.ADMINS_ONLY)
            return None

        key = dialogs.button_value(action).get("group", "")
        group = self._store.failure_groups.get(team, key)
        if group is None or group.remedy:
            self._record(body, "late")
            send_text(respond, texts.GONE if group is None else texts.ALREADY)
            return None

        return group

    def _requests(self, group: FailureGroup) -> list[Request]:
        requests = [self._store.requests.get(key) for key in group.requests]
        return [one for one in requests if one is not None and one.team == group.team]

    def _words(self, group: FailureGroup) -> GroupWords:
        return group_words(self._store, group, self._admins.settings.mine_min_people)

    def _schema(self, group: FailureGroup) -> Any:
        live = self._store.versions.live(group.team, group.route)
        return None if live is None else Version.model_validate(dict(live.body)).output

    def _answer(self, group: FailureGroup, text: str) -> tuple[Any, str]:
        """Returns the right answer in the route's form, and what is wrong with it."""
        if not text.strip():
            return None, texts.NO_ANSWER

        schema = self._schema(group)
        if schema is None:
            return redact(text), ""

        try:
            answer = json.loads(text)
        except ValueError as error:
            return None, texts.WRONG_FORM.format(problem=error)

        wrong = next(iter(Draft202012Validator(schema).iter_errors(answer)), None)
        return answer, texts.WRONG_FORM.format(problem=wrong.message) if wrong is not None else ""

    def _done(
        self, group: FailureGroup, remedy: str, who: tuple[str, str], client: WebClient
    ) -> None:
        """Stores what was done, and shows it in the digest."""
        self._store.failure_groups.set_remedy(group.team, group.id, remedy, who[1], self._now())
        self._admins.record(who, f"failure {remedy}", group.id, "applied")
        self._log.info("failure_remedied", cause=group.cause, remedy=remedy)
        digest = self._store.digests.get(group.team, group.week)
        if digest is not None:
            update_digest(self._store, client, digest)

    def _record(self, body: InteractionBody, outcome: ActionOutcome) -> None:
        self._admins.record(team_and_user(body), "failure", "", outcome)


def _test_row(
    group: FailureGroup, request: Request, answer: Any, by: str, at: float
) -> StoredDataset:
    """Returns a dataset of one accepted test row; the same message twice is one row."""
    row = DatasetExample(
        text=redact(request.text),
        answer=answer,
        user=request.author or request.user,
        at=request.received_at,
        origin="corrected",
        split="test",
        review="accepted",
        by=by,
    )
    digest = hashlib.sha256(f"{group.route}\0{request.id}".encode()).hexdigest()[:16]
    return StoredDataset(
        team=group.team,
        id=f"{TEST_ROW_PREFIX}{digest}",
        candidate=None,
        route=group.route,
        rows=to_records([row]),
        card={},
        at=at,
    )
