"""Trainers: what every way of tuning a model is handed and gives back.

A trainer is a file in this folder with a function `train` of the shape of `Train`; its name is the
file's name.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from router.errors import SettingsError
from workers.ports import Message


@dataclass(frozen=True, slots=True)
class Lesson:
    """One conversation and the answer the model should learn to give to it, exactly as the server will see both.

    Its last message is what the person said. A `general` lesson is never learnt nor looked at for
    stopping: it shows how far the base has moved from what it said before. Where the answer is not
    `whole`, it was cut off somewhere, and its end is not taught.
    """

    messages: Sequence[Message]
    answer: str
    split: Literal["train", "dev", "general"] = "train"
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Options:
    """How to train.

    `rate` is the highest learning rate, None for what suits the base's width; `steps` caps the run,
    None for all `epochs`. `patience` is how many looks at the dev rows in a row may bring nothing
    better before training stops; it looks `looks` times an epoch. `device` is `auto` (a GPU if
    there is one), `cpu` or `cuda`. `four_bit` loads the base in 4 bits (QLoRA, arXiv 2305.14314),
    which needs a GPU and the package bitsandbytes.
    """

    rank: int = 8
    alpha: int = 16
    rate: float | None = None
    epochs: int = 3
    steps: int | None = None
    batch: int = 8
    looks: int = 1
    patience: int = 2
    seed: int = 0
    threads: int = 2
    device: Literal["auto", "cpu", "cuda"] = "auto"
    four_bit: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. `dev_exact` is the share of dev rows answered word for word at the latest look, None before."""

    step: int
    steps: int
    loss: float
    seconds: float
    dev_exact: float | None = None


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished run: its files and its bill.

    `folder` holds all it made. `gguf` is an adapter for llama.cpp, None where the base's
    architecture cannot be exported or nothing was adapted; `head` is a linear head, None for an
    adapter. `losses` has one entry a step. `dev_exact` and `dev_loss` belong to what was kept, not
    the last one. `general_loss` is the mean loss on the general lessons without and with the
    adapter, None without any. `resumed_at` is the step from which an interrupted run went on, 0 for
    none.
    """

    folder: Path
    gguf: Path | None
    steps: int
    seconds: float
    cpu_seconds: float
    losses: Sequence[float]
    dev_exact: float | None
    dev_loss: float | None
    parameters: int
    device: str
    resumed_at: int = 0
    head: Path | None = None
    general_loss: Sequence[float] | None = None

    @property
    def served(self) -> Path | None:
        """The file that answers: what a version of kind `tuned` or `head` needs."""
        return self.gguf or self.head


class Train(Protocol):
    """Tunes a model on lessons."""

    def __call__(
        self,
        lessons: Sequence[Lesson],
        base: Path,
        folder: Path,
        options: Options,
        on_progress: Callable[[Progress], None],
    ) -> Trained:
        """`folder` holds what learnt the train lessons.

        That is an adapter for `base` (a GGUF file or a Hugging Face folder), or a head on the
        vectors of `base` (a folder of the fast encoder).

        The dev lessons choose when to stop and are never learnt. The same arguments give the same
        adapter on the same machine. Killed at any moment and called again with the same arguments,
        it goes on from its last checkpoint. Raises SettingsError when base, lessons or folder
        cannot be used, and whatever `on_progress` raises.
        """
        ...


def trainer_names() -> list[str]:
    """The trainers there are, in alphabetical order."""
    return sorted(
        module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")
    )


def get_trainer(name: str) -> Train:
    """The trainer of that name. Raises SettingsError naming those there are."""
    if name not in trainer_names():
        raise SettingsError(
            f"choosing a trainer: unknown name {name!r}; known: {', '.join(trainer_names())}"
        )

    train: Train = importlib.import_module(f"{__name__}.{name}").train
    return train
