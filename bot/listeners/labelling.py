"""Labels from people: the messages that would teach most, corrections that wait for a word, and taking one back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, cast

from slack_bolt import App

from bot.routing.service import Decider
from bot.ui import rich_text
from bot.ui.blocks import Block, Shown, button, clipped, words
from bot.ui.texts import common as texts
from router.classifier.training_data import NO_ROUTE
from router.learning.corrections import SetAside, to_label
from router.log import get_log
from router.store import Store
from router.store.requests.labels import Label, Labels, Unsure
from router.types import Feedback

DAYS = 14
OFFERED = 4
WAITING = 4
SHOWN = 300
"""Characters of a message that are shown; the button leads to the whole request."""
UNDO_SECONDS = 3.0


class Labelling:
    """Answers the buttons of `/beagle label` and *Take it back*. Who is an admin is asked at each click."""

    def __init__(
        self,
        store: Store,
        decider: Decider,
        now: Callable[[], float],
        admin: Callable[[str, str], bool],
    ) -> None:
        self._store, self._decider, self._now, self._admin = store, decider, now, admin
        self._log = get_log(part="label")

    def listen(self, app: App) -> None:
        """Each action is acknowledged at once and then carried out."""
        app.action(re.compile(r"label_route:\d+"))(self.label)
        app.action(re.compile(r"label_drop:\d+"))(self.drop)
        app.action("undo_label")(self.undo)

    def label(self, ack: Any, body: dict[str, Any], action: dict[str, Any], respond: Any) -> None:
        """An admin's word on a request counts always; the list goes on with what is left."""
        ack()
        value, user, team = _value(action), str(body["user"]["id"]), str(body["team"]["id"])
        request = self._store.requests.get(str(value.get("request", "")))
        route = str(value.get("route", ""))

        if not self._admin(team, user):
            respond(text=texts.ADMINS_ONLY, response_type="ephemeral", replace_original=False)
            return

        known = route == NO_ROUTE or route in self._decider.catalog.routes
        if request is not None and request.team == team and known:
            self._say(request.id, user, "review", route)

        self._again(respond, team)

    def drop(self, ack: Any, body: dict[str, Any], action: dict[str, Any], respond: Any) -> None:
        """A correction that an admin found wrong is gone."""
        ack()
        value, user, team = _value(action), str(body["user"]["id"]), str(body["team"]["id"])
        request = self._store.requests.get(str(value.get("request", "")))

        if not self._admin(team, user):
            respond(text=texts.ADMINS_ONLY, response_type="ephemeral", replace_original=False)
            return

        if request is not None and request.team == team:
            self._store.feedback.unsay(request.id, str(value.get("user", "")), "route")
            self._log.info("label_dropped", request=request.id, by=user)

        self._again(respond, team)

    def undo(self, ack: Any, body: dict[str, Any], action: dict[str, Any], respond: Any) -> None:
        """The person's own correction is taken back, and the router forgets it."""
        ack()

        request = self._store.requests.get(str(_value(action).get("request", "")))
        if request is not None and request.team == body["team"]["id"]:
            self._store.feedback.unsay(request.id, body["user"]["id"], "route")
            self._log.info("label_undone", request=request.id)
            self._decider.learning.soon(UNDO_SECONDS)

        respond(text=texts.LABEL_UNDONE, response_type="ephemeral", replace_original=True)

    def _say(self, request: str, user: str, aspect: str, route: str) -> None:
        kind = cast("Literal['route', 'review']", aspect)
        self._store.feedback.say(Feedback(request, user, kind, route, self._now()))
        self._log.info("labelled", request=request, aspect=aspect, value=route)

    def _again(self, respond: Any, team: str) -> None:
        self._decider.learning.soon(UNDO_SECONDS)
        shown = to_do(self._store, self._decider, team, self._now())
        respond(
            text=shown.text, blocks=shown.blocks, response_type="ephemeral", replace_original=True
        )


def thanks(request: str, route: str, *, learned: bool) -> Shown:
    """What a person who corrected a route is told, with a way back."""
    said = (texts.THANKS_ROUTE if learned else texts.THANKS_SOON).format(route=route)
    back = button(texts.TAKE_BACK, "undo_label", {"request": request})
    return Shown(said, [words(said), {"type": "actions", "elements": [back]}])


def to_do(store: Store, decider: Decider, team: str, now: float) -> Shown:
    """What is worth an admin's word: the least sure messages of public channels, and corrections set aside."""
    unsure = Labels(store.engine).unsure(team, now - DAYS * 86_400)
    asked = to_label({key: one.decision for key, one in unsure.items()}, OFFERED)
    waiting = _waiting(store, decider, team)
    counted, repeated = len(decider.taught.used), len(decider.labels)
    repeated -= counted + len(decider.taught.aside)
    summary = texts.LABEL_SUMMARY.format(
        counted=counted, repeated=repeated, waiting=len(decider.taught.aside)
    )
    blocks: list[Block] = [words(summary)]

    if asked:
        blocks.append(words(texts.LABEL_ASK))

    for key in asked:
        blocks += _question(unsure[key])

    if waiting:
        blocks.append(words(texts.LABEL_WAITING))

    for label, aside in waiting[:WAITING]:
        blocks += _contested(label, aside)

    if not asked and not waiting:
        blocks.append(words(texts.LABEL_NOTHING))

    return Shown(summary, blocks)


def _waiting(store: Store, decider: Decider, team: str) -> list[tuple[Label, SetAside]]:
    """The corrections set aside that an admin may read, newest first; one for each message."""
    behind = {id(label.example): label for label in decider.labels}
    found: dict[str, tuple[Label, SetAside]] = {}

    for aside in decider.taught.aside:
        label = behind.get(id(aside.example))
        request = (
            store.requests.get(label.request) if label is not None and label.showable else None
        )
        if label is not None and request is not None and request.team == team:
            found[f"{label.request} {aside.example.route}"] = (label, aside)

    return list(found.values())[::-1]


def _question(one: Unsure) -> list[Block]:
    choices = [score.route for score in one.decision.scores[:3]]
    buttons = [
        button(
            f"{score.route} {score.confidence:.0%}",
            f"label_route:{n}",
            {"request": one.request, "route": score.route},
        )
        for n, score in enumerate(one.decision.scores[:3])
    ]

    nowhere = {"request": one.request, "route": NO_ROUTE}
    buttons.append(button(texts.LABEL_NOWHERE, f"label_route:{len(choices)}", nowhere))
    return [_quoted(one.text), {"type": "actions", "elements": buttons}]


def _contested(label: Label, aside: SetAside) -> list[Block]:
    ids = {"request": label.request}
    buttons = [
        button(
            texts.LABEL_COUNT.format(route=aside.example.route),
            "label_route:0",
            {**ids, "route": aside.example.route},
        ),
        button(texts.LABEL_DROP, "label_drop:0", {**ids, "user": label.example.user or ""}),
    ]

    why = rich_text.block(
        [rich_text.section(rich_text.text(f"{aside.example.route}? {aside.why}", italic=True))]
    )
    return [_quoted(aside.example.text), why, {"type": "actions", "elements": buttons}]


def _quoted(text: str) -> Block:
    """A person's words, which only text elements may hold."""
    return rich_text.block([rich_text.section(rich_text.text(clipped(text, SHOWN), bold=True))])


def _value(action: Mapping[str, Any]) -> dict[str, Any]:
    """What a button carried; an empty dict for anything that we did not write."""
    try:
        found = json.loads(str(action.get("value", "")))
    except ValueError:
        return {}

    return found if isinstance(found, dict) else {}
