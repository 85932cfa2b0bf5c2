"""The people in the rollout script: Ada clicks in #leads, and everybody asks in #general."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from rich.console import Console

from bot.demo import sample_data
from bot.demo.demo import Demo
from bot.demo.script_user import Message, ScriptStep, ScriptUser
from bot.sandbox import seed_data
from router.canary import in_rollout
from router.lifecycle import State
from router.lifecycle_evidence import TunedEvidence
from router.store.versions.shadow_runs import VersionMetrics
from router.store.weekly.datasets import Report
from router.types import Candidate
from workers.runtime.processes import wait_until

ROUTE = "incident"
LEADS = "leads"
STATE_SECONDS = 1800.0
"""Training and measuring take minutes on two cores, and longer beside other work."""
CARD_SECONDS = 30.0
IDLE_SECONDS = 3.0
"""For so long nothing may happen before the queue counts as idle."""
SEED = 11


class ScriptFailedError(Exception):
    """A step failed, so the next one cannot begin; the message says what was found."""


@dataclass(frozen=True, slots=True)
class ActorAnswer:
    """The answer that somebody got.

    `new` is whether the new version answered. `kind` and `new` are None where the router chose no
    route, or another one.
    """

    name: str
    kind: str | None
    new: bool | None


class RolloutActors:
    """Acts for the people, and reads the state of the candidate that is rolled out.

    `repeated_question` holds the results of the question that is asked before and after.
    """

    def __init__(self, demo: Demo, console: Console) -> None:
        self.demo = demo
        self.route = ROUTE
        self.store = demo.store
        self.console = console
        self.settings = demo.settings()
        self.ada = demo.sandbox.actor("ada")
        self.users = {name: ScriptUser(demo, name) for name, _, _ in seed_data.HUMANS}
        self.repeated_question: dict[str, ScriptStep] = {}
        self._texts: Iterator[str] = self.questions()
        self._printed_progress = ""

    # What people do.

    def questions(self) -> Iterator[str]:
        """Returns what people ask, without end."""
        return sample_data.incident_reports(SEED)

    def press(self, action: str) -> None:
        """Clicks a button of the candidate in #leads, as soon as it is there.

        Raises ScriptFailedError when it does not appear.
        """
        wait_until(lambda: self.card(action) is not None, CARD_SECONDS)
        message = self.card(action)
        if message is None:
            raise ScriptFailedError(f"there is no button {action!r} in #{LEADS}")

        self.ada.click(LEADS, str(message["ts"]), action, self._button_value(message, action))

    def submit(self, **values: object) -> None:
        """Submits the open dialog. Raises ScriptFailedError when it is not open or refuses it."""
        if not wait_until(lambda: bool(self.ada.views()), CARD_SECONDS):
            raise ScriptFailedError("no dialog opened")

        errors = self.ada.submit_view(self.ada.views()[-1]["id"], values)
        if errors:
            raise ScriptFailedError(f"the dialog was refused: {errors}")

    def ask(
        self, names: Sequence[str], count: int | None = None, at_once: int = 3
    ) -> list[ActorAnswer]:
        """Asks `count` questions and returns the answers, `at_once` questions at a time.

        The people take turns; without a count each asks once. Raises ScriptFailedError when
        somebody gets no answer.
        """
        turns = islice(cycle(names), len(names) if count is None else count)
        answers: list[ActorAnswer] = []

        while wave := list(islice(turns, at_once)):
            asked = [(name, self.users[name].ask(next(self._texts))) for name in wave]
            answers += [self._answer(name, ts) for name, ts in asked]

        return answers

    def names_in_rollout(self, share: float) -> list[str]:
        """Returns who gets the new version when `share` of the people do."""
        return [
            name for name in self.users if in_rollout(self.route, seed_data.user_id(name), share)
        ]

    # What can be read of the candidate.

    def candidate(self) -> Candidate | None:
        """Returns the route's candidate, None before mining has found it."""
        for candidate in self.store.candidates.for_team(seed_data.TEAM_ID):
            if candidate.route == self.route:
                return candidate

        return None

    def wait_for_state(self, *states: State, seconds: float = STATE_SECONDS) -> State:
        """Waits until the candidate is in one of `states`, and prints its progress meanwhile.

        Returns the state. Raises ScriptFailedError when it is not reached in time.
        """
        state: State | None = None

        def is_reached() -> bool:
            nonlocal state
            state = self._poll_state()
            return state in states

        if not wait_until(is_reached, seconds) or state is None:
            raise ScriptFailedError(f"it should be {' or '.join(states)} and is {state}")

        return state

    def card(self, action: str) -> Message | None:
        """Returns the newest message in #leads with that button for the candidate as it is now."""
        for message in self.leads_messages():
            if self._button_value(message, action):
                return message

        return None

    def leads_messages(self) -> list[Message]:
        """Returns the messages in #leads, the newest first."""
        channel = self.ada.channel(LEADS)
        sandbox = self.demo.sandbox
        # On the sandbox's own thread: its state is not locked.
        messages = sandbox.call(lambda: list(sandbox.workspace.messages[channel].values()))
        return messages[::-1]

    def is_idle(self) -> bool:
        """Returns whether all requests are answered and no shadow run has finished for a while."""
        open_requests, _ = self.store.requests.open_count(0.0)
        calls_before = self.shadow_metrics().calls
        wait_until(lambda: False, IDLE_SECONDS)

        return open_requests == 0 and self.shadow_metrics().calls == calls_before

    def training_bill(self) -> Mapping[str, object]:
        """Returns the costs of the newest training; empty before there was one."""
        candidate = self.candidate()
        if candidate is None:
            return {}

        for edge in reversed(self.store.candidates.history(candidate.id)):
            if isinstance(edge.evidence, TunedEvidence):
                return edge.evidence.bill

        return {}

    def version(self) -> str:
        """Returns the id of the new version; empty before there is one."""
        candidate = self.candidate()
        if candidate is None:
            return ""

        for edge in reversed(self.store.candidates.history(candidate.id)):
            if edge.evidence.version:
                return edge.evidence.version

        return ""

    def share(self) -> float:
        """Returns the share of people (0-1) whom the new version answers."""
        stored = self.store.versions.get(seed_data.TEAM_ID, self.route, self.version())
        if stored is None:
            return 0.0
        if stored.state == "live":
            return 1.0 if stored.origin == "rollout" else 0.0

        return stored.rollout_share

    def left_share(self, share: float) -> bool:
        """Returns whether the canary has moved on from that share."""
        candidate = self.candidate()
        return candidate is not None and (candidate.state != "canary" or self.share() != share)

    def live_version(self) -> str:
        """Returns the id of the version that is live; empty without one."""
        live = self.store.versions.live(seed_data.TEAM_ID, self.route)
        return live.id if live is not None else ""

    def shadow_metrics(self) -> VersionMetrics:
        """Returns the new version's metrics in shadow."""
        return self.store.shadow_runs.shadow_metrics(seed_data.TEAM_ID, self.route, self.version())

    def answered_count(self) -> int:
        """Returns how many questions the new version has answered for people."""
        return self.store.shadow_runs.answer_metrics(
            seed_data.TEAM_ID, self.route, self.version()
        ).calls

    def report(self) -> Report | None:
        """Returns the new version's evaluation report, None before there is one."""
        return self.store.datasets.newest_report(seed_data.TEAM_ID, self.route, self.version())

    def _answer(self, name: str, ts: str) -> ActorAnswer:
        user = self.users[name]
        if user.wait(ts) is None:
            raise ScriptFailedError(f"{name} got no answer")

        _, outcome, _ = user.facts(ts)
        if outcome is None or outcome.route != self.route:
            return ActorAnswer(name, None, None)

        return ActorAnswer(name, outcome.kind, outcome.version == self.version())

    def _poll_state(self) -> State | None:
        """Returns the candidate's state, and prints its progress if that has changed."""
        candidate = self.candidate()
        if candidate is None:
            return None

        progress = self.store.rollout_cards.progress(candidate.id)
        text = ""
        if progress is not None:
            text = ", ".join(f"{name} {value}" for name, value in progress.body.items())

        if text != self._printed_progress:
            self._printed_progress = text
            self.console.print(f"   {text}", style="dim", markup=False)

        return candidate.state

    def _button_value(self, message: Message, action: str) -> str | None:
        """Returns the value of that button, None without a button for the current candidate.

        An older card's button carries an older version of the candidate and would be refused.
        """
        candidate = self.candidate()
        if candidate is None:
            return None

        ids = {"candidate": candidate.id, "version": candidate.version}
        value = json.dumps(ids, separators=(",", ":"))
        for block in message.get("blocks", ()):
            for element in block.get("elements", ()):
                if not isinstance(element, dict):
                    continue
                if element.get("action_id") == action and element.get("value") == value:
                    return value

        return None
