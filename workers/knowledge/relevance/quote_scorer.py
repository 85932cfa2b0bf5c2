"""How well a quote answers a question: a cross-encoder, which reads the two together.

Vectors of question and line, each made for itself (`line_meaning.py`), tell what both are about;
only what reads them together sees whether the one answers the other. The model is MiniLM with
low-rank adapters (LoRA; Hu et al. 2021, https://arxiv.org/abs/2106.09685) that are part of the
package and are merged into its weights when it is exported.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.encoder.bert_graph import SEGMENTS
from router.encoder.factory import minilm_folder
from router.encoder.onnx import ExportFiles, open_admitted, open_tokenizer
from router.encoder.onnx_export import export_in_child
from router.errors import SettingsError
from router.log import get_log

ADAPTERS = Path(__file__).parent / "quote_scorer.npz"
"""`beagle eval fit_quote_scorer` writes it: for each linear layer `LAYER.down` and `LAYER.up`, the
head, and `line_weight`."""
MAX_TOKENS = 160
"""Of a question and a quote together; what is longer is cut, the longer text first."""
MAX_QUESTION_CHARS = 400
EXPORT_MODULE = "workers.knowledge.relevance.quote_scorer_export"


class QuoteScorer:
    """The cross-encoder in int8, opened at its first use; see `QuoteScores`.

    Where it cannot be opened the log says so, once, and there are no scores.
    """

    def __init__(self, cache_folder: Path, adapters: Path = ADAPTERS) -> None:
        self._folder = cache_folder
        self._adapters = adapters
        self._lock = threading.Lock()
        self._model: tuple[Any, Any] | None = None
        self._is_broken = False

    def scores(self, question: str, quotes: Sequence[str]) -> NDArray[np.float64] | None:
        """See `QuoteScores.scores`. The first call exports the model if that was not done yet."""
        model = self._opened()
        if model is None:
            return None

        session, tokenizer = model
        scores = [
            run_pair(session, tokenizer, question[:MAX_QUESTION_CHARS], quote) for quote in quotes
        ]
        return np.array(scores, np.float64)

    def _opened(self) -> tuple[Any, Any] | None:
        # Two threads that need it at once must not load the weights twice.
        with self._lock:
            if self._model is None and not self._is_broken:
                try:
                    self._model = open_quote_scorer(self._folder, self._adapters)
                except (SettingsError, OSError) as error:
                    self._is_broken = True
                    get_log(part="quote_scorer").error(
                        "no_quote_scorer",
                        why=str(error),
                        do="answers from documents are chosen by their lines alone; correct the"
                        " cause and start the worker again",
                    )

            return self._model


def run_pair(session: Any, tokenizer: Any, question: str, quote: str) -> float:
    """Returns the score of one pair.

    Pairs run alone, for the reason that texts do (`OnnxEncoder`).
    """
    pair = tokenizer.encode(question, quote)
    inputs = {
        "input_ids": np.array([pair.ids], np.int64),
        SEGMENTS: np.array([pair.type_ids], np.int64),
    }
    return float(session.run(None, inputs)[0][0, 0])


def scorer_files(adapters: Path) -> ExportFiles:
    """Returns the files of the model with these adapters; others have files of their own."""
    digest = hashlib.sha256(adapters.read_bytes()).hexdigest()
    return ExportFiles(f"quote-scorer-{digest[:12]}")


def open_pair_tokenizer(model: Path) -> Any:
    """Returns the tokeniser in the folder `model` for pairs of texts, cut off at MAX_TOKENS."""
    return open_tokenizer(model, MAX_TOKENS)


def open_quote_scorer(folder: Path, adapters: Path = ADAPTERS) -> tuple[Any, Any]:
    """Returns the session and the tokeniser, exported into `folder` first where that is missing.

    Raises SettingsError where that fails, or where the parity check refused the model.
    """
    files = scorer_files(adapters)
    if not files.exists(folder):
        arguments = [str(folder), str(adapters)]
        export_in_child(EXPORT_MODULE, arguments, f"the quote scorer into {str(folder)!r}")

    session, _ = open_admitted(folder, files, "the quote scorer")
    return session, open_pair_tokenizer(minilm_folder())
