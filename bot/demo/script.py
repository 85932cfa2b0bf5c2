"""Plays the demo without a browser: one step for each thing Beagle promises, with what it cost."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from html import unescape
from typing import Any

from rich.console import Console

from bot.demo.ambiguous import torn
from bot.demo.demo import Demo
from bot.replies.replies import EVENT_TYPE
from router.types import Decision, Outcome
from workers.runtime.processes import wait_until

SECONDS = 90.0
CLOSING_SECONDS = 5.0
LEARN_SECONDS = 4.0
CHANNEL = "general"
Message = dict[str, Any]
NEXT = (
    "I have one more question about my leave",
    "one more question about my leave, please",
    "and another question about my leave",
)
MISTAKEN = (
    "I have a question about my leave",
    "a question about my leave",
    "I want to ask about my time off",
)


@dataclass(frozen=True, slots=True)
class Step:
    """One scene and how it came out; `ms` is from the message to the finished answer."""

    name: str
    ok: bool
    route: str | None
    kind: str | None
    confidence: float
    ms: float
    tokens: int
    usd: float
    said: str = ""
    answer: str = ""


def play(demo: Demo, *, as_json: bool = False) -> bool:
    """Whether every step came out; the transcript, or one JSON object, is on stdout."""
    console = Console(stderr=as_json, soft_wrap=True, highlight=False)
    steps = []

    for step in filter(None, (scene(Player(demo)) for scene in SCENES)):
        steps.append(step)
        _show(console, step)

    ok = all(step.ok for step in steps)
    if as_json:
        shown = ("name", "ok", "route", "kind", "confidence", "ms", "tokens", "usd")
        rows = [{key: asdict(step)[key] for key in shown} for step in steps]
        print(json.dumps({"ok": ok, "steps": rows}))
    else:
        console.print(f"\n{sum(step.ok for step in steps)} of {len(steps)} steps came out.")

    return ok


class Player:
    """Says things as one person, Ada if nobody is named, and reads what Beagle makes of them."""

    def __init__(self, demo: Demo, name: str = "ada") -> None:
        self.demo = demo
        self.me = demo.sandbox.actor(name)

    def ask(self, text: str, thread_ts: str | None = None) -> str:
        """The ts of the message."""
        said = text if thread_ts else f"@beagle {text}"
        return str(self.me.say(CHANNEL, said, thread_ts=thread_ts))

    def answers(self, ts: str, thread_ts: str | None = None) -> list[Message]:
        """Beagle's finished answers to the message at `ts`."""
        request = self.demo.store.requests.find(self.me.channel(CHANNEL), ts)
        if request is None:
            return []

        found = []
        for message in self.me.thread(CHANNEL, thread_ts or ts):
            metadata = message.get("metadata") or {}
            if (
                metadata.get("event_type") == EVENT_TYPE
                and metadata["event_payload"]["request"] == request.id
            ):
                found.append(message)

        return found

    def wait(
        self, ts: str, thread_ts: str | None = None, fits: Callable[[Message], bool] = bool
    ) -> Message | None:
        """The first finished answer that `fits`, None when there is none in time."""
        found: list[Message] = []

        def answered() -> bool:
            found[:] = [message for message in self.answers(ts, thread_ts) if fits(message)]
            return bool(found)

        return found[0] if wait_until(answered, SECONDS) else None

    def first(
        self, texts: Sequence[str], fits: Callable[[Decision], bool]
    ) -> tuple[str, str, Message | None]:
        """The first of `texts` whose decision fits, its ts and its answer; the last one when none does.

        What is unclear is for the installation's router to say, so the story asks until it is.
        """
        text, ts, message = "", "", None
        for text in texts:
            ts = self.ask(text)
            message = self.wait(ts)

            decision, _, _ = self.facts(ts)
            if decision is not None and fits(decision):
                break

        return text, ts, message

    def press(self, message: Message, action: str) -> None:
        """Ada pressed that button of an answer."""
        self.me.click(CHANNEL, str(message["ts"]), action)

    def facts(self, ts: str) -> tuple[Decision | None, Outcome | None, float]:
        """What the store knows of the message at `ts`; milliseconds from its arrival to its answer."""
        store = self.demo.store
        request = store.requests.find(self.me.channel(CHANNEL), ts)

        decision = store.decisions.newest(request.id) if request else None
        if request is None or decision is None:
            return None, None, 0.0

        # The answer is visible a moment before its row is closed.
        wait_until(lambda: store.requests.seconds(request.id) is not None, CLOSING_SECONDS)
        seconds = store.requests.seconds(request.id) or 0.0
        return decision, store.decisions.outcome(request.id, decision.revision), seconds * 1000

    def step(self, name: str, text: str, ts: str, ok: bool, message: Message | None) -> Step:
        """The facts of one scene."""
        decision, outcome, milliseconds = self.facts(ts)
        return Step(
            name=name,
            ok=ok and message is not None and outcome is not None and outcome.error is None,
            route=decision.route if decision else None,
            kind=outcome.kind if outcome else None,
            confidence=round(decision.confidence, 4) if decision else 0.0,
            ms=round(milliseconds, 1),
            tokens=outcome.tokens.total if outcome else 0,
            usd=outcome.usd if outcome else 0.0,
            said=text,
            answer=unescape(str(message.get("text", ""))) if message else "(no answer)",
        )


def _asked(name: str, text: str, kind: str) -> Callable[[Player], Step]:
    def scene(player: Player) -> Step:
        ts = player.ask(text)
        message = player.wait(ts)
        step = player.step(name, text, ts, True, message)

        return step if step.kind == kind else _failed(step)

    return scene


def _follow_up(player: Player) -> Step:
    opening = player.ask("how many weeks of parental leave do I get?")
    player.wait(opening)
    text = "and when do I have to tell my manager?"
    ts = player.ask(text, thread_ts=opening)
    message = player.wait(ts, opening)
    step = player.step("a follow-up in the thread, without a mention", text, ts, True, message)

    return step if step.route == "handbook" else _failed(step)


def _edited(player: Player) -> Step:
    """The page behind the link says what is quoted, before and after somebody edits it."""
    text = "!handbook when is the Lisbon office open?"
    page = player.demo.handbook / "office.md"
    player.wait(player.ask(text))
    page.write_text(
        page.read_text("utf-8").replace("from 7:00 to 21:00", "from 6:30 to 22:00"), "utf-8"
    )
    player.demo.read_again()
    ts = player.ask(text)
    message = player.wait(ts)
    _, outcome, _ = player.facts(ts)
    fresh = (
        outcome is not None
        and "6:30" in outcome.text
        and "6:30" in _opened(outcome.citations[0].url)
    )

    return player.step(
        "a page edited a moment ago: the next answer says so", text, ts, fresh, message
    )


def _opened(url: str) -> str:
    """The page that a link leads to, as text."""
    with urllib.request.urlopen(url, timeout=CLOSING_SECONDS) as answer:  # noqa: S310  # a link that Beagle itself made
        return str(answer.read().decode("utf-8"))


def _out_of_scope(player: Player) -> Step:
    text = "who won the world cup in 1998?"
    ts = player.ask(text)
    message = player.wait(ts)
    step = player.step("something nobody set it up for", text, ts, True, message)
    decision, _, _ = player.facts(ts)

    return step if decision is not None and decision.verb == "out_of_scope" else _failed(step)


def _asks_back(player: Player) -> Step | None:
    """None when the installation's router is sure of every two requests in one: then there is nothing to show."""
    text, ts, question = player.first(
        torn(player.demo.settings()), lambda decision: decision.verb == "ask"
    )
    decision, _, _ = player.facts(ts)
    if question is None or decision is None:
        return _failed(player.step("unsure: it asks, a person chooses", text, ts, False, question))
    if decision.verb != "ask":
        return None

    player.press(question, "choose_route:0")
    message = player.wait(ts, fits=_revised)
    step = player.step("unsure: it asks, a person chooses", text, ts, message is not None, message)

    return step if step.route == decision.scores[0].route else _failed(step)


def _corrected(player: Player) -> Step:
    text, ts, message = player.first(MISTAKEN, lambda decision: decision.verb == "route")
    if message is None:
        return _failed(player.step("a wrong route, corrected with a click", text, ts, False, None))

    player.press(message, "wrong_route")
    wait_until(lambda: bool(player.me.views()), SECONDS)
    view = player.me.views()[-1]
    player.me.submit_view(view["id"], {"route": "handbook", "again": ["yes"]})
    again = player.wait(ts, fits=_revised)
    thanked = wait_until(
        lambda: any("Thank you" in m["text"] for m in player.me.whispers(CHANNEL)), SECONDS
    )
    step = player.step("a wrong route, corrected with a click", text, ts, thanked, again)

    return step if step.route == "handbook" else _failed(step)


def _revised(message: Message) -> bool:
    """Whether this is the answer after a person's choice."""
    return bool(message["metadata"]["event_payload"]["revision"] == 1)


def _improved(player: Player) -> Step:
    """The router learns in the background; on a busy machine the first message may come before it has."""
    name = "the next message like it goes there by itself"
    for text in NEXT:
        ts = player.ask(text)
        message = player.wait(ts)

        step = player.step(name, text, ts, True, message)
        if step.route == "handbook":
            return step

        wait_until(lambda: False, LEARN_SECONDS)

    return _failed(step)


def _duplicate(player: Player) -> Step:
    text = "please reset my password for the payroll portal"
    player.demo.sandbox.fault("duplicate", times=2)
    ts = player.ask(text)
    message = player.wait(ts)
    once = len(player.answers(ts)) == 1

    return player.step("the same event delivered twice: one answer", text, ts, once, message)


def _killed(player: Player) -> Step:
    text = "rewrite this so that it is clear: the thing that we did was not what it should of been, sorry"
    ts = player.ask(text)
    key = player.me.channel(CHANNEL)

    def begun() -> bool:
        request = player.demo.store.requests.find(key, ts)
        return request is not None and player.demo.store.requests.held(request.id)

    wait_until(begun, SECONDS)
    player.demo.kill("worker-answer")
    message = player.wait(ts)
    once = len(player.answers(ts)) == 1

    return player.step(
        "the worker killed in the middle: one answer all the same", text, ts, once, message
    )


def _failed(step: Step) -> Step:
    return Step(**(asdict(step) | {"ok": False}))


SCENES: tuple[Callable[[Player], Step | None], ...] = (
    _asked(
        "a prompt workflow with a strict schema",
        "the vpn is down again for the whole Berlin office",
        "prompt",
    ),
    _asked(
        "a prompt workflow that streams",
        "say this in plain English: utilise the aforementioned facility",
        "prompt",
    ),
    _asked("retrieval, quoted with links", "how many days of parental leave do we get?", "rag"),
    _asked("a tuned model", "I'm off next Thursday and Friday, Priya covers for me", "tuned"),
    _follow_up,
    _edited,
    _out_of_scope,
    _asks_back,
    _corrected,
    _improved,
    _duplicate,
    _killed,
)


def _show(console: Console, step: Step) -> None:
    mark = "[green]ok[/]" if step.ok else "[red]FAILED[/]"
    console.print(f"\n{mark} [bold]{step.name}[/]")
    console.print(f"   Ada     {step.said}", markup=False)

    for number, line in enumerate(step.answer.splitlines() or [""]):
        console.print(f"   {'Beagle' if number == 0 else '      '}  {line}", markup=False)

    console.print(
        f"   route {step.route or '-'} · kind {step.kind or '-'} · confidence {step.confidence:.2f} · "
        f"{step.ms:.0f} ms · {step.tokens} tokens · ${step.usd:.5f}",
        style="dim",
    )
