"""One person of the scripted demo: writes messages, and reads what Beagle made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import unescape
from typing import Any

from bot.demo.demo import Demo
from bot.replies.posting import EVENT_TYPE
from bot.sandbox.seed_data import TEAM_ID
from router.types import Decision, Outcome
from workers.runtime.processes import wait_until

ANSWER_SECONDS = 90.0
CLOSING_SECONDS = 5.0
CHANNEL = "general"

Message = dict[str, Any]
"""A message as Slack returns it."""


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """The result of one step: `ms` is from the message to the finished answer.

    `tiers` are those that answered, in order, each with what its answer cost in USD.
    """

    name: str
    ok: bool
    route: str | None
    kind: str | None
    confidence: float
    ms: float
    tokens: int
    usd: float
    text: str = ""
    answer: str = ""
    tiers: tuple[tuple[str, float], ...] = ()


class ScriptUser:
    """Writes messages as one person, by default Ada, and reads Beagle's answers to them."""

    def __init__(self, demo: Demo, name: str = "ada") -> None:
        self.demo = demo
        self.me = demo.sandbox.actor(name)

    def ask(self, text: str, thread_ts: str | None = None) -> str:
        """Posts a message and returns its `ts`. In a thread Beagle needs no mention."""
        message = text if thread_ts else f"@beagle {text}"
        return str(self.me.say(CHANNEL, message, thread_ts=thread_ts))

    def answers(self, ts: str, thread_ts: str | None = None) -> list[Message]:
        """Returns Beagle's finished answers to the message at `ts`."""
        request = self.demo.store.requests.find(TEAM_ID, self.me.channel(CHANNEL), ts)
        if request is None:
            return []

        answers = []
        for message in self.me.thread(CHANNEL, thread_ts or ts):
            # A finished answer names its request in the message's metadata.
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") != EVENT_TYPE:
                continue
            if metadata["event_payload"]["request"] == request.id:
                answers.append(message)

        return answers

    def wait(
        self, ts: str, thread_ts: str | None = None, fits: Callable[[Message], bool] = bool
    ) -> Message | None:
        """Returns the first finished answer that `fits`, None if none comes in time."""
        fitting: list[Message] = []

        def is_answered() -> bool:
            fitting[:] = [message for message in self.answers(ts, thread_ts) if fits(message)]
            return bool(fitting)

        wait_until(is_answered, ANSWER_SECONDS)
        return fitting[0] if fitting else None

    def first(
        self, texts: Sequence[str], fits: Callable[[Decision], bool]
    ) -> tuple[str, str, Message | None]:
        """Asks `texts` until a decision `fits`; returns the text, its `ts` and its answer.

        What the router finds unclear depends on the installation, so several texts are tried. When
        none fits, the last one is returned.
        """
        text = ""
        ts = ""
        message: Message | None = None
        for text in texts:
            ts = self.ask(text)
            message = self.wait(ts)

            decision, _, _ = self.facts(ts)
            if decision is not None and fits(decision):
                break

        return text, ts, message

    def press(self, message: Message, action: str) -> None:
        """Clicks a button of an answer."""
        self.me.click(CHANNEL, str(message["ts"]), action)

    def facts(self, ts: str) -> tuple[Decision | None, Outcome | None, float]:
        """Returns the stored decision and outcome of the message at `ts`, and its milliseconds."""
        store = self.demo.store
        request = store.requests.find(TEAM_ID, self.me.channel(CHANNEL), ts)
        if request is None:
            return None, None, 0.0

        decision = store.decisions.newest(request.id)
        if decision is None:
            return None, None, 0.0

        # The answer is visible a moment before its row is completed.
        wait_until(lambda: store.requests.answer_seconds(request.id) is not None, CLOSING_SECONDS)
        seconds = store.requests.answer_seconds(request.id) or 0.0
        return decision, store.decisions.outcome(request.id, decision.revision), seconds * 1000

    def step(self, name: str, text: str, ts: str, ok: bool, message: Message | None) -> ScriptStep:
        """Returns the step's result; it also fails without an answer or with an error."""
        decision, outcome, milliseconds = self.facts(ts)
        step = ScriptStep(
            name=name,
            ok=ok and message is not None and outcome is not None and outcome.error is None,
            route=None,
            kind=None,
            confidence=0.0,
            ms=round(milliseconds, 1),
            tokens=0,
            usd=0.0,
            text=text,
            answer="(no answer)",
        )

        if message is not None:
            step = replace(step, answer=unescape(str(message.get("text", ""))))
        if decision is not None:
            confidence = round(decision.confidence, 4)
            step = replace(step, route=decision.route, confidence=confidence)
        if outcome is not None:
            tokens = outcome.tokens.total
            tiers = answering_tiers(outcome)
            step = replace(step, kind=outcome.kind, tokens=tokens, usd=outcome.usd, tiers=tiers)

        return step


def first_success(texts: Sequence[str], play: Callable[[str], ScriptStep]) -> ScriptStep:
    """Plays a step with one text after the other until it succeeds; returns the last one.

    The included model's words depend on the processor, to the last bit of a sum, and an answer that
    it does not do well enough is refused: one text decides nothing about the step.
    """
    step = play(texts[0])
    for text in texts[1:]:
        if step.ok:
            break
        step = play(text)

    return step


def answering_tiers(outcome: Outcome) -> tuple[tuple[str, float], ...]:
    """Returns each tier that answered with its USD, the last one's first answer last."""
    if not outcome.tier:
        return ()

    earlier = [(attempt.tier, attempt.usd) for attempt in outcome.attempts]
    own_usd = outcome.usd - sum(usd for _, usd in earlier)
    return (*earlier, (outcome.tier, own_usd))


def require(step: ScriptStep, condition: bool) -> ScriptStep:
    """Returns the step, failed if the condition does not hold."""
    return step if condition else replace(step, ok=False)
