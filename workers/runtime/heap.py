"""Keeps a process's heap small, and the pauses of Python's garbage collector short."""

from __future__ import annotations

import ctypes
import gc
import sys

# From malloc.h.
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8

ARENAS = 2
"""Heaps that threads share. By default there are eight for each core, and each keeps its holes."""
BLOCK_BYTES = 128 * 1024
"""Larger blocks are mapped one by one and go back when they are freed. Setting it also keeps glibc
from raising it to 32 MB by itself, which turns the matrices of one training into holes."""


def limit_heap() -> bool:
    """Sets glibc's limits for this process; returns False where there is no such allocator.

    By itself glibc gives little back where many threads allocate.

    Call it first: it holds for what is allocated later.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is None:
        return False

    limits = {M_ARENA_MAX: ARENAS, M_TRIM_THRESHOLD: BLOCK_BYTES, M_MMAP_THRESHOLD: BLOCK_BYTES}
    return all(mallopt(name, value) == 1 for name, value in limits.items())


def freeze_startup_objects() -> None:
    """Takes what exists now out of the garbage collector's sight; call it once all is loaded.

    Modules, classes and routes stay as long as the process. A full collection looked at all of
    them, some 170,000 objects in a bot, and held every thread for 70 to 150 ms each time.
    """
    gc.collect()
    gc.freeze()
