"""A step and what is known, in; the messages of one model call, out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from router.catalog.version import PromptStep, Shot, Version
from router.text.templates import defuse, render
from workers.context import Work
from workers.ports import Message
from workers.prompting.structured_output import REASONING

CHARACTERS_PER_TOKEN = 3
CUT = "\n[…]\n"
HISTORY_TURNS = 6
HISTORY_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Prompt:
    """The messages of a call, and what they are made of: the texts of system, few_shot, context and query."""

    messages: tuple[Message, ...]
    parts: Mapping[str, str] = field(default_factory=dict)


def values_of(work: Work, now: float) -> dict[str, str]:
    """What templates may speak of, cut to the version's `input_tokens`; steps add their results."""
    room = work.version.limits.input_tokens * CHARACTERS_PER_TOKEN
    message = cut(work.request.text, room)
    turns = "\n".join(f"{_speaker(turn)}: {turn['content']}" for turn in work.history)

    return {
        "message": message,
        "thread": cut(turns, max(0, room - len(message))),
        "passages": "",
        "today": datetime.fromtimestamp(now, UTC).date().isoformat(),
    }


def build(
    version: Version,
    step: PromptStep,
    values: Mapping[str, str],
    shots: Sequence[Shot] = (),
    history: Sequence[Message] = (),
) -> Prompt:
    """System prompt, examples as turns of a chat, earlier turns, then the question.

    People's text stands in user turns only, and in the system prompt only where its author put a
    variable.
    """
    instructions = render(step.prompt or version.prompt, values)
    system = "\n\n".join(part for part in (render(version.role, values), instructions) if part)
    examples = [turn for shot in shots for turn in _as_turns(step, shot, values)]
    earlier = [{"role": turn["role"], "content": defuse(turn["content"])} for turn in history]
    question = render(step.ask, values)
    messages = ([{"role": "system", "content": system}] if system else []) + examples + earlier
    used = step.ask + (step.prompt or version.prompt)
    context = [values[name] for name in ("passages", "thread") if name in used] + [
        turn["content"] for turn in earlier
    ]

    return Prompt(
        messages=(*messages, {"role": "user", "content": question}),
        parts={
            "system": system,
            "few_shot": "\n".join(turn["content"] for turn in examples),
            "context": "\n".join(context),
            "query": values["message"],
        },
    )


def recent(history: Sequence[Message], version: Version) -> list[Message]:
    """The last turns of the thread, as many as fit beside the question; the first of them is a person's."""
    room = int(version.limits.input_tokens * CHARACTERS_PER_TOKEN * HISTORY_SHARE)
    kept: list[Message] = []

    for turn in reversed(history[-HISTORY_TURNS:]):
        room -= len(turn["content"])
        if room < 0:
            break

        kept.insert(0, turn)

    while kept and kept[0]["role"] != "user":
        kept.pop(0)

    return kept


def cut(text: str, characters: int) -> str:
    """`text`, or its beginning and end around a mark when it is longer than `characters`."""
    if len(text) <= characters:
        return text
    if characters <= len(CUT):
        return text[:characters]

    head = (characters - len(CUT)) * 2 // 3
    tail = characters - len(CUT) - head
    return text[:head] + CUT + text[len(text) - tail :]


def answer_text(answer: Any, reasoning: str = "") -> str:
    """An example's answer as the model should write it."""
    if isinstance(answer, str):
        return answer
    if reasoning and isinstance(answer, Mapping):
        answer = {REASONING: reasoning, **answer}

    return json.dumps(answer, ensure_ascii=False)


def _as_turns(step: PromptStep, shot: Shot, values: Mapping[str, str]) -> tuple[Message, Message]:
    # Passages were found for the question, not for an example: repeated before each they would fill
    # the prompt.
    asked = render(
        step.ask, {**values, "message": shot.text, "thread": shot.thread, "passages": ""}
    )
    reasoning = shot.reasoning if step.reasoning == "field" else ""
    return {"role": "user", "content": asked}, {
        "role": "assistant",
        "content": answer_text(shot.answer, reasoning),
    }


def _speaker(turn: Message) -> str:
    return "Beagle" if turn["role"] == "assistant" else "Person"
