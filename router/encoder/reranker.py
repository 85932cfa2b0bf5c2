"""Reads passages once more beside the question: opens the cross-encoder that the settings name."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from router.errors import SettingsError
from router.log import get_log

LONGEST = 4000
"""Characters that are read of a passage; a cross-encoder's tokens end before."""


class Reranker:
    """A sentence-transformers CrossEncoder. `load` takes seconds; until it is done `scores` says nothing.

    Safe for many threads: one pass at a time. What cannot be loaded or does not run is logged, with
    what to do, and says nothing from then on.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._model: Any = None
        self._alone = threading.Lock()

    def load(self) -> None:
        """The model is ready, or the log says why not."""
        try:
            self._model = _opened(self._name)
        except Exception as error:  # noqa: BLE001  # a damaged model fails in any way there is; answers go on without it
            self._give_up("loading", str(error))

    def scores(self, question: str, passages: Sequence[str]) -> list[float] | None:
        """How well each passage answers, higher is better, in order; None while there is no model to say so."""
        model = self._model
        if model is None or not passages:
            return None

        pairs = [(question[:LONGEST], passage[:LONGEST]) for passage in passages]
        try:
            with self._alone:
                found = np.asarray(model.predict(pairs, show_progress_bar=False), np.float64)
        except Exception as error:  # noqa: BLE001  # as above; its message may quote a passage
            self._give_up("running", type(error).__name__)
            return None

        if not np.isfinite(found).all():
            self._give_up("running", "it gave a score that is no number")
            return None

        return [float(score) for score in found]

    def _give_up(self, doing: str, why: str) -> None:
        self._model = None
        get_log(part="reranker").error(
            "no_reranker",
            model=self._name,
            why=f"{doing} it failed: {why}",
            do="passages keep the index's order; set BEAGLE_RERANKER to a CrossEncoder that gives one score, by a name"
            " that can be fetched or a folder on this machine, or leave it empty, and start the worker again",
        )


def _opened(name: str) -> Any:
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(name, device="cpu")
    if model.num_labels != 1:
        raise SettingsError(
            f"opening the reranker {name!r}: it gives {model.num_labels} scores a passage, expected one"
        )

    return model
