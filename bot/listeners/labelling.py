"""Labels from people: uncertain messages, contested corrections, and taking a correction back."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from slack_bolt import App

from bot.payloads import Ack, Action, ActionBody, Block, Respond, clicker, team_and_user
from bot.routing.correction_state import CorrectionState
from bot.routing.service import RoutingService
from bot.ui import dialogs, rich_text
from bot.ui.blocks import Rendered, actions, button, paragraph
from bot.ui.ephemeral import send_ephemeral, send_text
from bot.ui.texts import common
from bot.ui.texts import labelling as texts
from router.learning.corrections import Quarantined, select_to_label
from router.learning.learner import TrainingResult
from router.log import get_log
from router.store import Store
from router.store.requests.labels import Label, UncertainRequest
from router.store.usage.stats import DAY
from router.text.printable import shorten
from router.types import NO_ROUTE, Feedback, Request, SlackPerson
from workers.knowledge.membership import ReadingRights

UNCERTAIN_DAYS = 14
"""How old an uncertain message may be."""
MAX_UNCERTAIN = 4
MAX_CONTESTED = 4
MAX_CHOICES = 3
"""Routes offered for one message."""
MAX_TEXT = 300
"""Characters of a message that are shown; the button leads to the whole request."""
UNDO_SECONDS = 3.0
"""How long a click waits for the router to be retrained."""


class LabelActions:
    """Answers the buttons of `/beagle label` and *Undo*. Each click checks for an admin again."""

    def __init__(self, store: Store, routing: RoutingService) -> None:
        self._store = store
        self._routing = routing
        self._admins = routing.admins
        self._log = get_log(part="label")

    def listen(self, app: App) -> None:
        """Registers for the buttons. Each click is acknowledged at once and then carried out."""
        app.action(re.compile(r"label_route:\d+"))(self.label)
        app.action(re.compile(r"label_drop:\d+"))(self.drop)
        app.action("undo_label")(self.undo)

    def label(self, ack: Ack, body: ActionBody, action: Action, respond: Respond) -> None:
        """Stores an admin's label, which always counts, and shows what is left."""
        ack()
        team, user = team_and_user(body)
        if not self._admins.includes(clicker(body)):
            send_text(respond, common.ADMINS_ONLY)
            return

        request = self._request(action, team)
        route = dialogs.button_value(action).get("route", "")
        if request is not None and self._may_label(route, request, clicker(body)):
            feedback = Feedback(request.id, user, "review", route, self._admins.now())
            self._store.feedback.record(feedback)
            self._log.info("labelled", request=request.id, aspect="review", value=route)

        self._show_tasks(respond, clicker(body))

    def drop(self, ack: Ack, body: ActionBody, action: Action, respond: Respond) -> None:
        """Deletes a correction that an admin found wrong, and shows what is left."""
        ack()
        team, user = team_and_user(body)
        if not self._admins.includes(clicker(body)):
            send_text(respond, common.ADMINS_ONLY)
            return

        request = self._request(action, team)
        if request is not None:
            author = str(dialogs.button_value(action).get("user", ""))
            self._store.feedback.remove(team, request.id, author, "route")
            self._log.info("label_dropped", request=request.id, by=user)

        self._show_tasks(respond, clicker(body))

    def undo(self, ack: Ack, body: ActionBody, action: Action, respond: Respond) -> None:
        """Deletes the person's own correction and retrains the router without it."""
        ack()
        team, user = team_and_user(body)

        request = self._request(action, team)
        # A correction of another company's person teaches nothing that could be undone.
        if request is not None and not clicker(body).home:
            self._store.feedback.remove(team, request.id, user, "route")
            self._log.info("label_undone", request=request.id)
            self._routing.trainer.request(team, UNDO_SECONDS)

        respond(text=texts.LABEL_UNDONE, response_type="ephemeral", replace_original=True)

    def _request(self, action: Action, team: str) -> Request | None:
        """Returns the request that the button names, if it belongs to this workspace."""
        request_id = str(dialogs.button_value(action).get("request", ""))
        request = self._store.requests.get(request_id)
        return request if request is not None and request.team == team else None

    def _may_label(self, route: str, request: Request, person: SlackPerson) -> bool:
        if route == NO_ROUTE:
            return True

        return route in self._routing.usable_routes(person, request.channel)

    def _show_tasks(self, respond: Respond, person: SlackPerson) -> None:
        # The list depends on what the router has learned from this click.
        self._routing.trainer.request(person.team, UNDO_SECONDS)
        tasks = render_tasks(self._store, self._routing, person)
        send_ephemeral(respond, tasks, replace=True)


def correction_thanks(request: str, route: str, state: CorrectionState) -> Rendered:
    """Returns the thanks to a person who corrected a route, with a button to undo it.

    They say what became of the correction, and who can confirm one that was set aside.
    """
    text = texts.THANKS[state.outcome]
    if state.outcome == "set_aside":
        text += texts.CONFIRM_BY_ADMIN if state.is_reviewable else texts.CONFIRM_BY_EXAMPLE

    text = text.format(route=route, reason=state.reason)
    return Rendered(text, _thanks_blocks(text, request))


def learning_thanks(request: str, route: str) -> Rendered:
    """Returns the thanks while the training goes on, with a button to undo the correction."""
    text = texts.THANKS_SOON.format(route=route)
    return Rendered(text, _thanks_blocks(text, request))


def _thanks_blocks(text: str, request: str) -> list[Block]:
    undo = button(texts.TAKE_BACK, "undo_label", {"request": request})
    return [paragraph(text), actions([undo])]


def render_tasks(store: Store, routing: RoutingService, person: SlackPerson) -> Rendered:
    """Returns what is worth an admin's label.

    These are the least certain messages of public channels, and corrections that the router does
    not learn from yet.
    """
    team = person.team
    start = routing.admins.now() - UNCERTAIN_DAYS * DAY
    uncertain = store.labels.uncertain_requests(team, start)
    labels = store.labels.all(team)
    result = routing.training_result(team)
    waiting = _waiting_corrections(labels, result)
    contested = _contested_corrections(store, waiting)

    # Public by Slack's word of now, not by that of the day when it was asked.
    channels = {request.channel for request in uncertain.values()}
    channels |= {request.channel for _, request, _ in contested}
    readable = _readable_channels(routing.rights, person, channels)
    uncertain = {key: item for key, item in uncertain.items() if item.channel in readable}
    contested = [item for item in contested if item[1].channel in readable]
    shown = {(label.request, label.example.route) for label, _, _ in contested}
    hidden = {(label.request, label.example.route) for label, _ in waiting} - shown
    decisions = {key: request.decision for key, request in uncertain.items()}
    selected = select_to_label(decisions, MAX_UNCERTAIN)

    summary = _summary(len(labels), result, len(shown), len(hidden))
    blocks: list[Block] = [paragraph(summary)]

    if selected:
        blocks.append(paragraph(texts.LABEL_ASK))

    for key in selected:
        blocks += _question(uncertain[key])

    if contested:
        blocks.append(paragraph(texts.LABEL_WAITING))

    for label, request, quarantined in contested[:MAX_CONTESTED]:
        usable = routing.usable_routes(person, request.channel)
        blocks += _contested_correction(label, quarantined, usable)

    if not selected and not contested:
        blocks.append(paragraph(texts.LABEL_NOTHING))

    return Rendered(summary, blocks)


def _readable_channels(
    rights: ReadingRights, person: SlackPerson, channels: Collection[str]
) -> frozenset[str]:
    """Returns the public channels among these that the admin may read."""
    return rights.readable(person, rights.public_channels(person.team, channels))


def _summary(label_count: int, result: TrainingResult, waiting: int, hidden: int) -> str:
    used = len(result.used)
    # A label may have come or gone since the router was trained.
    duplicates = max(0, label_count - used - len(result.quarantined))
    summary = texts.LABEL_SUMMARY.format(counted=used, repeated=duplicates, waiting=waiting)
    if not hidden:
        return summary

    return f"{summary} {texts.LABEL_HIDDEN.format(count=hidden)}"


def _waiting_corrections(
    labels: Sequence[Label], result: TrainingResult
) -> list[tuple[Label, Quarantined]]:
    """Returns the quarantined labels that no admin has decided about, oldest first.

    An admin's click counts at once here, though the router learns it some seconds later.
    """
    reviewed = {label.request for label in labels if label.example.source == "reviewed"}
    by_id = {label.example.id: label for label in labels if label.request not in reviewed}
    waiting = []
    for quarantined in result.quarantined:
        label = by_id.get(quarantined.example.id)
        if label is not None:
            waiting.append((label, quarantined))

    return waiting


def _contested_corrections(
    store: Store, waiting: Sequence[tuple[Label, Quarantined]]
) -> list[tuple[Label, Request, Quarantined]]:
    """Returns the waiting corrections that an admin may be shown, newest first.

    Several people may have made the same correction to one message: it counts once.
    """
    contested: dict[tuple[str, str], tuple[Label, Request, Quarantined]] = {}

    for label, quarantined in waiting:
        if not label.showable:
            continue

        request = store.requests.get(label.request)
        if request is not None:
            contested[label.request, quarantined.example.route] = (label, request, quarantined)

    return list(contested.values())[::-1]


def _question(uncertain: UncertainRequest) -> list[Block]:
    buttons = []
    for number, score in enumerate(uncertain.decision.scores[:MAX_CHOICES]):
        value = {"request": uncertain.request, "route": score.route}
        label = f"{score.route} {score.confidence:.0%}"
        buttons.append(button(label, f"label_route:{number}", value))

    none = {"request": uncertain.request, "route": NO_ROUTE}
    buttons.append(button(texts.LABEL_NOWHERE, f"label_route:{len(buttons)}", none))
    return [_quotation(uncertain.text), actions(buttons)]


def _contested_correction(
    label: Label, quarantined: Quarantined, usable: Collection[str]
) -> list[Block]:
    route = quarantined.example.route
    buttons = []
    if route == NO_ROUTE or route in usable:
        value = {"request": label.request, "route": route}
        buttons.append(button(texts.LABEL_COUNT.format(route=route), "label_route:0", value))

    author = label.example.user or ""
    value = {"request": label.request, "user": author}
    buttons.append(button(texts.LABEL_DROP, "label_drop:0", value))

    reason = rich_text.text(f"{route}? {quarantined.reason}", italic=True)
    return [
        _quotation(quarantined.example.text),
        rich_text.block([rich_text.section(reason)]),
        actions(buttons),
    ]


def _quotation(text: str) -> Block:
    """Shows a person's words, which only text elements may hold: nothing in them is markup."""
    words = rich_text.text(shorten(text, MAX_TEXT), bold=True)
    return rich_text.block([rich_text.section(words)])
