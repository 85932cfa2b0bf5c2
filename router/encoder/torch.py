"""Sentence-transformers models in full precision. The only importer of torch outside the trainers.

`import torch` below is the library: imports here are absolute, so this module does not hide it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_CHARS = 4000
"""Characters that are read of a text; the encoder's 256 tokens end long before."""
BATCH = 64
WORD_BLOCK_NORM = 0.5
"""Length of the block of word embeddings. They tell routes apart that mean nearly the same, but
know nothing of synonyms, so they count less than the other blocks."""
MASKED = 1e9
"""Subtracted from features of padding, so that none is ever the maximum."""


class TorchEncoder:
    """A sentence-transformers model on one thread; see `Encoder`.

    The views are up to three blocks: the sentence vector; the element-wise maximum over the token
    vectors (max pooling); and the sum of the input word embeddings, which ignores word order. Where
    the model does not show its tokens, there is only the first.

    A process that encodes must not fork afterwards: torch's threads do not survive that.
    """

    def __init__(self, name: str, model_id: str) -> None:
        """Opens the model of that name or in that folder.

        Raises OSError or ValueError when there is none.
        """
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(1)
        self._model = SentenceTransformer(name, device="cpu")
        self.model_id = model_id
        self.dim = int(self._model.get_embedding_dimension() or 0)

    @property
    def transformer(self) -> Any:
        """The model below the pooling, as torch knows it."""
        return self._model[0].auto_model

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

        embeddings = self.transformer.get_input_embeddings().weight.detach().numpy()
        if embeddings.shape[1] != self.dim:
            return np.concatenate([sentence, max_pooled])

        word_ids = np.asarray(ids)[: len(tokens)][is_token]
        words = to_unit_length(embeddings[word_ids].sum(axis=0))
        return np.concatenate([sentence, max_pooled, WORD_BLOCK_NORM * words])

    def write_onnx(self, path: Path) -> None:
        """Writes the whole encoder as an ONNX file: tokens in, all three blocks out."""
        import torch

        normalize = torch.nn.functional.normalize
        transformer = self.transformer

        class Pooled(torch.nn.Module):  # type: ignore[misc]  # mypy does not read torch
            """`_view` for a batch, as a graph."""

            def __init__(self) -> None:
                super().__init__()
                self.transformer = transformer
                self.embeddings = transformer.get_input_embeddings()

            def forward(self, input_ids: Any, attention_mask: Any) -> Any:
                output = self.transformer(input_ids=input_ids, attention_mask=attention_mask)
                hidden = output.last_hidden_state
                mask = attention_mask.unsqueeze(-1).to(hidden.dtype)

                mean = normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)
                max_pooled = normalize((hidden + (mask - 1) * MASKED).amax(1), dim=-1)
                words = normalize((self.embeddings(input_ids) * mask).sum(1), dim=-1)
                return torch.cat([mean, max_pooled, WORD_BLOCK_NORM * words], dim=-1)

        # The values of the sample do not matter: its two dimensions are declared as variable.
        ids = torch.ones((2, 8), dtype=torch.int64)
        torch.onnx.export(
            Pooled().eval(),
            (ids, torch.ones_like(ids)),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["views"],
            dynamic_axes={
                "input_ids": {0: "n", 1: "t"},
                "attention_mask": {0: "n", 1: "t"},
                "views": {0: "n"},
            },
            opset_version=17,
            dynamo=False,
        )


def to_unit_length(row: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns the row scaled to length 1."""
    return np.asarray(row / max(float(np.linalg.norm(row)), 1e-9), np.float32)
