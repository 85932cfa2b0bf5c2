"""A PEFT LoRA adapter in, the same adapter as a GGUF file for llama.cpp out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from router.errors import SettingsError

ARCHITECTURES = {"llama": "llama", "gemma3_text": "gemma3"}
"""Hugging Face `model_type` -> llama.cpp architecture, for those whose export was compared with
llama.cpp's own."""

TENSOR = re.compile(r"^base_model\.model\.(?P<module>.+)\.lora_(?P<half>[AB])\.weight$")


def write_gguf(adapter: Path, model: Mapping[str, Any], target: Path) -> Path:
    """`target` holds the adapter of the PEFT folder `adapter` in half precision; it appears whole or not at all.

    `model` is the base's Hugging Face config as a mapping. Raises SettingsError for an architecture
    or a tensor that cannot be exported.
    """
    import gguf

    settings = json.loads((adapter / "adapter_config.json").read_text("utf-8"))
    if settings.get("use_rslora") or settings.get("use_dora") or settings.get("alpha_pattern"):
        raise SettingsError(
            f"exporting {adapter}: rsLoRA, DoRA and alpha_pattern are not exported; train plain LoRA"
        )

    partial = target.with_suffix(".partial")
    writer = gguf.GGUFWriter(partial, _architecture(model))
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


def _architecture(model: Mapping[str, Any]) -> str:
    kind = str(model.get("model_type"))
    if kind not in ARCHITECTURES:
        raise SettingsError(
            f"exporting an adapter to GGUF: the base's model_type is {kind!r}; "
            f"known: {', '.join(sorted(ARCHITECTURES))}; serve the safetensors adapter with a server that loads it"
        )

    return ARCHITECTURES[kind]


def _tensors(adapter: Path, model: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each tensor under llama.cpp's name: `(rank, in)` for `lora_a`, `(out, rank)` for `lora_b`."""
    import gguf
    from safetensors.numpy import load_file

    architecture = gguf.MODEL_ARCH_NAMES
    known = {name: arch for arch, name in architecture.items()}
    names = gguf.get_tensor_name_map(known[_architecture(model)], int(model["num_hidden_layers"]))

    for key, values in load_file(adapter / "adapter_model.safetensors").items():
        found = TENSOR.match(key)

        name = (
            names.get_name(f"{found['module']}.weight", try_suffixes=(".weight",))
            if found
            else None
        )
        if found is None or name is None:
            raise SettingsError(
                f"exporting {adapter}: tensor {key!r} has no place in GGUF; tune linear layers only"
            )

        if found["half"] == "B" and model["model_type"] == "llama":
            values = _rotated(values, found["module"], model)

        yield f"{name}.lora_{found['half'].lower()}", values


def _rotated(values: Any, module: str, model: Mapping[str, Any]) -> Any:
    """Rows in llama.cpp's order: it interleaves the halves that Hugging Face keeps apart for rotary positions."""
    heads = int(model["num_attention_heads"])
    if module.endswith("k_proj"):
        heads = int(model.get("num_key_value_heads") or heads)
    elif not module.endswith("q_proj"):
        return values

    rows, rank = values.shape
    return values.reshape(heads, 2, rows // heads // 2, rank).swapaxes(1, 2).reshape(rows, rank)
