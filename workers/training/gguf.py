"""Converts a PEFT LoRA adapter into the GGUF file that llama.cpp serves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.errors import InputError

ModelConfig = Mapping[str, Any]
"""A Hugging Face `config.json`."""
Tensor = NDArray[np.float32]
ARCHITECTURES = {"llama": "llama", "gemma3_text": "gemma3"}
"""Hugging Face `model_type` -> llama.cpp architecture, for those whose export was compared with
llama.cpp's own."""

TENSOR = re.compile(r"^base_model\.model\.(?P<module>.+)\.lora_(?P<half>[AB])\.weight$")


def write_gguf(adapter: Path, model: ModelConfig, target: Path) -> Path:
    """Writes the adapter of the PEFT folder `adapter` to `target` in half precision.

    Returns `target`. The file appears whole or not at all. `model` is the base's Hugging Face
    config. Raises InputError for an architecture or a tensor that cannot be exported.
    """
    import gguf

    settings = json.loads((adapter / "adapter_config.json").read_text("utf-8"))
    # These scale or split the matrices in ways that llama.cpp does not read.
    if settings.get("use_rslora") or settings.get("use_dora") or settings.get("alpha_pattern"):
        raise InputError(
            f"exporting {adapter}: rsLoRA, DoRA and alpha_pattern are not exported; "
            "train plain LoRA"
        )

    # Written beside the target and renamed: a killed run leaves no half file to be served.
    partial = target.with_suffix(".partial")
    writer = gguf.GGUFWriter(partial, architecture_of(model))
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(settings["lora_alpha"]))

    for name, values in sorted(_tensors(adapter, model)):
        writer.add_tensor(name, values.astype("float16"))

    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

    return partial.replace(target)


def architecture_of(model: ModelConfig) -> str:
    """Returns llama.cpp's name of the architecture. Raises InputError for an unknown one."""
    model_type = str(model.get("model_type"))
    if model_type not in ARCHITECTURES:
        raise InputError(
            f"exporting an adapter to GGUF: the base's model_type is {model_type!r}; "
            f"known: {', '.join(sorted(ARCHITECTURES))}; "
            "serve the safetensors adapter with a server that loads it"
        )

    return ARCHITECTURES[model_type]


def _tensors(adapter: Path, model: ModelConfig) -> Iterator[tuple[str, Tensor]]:
    """Yields each tensor under llama.cpp's name.

    `(rank, in)` for `lora_a`, `(out, rank)` for `lora_b`.
    """
    import gguf
    from safetensors.numpy import load_file

    architectures = {name: number for number, name in gguf.MODEL_ARCH_NAMES.items()}
    names = gguf.get_tensor_name_map(
        architectures[architecture_of(model)], int(model["num_hidden_layers"])
    )

    for key, values in load_file(adapter / "adapter_model.safetensors").items():
        match = TENSOR.match(key)
        name = None
        if match is not None:
            name = names.get_name(f"{match['module']}.weight", try_suffixes=(".weight",))

        if match is None or name is None:
            raise InputError(
                f"exporting {adapter}: tensor {key!r} has no place in GGUF; tune linear layers only"
            )

        # The rows of B are the outputs of the layer, so only they have an order to change.
        if match["half"] == "B" and model["model_type"] == "llama":
            values = interleave_rotary_halves(values, match["module"], model)

        yield f"{name}.lora_{match['half'].lower()}", values


def interleave_rotary_halves(values: Tensor, module: str, model: ModelConfig) -> Tensor:
    """Returns the rows of a query or key projection in llama.cpp's order, others as they are.

    For rotary position embeddings Hugging Face keeps the two halves of a head apart; llama.cpp
    interleaves them.
    """
    heads = int(model["num_attention_heads"])
    if module.endswith("k_proj"):
        # With grouped-query attention there are fewer key heads than query heads.
        heads = int(model.get("num_key_value_heads") or heads)
    elif not module.endswith("q_proj"):
        return values

    rows, rank = values.shape
    halves = values.reshape(heads, 2, rows // heads // 2, rank)
    return halves.swapaxes(1, 2).reshape(rows, rank)
