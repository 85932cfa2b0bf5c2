"""The model to be tuned: from a GGUF file, dequantised, or from a Hugging Face folder."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from router.errors import SettingsError
from workers.training.trainers import Options


def choose_device(options: Options) -> str:
    """`cuda` or `cpu`. Raises SettingsError when a GPU is asked for and none is there."""
    import torch

    found = torch.cuda.is_available()
    if options.device == "cuda" and not found:
        raise SettingsError(
            "training: device 'cuda' was asked for and torch finds no GPU; use 'auto' or 'cpu'"
        )

    return "cuda" if found and options.device != "cpu" else "cpu"


def usual_rate(width: int) -> float:
    """The highest learning rate for a base of that hidden size: 1.3e-3 at 576, 2.9e-4 at 4,096.

    Fitted on many runs of Llama models (J. Schulman et al., LoRA Without Regret, 2025): ten times
    that of full tuning, whatever the rank, and falling with the width.
    """
    return float(5e-4 * (2000 / width) ** 0.781)


def load_base(base: Path, device: str, *, four_bit: bool = False) -> tuple[Any, Any]:
    """Model and tokenizer, frozen, in float32 on a CPU and bfloat16 on a GPU; nothing is fetched from anywhere.

    With `four_bit` its linear layers are kept in 4 bits (NF4). Raises SettingsError when `base` is
    neither a GGUF file nor a folder with a Hugging Face model, or cannot be loaded in 4 bits here.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging as noise

    if not base.is_file() and not (base / "config.json").is_file():
        raise SettingsError(
            f"loading the base {str(base)!r}: expected a GGUF file or a folder with config.json"
        )

    noise.disable_progress_bar()
    noise.set_verbosity_error()
    where: dict[str, Any] = {"gguf_file": base.name} if base.is_file() else {}
    place = base.parent if base.is_file() else base

    try:
        tokenizer = AutoTokenizer.from_pretrained(place, local_files_only=True, **where)
        kind = torch.bfloat16 if device == "cuda" else torch.float32
        small = {"quantization_config": _four_bits(base, device)} if four_bit else {}
        model: Any = AutoModelForCausalLM.from_pretrained(
            place, local_files_only=True, dtype=kind, **where, **small
        )

        if device == "cpu":
            # The backward pass of the fused attention is slow on a CPU: a quarter of a step,
            # measured.
            model.set_attn_implementation("eager")
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"loading the base {str(base)!r}: {error}; expected an open causal language model"
        ) from error

    model.requires_grad_(False)
    return model if four_bit else model.to(device), tokenizer


def _four_bits(base: Path, device: str) -> Any:
    """How to load a base in 4 bits. Raises SettingsError where that is not possible."""
    import importlib.util

    import torch
    from transformers import BitsAndBytesConfig

    lacking = [
        what
        for what, there in (
            ("a GPU", device == "cuda"),
            ("the package bitsandbytes", importlib.util.find_spec("bitsandbytes") is not None),
            ("a Hugging Face folder as the base", base.is_dir()),
        )
        if not there
    ]
    if lacking:
        raise SettingsError(
            f"loading {str(base)!r} in 4 bits: it needs {' and '.join(lacking)}; train in full instead"
        )

    how = {
        "load_in_4bit": True,
        "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_compute_dtype": torch.bfloat16,
    }
    return BitsAndBytesConfig(**how)


def precision(device: str) -> AbstractContextManager[None]:
    """Matrix products in bfloat16 where the processor has it: a third less work on such a CPU, measured."""
    import torch

    able = torch.cpu.get_capabilities()
    if device == "cuda" or able.get("avx512_bf16") or able.get("amx_bf16"):
        halved: AbstractContextManager[None] = torch.autocast(device, torch.bfloat16)
        return halved

    return nullcontext()
