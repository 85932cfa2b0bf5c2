"""Trainers: what every way of training a version is given and gives back.

A trainer is one file in this folder that has what `Trainer` lists; its name is the file's name.
Nothing else knows the trainers by name.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, cast

from router.config import Settings
from router.errors import InputError
from router.kinds import Kind
from workers.ports import Message
from workers.training.plan.memory import Method

LOCAL_BASE = "local"
"""The stored word for an adapter of the included model."""
LOCAL_WHOLE = "local-full"
"""The stored word for training all weights of the included model."""


@dataclass(frozen=True, slots=True)
class ChatExample:
    """One conversation and the answer to learn for it, exactly as the server will see both.

    The last message is the person's. A `general` example is never learned, nor used for early
    stopping: the loss on it shows how far the base has moved. Where the answer is not `complete`,
    it was cut off, and its end is not learned.
    """

    messages: Sequence[Message]
    answer: str
    split: Literal["train", "dev", "general"] = "train"
    complete: bool = True


@dataclass(frozen=True, slots=True)
class ReinforcementOptions:
    """How to reinforce: what is rewarded, and how far the policy may move.

    `reward` is a `RewardSpec` as JSON. `start` is the folder of the supervised adapter. Each of
    `steps` samples `group` answers of at most `answer_tokens` to each of `prompts` prompts, and
    every `evaluation_steps` the held-out examples are answered. `kl_weight` penalises the
    divergence from the start, in nats a token; where its mean is above `max_kl`, the run ends.
    """

    reward: Mapping[str, Any]
    start: str
    group: int = 8
    prompts: int = 8
    steps: int = 80
    answer_tokens: int = 64
    evaluation_steps: int = 10
    kl_weight: float = 0.04
    max_kl: float = 0.5


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How to train.

    `learning_rate` is the peak rate, None for what suits the base's width. `max_steps` caps the
    run, None for all `epochs`. Training stops early after `patience` evaluations on the dev
    examples in a row without improvement; there are `evaluations_per_epoch`. `device` is `auto` (a
    GPU if there is one), `cpu` or `cuda`. `four_bit` loads the base in 4 bits (QLoRA, arXiv
    2305.14314), which needs a GPU and the package bitsandbytes. `processes` divide the weights
    between them where all are trained. `reinforcement` is for training with a reward, None
    elsewhere.
    """

    rank: int = 8
    alpha: int = 16
    learning_rate: float | None = None
    epochs: int = 3
    max_steps: int | None = None
    batch_size: int = 8
    evaluations_per_epoch: int = 1
    patience: int = 2
    seed: int = 0
    threads: int = 2
    device: Literal["auto", "cpu", "cuda"] = "auto"
    four_bit: bool = False
    processes: int = 1
    reinforcement: ReinforcementOptions | None = None


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """How far a run is.

    `dev_exact` is the share of dev examples (0-1) answered word for word at the latest evaluation,
    None before the first.
    """

    step: int
    steps: int
    loss: float
    seconds: float
    dev_exact: float | None = None


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A finished run: its files and its costs.

    `artifact` is the file in `folder` that serves answers, None where the base's architecture
    cannot be exported. `losses` has one entry a step. `dev_exact` and `dev_loss` belong to the
    weights that were kept, not to the last ones. `general_loss` is the mean loss on the general
    examples without and with what was trained, None if there are none. `resumed_at` is the step
    from which an interrupted run went on, 0 otherwise. `details` are the trainer's own figures,
    JSON-safe.
    """

    folder: Path
    artifact: Path | None
    steps: int
    seconds: float
    cpu_seconds: float
    losses: Sequence[float]
    dev_exact: float | None
    dev_loss: float | None
    parameters: int
    device: str
    resumed_at: int = 0
    general_loss: Sequence[float] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


class TrainFunction(Protocol):
    """Trains on examples."""

    def __call__(
        self,
        examples: Sequence[ChatExample],
        base: Path,
        folder: Path,
        options: TrainingOptions,
        on_progress: Callable[[TrainingProgress], None],
    ) -> TrainedModel:
        """Trains on the train examples and leaves the result in `folder`.

        `base` is what `Trainer.base_path` names. The dev examples choose when to stop and are never
        learned. The same arguments give the same result on the same machine. Killed at any moment
        and called again with the same arguments, it resumes from its last checkpoint. Raises
        InputError when base, examples or folder cannot be used, and whatever `on_progress` raises.
        """
        ...


class Trainer(Protocol):
    """A file of this folder.

    `VERSION_KIND` is the kind of version whose path serves the artifact. Trainers run from the
    lowest `COST` to the highest, until one is good enough. `BASES` are what an admin can approve
    for it: the stored word and what people read; a trainer without one always runs. `STARTS_FROM`
    names the trainer whose result it continues, which then runs first; a candidate keeps one
    trained version of a kind, so it replaces that result where it is better. `REPLAYS` says whether
    general examples are mixed in against catastrophic forgetting. `METHOD` is how `beagle plan`
    counts what it takes.
    """

    VERSION_KIND: Kind
    METHOD: Method
    COST: int
    BASES: Mapping[str, str]
    REPLAYS: bool
    STARTS_FROM: str | None
    train: TrainFunction

    def base_path(self, settings: Settings) -> Path:
        """Returns where the base model lies. Raises ModelError when it is not there."""
        ...

    def options(self, settings: Settings) -> TrainingOptions:
        """Returns the options that the settings ask for."""
        ...

    def bill(self, trained: TrainedModel) -> dict[str, Any]:
        """Returns the trainer's entries in the bill that reports keep, JSON-safe."""
        ...


def trainer_names() -> list[str]:
    """Returns the names of all trainers, in alphabetical order."""
    # A name with an underscore is a helper of the trainers, not a trainer.
    modules = pkgutil.iter_modules(__path__)
    return sorted(module.name for module in modules if not module.name.startswith("_"))


def get_trainer(name: str) -> Trainer:
    """Returns the trainer of that name. Raises InputError naming those there are."""
    if name not in trainer_names():
        raise InputError(
            f"choosing a trainer: unknown name {name!r}; known: {', '.join(trainer_names())}"
        )

    return cast(Trainer, importlib.import_module(f"{__name__}.{name}"))


def trainers_by_cost() -> dict[str, Trainer]:
    """Returns every trainer by its name, the cheapest first."""
    trainers = {name: get_trainer(name) for name in trainer_names()}
    return dict(sorted(trainers.items(), key=lambda item: item[1].COST))


def trainers_for(base: str) -> dict[str, Trainer]:
    """Returns the trainers that run for an approved base, the cheapest first.

    Those without a base of their own always run; those that another one starts from run before it.
    """
    known = trainers_by_cost()
    names = {name for name, trainer in known.items() if not trainer.BASES}
    for name, trainer in known.items():
        if base in trainer.BASES:
            names |= {name, *([trainer.STARTS_FROM] if trainer.STARTS_FROM else [])}

    return {name: trainer for name, trainer in known.items() if name in names}


def trainable_bases() -> dict[str, str]:
    """Returns the base models that can be trained here, by their stored word."""
    bases: dict[str, str] = {}
    for trainer in trainers_by_cost().values():
        bases |= trainer.BASES

    return bases
