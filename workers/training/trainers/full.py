"""Trains all weights of the base, in one process or several; writes a model of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from router.config import Settings
from router.kinds import Kind
from workers.llm.local.weights import NAME, find_weights
from workers.training.plan.memory import Method
from workers.training.trainers import (
    LOCAL_WHOLE,
    ChatExample,
    TrainedModel,
    TrainingOptions,
    TrainingProgress,
    lora,
)
from workers.training.trainers._base import default_learning_rate
from workers.training.trainers._checkpoint import set_weights
from workers.training.trainers._forgetting import base_divergence, general_losses
from workers.training.trainers._processes import train_in_processes
from workers.training.trainers._run import prepare_run, train_supervised, trained_model
from workers.training.trainers._whole import all_weights, export_model, untrained_runs

VERSION_KIND: Kind = "tuned"
METHOD: Method = "full"
COST = 3
BASES: Mapping[str, str] = {LOCAL_WHOLE: f"All weights of {NAME}, on this machine"}
REPLAYS = True
STARTS_FROM: str | None = None

CHECKPOINT_STEPS = 50
"""Steps between checkpoints: what a kill can cost. One holds 12 to 16 bytes for each weight."""
ADAPTER_RATE = 0.1
"""The learning rate as a share of an adapter's: one that trains all weights best is a tenth of it
(J. Schulman et al., LoRA Without Regret, 2025)."""


def base_path(settings: Settings) -> Path:
    """Returns the weights of the small local model."""
    return find_weights(settings.data)


def options(settings: Settings) -> TrainingOptions:
    """Returns the options that the settings ask for."""
    return TrainingOptions(
        epochs=settings.tune_epochs,
        threads=settings.local_threads,
        processes=settings.tune_processes,
    )


def bill(trained: TrainedModel) -> dict[str, Any]:
    """Returns what the run took, and how far it moved the base."""
    return lora.bill(trained)


def train(
    examples: Sequence[ChatExample],
    base: Path,
    folder: Path,
    options: TrainingOptions,
    on_progress: Callable[[TrainingProgress], None],
) -> TrainedModel:
    """Trains every weight of the base."""
    if options.processes > 1:
        return train_in_processes(train_share, examples, base, folder, options, on_progress)

    return train_share(examples, base, folder, options, on_progress)


def train_share(
    examples: Sequence[ChatExample],
    base: Path,
    folder: Path,
    options: TrainingOptions,
    on_progress: Callable[[TrainingProgress], None],
) -> TrainedModel:
    """Trains this process's share of the weights, which is all of them in a single one."""
    run = prepare_run(
        examples,
        base,
        folder,
        options,
        all_weights,
        lambda width: ADAPTER_RATE * default_learning_rate(width),
        exact=True,
    )
    state, resumed_at = train_supervised(run, on_progress, CHECKPOINT_STEPS)
    artifact = export_model(run, state, base)
    untrained = untrained_runs(run, base)
    losses = general_losses(run, state, untrained)
    set_weights(run.model, state.best)
    details = {"kl_base": base_divergence(run, untrained)}

    return trained_model(run, state, artifact, resumed_at, losses, details)
