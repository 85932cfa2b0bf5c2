"""A hash of the code that a trained router depends on, so that none outlives a change of it.

A version number bumped by hand would be forgotten one day. Then a router that was trained by the
old code would be loaded and used by the new one.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
"""The folder of the `router` package."""
SOURCES = (
    "classifier/*.py",
    "encoder/*.py",
    "text/compatibility.py",
    "speech/language.py",
    "text/normalise.py",
    "text/small_talk.py",
)
"""Files that determine a trained router, as glob patterns below the package: the classifier, what
the encoder's views mean, the normalisation of texts, and the built-in out-of-scope messages."""


@functools.cache
def source_hash(package: Path = PACKAGE) -> str:
    """Returns the SHA-256 of the names and contents of `SOURCES`, in hexadecimal.

    Computed once per process. A change of a comment changes it too: that costs a few seconds of
    training after an update, and is never wrong.
    """
    digest = hashlib.sha256()

    for pattern in SOURCES:
        for path in sorted(package.glob(pattern)):
            content = path.read_bytes()
            # The length separates a file from the next, so that moving text between two shows.
            digest.update(f"{path.relative_to(package).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)

    return digest.hexdigest()
