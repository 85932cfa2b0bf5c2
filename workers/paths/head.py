"""Serves a request with a linear head on the encoder's vectors: an answer from a closed set, without a model."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from router.errors import PathError
from router.types import Outcome
from workers.context import Context, Work
from workers.paths.linear_head_model import LinearHead
from workers.prompting.structured_output import in_words


def run(context: Context, work: Work) -> Outcome:
    """The head's answer; it costs no tokens. Raises PathError when the worker has no encoder or the file is gone."""
    version = work.version
    doing = f"answering with route {version.route!r}, a head"
    if context.encoder is None:
        raise PathError(f"{doing}: this worker has no encoder; give it one", retry=False)

    path = (
        context.store.artefacts.file(version.adapter, context.settings.artefacts)
        if version.adapter
        else None
    )
    if path is None:
        raise PathError(
            f"{doing}: the store has no artefact {version.adapter!r}; train it again", retry=False
        )

    encoder = context.encoder()

    head = _load(path, path.stat().st_mtime_ns)
    if encoder.model_id != head.encoder:
        raise PathError(
            f"{doing}: it was made with another encoder, {head.encoder!r}; train it again",
            retry=False,
        )

    said = head.say(encoder, [work.request.text])[0]
    return Outcome(
        text=in_words(said.answer),
        data=said.answer,
        model="head",
        route=version.route,
        kind=version.kind,
        version=version.id,
    )


@lru_cache(maxsize=32)
def _load(path: Path, _changed: int) -> LinearHead:
    return LinearHead.load(path)
