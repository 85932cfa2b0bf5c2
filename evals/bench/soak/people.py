"""What people do in a soak: they ask every route, press every button, type every command."""

from __future__ import annotations

import itertools
import random
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot import commands
from bot.demo.stack import LocalStack
from bot.sandbox.actor import Actor
from bot.sandbox.element_values import ActionError, iter_elements
from bot.sandbox.json_types import Json
from bot.sandbox.seed_data import HUMANS
from bot.weekly import approval_dialog
from router.catalog.catalog import builtin_routes_folder, load_routes

CHANNELS = ("general", "support")
"""Where the bot is a member."""
OUT_OF_SCOPE = ("who won the world cup in 1998?", "the vpn leave", "hello", "what can you do?")
"""Messages that no route fits, that two fit a little, and small talk."""
RECENT_MESSAGES = 40
"""People look at what is new: how many of the newest messages are clicked."""
NEVER_PRESSED = frozenset({"forget_me"})
"""Erasing a person takes their messages away, which would count as unanswered."""
NEVER_SUBMITTED = frozenset({approval_dialog.VIEW})
"""An approved candidate is trained for hours; `beagle bench lifecycle` measures that."""
TEXT = "Noted during a soak."


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message to Beagle: where it was posted, and the number in its text."""

    channel: str
    ts: str
    number: int


class SoakPeople:
    """Acts as everybody in the workspace. Not for several threads, except `ask`.

    `pressed` counts the presses of each button by its action id.
    """

    def __init__(self, stack: LocalStack, seed: int) -> None:
        self._actors = [stack.sandbox.actor(name) for name, _, _ in HUMANS]
        self._rng = random.Random(seed)  # noqa: S311  # what people do, no secret
        self._texts = _texts(seed)
        self._numbers = itertools.count(1)
        self._recent: deque[SentMessage] = deque(maxlen=RECENT_MESSAGES)
        self._commands = itertools.cycle(_commands())
        self.pressed: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    def ask(self) -> SentMessage:
        """Posts the next message; its number tells it from every other."""
        number = next(self._numbers)
        actor = self._actors[number % len(self._actors)]
        channel = CHANNELS[number % len(CHANNELS)]
        ts = actor.say(channel, f"@beagle {next(self._texts)} (no. {number})")
        message = SentMessage(channel, str(ts), number)
        self._recent.append(message)

        return message

    def act(self, step: int) -> None:
        """Does the next thing that is no message: a button, a command, a look at the App Home."""
        actor = self._rng.choice(self._actors)
        try:
            if step % 10 == 0:
                actor.slash(self._rng.choice(CHANNELS), "/beagle", next(self._commands))
            elif step % 10 == 5:
                self._use_home(actor)
            else:
                self._use_message(actor)

            self._finish_dialogs(actor)
        except (ActionError, TimeoutError) as error:
            # What was on the screen has changed meanwhile, as it does for people.
            self.failed[getattr(error, "code", type(error).__name__)] += 1

    def correct(self) -> None:
        """Says of a recent answer that another route is right, which trains the router anew."""
        actor = self._actors[0]
        for message in list(self._recent):
            answers = actor.answers(message.channel, message.ts)
            if any("wrong_route" in str(answer.get("blocks")) for answer in answers):
                break
        else:
            return

        try:
            actor.click(message.channel, str(answers[-1]["ts"]), "wrong_route")
            self.pressed["wrong_route"] += 1
            self._finish_dialogs(actor)
        except (ActionError, TimeoutError) as error:
            self.failed[getattr(error, "code", type(error).__name__)] += 1

    def make_digest(self) -> None:
        """Has an admin make a digest now."""
        self._actors[0].slash(CHANNELS[0], "/beagle", "digest now")

    def _use_home(self, actor: Actor) -> None:
        actor.open_home()
        home = actor.home()
        choice = self._choose(home.get("blocks", []) if home else [])
        if home is not None and choice is not None:
            actor.click_view(str(home["id"]), *choice)

    def _use_message(self, actor: Actor) -> None:
        """Presses the button that was pressed least, on a recent answer or a private message."""
        channel = self._rng.choice(CHANNELS)
        messages = actor.ephemerals(channel)[-1:]
        if self._recent:
            recent = self._rng.choice(list(self._recent))
            if self._rng.random() < 0.8 or not messages:
                channel = recent.channel
                messages = actor.answers(channel, recent.ts)

        for message in messages[-1:]:
            choice = self._choose(message.get("blocks", []))
            if choice is not None:
                actor.click(channel, str(message["ts"]), *choice)

    def _finish_dialogs(self, actor: Actor) -> None:
        """Submits the open dialog as it is, with what it requires filled in; else closes it."""
        for view in reversed(actor.views()):
            submitted = view.get("submit") and view.get("callback_id") not in NEVER_SUBMITTED
            if submitted:
                errors = actor.submit_view(str(view["id"]), self._values(view))
                submitted = not errors

            if not submitted:
                actor.close_view(str(view["id"]), all=True)
                return

    def _values(self, view: Json) -> Json:
        values: Json = {}
        for block, element in iter_elements(view["blocks"]):
            has_value = any(name.startswith("initial") for name in element)
            if block["type"] != "input" or block.get("optional") or has_value:
                continue

            value = self._value(element)
            if value is not None:
                values[block["block_id"]] = {element["action_id"]: value}

        return values

    def _choose(self, blocks: list[Json]) -> tuple[str, object] | None:
        """Returns the element that was used least, with a value for it; None without one."""
        elements = []
        for _, element in iter_elements(blocks):
            action_id = str(element.get("action_id", ""))
            if action_id and action_id not in NEVER_PRESSED:
                elements.append(element)

        if not elements:
            return None

        self._rng.shuffle(elements)
        element = min(elements, key=lambda candidate: self.pressed[candidate["action_id"]])
        self.pressed[element["action_id"]] += 1
        return str(element["action_id"]), self._value(element)

    def _value(self, element: Json) -> object:
        if element["type"] == "feedback_buttons":
            button = element[self._rng.choice(("positive_button", "negative_button"))]
            return button["value"]

        if element.get("options"):
            return self._rng.choice(element["options"])["value"]
        if element["type"].startswith("plain_text"):
            return TEXT

        return element.get("value")


def _texts(seed: int) -> Iterator[str]:
    """Yields messages without end: each route in turn, half of them named by a prefix."""
    rng = random.Random(seed)  # noqa: S311  # what people write, no secret
    routes = load_routes(builtin_routes_folder()).routes
    for turn in itertools.count():
        for name, route in sorted(routes.items()):
            text = rng.choice([example.text for example in route.examples])
            yield f"!{name} {text}" if turn % 2 == 0 else text

        yield OUT_OF_SCOPE[turn % len(OUT_OF_SCOPE)]


def _commands() -> Sequence[str]:
    """Returns every word of `/beagle` but the one that erases."""
    words = [name for name in commands.names() if name != "forget"]
    return [*words, "stats 30d", "optout off", "rollout", "report incident"]
