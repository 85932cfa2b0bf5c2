"""People at work: carries an action out on a bot, through the listeners that Slack would call."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from slack_bolt import BoltContext, BoltResponse

from bot import commands
from bot.commands import CommandContext
from bot.intake.foreign_homes import HomeLookup
from bot.intake.messages import MessageListener
from bot.intake.requests import REQUEST, Intake
from bot.listeners.answer_actions import AnswerActions
from bot.listeners.erasure import ErasureActions
from bot.listeners.home import HomePublisher
from bot.listeners.labelling import LabelActions
from bot.listeners.route_correction import RouteCorrection
from bot.listeners.stats import StatsActions
from bot.ui import blocks
from bot.ui.ephemeral import send_ephemeral
from evals.bench.tenancy.bot_without_slack import BotWithoutSlack
from evals.bench.tenancy.plan import TEAMS, Action
from router.types import Request
from workers.fakes import MemoryDirectory
from workers.privacy.folder_erasure import FolderErasures
from workers.privacy.text_retention import expire_texts
from workers.privacy.workspace_purge import purge_workspace

ME = "UBEAGLE"
KEEP_DAYS = 0.5
"""Texts are kept for so long: some expire while their workspace goes on."""


class People:
    """What people of the bot's workspaces do. `perform` returns all that was shown."""

    def __init__(self, bot: BotWithoutSlack) -> None:
        self.bot = bot
        self._team = ""
        store, routing, now = bot.store, bot.routing, bot.clock
        shown: Any = bot.shown

        self._intake = Intake(store, ME, now, lambda: bot.new_id(self._team), routing.limit)
        homes = HomeLookup(store.access, MemoryDirectory())
        self._messages = MessageListener(store, routing, homes)
        self._correction = RouteCorrection(store, routing, now)
        self._answers = AnswerActions(store, routing, self._correction, now)
        self._labels = LabelActions(store, routing)
        self._stats = StatsActions(store, routing)
        self._home = HomePublisher(
            bot.settings, store, routing, routing.admins, lambda _team: shown
        )
        folders = FolderErasures(store, bot.settings.data, "here", now)
        self._erasure = ErasureActions(bot.settings, store, bot.queue, routing.retrain, folders)
        self._steps: dict[str, Callable[[Action], object]] = {
            "ask": self._ask,
            "correct": self._correct,
            "command": self._command,
            "explain_link": self._explain_link,
            "home": self._open_home,
            "default_route": self._set_default_route,
            "forget_me": self._forget_me,
            "uninstall": self._uninstall,
            "expire": self._expire,
        }

    def perform(self, action: Action) -> str:
        """Carries the action out and returns all that it showed, as JSON."""
        self._team = action.team
        self.bot.now = action.at
        self.bot.settle(action.team)
        self._steps.get(action.name, self._press)(action)
        self.bot.work()

        return self.bot.take_shown()

    def expire(self, action: Action) -> None:
        """Lets old texts expire: the installation does that for all workspaces at once."""
        self.bot.now = action.at
        expire_texts(self.bot.store, action.at, KEEP_DAYS)

    def _ask(self, action: Action) -> None:
        ts = action.ts
        body: Any = {
            "type": "event_callback",
            "team_id": action.team,
            # Slack numbers events; that no two workspaces share a number is not ours to promise.
            "event_id": f"Ev{ts}",
            "authorizations": [{"team_id": action.team, "user_id": ME}],
            "event": {
                "type": "app_mention",
                "user": action.user,
                "text": f"<@{ME}> {action.text}",
                "ts": ts,
                "channel": action.channel,
                "channel_type": "channel",
                "team": action.team,
            },
        }
        if action.request % 2:
            body["event"]["thread_ts"] = action.request_ts

        context = BoltContext()
        self._intake(body, context, lambda: BoltResponse(status=200, body=""))
        request = context.get(REQUEST)
        if request is None:
            self.bot.shown("not stored")
            return

        self.bot.routing.decide(request)
        self.bot.work()
        self._show_answer(request)

    def _show_answer(self, request: Request) -> None:
        answered = self.bot.replies.answers.get(request.id)
        if answered is not None:
            offers = self.bot.routing.offers(request.asker, request.channel)
            message = blocks.answer(request, *answered, offers)
            self.bot.shown(message.text, blocks=message.blocks)

    def _correct(self, action: Action) -> None:
        request = self._request(action)
        values = {
            "route": {"route": {"selected_option": {"value": action.text}}},
            "note": {"note": {"value": f"my note of {action.team}"}},
            "again": {"again": {"selected_options": [{"value": "yes"}]}},
        }
        about = {"request": request, "revision": self._revision(request), "channel": action.channel}
        view: Any = {"private_metadata": json.dumps(about), "state": {"values": values}}
        body: Any = self._body(action) | {"view": view}
        self._correction.correct(_ack, body, view, self._client())

    def _press(self, action: Action) -> None:
        """Presses the button of that name, below an answer or in the list of `/beagle label`."""
        request = self._request(action)
        value = {
            "request": request,
            "revision": self._revision(request),
            "route": action.text,
            "user": "U1",
            "reason": "facts",
            "span": "7d",
        }
        button: Any = {"value": json.dumps(value)}
        thumb: Any = {"value": f"down {json.dumps(value)}"}
        body: Any = self._body(action)
        shown: Any = self.bot.shown

        if action.name == "why":
            self._answers.explain(_ack, button, body, shown)
        elif action.name == "label":
            self._labels.label(_ack, body, button, shown)
        elif action.name == "drop":
            self._labels.drop(_ack, body, button, shown)
        elif action.name == "undo":
            self._labels.undo(_ack, body, button, shown)
        elif action.name == "thumb":
            self._answers.thumb(_ack, body, thumb, shown)
        elif action.name == "reason":
            self._answers.reason(_ack, body, button, self._client(), shown)
        elif action.name == "choose":
            self._answers.choose(_ack, body, button, shown)
        elif action.name == "retry":
            self._answers.retry(_ack, button, body, shown)
        elif action.name == "csv":
            self._stats.export(_ack, body, button, shown, self._client())
        else:
            raise LookupError(f"pressing {action.name!r}: there is no such button")

    def _command(self, action: Action) -> None:
        word, *words = action.text.split()
        self._type(action, word, tuple(words))

    def _explain_link(self, action: Action) -> None:
        """Types `/beagle why` with a link, which may be to a message of either workspace."""
        ts = action.request_ts.replace(".", "")
        self._type(action, "why", (f"https://x.example/archives/{action.channel}/p{ts}",))

    def _type(self, action: Action, word: str, words: tuple[str, ...]) -> None:
        bot = self.bot
        context = CommandContext(
            words=words,
            team=action.team,
            user=action.user,
            channel=action.channel,
            settings=bot.settings,
            store=bot.store,
            queue=bot.queue,
            routing=bot.routing,
            now=bot.clock,
            admins=bot.routing.admins,
            client=self._client(),
            trigger_id="t",
        )
        message = commands.answer(word, context)
        if message is not None:
            shown: Any = bot.shown
            send_ephemeral(shown, message)

    def _open_home(self, action: Action) -> None:
        event: Any = {"tab": "home", "user": action.user}
        self._home.opened(event, action.team, self._client())

    def _set_default_route(self, action: Action) -> None:
        """An admin's choice for a channel, as the dialog of `/beagle channel` stores it."""
        rules = self.bot.store.channel_rules
        rule = rules.for_channel(action.team, action.channel)
        route = action.text if action.text in self.bot.routing.catalog.routes else ""
        self.bot.shown(str(rules.upsert(replace(rule, default_route=route))))

    def _forget_me(self, action: Action) -> None:
        shown: Any = self.bot.shown
        button: Any = {"value": json.dumps({"user": action.user})}
        self._erasure.erase(_ack, self._body(action), button, shown)

    def _uninstall(self, action: Action) -> None:
        """Removes the app, and installs it again at once."""
        rows = purge_workspace(self.bot.store, action.team)
        self.bot.routing.forget(action.team)
        self.bot.shown("uninstalled", rows=dict(rows))
        self.bot.install(action.team)

    def _expire(self, action: Action) -> None:
        self.expire(action)

    def _request(self, action: Action) -> str:
        team = action.team
        if action.forged:
            team = next(other for other in TEAMS if other != team)

        return self.bot.request_id(team, action.request)

    def _revision(self, request: str) -> int:
        newest = self.bot.store.decisions.newest(request)
        return newest.revision if newest else 0

    def _client(self) -> Any:
        return self.bot.shown

    def _body(self, action: Action) -> Any:
        return {
            "team": {"id": action.team},
            "user": {"id": action.user},
            "channel": {"id": action.channel},
            "trigger_id": "t",
        }


def _ack(**_answer: object) -> None:
    """Slack's acknowledgement, which shows nothing."""
