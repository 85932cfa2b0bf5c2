"""Loopback models: each knows its own share of every intent, and says how sure it is."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from evals.tiers.cascade_world.tasks import LABELS, ROUTE, Task
from router.errors import ModelError
from router.types import Tokens
from workers.llm.model_client import Endpoint, RawAnswer, TextCallback
from workers.llm.pricing import LitellmPriceList, Price
from workers.ports import ModelCall

PROMPT_TOKENS, OUTPUT_TOKENS = 400, 20
LUCK = 0.05
"""Share of answers that differ from what a model's quality says: no model is that regular."""


@dataclass(slots=True)
class LoopbackModel:
    """A model of known quality (0-1) for each intent.

    `informed` (0-1) is how far its token probabilities tell right from wrong: at 0 it is always as
    sure. With `fails` it answers nothing.
    """

    quality: Mapping[str, float]
    informed: float = 0.7
    fails: bool = False
    lost: dict[str, float] = field(default_factory=dict)
    """What it has lost of its quality since, by intent; a gain where it is below 0."""
    hides: set[str] = field(default_factory=set)
    """Intents in which its wrong answers look as sure as its right ones."""

    def chance(self, label: str) -> float:
        """Returns the share of the intent's messages that it answers right now."""
        return min(1.0, max(0.0, self.quality[label] - self.lost.get(label, 0.0)))

    def is_right(self, task: Task, rng: random.Random) -> bool:
        """Returns whether it answers this message right."""
        knows = task.difficulty < self.chance(task.label)
        return knows if rng.random() >= LUCK else rng.random() < self.chance(task.label)


class LoopbackClient:
    """The gateway's client: asks the loopback model of that name, at the price list's price."""

    def __init__(
        self, models: Mapping[str, LoopbackModel], tasks: Mapping[str, Task], seed: int
    ) -> None:
        self.models = models
        self.tasks = tasks
        self.calls: Counter[str] = Counter()
        self._seed = seed
        self._prices = LitellmPriceList()

    def send(
        self,
        endpoint: Endpoint,
        call: ModelCall,
        stall_seconds: float,
        on_text: TextCallback | None,
    ) -> RawAnswer:
        """Returns the model's answer to the message, always the same to the same one."""
        model = self.models[endpoint.name]
        self.calls[endpoint.name] += 1
        if model.fails:
            raise ModelError(f"asking {endpoint.name!r}: it is away", retry=True)

        text = str(call.messages[-1]["content"]).strip().removeprefix(f"!{ROUTE} ")
        task = self.tasks[text]
        rng = random.Random(  # noqa: S311  # a simulation, no secret
            f"{self._seed} {endpoint.name} {text} {model.chance(task.label)}"
        )
        right = model.is_right(task, rng)
        label = task.label
        if not right:
            label = rng.choice([other for other in LABELS if other != task.label])

        sure = 0.95
        if model.informed > 0:
            low, high = 0.55, 1.0
            if not right and task.label not in model.hides:
                low, high = 0.55 - 0.35 * model.informed, 1.0 - 0.2 * model.informed
            sure = rng.uniform(low, high)

        answer = json.dumps({"queue": label})
        if on_text is not None:
            on_text(answer)

        return RawAnswer(
            answer, "stop", PROMPT_TOKENS, OUTPUT_TOKENS, token_probability=round(sure, 4)
        )

    def usd(self, price: Price) -> float:
        """Returns what one answer costs at that price."""
        return price.cost(Tokens(query=PROMPT_TOKENS, output=OUTPUT_TOKENS), 0.0)

    def price(self, name: str) -> Price | None:
        """Returns the price list's price."""
        return self._prices.price(name)
