"""Few-shot selection: the examples whose vectors are nearest to the message."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from router.catalog.version import Shot
from router.encoder.protocol import Encoder
from router.errors import PathError
from workers.context import Context, Work

CACHED_VERSIONS = 64


def nearest_examples(context: Context, work: Work, count: int) -> tuple[Shot, ...]:
    """Returns the `count` examples of the version nearest to the message, the nearest last.

    The last example before the question has the most influence. Raises PathError when this process
    has no encoder.
    """
    if not context.encoder.is_configured:
        raise PathError(
            f"picking examples for route {work.version.route!r}: this worker has no encoder; "
            "use pick: fixed",
            retry=False,
        )

    shots = work.version.shots
    example_vectors = _encode_once(context.encoder, tuple(shot.text for shot in shots))

    # The decision stored the message's vector; encoding it again is only needed when that was done
    # with another encoder.
    stored = context.store.requests.vector(work.request.id)
    if stored is not None and stored[0] == context.encoder.model_id:
        message_vector = np.frombuffer(stored[1], dtype=np.float32)
    else:
        message_vector = context.encoder.encode([work.request.text])[0]

    # Rows have length 1, so the dot product is the cosine.
    cosines = example_vectors @ message_vector
    nearest = np.argsort(cosines, kind="stable")[-count:]
    return tuple(shots[int(index)] for index in nearest)


@lru_cache(maxsize=CACHED_VERSIONS)
def _encode_once(encoder: Encoder, texts: tuple[str, ...]) -> NDArray[np.float32]:
    """Returns unit vectors, `(n, dim)`; computed once for each version and process."""
    return np.asarray(encoder.encode(list(texts)), dtype=np.float32)
