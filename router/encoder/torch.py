"""Sentence-transformers models in full precision. The only importer of torch outside the trainers.

`import torch` below is the library: imports here are absolute, so this module does not hide it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.encoder.protocol import WORD_BLOCK_NORM
from router.errors import INSTALL_EXTRA, SettingsError

MAX_CHARS = 4000
"""Characters that are read of a text; the encoder's 256 tokens end long before."""
BATCH = 64


class TorchEncoder:
    """A sentence-transformers model on one thread; see `Encoder`.

    The views are up to three blocks: the sentence vector; the element-wise maximum over the token
    vectors (max pooling); and the sum of the input word embeddings, which ignores word order. Where
    the model does not show its tokens, there is only the first.

    A process that encodes must not fork afterwards: torch's threads do not survive that.
    """

    def __init__(self, name: str, model_id: str) -> None:
        """Opens the model of that name or in that folder.

        Raises OSError or ValueError when there is none, SettingsError where the packages for such
        models are not installed.
        """
        try:
            import torch
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise SettingsError(
                f"opening the encoder {name!r}: {error}; {INSTALL_EXTRA.format('encoders')}, or "
                "set BEAGLE_ENCODER=fast"
            ) from error

        torch.set_num_threads(1)
        self._model = SentenceTransformer(name, device="cpu")
        self.model_id = model_id
        self.dim = int(self._model.get_embedding_dimension() or 0)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns the first block of the views."""
        return self.views(texts)[:, : self.dim]

    def views(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns the blocks that the class describes."""
        if not texts:
            return np.empty((0, self.dim), np.float32)

        outputs = self._model.encode(
            [text[:MAX_CHARS] for text in texts],
            batch_size=BATCH,
            output_value=None,
            show_progress_bar=False,
        )
        return np.stack([self._view(output) for output in outputs])

    def _view(self, output: Mapping[str, Any]) -> NDArray[np.float32]:
        """Returns the blocks of one text from everything that the model says of it."""
        sentence = to_unit_length(np.asarray(output["sentence_embedding"], np.float32))

        tokens = output.get("token_embeddings")
        ids = output.get("input_ids")
        mask = output.get("attention_mask")
        if tokens is None or ids is None or mask is None or tokens.shape[-1] != self.dim:
            return sentence

        is_token = np.asarray(mask, bool)[: len(tokens)]
        max_pooled = to_unit_length(np.asarray(tokens, np.float32)[is_token].max(axis=0))

        embeddings = self._model[0].auto_model.get_input_embeddings().weight.detach().numpy()
        if embeddings.shape[1] != self.dim:
            return np.concatenate([sentence, max_pooled])

        word_ids = np.asarray(ids)[: len(tokens)][is_token]
        words = to_unit_length(embeddings[word_ids].sum(axis=0))
        return np.concatenate([sentence, max_pooled, WORD_BLOCK_NORM * words])


def to_unit_length(row: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns the row scaled to length 1."""
    return np.asarray(row / max(float(np.linalg.norm(row)), 1e-9), np.float32)
