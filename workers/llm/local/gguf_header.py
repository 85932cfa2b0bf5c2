"""What the first keys of a GGUF file say, read without the rest of it and without a library."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

MAGIC = b"GGUF"
TYPE_KEY = b"general.type"
ADAPTER = b"adapter"
STRING = 8
"""The number of the type of a text (GGUF, version 3)."""
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of a single number or truth value by the number of its type."""
MAX_TEXT_BYTES = 65_536


def is_adapter(path: Path) -> bool:
    """Returns whether the file is an adapter, and not a model of its own.

    Also true for a file that cannot be read as GGUF: loading it as an adapter says what is wrong.
    """
    try:
        with path.open("rb") as file:
            return _general_type(file) in (None, ADAPTER)
    except (OSError, ValueError, struct.error):
        return True


def _general_type(file: BinaryIO) -> bytes | None:
    """Returns the value of the key "general.type"; None where it does not come before a list.

    Raises ValueError for what is no GGUF file, and struct.error where it ends too early.
    """
    if file.read(4) != MAGIC:
        raise ValueError("no GGUF file")

    _version, _tensors, keys = struct.unpack("<IQQ", file.read(20))
    for _ in range(keys):
        key = _text(file)
        (kind,) = struct.unpack("<I", file.read(4))
        if kind == STRING:
            value = _text(file)
            if key == TYPE_KEY:
                return value
        elif kind in SIZES:
            file.seek(SIZES[kind], 1)
        else:
            return None

    return None


def _text(file: BinaryIO) -> bytes:
    (length,) = struct.unpack("<Q", file.read(8))
    if length > MAX_TEXT_BYTES:
        raise ValueError(f"a text of {length} bytes before the type")

    return file.read(length)
