"""All weights of a base: made trainable, compared with the base, and written as a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from workers.training.gguf_model import write_model_gguf
from workers.training.trainers._base import load_base
from workers.training.trainers._checkpoint import TrainingRun, TrainingState
from workers.training.trainers._forgetting import BaseRun
from workers.training.trainers._shards import is_first_process, shard

MODEL_FILE = "model.gguf"
WEIGHTS_FILE = "model.safetensors"
TIED_HEAD = "lm_head.weight"
"""Where a base reads and writes words with the same weights, this is another name of them."""


def all_weights(model: Any) -> Any:
    """Returns the model with every weight trainable, divided between the processes."""
    model.requires_grad_(True)
    if model.device.type == "cuda":
        # Saves most of the memory of activations, for a third more arithmetic.
        model.gradient_checkpointing_enable()

    return shard(model)


def untrained_runs(run: TrainingRun, base: Path) -> BaseRun:
    """Returns what gives the run with the base; it is loaded once, when it is first needed."""
    loaded: list[Any] = []

    @contextmanager
    def base_run() -> Iterator[TrainingRun]:
        if not loaded:
            model, _ = load_base(base, run.device, exact=True)
            loaded.append(shard(model))

        yield replace(run, model=loaded[0])

    return base_run


def export_model(run: TrainingRun, state: TrainingState, base: Path) -> Path | None:
    """Writes the best weights in the base's own format: a GGUF file, or a Hugging Face folder.

    Returns the file that serves answers; None for a folder, which a server such as vLLM loads.
    """
    target = run.folder / MODEL_FILE if base.is_file() else None
    if not is_first_process():
        return target

    assert state.best is not None
    config = run.model.config
    weights = dict(state.best)
    if config.tie_word_embeddings:
        weights.pop(TIED_HEAD, None)

    if target is None:
        _write_folder(run, weights)
        return None

    return write_model_gguf(weights, config.to_dict(), base, target)


def _write_folder(run: TrainingRun, weights: Mapping[str, Any]) -> None:
    """Writes what `from_pretrained` reads, without the name of a folder of this machine."""
    from safetensors.torch import save_file

    run.model.config.save_pretrained(run.folder)
    run.tokenizer.save_pretrained(run.folder)
    contiguous = {name: values.contiguous() for name, values in weights.items()}
    save_file(contiguous, run.folder / WEIGHTS_FILE, metadata={"format": "pt"})
