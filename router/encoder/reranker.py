"""Scores passages against a question with the cross-encoder that the settings name."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from router.errors import INSTALL_EXTRA, SettingsError
from router.log import get_log

MAX_CHARS = 4000
"""Characters that are read of a passage; a cross-encoder's tokens end before."""


class Reranker:
    """A sentence-transformers CrossEncoder; safe for many threads, one pass at a time.

    `load` takes seconds, and until it is done there are no scores. A model that cannot be loaded or
    fails is logged with what to do about it. It gives no scores from then on; search works without.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._model: Any = None
        self._lock = threading.Lock()

    def load(self) -> None:
        """Opens the model; the log says so when that fails."""
        try:
            self._model = _open_cross_encoder(self._name)
        except Exception as error:  # noqa: BLE001  # a damaged model fails in any way there is
            self._give_up("loading", str(error))

    def scores(self, question: str, passages: Sequence[str]) -> list[float] | None:
        """Returns how well each passage answers the question, in order; higher is better.

        Returns None when there is no model to say so, or no passage.
        """
        model = self._model
        if model is None or not passages:
            return None

        pairs = [(question[:MAX_CHARS], passage[:MAX_CHARS]) for passage in passages]
        try:
            with self._lock:
                prediction = model.predict(pairs, show_progress_bar=False)
            scores = np.asarray(prediction, np.float64)
        except Exception as error:  # noqa: BLE001  # as above
            # Only the type: the message may quote a passage, which must not reach the log.
            self._give_up("running", type(error).__name__)
            return None

        if not np.isfinite(scores).all():
            self._give_up("running", "it gave a score that is no number")
            return None

        return [float(score) for score in scores]

    def _give_up(self, doing: str, cause: str) -> None:
        self._model = None
        get_log(part="reranker").error(
            "no_reranker",
            model=self._name,
            why=f"{doing} it failed: {cause}",
            do="passages keep the index's order; set BEAGLE_RERANKER to a CrossEncoder that gives"
            " one score, by a name that can be fetched or a folder on this machine, or leave it"
            " empty, and start the worker again",
        )


def _open_cross_encoder(name: str) -> Any:
    """Returns the model.

    Raises SettingsError when it gives more than one score a passage, or where the packages for such
    models are not installed.
    """
    try:
        from sentence_transformers import CrossEncoder
    except ImportError as error:
        raise SettingsError(f"{error}; {INSTALL_EXTRA.format('encoders')}") from error

    model = CrossEncoder(name, device="cpu")
    if model.num_labels != 1:
        raise SettingsError(
            f"opening the reranker {name!r}: it gives {model.num_labels} scores a passage, "
            "expected one"
        )

    return model
