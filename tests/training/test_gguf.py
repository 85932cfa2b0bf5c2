"""The GGUF adapter holds PEFT's numbers under llama.cpp's names and in its order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from router.errors import InputError
from workers.training.gguf import write_gguf

pytestmark = pytest.mark.usefixtures("training_packages")

LLAMA = {
    "model_type": "llama",
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
}
LAYER = "base_model.model.model.layers.1"


def peft_folder(folder: Path, arrays: dict[str, np.ndarray[Any, Any]], **settings: Any) -> Path:
    from safetensors.numpy import save_file

    save_file(arrays, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps({"lora_alpha": 16, **settings}))

    return folder


def read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    import gguf

    reader = gguf.GGUFReader(path)
    fields = {name: field.contents() for name, field in reader.fields.items()}

    return fields, {tensor.name: tensor.data for tensor in reader.tensors}


def column(rows: int) -> np.ndarray[Any, Any]:
    return np.arange(rows, dtype=np.float32).reshape(rows, 1)


def test_an_ordinary_layer_keeps_its_numbers(tmp_path: Path) -> None:
    arrays = {
        f"{LAYER}.mlp.down_proj.lora_A.weight": np.array([[1.5, -2.0, 0.25]], dtype=np.float32),
        f"{LAYER}.mlp.down_proj.lora_B.weight": column(4),
    }
    _, tensors = read(write_gguf(peft_folder(tmp_path, arrays), LLAMA, tmp_path / "a.gguf"))
    assert tensors["blk.1.ffn_down.weight.lora_a"].tolist() == [[1.5, -2.0, 0.25]]
    assert tensors["blk.1.ffn_down.weight.lora_b"].tolist() == column(4).tolist()


def test_queries_and_keys_of_a_llama_are_interleaved_by_head(tmp_path: Path) -> None:
    arrays = {
        f"{LAYER}.self_attn.q_proj.lora_B.weight": column(8),
        f"{LAYER}.self_attn.k_proj.lora_B.weight": column(4),
        f"{LAYER}.self_attn.v_proj.lora_B.weight": column(4),
    }

    _, tensors = read(write_gguf(peft_folder(tmp_path, arrays), LLAMA, tmp_path / "a.gguf"))
    assert tensors["blk.1.attn_q.weight.lora_b"].ravel().tolist() == [0, 2, 1, 3, 4, 6, 5, 7]
    assert tensors["blk.1.attn_k.weight.lora_b"].ravel().tolist() == [0, 2, 1, 3]
    assert tensors["blk.1.attn_v.weight.lora_b"].ravel().tolist() == [0, 1, 2, 3]


def test_other_architectures_are_not_interleaved(tmp_path: Path) -> None:
    arrays = {f"{LAYER}.self_attn.q_proj.lora_B.weight": column(8)}
    gemma = {**LLAMA, "model_type": "gemma3_text"}
    _, tensors = read(write_gguf(peft_folder(tmp_path, arrays), gemma, tmp_path / "a.gguf"))
    assert tensors["blk.1.attn_q.weight.lora_b"].ravel().tolist() == list(range(8))


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    arrays = {f"{LAYER}.mlp.up_proj.lora_B.weight": column(4)}
    fields, _ = read(write_gguf(peft_folder(tmp_path, arrays), LLAMA, tmp_path / "a.gguf"))
    assert fields["general.type"] == "adapter"
    assert fields["general.architecture"] == "llama"
    assert fields["adapter.type"] == "lora"
    assert fields["adapter.lora.alpha"] == 16.0


@pytest.mark.parametrize(
    ("name", "model", "settings", "said"),
    [
        ("mlp.up_proj.lora_B.weight", {"model_type": "mamba"}, {}, "mamba"),
        ("mlp.odd_proj.lora_B.weight", {}, {}, "odd_proj"),
        ("mlp.up_proj.lora_magnitude_vector", {}, {}, "magnitude"),
        ("mlp.up_proj.lora_B.weight", {}, {"use_dora": True}, "DoRA"),
    ],
)
def test_what_llama_cpp_would_misread_is_refused_and_no_file_appears(
    tmp_path: Path, name: str, model: dict[str, Any], settings: dict[str, Any], said: str
) -> None:
    folder = peft_folder(tmp_path, {f"{LAYER}.{name}": column(4)}, **settings)
    with pytest.raises(InputError, match=said):
        write_gguf(folder, {**LLAMA, **model}, tmp_path / "a.gguf")

    assert not (tmp_path / "a.gguf").exists()
