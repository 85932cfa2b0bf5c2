"""How models behave in the simulation: which share of a task's messages each gets right, and when.

Nothing here knows how Beagle decides. A model is right on a message with a probability that depends
on what its prompt shows it; which message it gets right is chance, the same each time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from evals.weekly.advice_world.tasks import Task, draw_number, draw_share
from router.errors import ModelError
from router.types import Tokens
from workers.llm.pricing import Price
from workers.ports import ModelCall, ModelReply

EXAMPLES_NEEDED = 4
"""Examples in a prompt from which a model that learns from them does."""
CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Skill:
    """The share of messages, 0-1, that a model gets right.

    `with_examples` is that with enough examples in the prompt, `with_fact` that with the passage
    that says what is right; None where they change nothing.
    """

    alone: float
    with_examples: float | None = None
    with_fact: float | None = None


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A task, the skill of each model at it, and whether documents state its facts.

    `prompt_words` is how long the live prompt is.
    """

    task: Task
    skills: Mapping[str, Skill]
    has_documents: bool = False
    prompt_words: int = 40

    def answer(self, text: str, model: str, *, examples: int = 0, passages: str = "") -> str:
        """Returns what the model answers to a message."""
        skill = self.skills[model]
        share = skill.alone
        if skill.with_examples is not None and examples >= EXAMPLES_NEEDED:
            share = max(share, skill.with_examples)

        place = next(word for word in text.split() if word in self.task.of_place)
        if skill.with_fact is not None and self.task.fact(place) in passages:
            share = max(share, skill.with_fact)

        right = self.task.answer(text)
        # The same chance for every prompt: a better one is right wherever a worse one was.
        if draw_share(self.task.seed, model, text) < share:
            return right

        wrong = [label for label in self.task.labels if label != right]
        return wrong[draw_number(self.task.seed, "wrong", text) % len(wrong)]


@dataclass
class LoopbackModels:
    """Every model of the simulated provider behind the `LanguageModel` port.

    Each workspace has its own task; `prices` are by model. With `down` every call fails.
    `calls` counts those that a route made.
    """

    default: str
    prices: Mapping[str, Price]
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    calls: int = 0
    down: bool = False

    def complete(self, call: ModelCall, on_text: Callable[[str], None] | None = None) -> ModelReply:
        """Answers the last message of the call."""
        if self.down:
            raise ModelError("asking the simulated provider: it was told to be down", retry=True)

        # The weekly job also asks for a name of the candidate, which has nothing to do with trials.
        if "enum" not in str(call.schema):
            return ModelReply("a task", self.default, Tokens(), 0.0, 0.0)

        self.calls += 1
        model = call.models[0] if call.models else self.default
        team = call.payer.team if call.payer is not None else ""
        behaviour = self.behaviours[team]

        *before, question = [turn["content"] for turn in call.messages]
        passages, _, message = question.rpartition("</passages>")
        examples = sum(turn["role"] == "assistant" for turn in call.messages)
        label = behaviour.answer(message, model, examples=examples, passages=passages)
        text = json.dumps({"label": label})
        if on_text is not None:
            on_text(text)

        size = sum(map(len, before)) + len(question)
        tokens = Tokens(
            query=size // CHARACTERS_PER_TOKEN, output=len(text) // CHARACTERS_PER_TOKEN
        )
        return ModelReply(text, model, tokens, self.prices[model].cost(tokens, 0.0), 0.5)
