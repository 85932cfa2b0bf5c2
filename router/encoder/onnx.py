"""MiniLM in int8 on one thread of onnxruntime: no torch, one text at a time."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.errors import SettingsError

RECIPE = "minilm-int8-2"
TOKENS = 256
LONGEST = 4000


class Files:
    """Where an export lies: the model, and the result of its check written last, so that both are whole or absent."""

    def __init__(self, recipe: str) -> None:
        self.model_id = recipe
        self._model, self._check = f"{recipe}.onnx", f"{recipe}.json"

    def model(self, folder: Path) -> Path:
        """The ONNX file."""
        return folder / self._model

    def check(self, folder: Path) -> Path:
        """The result of the parity check."""
        return folder / self._check

    def made(self, folder: Path) -> bool:
        """Whether an export was finished there, admitted or not."""
        return self.check(folder).is_file() and self.model(folder).is_file()

    def facts(self, folder: Path) -> dict[str, Any]:
        """What the check found."""
        found = json.loads(self.check(folder).read_text("utf-8"))
        return found if isinstance(found, dict) else {}

    @contextmanager
    def alone(self, folder: Path) -> Iterator[None]:
        """Only one process at a time is inside, so that two starts do not export twice."""
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{self.model_id}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


FILES = Files(RECIPE)


class OnnxEncoder:
    """The exported encoder. Raises SettingsError when its parity check had refused it or its file has changed.

    Each text runs alone: int8 activations are scaled over all rows of a run, so in a batch a text's
    vector would depend on its neighbours. Alone it is as fast (no padding), and the same text
    always has the same vector.
    """

    def __init__(self, folder: Path, model: Path) -> None:
        facts = FILES.facts(folder)
        if not facts.get("admitted"):
            raise SettingsError(
                f"opening the fast encoder in {str(folder)!r}: its parity check refused it: {facts!r}"
            )

        check_sum(FILES.model(folder), str(facts["sha256"]))
        self._session = session(FILES.model(folder))
        self._tokenizer = tokenizer(model)
        self.model_id = FILES.model_id
        self.dim, self._width = int(facts["dim"]), int(facts["width"])

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As the protocol says."""
        return self.views(texts)[:, : self.dim]

    def views(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As the protocol says."""
        return run(self._session, self._tokenizer, texts, self._width)


def run(opened: Any, tokens: Any, texts: Sequence[str], width: int) -> NDArray[np.float32]:
    """One row of blocks of length 1 for each text."""
    rows = np.empty((len(texts), width), np.float32)
    for i, text in enumerate(texts):
        ids = np.array([tokens.encode(text[:LONGEST]).ids], np.int64)
        rows[i] = opened.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]

    return rows


def session(path: Path) -> Any:
    """An onnxruntime session on one thread that does not spin while it waits."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3

    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def tokenizer(model: Path) -> Any:
    """The model's own tokeniser, cut at its longest input, without padding."""
    from tokenizers import Tokenizer

    opened = Tokenizer.from_file(str(model / "tokenizer.json"))
    opened.no_padding()
    opened.enable_truncation(TOKENS)

    return opened


def check_sum(path: Path, expected: str) -> None:
    """Returns when the file has that SHA-256. Raises SettingsError naming both sums."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()

    if found != expected:
        raise SettingsError(
            f"checking {str(path)!r}: found SHA-256 {found!r}, expected {expected!r}; the file is damaged or not the "
            "pinned one; remove it or install its package again"
        )
