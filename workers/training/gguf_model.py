"""Writes a trained model as the GGUF file that llama.cpp serves, after the file of its base."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from router.errors import InputError
from workers.training.gguf import ModelConfig, architecture_of, interleave_rotary_halves

OWN_KEYS = ("GGUF.", "general.architecture", "general.file_type", "general.name")
"""Keys that the writer sets itself, or that describe the base alone."""


def write_model_gguf(
    weights: Mapping[str, Any], model: ModelConfig, base: Path, target: Path
) -> Path:
    """Writes the torch tensors `weights`, by their Hugging Face names, to `target`.

    Words, template and shape are those of the GGUF file `base`. What is quantised there has 8 bits
    (Q8_0), the rest 32. Returns `target`, which appears whole or not at all. Raises InputError for
    an architecture or a tensor that cannot be exported.
    """
    import gguf

    reader = gguf.GGUFReader(base)
    quantised = {
        tensor.name: tensor.tensor_type != gguf.GGMLQuantizationType.F32
        for tensor in reader.tensors
    }
    partial = target.with_suffix(".partial")
    writer = gguf.GGUFWriter(partial, architecture_of(model))
    _copy_keys(reader, writer)

    names = gguf.get_tensor_name_map(_architecture_number(model), int(model["num_hidden_layers"]))
    for key, tensor in sorted(weights.items()):
        name = names.get_name(key, try_suffixes=(".weight",))
        if name not in quantised:
            raise InputError(f"exporting a model: tensor {key!r} has no place in {base.name!r}")

        values = tensor.float().numpy()
        if model["model_type"] == "llama" and values.ndim == 2:
            values = interleave_rotary_halves(values, key.removesuffix(".weight"), model)

        if quantised.pop(name):
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, values)

    if quantised:
        raise InputError(f"exporting a model: {', '.join(sorted(quantised))} were not trained")

    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return partial.replace(target)


def _architecture_number(model: ModelConfig) -> Any:
    import gguf

    numbers = {name: number for number, name in gguf.MODEL_ARCH_NAMES.items()}
    return numbers[architecture_of(model)]


def _copy_keys(reader: Any, writer: Any) -> None:
    """Copies what the base's file says about words and shape; the key "general.type" stays."""
    import gguf

    for name, field in reader.fields.items():
        if name.startswith(OWN_KEYS):
            continue

        kind, *inner = field.types
        sub_type = inner[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, field.contents(), kind, sub_type=sub_type)
