"""The state of a run, and its checkpoint: a killed run resumes from the last one."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from router.errors import InputError
from workers.training.trainers import ChatExample, TrainingOptions
from workers.training.trainers._batches import EncodedExample
from workers.training.trainers._shards import (
    is_first_process,
    optimizer_state,
    put_optimizer_state,
    put_whole_weights,
    whole_weights,
)

CHECKPOINT = "checkpoint.pt"


@dataclass
class TrainingState:
    """How far a run is; all of it is in a checkpoint. `best` holds the best weights.

    `reinforcement` is what a run with a reward keeps besides: plain values, by name.
    """

    step: int = 0
    losses: list[float] = field(default_factory=list)
    evaluations_without_gain: int = 0
    dev_exact: float | None = None
    dev_loss: float | None = None
    best: dict[str, Any] | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    reinforcement: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainingRun:
    """The parts of one run, built once. `identity` names its examples, options and base."""

    model: Any
    tokenizer: Any
    optimizer: Any
    pad: int
    device: str
    options: TrainingOptions
    train: Sequence[EncodedExample]
    dev: Sequence[EncodedExample]
    general: Sequence[EncodedExample]
    identity: str
    folder: Path

    @property
    def steps_per_epoch(self) -> int:
        """Steps in one epoch."""
        return math.ceil(len(self.train) / self.options.batch_size)

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        total = self.steps_per_epoch * self.options.epochs
        return total if self.options.max_steps is None else min(self.options.max_steps, total)


def trainable_weights(model: Any) -> list[Any]:
    """Returns the weights that the optimizer changes."""
    return [values for values in model.parameters() if values.requires_grad]


def get_weights(model: Any) -> dict[str, Any]:
    """Returns the trained weights by name: an adapter's, or all.

    Where several processes train all weights, the others than the first get none.
    """
    from peft import PeftModel, get_peft_model_state_dict

    if isinstance(model, PeftModel):
        return dict(get_peft_model_state_dict(model, save_embedding_layers=False))

    return whole_weights(model)


def set_weights(model: Any, weights: Any) -> None:
    """Puts what `get_weights` returned into the model."""
    from peft import PeftModel, set_peft_model_state_dict

    if isinstance(model, PeftModel):
        set_peft_model_state_dict(model, weights)
    else:
        put_whole_weights(model, weights)


def identity_of(examples: Sequence[ChatExample], base: Path, options: TrainingOptions) -> str:
    """Returns a hash of what a checkpoint belongs to.

    The number of threads and of processes and the device are left out: they may change between two
    tries.
    """
    settings = {**dataclasses.asdict(options), "threads": 0, "processes": 0, "device": ""}
    if settings["reinforcement"] is not None:
        # The folder of the start may have moved with the data folder; its weights are the same.
        settings["reinforcement"]["start"] = ""

    # The size stands for the base's content: hashing gigabytes at each start would take long.
    parts = [
        [dataclasses.asdict(example) for example in examples],
        settings,
        base.name,
        base.stat().st_size,
    ]

    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def save_checkpoint(run: TrainingRun, state: TrainingState) -> None:
    """Saves all that the run needs to resume from here, however it ends."""
    import torch

    # All processes take part in collecting what the first one saves.
    weights, optimizer = get_weights(run.model), _optimizer_state(run)
    if not is_first_process():
        return

    partial = run.folder / f"{CHECKPOINT}.partial"
    torch.save(
        {
            "identity": run.identity,
            # Not `asdict`, which would copy the best weights.
            "state": dict(vars(state)),
            "weights": weights,
            "optimizer": optimizer,
        },
        partial,
    )

    # A rename is atomic: a kill leaves the old checkpoint or the new one, never half of it.
    partial.replace(run.folder / CHECKPOINT)


def load_checkpoint(run: TrainingRun) -> TrainingState:
    """Loads the last checkpoint into the run and returns its state, or a new state.

    Raises InputError when the folder holds another run's checkpoint.
    """
    import torch

    path = run.folder / CHECKPOINT
    if not path.exists():
        return TrainingState()

    # `weights_only`: a checkpoint is data, and must not run code when it is loaded.
    stored = torch.load(path, map_location=run.device, weights_only=True)
    if stored["identity"] != run.identity:
        raise InputError(
            f"training in {str(run.folder)!r}: its checkpoint belongs to other lessons, options or "
            "another base; use an empty folder"
        )

    set_weights(run.model, stored["weights"])
    if _trains_all(run):
        put_optimizer_state(run.model, run.optimizer, stored["optimizer"])
    else:
        run.optimizer.load_state_dict(stored["optimizer"])

    return TrainingState(**stored["state"])


def _optimizer_state(run: TrainingRun) -> dict[str, Any]:
    if _trains_all(run):
        return optimizer_state(run.model, run.optimizer)

    return dict(run.optimizer.state_dict())


def _trains_all(run: TrainingRun) -> bool:
    """Returns whether all weights are trained, which several processes may do together."""
    from peft import PeftModel

    return not isinstance(run.model, PeftModel)
