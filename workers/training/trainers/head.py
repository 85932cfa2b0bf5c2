"""Fits a linear head on the encoder's vectors: the first rung, a matter of seconds and no language model."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from router.encoder.factory import open_encoder
from router.errors import SettingsError
from workers.paths.linear_head_model import fit_head
from workers.training.trainers import Lesson, Options, Progress, Trained

FILE = "head.npz"
MOST_ANSWERS = 200
FEWEST_ROWS = 3
"""Rows per answer, on average, below which a head would only remember."""


def train(
    lessons: Sequence[Lesson],
    base: Path,
    folder: Path,
    options: Options,
    on_progress: Callable[[Progress], None],
) -> Trained:
    """As `Train` says; `base` is the folder of the fast encoder. There is one step, so a killed run starts over.

    Raises SettingsError when the answers are no closed set: slots and free text need a language
    model.
    """
    taught = [lesson for lesson in lessons if lesson.split == "train"]

    answers = {lesson.answer for lesson in taught}
    if not 2 <= len(answers) <= min(MOST_ANSWERS, len(taught) // FEWEST_ROWS):
        raise SettingsError(
            f"fitting a head: {len(taught)} rows have {len(answers)} different answers; a head chooses from 2 to "
            f"{MOST_ANSWERS} answers with {FEWEST_ROWS} rows each; tune a model instead"
        )

    wall, cpu = time.monotonic(), time.process_time()
    encoder = open_encoder("fast", base)
    head = fit_head(
        encoder,
        [_said(lesson) for lesson in taught],
        [lesson.answer for lesson in taught],
        options.seed,
    )

    folder.mkdir(parents=True, exist_ok=True)
    head.save(folder / FILE)
    dev = [lesson for lesson in lessons if lesson.split == "dev"]
    exact = None

    if dev:
        found = head.linear.logits(encoder.views([_said(lesson) for lesson in dev])).argmax(1)
        right = [
            head.answers[int(place)] == lesson.answer
            for place, lesson in zip(found, dev, strict=True)
        ]
        exact = sum(right) / len(dev)

    seconds = time.monotonic() - wall
    on_progress(Progress(1, 1, 0.0, seconds, exact))
    return Trained(
        folder=folder,
        gguf=None,
        steps=1,
        seconds=seconds,
        cpu_seconds=time.process_time() - cpu,
        losses=[0.0],
        dev_exact=exact,
        dev_loss=None,
        parameters=int(head.linear.weights.size + head.linear.bias.size),
        device="cpu",
        head=folder / FILE,
    )


def _said(lesson: Lesson) -> str:
    return lesson.messages[-1]["content"]
