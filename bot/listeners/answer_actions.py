"""Clicks: choosing a route, thumbs, why, wrong route, try again.

A button carries a request id and a revision. Whatever it claims is checked against the store at
each click: late and double clicks change nothing and say so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, cast

from slack_bolt import App

from bot.listeners.labelling import thanks
from bot.routing import explain as why
from bot.routing.service import Decider
from bot.ui.blocks import Shown, button, words
from bot.ui.texts import common as texts
from router.log import get_log
from router.store import Store
from router.types import Feedback, Request

WRONG_VIEW = "wrong_route"
LEARN_SECONDS = 4.0
"""How long a person's thanks wait for the router to have learned; with thousands of examples it
takes longer."""


class Actions:
    """Everything that answers a click on one of Beagle's messages."""

    def __init__(self, store: Store, decider: Decider, now: Callable[[], float]) -> None:
        self._store, self._decider, self._now = store, decider, now
        self._log = get_log(part="actions")

    def listen(self, app: App) -> None:
        """Each action is acknowledged at once and then carried out."""
        actions: dict[str | re.Pattern[str], Callable[..., None]] = {
            re.compile(r"choose_route:\d+"): self.choose,
            "choose_none": self.leave,
            "try_again": self.again,
            "thumb": self.thumb,
            "why_route": self.why,
            "wrong_route": self.wrong,
            re.compile(r"reason:\w+"): self.reason,
        }
        for name, act in actions.items():
            app.action(name)(act)

        app.view(WRONG_VIEW)(self.correct)

    def choose(self, ack: Any, body: dict[str, Any], action: dict[str, Any], respond: Any) -> None:
        """The chosen route answers in place of the question, and the choice is remembered as a label."""
        ack()
        value = _value(action)
        request = self._request(value, body)

        route = str(value.get("route", ""))
        if (
            request is None
            or self._decider.overrule(request, int(value.get("revision", -1)), route) is None
        ):
            self._tell(respond, texts.ALREADY)
            return

        self._label(request, body["user"]["id"], "route", route)
        self._decider.learning.soon()

    def leave(self, ack: Any, action: dict[str, Any], body: dict[str, Any], respond: Any) -> None:
        """None of the offered routes fits: nothing runs."""
        ack()
        if self._request(_value(action), body) is not None:
            names = ", ".join(offer.name for offer in self._decider.offers())
            self._tell(respond, texts.NONE_CHOSEN.format(routes=names))

    def again(self, ack: Any, action: dict[str, Any], body: dict[str, Any], respond: Any) -> None:
        """A request that failed is run again, from its newest decision."""
        ack()
        request = self._request(_value(action), body)
        newest = self._store.decisions.newest(request.id) if request else None
        got = (
            self._store.decisions.outcome(request.id, newest.revision)
            if request and newest
            else None
        )

        failed = got is not None and got.error is not None
        if request is None or newest is None or not (request.state == "dead" or failed):
            self._tell(respond, texts.ALREADY)
            return

        revised = self._store.decisions.revise(
            request.id, newest, int(_value(action)["revision"]), self._now()
        )
        if revised is None:
            self._tell(respond, texts.ALREADY)
            return

        self._decider.wake(request.id)

    def thumb(self, ack: Any, action: dict[str, Any], body: dict[str, Any], respond: Any) -> None:
        """The last thumb of a person counts: Slack sends every change and never the present state."""
        ack()
        direction, _, ids = str(action.get("value", "")).partition(" ")

        request = self._request(_parse(ids), body)
        if request is not None and direction in ("up", "down"):
            self._label(request, body["user"]["id"], "thumb", direction)
            if direction == "down":
                shown = reasons(request.id)
                respond(
                    text=shown.text,
                    blocks=shown.blocks,
                    response_type="ephemeral",
                    replace_original=False,
                )

    def reason(
        self, ack: Any, action: dict[str, Any], body: dict[str, Any], client: Any, respond: Any
    ) -> None:
        """What was wrong is kept, one click; a wrong route leads on to the right one."""
        ack()
        value = _value(action)
        request = self._request(value, body)

        reason = str(value.get("reason", ""))
        if request is None or reason not in texts.REASONS:
            return

        self._label(request, body["user"]["id"], "reason", reason)
        said = texts.REASON_THANKS.format(reason=texts.REASONS[reason].lower())
        respond(text=said, response_type="ephemeral", replace_original=True)

        if reason == "route":
            self.show_dialog(client, str(body["trigger_id"]), request.id, body)

    def why(self, ack: Any, action: dict[str, Any], body: dict[str, Any], respond: Any) -> None:
        """The reasons for the route, for the person who asked only."""
        ack()
        request = self._request(_value(action), body)

        decision = self._store.decisions.newest(request.id) if request else None
        if request is not None and decision is not None:
            lines = why.explain(decision)
            respond(
                text="\n".join(lines),
                blocks=[why.block(lines)],
                response_type="ephemeral",
                replace_original=False,
            )

    def wrong(self, ack: Any, action: dict[str, Any], body: dict[str, Any], client: Any) -> None:
        """A dialog with the routes to choose the right one from."""
        ack()
        self.show_dialog(
            client, str(body["trigger_id"]), str(_value(action).get("request", "")), body
        )

    def show_dialog(self, client: Any, trigger: str, key: str, body: Mapping[str, Any]) -> bool:
        """The dialog in which a person says the right route is open; False when that request is not one of here."""
        request = self._request({"request": key}, body)
        decision = self._store.decisions.newest(key) if request else None
        if request is None or decision is None:
            return False

        client.views_open(trigger_id=trigger, view=self._dialog(request, decision))
        return True

    def correct(self, ack: Any, body: dict[str, Any], view: dict[str, Any], client: Any) -> None:
        """The correction is a label; the request runs again if the person wants that; the router learns."""
        ack()
        value = _parse(view.get("private_metadata", ""))
        request = self._request(value, body, channel=str(value.get("channel", "")))
        state = view["state"]["values"]

        route = state["route"]["route"]["selected_option"]["value"]
        if request is None or route not in self._decider.catalog.routes:
            return

        user = body["user"]["id"]
        self._label(request, user, "route", route)

        note = state["note"]["note"].get("value")
        if note:
            self._label(request, user, "note", note)
        if state["again"]["again"]["selected_options"]:
            self._decider.overrule(request, int(value.get("revision", -1)), route)

        said = thanks(request.id, route, learned=self._decider.learning.soon(LEARN_SECONDS))
        client.chat_postEphemeral(
            channel=request.channel,
            user=user,
            thread_ts=request.thread,
            text=said.text,
            blocks=said.blocks,
        )

    def _dialog(self, request: Request, decision: Any) -> dict[str, Any]:
        now = texts.WRONG_NOWHERE
        if decision.route:
            now = texts.WRONG_NOW.format(
                route=decision.route, confidence=f"{decision.confidence:.0%}"
            )

        options = [
            {"text": {"type": "plain_text", "text": name[:75]}, "value": name}
            for name in sorted(self._decider.catalog.routes)
        ][:100]
        again = {"text": {"type": "plain_text", "text": texts.RUN_AGAIN}, "value": "yes"}
        metadata = {
            "request": request.id,
            "revision": decision.revision,
            "channel": request.channel,
        }

        return {
            "type": "modal",
            "callback_id": WRONG_VIEW,
            "private_metadata": json.dumps(metadata),
            "title": {"type": "plain_text", "text": texts.WRONG_TITLE},
            "submit": {"type": "plain_text", "text": texts.SUBMIT},
            "close": {"type": "plain_text", "text": texts.CANCEL},
            "blocks": [
                {"type": "alert", "level": "info", "text": {"type": "mrkdwn", "text": now}},
                _input("route", texts.WRONG_PICK, {"type": "static_select", "options": options}),
                _input(
                    "note",
                    texts.WRONG_NOTE,
                    {"type": "plain_text_input", "multiline": True, "max_length": 500},
                    True,
                ),
                _input(
                    "again",
                    texts.RUN_AGAIN,
                    {"type": "checkboxes", "options": [again], "initial_options": [again]},
                    True,
                ),
            ],
        }

    def _request(
        self, value: Mapping[str, Any], body: Mapping[str, Any], channel: str = ""
    ) -> Request | None:
        """The request that a button names, if it belongs to the channel and workspace of the click."""
        request = self._store.requests.get(str(value.get("request", "")))

        where = channel or body.get("channel", {}).get("id")
        if (
            request is None
            or request.channel != where
            or request.team != body.get("team", {}).get("id", request.team)
        ):
            return None

        return request

    def _label(self, request: Request, user: str, aspect: str, value: str) -> None:
        kind = cast("Literal['thumb', 'route', 'note', 'reason']", aspect)
        self._store.feedback.say(Feedback(request.id, user, kind, value, self._now()))
        self._log.info(
            "feedback", request=request.id, aspect=aspect, value=value if aspect != "note" else None
        )

    def _tell(self, respond: Any, said: str) -> None:
        respond(text=said, response_type="ephemeral", replace_original=False)


def reasons(request: str) -> Shown:
    """What a person who pressed thumbs down is asked."""
    buttons = [
        button(label, f"reason:{name}", {"request": request, "reason": name})
        for name, label in texts.REASONS.items()
    ]

    return Shown(
        texts.REASON_ASK, [words(texts.REASON_ASK), {"type": "actions", "elements": buttons}]
    )


def _input(
    name: str, label: str, element: dict[str, Any], optional: bool = False
) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": name,
        "optional": optional,
        "label": {"type": "plain_text", "text": label},
        "element": {"action_id": name, **element},
    }


def _value(action: Mapping[str, Any]) -> dict[str, Any]:
    return _parse(str(action.get("value", "")))


def _parse(value: str) -> dict[str, Any]:
    """What a button carried; an empty dict for anything that we did not write."""
    try:
        found = json.loads(value)
    except ValueError:
        return {}

    return found if isinstance(found, dict) else {}
