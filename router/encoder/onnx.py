"""An exported encoder in int8 on one thread of onnxruntime: no torch, one text at a time."""

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

RECIPE = "minilm-int8-3"
"""The name of MiniLM's files and the encoder's id; a new one has every vector made again."""
MAX_TOKENS = 256
MAX_CHARS = 4000
"""Characters that are read of a text; its 256 tokens end long before."""


class ExportFiles:
    """The files of an export: the model, and the result of its parity check.

    The check is written last, so an export with a check is complete.
    """

    def __init__(self, recipe: str) -> None:
        self.model_id = recipe
        self._model_name = f"{recipe}.onnx"
        self._check_name = f"{recipe}.json"

    def model(self, folder: Path) -> Path:
        """Returns the path of the ONNX file."""
        return folder / self._model_name

    def check(self, folder: Path) -> Path:
        """Returns the path of the parity check's result."""
        return folder / self._check_name

    def exists(self, folder: Path) -> bool:
        """Returns whether an export was finished there, admitted or not."""
        return self.check(folder).is_file() and self.model(folder).is_file()

    def metadata(self, folder: Path) -> dict[str, Any]:
        """Returns the result of the parity check: sizes, checksum, and whether it was admitted."""
        content = json.loads(self.check(folder).read_text("utf-8"))
        return content if isinstance(content, dict) else {}

    @contextmanager
    def exclusive(self, folder: Path) -> Iterator[None]:
        """Holds a file lock, so that two processes do not export at the same time."""
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{self.model_id}.lock").open("w") as file:
            # The kernel releases the lock when the file closes, after a crash too.
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


EXPORT = ExportFiles(RECIPE)


class OnnxEncoder:
    """The exported encoder; see `Encoder`.

    Each text runs alone: dynamic int8 quantisation scales activations over all rows of a run, so in
    a batch a text's vector would depend on the other texts. Alone it is as fast (no padding), and
    the same text always has the same vector.
    """

    def __init__(self, folder: Path, model: Path, files: ExportFiles = EXPORT) -> None:
        """Opens the export `files` in `folder` with the tokeniser in the folder `model`.

        Raises SettingsError when its parity check refused it or its file has changed.
        """
        self._session, metadata = open_admitted(folder, files, f"the encoder {files.model_id!r}")
        self._tokenizer = open_tokenizer(model)
        self.model_id = files.model_id
        self.dim = int(metadata["dim"])
        self._width = int(metadata["width"])

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns the first block of the views."""
        return self.views(texts)[:, : self.dim]

    def views(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns the same three blocks as `TorchEncoder`, from int8 weights."""
        return encode_each(self._session, self._tokenizer, texts, self._width)


def encode_each(
    session: Any, tokenizer: Any, texts: Sequence[str], width: int
) -> NDArray[np.float32]:
    """Runs the model once for each text. Returns `(n, width)`."""
    rows = np.empty((len(texts), width), np.float32)
    for number, text in enumerate(texts):
        ids = np.array([tokenizer.encode(text[:MAX_CHARS]).ids], np.int64)
        rows[number] = session.run(None, {"input_ids": ids})[0][0]

    return rows


def open_admitted(folder: Path, files: ExportFiles, what: str) -> tuple[Any, dict[str, Any]]:
    """Returns a session of the export `files` in `folder`, and the result of its parity check.

    Raises SettingsError, which names `what` it is, when that check refused it or its file has
    changed.
    """
    metadata = files.metadata(folder)
    if not metadata.get("admitted"):
        raise SettingsError(
            f"opening {what} in {str(folder)!r}: its parity check refused it: {metadata!r}"
        )

    verify_checksum(files.model(folder), str(metadata["sha256"]))
    return open_session(files.model(folder)), metadata


def open_session(path: Path) -> Any:
    """Returns an onnxruntime session on one thread, which does not spin while it waits."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # A spinning thread would take a core from the bot between two messages.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3

    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def open_tokenizer(model: Path, max_tokens: int = MAX_TOKENS) -> Any:
    """Returns the model's own tokeniser, without padding and cut off at `max_tokens`."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def verify_checksum(path: Path, expected: str) -> None:
    """Returns when the file has that SHA-256; raises SettingsError with both sums otherwise."""
    with path.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()

    if actual != expected:
        raise SettingsError(
            f"checking {str(path)!r}: found SHA-256 {actual!r}, expected {expected!r}; the file is "
            "damaged or not the pinned one; remove it or install its package again"
        )
