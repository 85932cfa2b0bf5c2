"""Stores embeddings of requests in a quarter of their room: a whole number of 8 bits a component.

One request's vector as float32 took more room than everything else that is stored of it.
"""

from __future__ import annotations

import numpy as np

MAX = 127
SCALE_BYTES = 4
FLOAT_BYTES = 4


def pack_vector(vector: bytes) -> bytes:
    """Returns the vector (float32 bytes) as a scale with one byte for each component.

    A unit vector of 384 components comes back with a cosine of more than 0.999 to itself.
    """
    values = np.frombuffer(vector, np.float32)
    largest = float(np.abs(values).max(initial=0.0))
    scale = np.float32(largest / MAX if largest else 1.0)
    numbers: bytes = np.rint(values / scale).astype(np.int8).tobytes()

    # The length tells both forms apart: that of float32 bytes is a multiple of four. The first byte
    # says how many come before the scale.
    before = 1 if (1 + SCALE_BYTES + len(numbers)) % FLOAT_BYTES else 2
    header: bytes = bytes([before] * before) + scale.tobytes()
    return header + numbers


def unpack_vector(stored: bytes) -> bytes:
    """Returns the float32 bytes of a vector that `pack_vector` or an older release stored."""
    if len(stored) % FLOAT_BYTES == 0:
        return stored

    start = stored[0]
    numbers = start + SCALE_BYTES
    scale = np.frombuffer(stored[start:numbers], np.float32)
    vector: bytes = (np.frombuffer(stored[numbers:], np.int8) * scale).tobytes()
    return vector
