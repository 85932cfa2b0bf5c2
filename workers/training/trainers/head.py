"""Fits a linear head on the encoder's vectors: a matter of seconds, without a language model."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from router.config import Settings
from router.encoder.factory import open_encoder
from router.encoder.protocol import Encoder
from router.errors import InputError
from router.kinds import Kind
from workers.paths._linear_head_model import LinearHead, fit_head
from workers.training.plan.memory import Method
from workers.training.trainers import ChatExample, TrainedModel, TrainingOptions, TrainingProgress

VERSION_KIND: Kind = "head"
METHOD: Method = "lora"
COST = 0
BASES: Mapping[str, str] = {}
REPLAYS = False
STARTS_FROM: str | None = None

FILE = "head.npz"
MAX_ANSWERS = 200
MIN_ROWS_PER_ANSWER = 3
"""Rows per answer, on average, below which a head would only memorise."""


def base_path(settings: Settings) -> Path:
    """Returns the folder of the fast encoder."""
    return settings.encoder_cache


def options(_: Settings) -> TrainingOptions:
    """Returns the defaults; only the seed matters to a head."""
    return TrainingOptions()


def bill(trained: TrainedModel) -> dict[str, Any]:
    """Returns the CPU seconds of the fit."""
    return {"head_cpu_seconds": round(trained.cpu_seconds, 1)}


def train(
    examples: Sequence[ChatExample],
    base: Path,
    folder: Path,
    options: TrainingOptions,
    on_progress: Callable[[TrainingProgress], None],
) -> TrainedModel:
    """Fits the head in one step, so that a killed run starts over.

    Raises InputError when the answers are no closed set: slots and free text need a language
    model.
    """
    train_examples = _of_split(examples, "train")
    _check_closed(train_examples)

    wall_start = time.monotonic()
    cpu_start = time.process_time()
    encoder = open_encoder("fast", base)
    head = fit_head(
        encoder,
        _texts(train_examples),
        [example.answer for example in train_examples],
        options.seed,
    )

    folder.mkdir(parents=True, exist_ok=True)
    head.save(folder / FILE)
    dev_exact = _dev_accuracy(head, encoder, _of_split(examples, "dev"))
    seconds = time.monotonic() - wall_start
    on_progress(TrainingProgress(1, 1, 0.0, seconds, dev_exact))
    return TrainedModel(
        folder=folder,
        artifact=folder / FILE,
        steps=1,
        seconds=seconds,
        cpu_seconds=time.process_time() - cpu_start,
        losses=[0.0],
        dev_exact=dev_exact,
        dev_loss=None,
        parameters=int(head.linear.weights.size + head.linear.bias.size),
        device="cpu",
    )


def _dev_accuracy(head: LinearHead, encoder: Encoder, dev: Sequence[ChatExample]) -> float | None:
    """Returns the share of dev examples (0-1) that the head gets right; None without any."""
    if not dev:
        return None

    logits = head.linear.logits(encoder.views(_texts(dev)))
    right = 0
    for best, example in zip(logits.argmax(1), dev, strict=True):
        right += head.answers[int(best)] == example.answer

    return right / len(dev)


def _of_split(examples: Sequence[ChatExample], split: str) -> list[ChatExample]:
    return [example for example in examples if example.split == split]


def _check_closed(examples: Sequence[ChatExample]) -> None:
    """Raises InputError unless the answers are few, and each has enough rows."""
    answers = {example.answer for example in examples}
    # A head maps onto whole answers it has seen; it cannot write a new one.
    limit = min(MAX_ANSWERS, len(examples) // MIN_ROWS_PER_ANSWER)

    if not 2 <= len(answers) <= limit:
        raise InputError(
            f"fitting a head: {len(examples)} rows have {len(answers)} different answers; "
            f"a head chooses from 2 to {MAX_ANSWERS} answers with {MIN_ROWS_PER_ANSWER} rows each; "
            "tune a model instead"
        )


def _texts(examples: Sequence[ChatExample]) -> list[str]:
    """Returns the people's messages, without what comes before them."""
    return [example.messages[-1]["content"] for example in examples]
