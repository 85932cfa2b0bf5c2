"""An admin who presses the buttons of a version that drifts."""

from __future__ import annotations

import json

from bot.admins import Admins
from bot.weekly.candidate_click import CandidateClicks
from bot.weekly.drift_actions import DriftActions
from bot.weekly.drift_card import render_drift_check
from bot.weekly.drift_publisher import DriftPublisher
from tests.lifecycle.drifting import KEY
from tests.taken import Slack
from workers.fakes import MemoryQueue
from workers.llm.fakes import ScriptedModel


class Left:
    """Has everything right where left is; with an adapter only if it is `adapted`."""

    def __init__(self, *, adapted=True) -> None:
        self.adapted = adapted

    def complete(self, call, on_text=None):
        who = (
            call.messages[-1]["content"].split()[0]
            if self.adapted or call.adapter is None
            else "nobody"
        )
        return ScriptedModel([json.dumps({"box": "left", "who": who})]).complete(call, on_text)


class Clicks:
    """Presses the buttons of the newest card."""

    def __init__(self, weeks) -> None:
        self.weeks, self.store, self.slack, self.told = weeks, weeks.store, Slack(), []
        self.acks = []
        self.settings = weeks.context.settings.model_copy(
            update={"admins": ("UADA",), "admin_channel": "C0ADMIN"}
        )
        self.queue = MemoryQueue({"drift": "compute", "advance": "compute", "digest": "compute"})
        self.admins = Admins(self.settings, self.store.audit, weeks.clock)
        clicks = CandidateClicks(self.store, self.queue, self.admins, weeks.clock)
        self.parts = DriftActions(self.settings, self.store, clicks, weeks.clock)
        self.keeper = DriftPublisher(
            self.settings, self.store, self.queue, lambda _: self.slack, weeks.clock
        )

    def body(self, user):
        return {"team": {"id": "T1"}, "user": {"id": user}, "trigger_id": "t"}

    def card(self):
        return render_drift_check(self.store, self.store.drift_checks.newest(KEY))

    def button(self, name):
        blocks = [block for block in self.card().blocks if block["type"] == "actions"]
        return next(
            one for block in blocks for one in block["elements"] if one["action_id"] == name
        )

    def press(self, name, user="UADA", button=None):
        acts = {
            "drift_retune": "retrain",
            "drift_keep": "open_dismissal",
            "drift_rollback": "roll_back",
            "drift_retire": "retire",
        }

        acts["drift_stop"] = "stop_retraining"
        action = button or self.button(name)
        respond = lambda **said: self.told.append(said["text"])  # noqa: E731
        getattr(self.parts, acts[name])(lambda: None, action, self.body(user), respond, self.slack)

    def ack(self, **answer):
        self.acks.append(answer)

    def keep(self, reason="we sell this now", user="UADA", view=None):
        state = {"why": {"why": {"value": reason}}}
        view = (view or self.slack.views[-1]) | {"state": {"values": state}}
        self.parts.dismiss(self.ack, self.body(user), view, self.slack)

    def audit(self):
        return [(act.user, act.action, act.outcome) for act in self.store.audit.for_subject("T1", KEY)]


def words(shown):
    return json.dumps(shown.blocks, ensure_ascii=False)
