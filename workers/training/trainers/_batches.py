"""Lessons in, batches of token ids out; only the answer's tokens count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from router.errors import SettingsError
from workers.training.trainers import Lesson

LONGEST = 2048
"""Tokens of one lesson; the local server gives a request as many."""
POOL = 8
"""Batches that are sorted by length together: less padding, still mixed."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A lesson as token ids; the last `answer` of them are the answer, with its end mark if it has one."""

    tokens: Sequence[int]
    answer: int


def encode(tokenizer: Any, lesson: Lesson) -> Encoded:
    """The tokens the server will see: the conversation through the model's own chat template, then the answer.

    The two are tokenised apart, as they are when a server generates. Raises SettingsError for one
    too long.
    """
    if not tokenizer.chat_template:
        raise SettingsError(
            "encoding lessons: the base has no chat template; use an instruction-tuned base"
        )

    text = tokenizer.apply_chat_template(
        list(lesson.messages), tokenize=False, add_generation_prompt=True
    )
    prompt = tokenizer(text, add_special_tokens=False)["input_ids"]
    answer = [*tokenizer(lesson.answer, add_special_tokens=False)["input_ids"]]
    answer += [tokenizer.eos_token_id] if lesson.whole else []

    if len(prompt) + len(answer) > LONGEST:
        raise SettingsError(
            f"encoding lessons: one has {len(prompt) + len(answer)} tokens ({lesson.answer!r:.60}); "
            f"at most {LONGEST}; shorten or drop it"
        )

    return Encoded([*prompt, *answer], len(answer))


def epoch(lessons: Sequence[Encoded], batch: int, seed: int) -> Iterator[list[Encoded]]:
    """All lessons once in batches of similar length, in an order that the seed fixes."""
    import torch

    chance = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(lessons), generator=chance).tolist()
    pool = batch * POOL
    pools = (
        sorted(order[at : at + pool], key=lambda i: len(lessons[i].tokens))
        for at in range(0, len(order), pool)
    )

    batches = [near[at : at + batch] for near in pools for at in range(0, len(near), batch)]
    for index in torch.randperm(len(batches), generator=chance).tolist():
        yield [lessons[i] for i in batches[index]]


def collate(lessons: Sequence[Encoded], pad: int, device: str) -> tuple[dict[str, Any], Any]:
    """What the model is fed and the ids it should say, `-100` where nothing is learnt.

    Rows are padded on the left, so that the answers end together and logits are only made for their
    span: with a vocabulary of 49,152 these are a large part of a small model's work.
    """
    import torch

    width = max(len(lesson.tokens) for lesson in lessons)
    span = max(lesson.answer for lesson in lessons)
    ids = torch.full((len(lessons), width), pad, dtype=torch.long)
    seen = torch.zeros((len(lessons), width), dtype=torch.long)
    goal = torch.full((len(lessons), span), -100, dtype=torch.long)

    for row, lesson in enumerate(lessons):
        ids[row, -len(lesson.tokens) :] = torch.tensor(lesson.tokens)
        seen[row, -len(lesson.tokens) :] = 1
        goal[row, -lesson.answer :] = torch.tensor(lesson.tokens[-lesson.answer :])

    places = (seen.cumsum(1) - 1).clamp(min=0)
    inputs = {"input_ids": ids, "attention_mask": seen, "position_ids": places}
    moved = {name: values.to(device) for name, values in inputs.items()}

    return {**moved, "logits_to_keep": span + 1, "use_cache": False}, goal.to(device)
