"""Turns chat examples into batches of token ids; only the answer's tokens count in the loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from router.errors import InputError
from workers.training.trainers import ChatExample

MAX_TOKENS = 2048
"""Tokens of one example; the local server gives a request as many."""
POOL_BATCHES = 8
"""Batches that are sorted by length together: less padding, still mixed."""
IGNORED = -100
"""The target id that torch's cross entropy leaves out."""

Example = TypeVar("Example")


@dataclass(frozen=True, slots=True)
class EncodedExample:
    """An example as token ids.

    The last `answer` of them are the answer, with its end mark if it has one.
    """

    tokens: Sequence[int]
    answer: int


def encode(tokenizer: Any, example: ChatExample) -> EncodedExample:
    """Returns the tokens that the server will see: the model's own chat template, then the answer.

    Raises InputError when the base has no chat template or the example is too long.
    """
    if not tokenizer.chat_template:
        raise InputError(
            "encoding lessons: the base has no chat template; use an instruction-tuned base"
        )

    text = tokenizer.apply_chat_template(
        list(example.messages), tokenize=False, add_generation_prompt=True
    )
    # Prompt and answer are tokenised apart, as they are when a server generates: tokens never
    # span the border.
    prompt = tokenizer(text, add_special_tokens=False)["input_ids"]
    answer = [*tokenizer(example.answer, add_special_tokens=False)["input_ids"]]
    if example.complete:
        answer.append(tokenizer.eos_token_id)

    length = len(prompt) + len(answer)
    if length > MAX_TOKENS:
        raise InputError(
            f"encoding lessons: one has {length} tokens ({example.answer!r:.60}); "
            f"at most {MAX_TOKENS}; shorten or drop it"
        )

    return EncodedExample([*prompt, *answer], len(answer))


def batches_in_order(examples: Sequence[Example], batch_size: int) -> Iterator[Sequence[Example]]:
    """Yields the examples as they come, at most `batch_size` at a time."""
    for start in range(0, len(examples), batch_size):
        yield examples[start : start + batch_size]


def epoch_batches(
    examples: Sequence[EncodedExample], batch_size: int, seed: int
) -> Iterator[list[EncodedExample]]:
    """Yields all examples once, in batches of similar length and an order that the seed fixes."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(examples), generator=generator).tolist()
    pool_size = batch_size * POOL_BATCHES
    batches: list[Sequence[int]] = []

    for pool_start in range(0, len(order), pool_size):
        pool = order[pool_start : pool_start + pool_size]
        pool.sort(key=lambda index: len(examples[index].tokens))
        batches += batches_in_order(pool, batch_size)

    for number in torch.randperm(len(batches), generator=generator).tolist():
        yield [examples[index] for index in batches[number]]


def collate(
    examples: Sequence[EncodedExample], pad: int, device: str
) -> tuple[dict[str, Any], Any]:
    """Returns the model's inputs and the target ids, `IGNORED` where nothing is learned.

    Inputs have the shape `(batch, longest example)`, targets `(batch, longest answer)`.
    """
    import torch

    width = max(len(example.tokens) for example in examples)
    span = max(example.answer for example in examples)
    ids = torch.full((len(examples), width), pad, dtype=torch.long)
    mask = torch.zeros((len(examples), width), dtype=torch.long)
    targets = torch.full((len(examples), span), IGNORED, dtype=torch.long)

    # Rows are padded on the left, so that all answers end together and logits are needed for their
    # span only. With a vocabulary of 49,152 these are a large part of a small model's work.
    for row, example in enumerate(examples):
        ids[row, -len(example.tokens) :] = torch.tensor(example.tokens)
        mask[row, -len(example.tokens) :] = 1
        targets[row, -example.answer :] = torch.tensor(example.tokens[-example.answer :])

    positions = (mask.cumsum(1) - 1).clamp(min=0)
    inputs = {"input_ids": ids, "attention_mask": mask, "position_ids": positions}
    on_device = {name: values.to(device) for name, values in inputs.items()}

    # One more position than the span: the logits before the first answer token predict it.
    return {**on_device, "logits_to_keep": span + 1, "use_cache": False}, targets.to(device)
