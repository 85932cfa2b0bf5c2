"""The low-rank adapter (LoRA) of a run: how it is added and switched off, and its files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workers.training.gguf import ARCHITECTURES, write_gguf
from workers.training.trainers import TrainingOptions
from workers.training.trainers._checkpoint import TrainingRun, TrainingState

WEIGHTS_FILE = "adapter_model.safetensors"


def with_adapter(model: Any, options: TrainingOptions) -> Any:
    """Returns the frozen base with trainable low-rank matrices beside every linear layer."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=options.rank,
        lora_alpha=options.alpha,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


@contextmanager
def adapter_off(run: TrainingRun) -> Iterator[TrainingRun]:
    """Yields the run with its adapter switched off."""
    with run.model.disable_adapter():
        yield run


def export_adapter(run: TrainingRun, state: TrainingState, base: Path) -> Path | None:
    """Writes the best adapter as safetensors, and as GGUF where the architecture is known.

    Returns the file that serves answers, None where there is none.
    """
    from safetensors.torch import save_file

    assert state.best is not None
    config = run.model.peft_config["default"]
    # The name alone: a path of this machine means nothing elsewhere.
    config.base_model_name_or_path = base.name
    config.inference_mode = True
    config.save_pretrained(run.folder)
    save_file(
        {name: values.contiguous() for name, values in state.best.items()},
        run.folder / WEIGHTS_FILE,
    )

    base_config = run.model.get_base_model().config.to_dict()
    if base_config.get("model_type") not in ARCHITECTURES:
        return None

    return write_gguf(run.folder, base_config, run.folder / "adapter.gguf")
