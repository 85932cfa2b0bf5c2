"""Trains a low-rank adapter (LoRA, arXiv 2106.09685) with PEFT; writes safetensors and GGUF."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from router.config import Settings
from router.kinds import Kind
from workers.llm.local.weights import NAME, find_weights
from workers.training.plan.memory import Method
from workers.training.trainers import (
    LOCAL_BASE,
    ChatExample,
    TrainedModel,
    TrainingOptions,
    TrainingProgress,
)
from workers.training.trainers._adapter import adapter_off, export_adapter, with_adapter
from workers.training.trainers._base import default_learning_rate
from workers.training.trainers._checkpoint import set_weights
from workers.training.trainers._forgetting import base_divergence, general_losses
from workers.training.trainers._run import prepare_run, train_supervised, trained_model

VERSION_KIND: Kind = "tuned"
METHOD: Method = "lora"
COST = 1
BASES: Mapping[str, str] = {LOCAL_BASE: f"{NAME}, on this machine"}
REPLAYS = True
STARTS_FROM: str | None = None

CHECKPOINT_STEPS = 10
"""Steps between checkpoints: what a kill can cost."""


def base_path(settings: Settings) -> Path:
    """Returns the weights of the small local model."""
    return find_weights(settings.data)


def options(settings: Settings) -> TrainingOptions:
    """Returns the options that the settings ask for."""
    return TrainingOptions(
        rank=settings.tune_rank,
        alpha=2 * settings.tune_rank,
        epochs=settings.tune_epochs,
        threads=settings.local_threads,
        four_bit=settings.tune_load_in_4bit,
    )


def bill(trained: TrainedModel) -> dict[str, Any]:
    """Returns what the run took, and how far it moved the base."""
    general_loss = trained.general_loss
    return {
        "steps": trained.steps,
        "cpu_seconds": round(trained.cpu_seconds, 1),
        "seconds": round(trained.seconds, 1),
        "weights": trained.parameters,
        "device": trained.device,
        "general_loss": None if general_loss is None else list(general_loss),
        "kl_base": trained.details.get("kl_base"),
    }


def train(
    examples: Sequence[ChatExample],
    base: Path,
    folder: Path,
    options: TrainingOptions,
    on_progress: Callable[[TrainingProgress], None],
) -> TrainedModel:
    """Trains low-rank matrices beside every linear layer of the frozen base."""
    run = prepare_run(
        examples,
        base,
        folder,
        options,
        lambda model: with_adapter(model, options),
        default_learning_rate,
    )
    state, resumed_at = train_supervised(run, on_progress, CHECKPOINT_STEPS)
    artifact = export_adapter(run, state, base)
    losses = general_losses(run, state, lambda: adapter_off(run))
    set_weights(run.model, state.best)
    details = {"kl_base": base_divergence(run, lambda: adapter_off(run))}

    return trained_model(run, state, artifact, resumed_at, losses, details)
