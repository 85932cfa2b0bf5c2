"""Loads the base model to be tuned, from a dequantised GGUF file or from a Hugging Face folder."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from router.errors import InputError
from workers.training.trainers import TrainingOptions


def choose_device(options: TrainingOptions) -> str:
    """Returns `cuda` or `cpu`. Raises InputError when a GPU is asked for and none is there."""
    import torch

    available = torch.cuda.is_available()
    if options.device == "cuda" and not available:
        raise InputError(
            "training: device 'cuda' was asked for and torch finds no GPU; use 'auto' or 'cpu'"
        )

    return "cuda" if available and options.device != "cpu" else "cpu"


def default_learning_rate(width: int) -> float:
    """Returns the peak learning rate for a base of that hidden size.

    1.3e-3 at 576, 2.9e-4 at 4,096. Fitted on many runs of Llama models (J. Schulman et al., LoRA
    Without Regret, 2025). It is ten times the rate of full fine-tuning, whatever the rank, and
    falls with the width.
    """
    return float(5e-4 * (2000 / width) ** 0.781)


def load_base(
    base: Path, device: str, *, four_bit: bool = False, exact: bool = False
) -> tuple[Any, Any]:
    """Returns model and tokenizer, frozen, in float32 on a CPU and bfloat16 on a GPU.

    Nothing is downloaded. With `four_bit` the linear layers are in 4 bits (NF4), with `exact`
    everything is in float32 on a GPU, too. Raises
    InputError when `base` is neither a GGUF file nor a folder with a Hugging Face model, or
    cannot be loaded in 4 bits here.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging as transformers_logging

    if not base.is_file() and not (base / "config.json").is_file():
        raise InputError(
            f"loading the base {str(base)!r}: expected a GGUF file or a folder with config.json"
        )

    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    source = base
    arguments: dict[str, Any] = {"local_files_only": True}

    # transformers dequantises a GGUF file when it is told the file's name.
    if base.is_file():
        source = base.parent
        arguments["gguf_file"] = base.name

    try:
        tokenizer = AutoTokenizer.from_pretrained(source, **arguments)
        arguments["dtype"] = torch.bfloat16 if device == "cuda" and not exact else torch.float32
        if four_bit:
            arguments["quantization_config"] = _four_bit_config(base, device)

        model: Any = AutoModelForCausalLM.from_pretrained(source, **arguments)
        if device == "cpu":
            # The backward pass of the fused attention is slow on a CPU: measured, it took a quarter
            # of a step.
            model.set_attn_implementation("eager")
    except (OSError, ValueError) as error:
        raise InputError(
            f"loading the base {str(base)!r}: {error}; expected an open causal language model"
        ) from error

    # An adapter is trained beside it; without gradients the base needs much less memory.
    model.requires_grad_(False)
    return model if four_bit else model.to(device), tokenizer


def _four_bit_config(base: Path, device: str) -> Any:
    """Returns how to load a base in 4 bits. Raises InputError where that is not possible."""
    import importlib.util

    import torch
    from transformers import BitsAndBytesConfig

    missing = []
    if device != "cuda":
        missing.append("a GPU")
    if importlib.util.find_spec("bitsandbytes") is None:
        missing.append("the package bitsandbytes")
    if not base.is_dir():
        missing.append("a Hugging Face folder as the base")

    if missing:
        raise InputError(
            f"loading {str(base)!r} in 4 bits: it needs {' and '.join(missing)}; "
            "train in full instead"
        )

    # Passed as a mapping, because the constructor is not annotated.
    arguments = {
        "load_in_4bit": True,
        "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_compute_dtype": torch.bfloat16,
    }
    return BitsAndBytesConfig(**arguments)


def mixed_precision(device: str) -> AbstractContextManager[None]:
    """Returns a context with matrix products in bfloat16, where the processor has it.

    On such a CPU that saves a third of the work, measured.
    """
    import torch

    capabilities = torch.cpu.get_capabilities()
    if device == "cuda" or capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"):
        autocast: AbstractContextManager[None] = torch.autocast(device, torch.bfloat16)
        return autocast

    return nullcontext()
