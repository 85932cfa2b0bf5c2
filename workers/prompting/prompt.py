"""Prompt rendering: a step, its examples and the thread become the messages of one call."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from router.catalog.version import PromptStep, Shot, Version
from router.text.templates import escape_fences, render
from workers.context import Work
from workers.ports import Attachments, Message
from workers.prompting.file_notes import note_for_model, shown_name
from workers.prompting.letter_order import divide_letter
from workers.prompting.structured_output import REASONING

CHARACTERS_PER_TOKEN = 3
CUT = "\n[…]\n"
HISTORY_TURNS = 6
HISTORY_SHARE = 0.4
"""The most of the input that earlier turns may take."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """The messages of a call, and the texts they consist of: system, few_shot, context, query.

    `examples` are what was asked and answered in each example among the messages.
    """

    messages: tuple[Message, ...]
    parts: Mapping[str, str] = field(default_factory=dict)
    examples: tuple[tuple[str, str], ...] = ()


def template_values(work: Work, now: float) -> dict[str, str]:
    """Returns the variables of templates, cut to the version's `input_tokens`.

    Steps add their results later.
    """
    room = work.version.limits.input_tokens * CHARACTERS_PER_TOKEN
    files = attached_text(work.attachments)
    message = truncate_middle(work.request.text, room) + files
    turns = "\n".join(f"{speaker_of(turn)}: {turn['content']}" for turn in work.history)

    return {
        "message": message,
        **_order_and_letter(truncate_middle(work.request.text, room), files),
        "thread": truncate_middle(turns, max(0, room - len(message))),
        "passages": "",
        "today": datetime.fromtimestamp(now, UTC).date().isoformat(),
    }


def _order_and_letter(message: str, files: str = "") -> dict[str, str]:
    divided = divide_letter(message)
    return {"letter_order": divided.order, "letter_text": divided.letter + files}


def attached_text(attachments: Attachments) -> str:
    """Returns what a model reads of files behind the message: texts, and what it is not given."""
    parts = []
    for file in attachments.texts:
        parts.append(f"\n\nAttached file “{shown_name(file.name)}”:\n{file.text}")

    unseen = note_for_model(attachments.notes)
    if unseen:
        parts.append(f"\n\n({unseen})")

    return "".join(parts)


def build_prompt(
    version: Version,
    step: PromptStep,
    values: Mapping[str, str],
    shots: Sequence[Shot] = (),
    history: Sequence[Message] = (),
) -> Prompt:
    """Returns system prompt, examples as chat turns, earlier turns, and the question.

    Text of people is in user turns only, unless the route's author put a variable into the system
    prompt.
    """
    template = step.prompt or version.prompt
    role = render(version.role, values)
    instructions = render(template, values)
    system = "\n\n".join(part for part in (role, instructions) if part)

    examples: list[Message] = []
    for shot in shots:
        examples += _example_turns(step, shot, values)

    # Text in the thread must not close the fence around the message.
    earlier: list[Message] = []
    for turn in history:
        earlier.append({"role": turn["role"], "content": escape_fences(turn["content"])})

    messages: list[Message] = []
    if system:
        messages.append({"role": "system", "content": system})
    messages += examples
    messages += earlier
    messages.append({"role": "user", "content": render(step.ask, values)})

    context = [values[name] for name in ("passages", "thread") if name in step.ask + template]
    context += [turn["content"] for turn in earlier]

    return Prompt(
        messages=tuple(messages),
        parts={
            "system": system,
            "few_shot": "\n".join(turn["content"] for turn in examples),
            "context": "\n".join(context),
            "query": values["message"],
        },
        examples=tuple(
            (asked["content"], answered["content"])
            for asked, answered in zip(examples[::2], examples[1::2], strict=True)
        ),
    )


def recent_turns(history: Sequence[Message], version: Version) -> list[Message]:
    """Returns as many of the last turns as fit beside the question, beginning with a person's."""
    room = int(version.limits.input_tokens * CHARACTERS_PER_TOKEN * HISTORY_SHARE)
    turns: list[Message] = []

    for turn in reversed(history[-HISTORY_TURNS:]):
        room -= len(turn["content"])
        if room < 0:
            break

        turns.insert(0, turn)

    # Models expect the first turn to be a user's.
    while turns and turns[0]["role"] != "user":
        turns.pop(0)

    return turns


def truncate_middle(text: str, max_characters: int) -> str:
    """Returns `text`, or its beginning and end around a mark when it is too long."""
    if len(text) <= max_characters:
        return text
    if max_characters <= len(CUT):
        return text[:max_characters]

    kept = max_characters - len(CUT)
    head = kept * 2 // 3
    tail = kept - head
    return text[:head] + CUT + text[len(text) - tail :]


def example_answer(answer: object, reasoning: str = "") -> str:
    """Returns an example's answer as the model should write it."""
    if isinstance(answer, str):
        return answer
    if reasoning and isinstance(answer, Mapping):
        answer = {REASONING: reasoning, **answer}

    return json.dumps(answer, ensure_ascii=False)


def _example_turns(step: PromptStep, shot: Shot, values: Mapping[str, str]) -> list[Message]:
    # Passages were retrieved for the question. Repeated before each example they would fill the
    # prompt.
    own_values = {
        **values,
        "message": shot.text,
        **_order_and_letter(shot.text),
        "thread": shot.thread,
        "passages": "",
    }
    reasoning = shot.reasoning if step.reasoning == "field" else ""

    return [
        {"role": "user", "content": render(step.ask, own_values)},
        {"role": "assistant", "content": example_answer(shot.answer, reasoning)},
    ]


def speaker_of(turn: Message) -> str:
    """Returns who said it, as prompts show it."""
    return "Beagle" if turn["role"] == "assistant" else "Person"
