"""Serves a request with a linear head: an answer from a closed set, without a language model."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from router.errors import PathError
from router.types import Outcome
from workers.context import Context, Work
from workers.paths._linear_head_model import LinearHead
from workers.prompting.structured_output import render_value

CACHED_HEADS = 32
PROBABILITY = "probability"
"""The signal of how probable the answer is, calibrated when the head was trained."""


def run(context: Context, work: Work) -> Outcome:
    """Returns the head's answer, which costs no tokens.

    Raises PathError when this process has no encoder, or the head is missing or was trained with
    another encoder.
    """
    version = work.version
    doing = f"answering with route {version.route!r}, a head"
    if not context.encoder.is_configured:
        raise PathError(f"{doing}: this worker has no encoder; give it one", retry=False)

    path = None
    if version.adapter:
        team = work.request.team
        folder = context.settings.artefact_folder(team)
        path = context.store.artefacts.materialise(team, version.adapter, folder)
    if path is None:
        raise PathError(
            f"{doing}: the store has no artefact {version.adapter!r}; train it again", retry=False
        )

    head = _load(path, path.stat().st_mtime_ns)
    if context.encoder.model_id != head.encoder:
        raise PathError(
            f"{doing}: it was made with another encoder, {head.encoder!r}; train it again",
            retry=False,
        )

    # Its answers are fixed, so they need no check against the schema.
    prediction = head.predict(context.encoder, [work.request.text])[0]
    work.signals[PROBABILITY] = prediction.probability
    return Outcome(
        text=render_value(prediction.answer),
        data=prediction.answer,
        model="head",
        route=version.route,
        kind=version.kind,
        version=version.id,
    )


def clear_heads() -> None:
    """Removes every loaded head from memory, where it would outlive its workspace."""
    _load.cache_clear()


@lru_cache(maxsize=CACHED_HEADS)
def _load(path: Path, _changed_at: int) -> LinearHead:
    """Loads a head once; the time of change is in the cache's key, so a new file is read."""
    return LinearHead.load(path)
