"""The low-rank adapter (LoRA) of a run: how it is added, what it forgot, and its files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workers.training.gguf import ARCHITECTURES, write_gguf
from workers.training.trainers import TrainingOptions
from workers.training.trainers._batches import IGNORED, EncodedExample, collate
from workers.training.trainers._checkpoint import TrainingRun, TrainingState, set_weights
from workers.training.trainers._run import exact_and_loss, in_batches

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


def general_losses(run: TrainingRun, state: TrainingState) -> list[float] | None:
    """Returns the loss on the general examples without and with the adapter that is kept."""
    if not run.general:
        return None

    with run.model.disable_adapter():
        _, without = exact_and_loss(run, run.general)

    set_weights(run.model, state.best)
    _, with_adapter_on = exact_and_loss(run, run.general)
    return [round(without, 4), round(with_adapter_on, 4)]


def base_divergence(run: TrainingRun) -> float | None:
    """Returns KL(tuned || base) on the right dev answers, in nats a token; None without any.

    Exact over the whole vocabulary, with the adapter that is loaded.
    """
    import torch

    total = count = 0.0
    run.model.eval()
    with torch.inference_mode():
        for batch in in_batches(run.dev, run.options.batch_size):
            tuned, counted = _log_distributions(run, batch)
            with run.model.disable_adapter():
                base, _ = _log_distributions(run, batch)

            divergence = (tuned.exp() * (tuned - base)).sum(-1)
            total += float((divergence * counted).sum())
            count += float(counted.sum())

    return round(total / count, 4) if count else None


def _log_distributions(run: TrainingRun, batch: Sequence[EncodedExample]) -> tuple[Any, Any]:
    """Returns log-probabilities `(batch, answer, vocabulary)`, and 1 where a token counts."""
    inputs, targets = collate(batch, run.pad, run.device)
    logits = run.model(**inputs).logits[:, :-1].float()
    return logits.log_softmax(-1), (targets != IGNORED).float()


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
