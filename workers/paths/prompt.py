"""Serves a request by prompting a model, in one step or several."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from router.catalog.version import PromptStep, Shot
from router.types import Outcome
from workers.context import Context, Work
from workers.paths._extractive_summary import extractive_summary, is_extractive_summary
from workers.paths._from_documents import answer_from_documents, is_beyond_included_model
from workers.ports import Message
from workers.prompting.answer_checks import checked_text, checked_value
from workers.prompting.completion import CallOptions, CompletionSession, Schema
from workers.prompting.few_shot import nearest_examples
from workers.prompting.prompt import Prompt, build_prompt, recent_turns, template_values
from workers.prompting.self_consistency import MajorityVote
from workers.prompting.structured_output import REASONING, add_reasoning_field

SAMPLE_TEMPERATURE = 0.7
VOTES = "votes"
"""The signal of which share of the samples the answer won with."""
THINK = (
    "Think about the message step by step in a few short sentences. "
    "Do not give the final answer yet."
)
CONCLUDE = "Now give the final answer."


def run(context: Context, work: Work) -> Outcome:
    """Returns the answer of the version's last step; a free-text answer is streamed.

    Where the version is extractive, or needs knowledge, the included model is not asked.
    """
    session = CompletionSession(context, work)
    if is_extractive_summary(work, session):
        return extractive_summary(context, work)
    if is_beyond_included_model(work, session):
        return answer_from_documents(context, work)

    return serve(context, work, session)


def serve(
    context: Context,
    work: Work,
    session: CompletionSession,
    adapter: str | None = None,
    extra_values: Mapping[str, str] | None = None,
) -> Outcome:
    """Runs the version's steps with the calls counted by `session`.

    With `adapter` the last step asks the tuned model. `extra_values` are further variables of the
    templates.
    """
    values = template_values(work, context.now()) | dict(extra_values or {})
    run = _Run(context, work, session, values)

    *earlier, last = [step for step in work.version.steps if isinstance(step, PromptStep)]
    for step in earlier:
        result = _intermediate_result(run, step)
        if step.into:
            if not isinstance(result, str):
                result = json.dumps(result, ensure_ascii=False)
            run.values[step.into] = result

    if adapter is not None:
        # A tuned model has learnt the task; examples and reasoning would only confuse it.
        last = last.model_copy(update={"shots": 0, "reasoning": "none", "samples": 1, "vote": None})

    schema = last.output or work.version.output
    if schema is None:
        # A template that has the thread itself needs no earlier turns.
        history: Sequence[Message] = ()
        if "thread" not in last.ask:
            history = recent_turns(work.history, work.version)

        prompt = _prompt(run, last, history)
        return session.outcome(checked_text(work, session, prompt, CallOptions(adapter)))

    data = dict(_value(run, last, schema, CallOptions(adapter)))
    if last.reasoning == "field":
        data.pop(REASONING, None)

    checked = checked_value(work, session, data, schema, CallOptions(adapter))
    return session.outcome(checked.text, checked.data)


@dataclass(frozen=True, slots=True)
class _Run:
    """One request while its steps run; `values` are the variables of templates so far."""

    context: Context
    work: Work
    session: CompletionSession
    values: dict[str, str]


def _intermediate_result(run: _Run, step: PromptStep) -> Any:
    """Returns the result of a step before the last one: a text, or a value of its schema."""
    if step.output is None:
        return run.session.text(_prompt(run, step, ()))

    return _value(run, step, step.output, CallOptions())


def _value(run: _Run, step: PromptStep, schema: Schema, options: CallOptions) -> Any:
    prompt = _prompt(run, step, ())
    if step.reasoning == "field":
        schema = add_reasoning_field(schema)
    if step.samples == 1:
        return run.session.value(prompt, schema, options)

    answer, share = _majority_answer(run.session, prompt, schema, step)
    run.work.signals[VOTES] = share
    return answer


def _prompt(run: _Run, step: PromptStep, history: Sequence[Message]) -> Prompt:
    version = run.work.version
    shots: tuple[Shot, ...] = version.shots[: step.shots]
    if step.shots and step.pick == "nearest":
        shots = nearest_examples(run.context, run.work, step.shots)

    prompt = build_prompt(version, step, run.values, shots, history)
    if step.reasoning != "call":
        return prompt

    # Chain of thought in a call of its own, because a schema would leave no room for it.
    thinking = _with_turns(prompt, {"role": "user", "content": THINK})
    thought = run.session.text(thinking)

    return _with_turns(
        thinking,
        {"role": "assistant", "content": thought},
        {"role": "user", "content": CONCLUDE},
    )


def _majority_answer(
    session: CompletionSession, prompt: Prompt, schema: Schema, step: PromptStep
) -> tuple[Any, float]:
    """Samples answers (self-consistency); returns the majority's first answer, and its share.

    Stops as soon as no other value can win. Wang et al., "Self-Consistency Improves Chain of
    Thought Reasoning", 2022, arxiv.org/abs/2203.11171.
    """
    vote = MajorityVote(step.vote or "", step.samples)

    def sample(seed: int) -> Any:
        return session.value(prompt, schema, CallOptions(temperature=SAMPLE_TEMPERATURE, seed=seed))

    # No vote is decided before more than half of the samples are there, so these may run at once.
    majority = step.samples // 2 + 1
    with ThreadPoolExecutor(majority, thread_name_prefix="sample") as threads:
        for answer in threads.map(sample, range(majority)):
            vote.add(answer)

    for seed in range(majority, step.samples):
        if vote.is_decided:
            break

        vote.add(sample(seed))

    return vote.winner(), vote.share


def _with_turns(prompt: Prompt, *turns: Message) -> Prompt:
    return replace(prompt, messages=(*prompt.messages, *turns))
