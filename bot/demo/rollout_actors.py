"""The people of the demo's road: Ada, who presses the buttons in #leads, and everybody who asks in #general."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

from rich.console import Console

from bot.demo import sample_data as fortnight
from bot.demo.demo import Demo
from bot.demo.script import Message, Player, Step
from bot.sandbox import seed_data as people
from router.lifecycle import State
from router.rollout import let_in
from router.store.versions.trials import Record
from router.store.weekly.datasets import Report
from router.types import Candidate
from workers.runtime.processes import wait_until

ROUTE = "incident"
LEADS = "leads"
STEP_SECONDS = 1800.0
"""Training and measuring take minutes on two cores, and longer beside other work."""
CARD_SECONDS = 30.0
SEED = 11


class BrokenOffError(Exception):
    """A step did not come out, so that the next one cannot begin; the message says what was found."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Who asked, what kind of version answered, and whether that was the new one; None where the route was unsure."""

    name: str
    kind: str | None
    new: bool | None


class Travellers:
    """What they do and what can be known of the candidate; `same` keeps the question that is asked twice."""

    route = ROUTE

    def __init__(self, demo: Demo, console: Console) -> None:
        self.demo, self.store, self.console = demo, demo.store, console
        self.settings = demo.settings()
        self.ada = demo.sandbox.actor("ada")
        self.players = {name: Player(demo, name) for name, _, _ in people.HUMANS}
        self.same: dict[str, Step] = {}
        self._texts: Iterator[str] = fortnight.reports(SEED)
        self._told = ""

    def candidate(self) -> Candidate | None:
        """The candidate of the route, once mining has found it."""
        return next(
            (one for one in self.store.candidates.of(people.TEAM_ID) if one.route == ROUTE), None
        )

    def arrive(self, *states: State, seconds: float = STEP_SECONDS) -> State:
        """The first of these states that it reaches; how far it is is told meanwhile. Raises BrokenOffError."""
        if not wait_until(lambda: self._look() in states, seconds):
            raise BrokenOffError(f"it should be {' or '.join(states)} and is {self._look()}")
        return self._look() or states[0]

    def card(self, action: str) -> Message | None:
        """The message in #leads that has that button for the candidate as it is now."""
        place = self.ada.channel(LEADS)
        found = self.demo.sandbox.call(
            lambda: list(self.demo.sandbox.workspace.messages[place].values())
        )

        return next((one for one in reversed(found) if self._value(one, action)), None)

    def press(self, action: str) -> None:
        """Ada pressed the button, as soon as it stood there. Raises BrokenOffError."""
        if not wait_until(lambda: self.card(action) is not None, CARD_SECONDS):
            raise BrokenOffError(f"there is no button {action!r} in #{LEADS}")

        message = self.card(action)
        assert message is not None
        self.ada.click(LEADS, str(message["ts"]), action, self._value(message, action))

    def submit(self, **values: Any) -> None:
        """Ada filled in the dialog that opened, and it was taken. Raises BrokenOffError."""
        if not wait_until(lambda: bool(self.ada.views()), CARD_SECONDS):
            raise BrokenOffError("no dialog opened")

        errors = self.ada.submit_view(self.ada.views()[-1]["id"], values)
        if errors:
            raise BrokenOffError(f"the dialog was refused: {errors}")

    def ask(
        self, names: Sequence[str], count: int | None = None, at_once: int = 3
    ) -> list[Answered]:
        """So many questions, in turn by these people, each once if no number is given, are answered."""
        turns, found = islice(cycle(names), len(names) if count is None else count), []
        while wave := list(islice(turns, at_once)):
            said = [(name, self.players[name].ask(next(self._texts))) for name in wave]
            found += [self._answered(name, ts) for name, ts in said]

        return found

    def quiet(self) -> bool:
        """Whether nothing is left to be done for what was asked, in shadow neither."""
        waiting = self.store.requests.waiting(0.0)[0]
        before, _ = self.beside().calls, wait_until(lambda: False, 3.0)
        return waiting == 0 and self.beside().calls == before

    def let_in(self, share: float) -> list[str]:
        """Who is among the first `share` of the people."""
        return [name for name in self.players if let_in(ROUTE, people.user_id(name), share)]

    def newest(self, name: str) -> dict[str, Any]:
        """The newest word of the candidate's history on something."""
        one = self.candidate()
        history = self.store.candidates.history(one.id) if one is not None else []
        return dict(
            next((edge.evidence[name] for edge in reversed(history) if name in edge.evidence), {})
        )

    def version(self) -> str:
        """The new version; empty before there is one."""
        one = self.candidate()
        history = self.store.candidates.history(one.id) if one is not None else []
        return str(
            next(
                (
                    edge.evidence["version"]
                    for edge in reversed(history)
                    if "version" in edge.evidence
                ),
                "",
            )
        )

    def share(self) -> float:
        """How many of the people it answers."""
        stored = self.store.versions.get(ROUTE, self.version())
        return 0.0 if stored is None or stored.state not in ("canary", "live") else stored.share

    def moved_on(self, share: float) -> bool:
        """Whether it has left that step of the canary."""
        one = self.candidate()
        return one is not None and (one.state != "canary" or self.share() != share)

    def answers(self) -> str:
        """The version that answers now, whoever asks."""
        live = self.store.versions.live(ROUTE)
        return live.id if live is not None else ""

    def beside(self) -> Record:
        """How it did in shadow."""
        return self.store.trials.beside(ROUTE, self.version())

    def answered(self) -> int:
        """How many people's questions it has answered."""
        return self.store.trials.answered(ROUTE, self.version()).calls

    def report(self) -> Report | None:
        """Its report."""
        return self.store.datasets.report(ROUTE, self.version())

    def _answered(self, name: str, ts: str) -> Answered:
        player = self.players[name]
        if player.wait(ts) is None:
            raise BrokenOffError(f"{name} got no answer")

        _, outcome, _ = player.facts(ts)
        if outcome is None or outcome.route != ROUTE:
            return Answered(name, None, None)

        return Answered(name, outcome.kind, outcome.version == self.version())

    def _look(self) -> State | None:
        """Where it stands; what is new of that is told."""
        one = self.candidate()
        doing = self.store.roads.doing(one.id) if one is not None else None

        told = (
            ""
            if doing is None
            else ", ".join(f"{name} {value}" for name, value in doing.body.items())
        )
        if told != self._told:
            self._told = told
            self.console.print(f"   {told}", style="dim", markup=False)

        return one.state if one is not None else None

    def _value(self, message: Message, action: str) -> str | None:
        """What that button of the message carries, if it is the candidate's as it is now."""
        one = self.candidate()
        if one is None:
            return None

        ids = json.dumps({"candidate": one.id, "version": one.version}, separators=(",", ":"))
        buttons = (
            e
            for block in message.get("blocks", ())
            for e in block.get("elements", ())
            if isinstance(e, dict)
        )

        return next(
            (ids for e in buttons if e.get("action_id") == action and e.get("value") == ids), None
        )
