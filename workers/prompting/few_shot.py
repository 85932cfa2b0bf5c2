"""The examples that are most like a message, found by their vectors."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from router.catalog.version import Shot
from router.encoder.factory import Encoder
from router.errors import PathError
from workers.context import Context, Work


def nearest(context: Context, work: Work, count: int) -> tuple[Shot, ...]:
    """The `count` examples of the version whose texts are closest to the message, the closest last.

    The last example before the question has the most influence. Uses the vector that the decision
    stored, if it was made by the same encoder.
    """
    if context.encoder is None:
        raise PathError(
            f"picking examples for route {work.version.route!r}: this worker has no encoder; use pick: fixed",
            retry=False,
        )

    encoder = context.encoder()
    shots = work.version.shots
    known = _vectors(encoder, tuple(shot.text for shot in shots))

    stored = context.store.requests.vector(work.request.id)
    if stored is not None and stored[0] == encoder.model_id:
        asked = np.frombuffer(stored[1], dtype=np.float32)
    else:
        asked = encoder.encode([work.request.text])[0]

    order = np.argsort(known @ asked, kind="stable")[-count:]
    return tuple(shots[int(place)] for place in order)


@lru_cache(maxsize=64)
def _vectors(encoder: Encoder, texts: tuple[str, ...]) -> NDArray[np.float32]:
    """Unit rows; computed once for each version and process."""
    return np.asarray(encoder.encode(list(texts)), dtype=np.float32)
