"""Serves a request by asking a model, in one step or several: examples, reasoning, schema, votes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from router.catalog.version import PromptStep, Shot
from router.types import Outcome
from workers.context import Context, Work
from workers.ports import Message
from workers.prompting.completion import Asker, How, Schema
from workers.prompting.few_shot import nearest
from workers.prompting.prompt import Prompt, build, recent, values_of
from workers.prompting.self_consistency import Vote
from workers.prompting.structured_output import REASONING, in_words, with_reasoning

SAMPLE_TEMPERATURE = 0.7
THINK = "Think about the message step by step in a few short sentences. Do not give the final answer yet."
CONCLUDE = "Now give the final answer."


def run(context: Context, work: Work) -> Outcome:
    """The answer of the version's last step; a free answer is streamed while it is written."""
    return serve(context, work, Asker(context, work))


def serve(
    context: Context,
    work: Work,
    asker: Asker,
    adapter: str | None = None,
    more: Mapping[str, str] | None = None,
) -> Outcome:
    """As `run`, with the calls counted by `asker`; with `adapter` the tuned model is asked, which needs no examples.

    `more` is what templates may speak of besides the request.
    """
    served = _Served(context, work, asker, values_of(work, context.now()) | dict(more or {}))

    *earlier, last = [step for step in work.version.steps if isinstance(step, PromptStep)]
    for step in earlier:
        found = _intermediate(served, step)
        if step.into:
            served.values[step.into] = (
                found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
            )

    if adapter is not None:
        last = last.model_copy(update={"shots": 0, "reasoning": "none", "samples": 1, "vote": None})

    schema = last.output or work.version.output
    if schema is None:
        history = [] if "thread" in last.ask else recent(work.history, work.version)
        prompt = _prompt(served, last, history)
        return asker.outcome(asker.text(prompt, How(adapter), work.emit))

    value = _value(served, last, schema, How(adapter))
    data = {
        name: part for name, part in value.items() if name != REASONING or last.reasoning != "field"
    }

    return asker.outcome(in_words(data), data)


@dataclass(frozen=True, slots=True)
class _Served:
    """One request while its steps run; `values` is what templates may speak of so far."""

    context: Context
    work: Work
    asker: Asker
    values: dict[str, str]


def _intermediate(served: _Served, step: PromptStep) -> Any:
    """What a step before the last one gives: a text, or a value in the shape of its own schema."""
    if step.output is None:
        return served.asker.text(_prompt(served, step, []))
    return _value(served, step, step.output, How())


def _value(served: _Served, step: PromptStep, schema: Schema, how: How) -> Any:
    prompt = _prompt(served, step, [])
    if step.reasoning == "field":
        schema = with_reasoning(schema)
    if step.samples == 1:
        return served.asker.value(prompt, schema, how)

    return _voted(served.asker, prompt, schema, step)


def _prompt(served: _Served, step: PromptStep, history: Sequence[Message]) -> Prompt:
    version = served.work.version
    shots: tuple[Shot, ...] = version.shots[: step.shots]
    if step.shots and step.pick == "nearest":
        shots = nearest(served.context, served.work, step.shots)

    prompt = build(version, step, served.values, shots, history)
    if step.reasoning != "call":
        return prompt

    thinking = _said(prompt, {"role": "user", "content": THINK})
    thought = served.asker.text(thinking)
    conclude = {"role": "user", "content": CONCLUDE}

    return _said(thinking, {"role": "assistant", "content": thought}, conclude)


def _voted(asker: Asker, prompt: Prompt, schema: Schema, step: PromptStep) -> Any:
    """Self-consistency: the first sample that holds the winning vote. Stops as soon as no other value can win.

    Wang and others, "Self-Consistency Improves Chain of Thought Reasoning", 2022,
    arxiv.org/abs/2203.11171.
    """
    vote = Vote(step.vote or "", step.samples)

    def sample(number: int) -> Any:
        return asker.value(prompt, schema, How(temperature=SAMPLE_TEMPERATURE, seed=number))

    # More than half of the samples are needed whatever they say, so these may run side by side.
    needed = step.samples // 2 + 1
    with ThreadPoolExecutor(needed, thread_name_prefix="sample") as threads:
        for value in threads.map(sample, range(needed)):
            vote.add(value)

    for number in range(needed, step.samples):
        if vote.decided:
            break

        vote.add(sample(number))

    return vote.winner()


def _said(prompt: Prompt, *turns: Message) -> Prompt:
    return replace(prompt, messages=(*prompt.messages, *turns))
