"""The shapes of base models: what their parameters, adapters and caches are counted from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from router.errors import InputError


@dataclass(frozen=True, slots=True)
class ModelShape:
    """A decoder's dimensions, as its `config.json` has them.

    `feed_forward_matrices` is 3 for a gated layer (Llama) and 2 for a plain one (GPT-3). `tied`
    says that the output layer is the embedding itself.
    """

    layers: int
    hidden: int
    feed_forward: int
    heads: int
    key_value_heads: int
    vocabulary: int
    feed_forward_matrices: int = 3
    tied: bool = False
    head_size: int = 0

    @property
    def key_value_width(self) -> int:
        """The width of the keys of one token in one layer; the values have the same."""
        return self.key_value_heads * (self.head_size or self.hidden // self.heads)

    @property
    def query_width(self) -> int:
        """The width of the queries of one token in one layer."""
        return self.heads * (self.head_size or self.hidden // self.heads)

    @property
    def linear_layers(self) -> tuple[tuple[int, int], ...]:
        """The inputs and outputs of each linear layer of one block."""
        attention = (
            (self.hidden, self.query_width),
            (self.hidden, self.key_value_width),
            (self.hidden, self.key_value_width),
            (self.query_width, self.hidden),
        )
        feed_forward = [(self.hidden, self.feed_forward)] * (self.feed_forward_matrices - 1)
        return (*attention, *feed_forward, (self.feed_forward, self.hidden))

    @property
    def embedding_parameters(self) -> int:
        """The parameters of the embedding and of the output layer."""
        return self.vocabulary * self.hidden * (1 if self.tied else 2)

    @property
    def block_parameters(self) -> int:
        """The parameters of all linear layers; norms and biases are less than a thousandth."""
        return self.layers * sum(rows * columns for rows, columns in self.linear_layers)

    @property
    def parameters(self) -> int:
        """All parameters."""
        return self.embedding_parameters + self.block_parameters


SHAPES = {
    "smollm2-135m": ModelShape(30, 576, 1536, 9, 3, 49152, tied=True),
    "gemma-3-270m": ModelShape(18, 640, 2048, 4, 1, 262144, tied=True, head_size=256),
    "qwen2.5-0.5b": ModelShape(24, 896, 4864, 14, 2, 151936, tied=True),
    "qwen2.5-7b": ModelShape(28, 3584, 18944, 28, 4, 152064),
    "mistral-7b": ModelShape(32, 4096, 14336, 32, 8, 32768),
    "llama-7b": ModelShape(32, 4096, 11008, 32, 32, 32000),
    "llama-3-8b": ModelShape(32, 4096, 14336, 32, 8, 128256),
    "llama-65b": ModelShape(80, 8192, 22016, 64, 64, 32000),
    "llama-3-70b": ModelShape(80, 8192, 28672, 64, 8, 128256),
    "gpt-3-175b": ModelShape(96, 12288, 49152, 96, 96, 50257, 2, tied=True),
}
"""By a short name. Sources: the `config.json` that each model is published with; GPT-3: Brown et
al. 2020, table 2.1 (arXiv 2005.14165)."""
ALIASES = {"local": "smollm2-135m", "llama-3.1-8b": "llama-3-8b", "llama-3.1-70b": "llama-3-70b"}


def find_shape(name: str) -> ModelShape:
    """Returns the shape of a known base, or of a folder with a `config.json`.

    Raises InputError naming the known ones.
    """
    plain = name.lower().rsplit("/", 1)[-1].removesuffix("-instruct")
    known = SHAPES.get(ALIASES.get(plain, plain))
    if known is not None:
        return known

    file = Path(name) / "config.json"
    if file.is_file():
        return _read_shape(file)

    raise InputError(
        f"planning a training of {name!r}: its shape is not known; known: "
        f"{', '.join(sorted(SHAPES))}; or name a folder with the model's config.json"
    )


def _read_shape(file: Path) -> ModelShape:
    try:
        config = json.loads(file.read_text("utf-8"))
        return ModelShape(
            layers=int(config["num_hidden_layers"]),
            hidden=int(config["hidden_size"]),
            feed_forward=int(config["intermediate_size"]),
            heads=int(config["num_attention_heads"]),
            key_value_heads=int(config.get("num_key_value_heads") or config["num_attention_heads"]),
            vocabulary=int(config["vocab_size"]),
            tied=bool(config.get("tie_word_embeddings", False)),
            head_size=int(config.get("head_dim") or 0),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"planning a training: {str(file)!r} cannot be read ({error!r}); it needs the keys of "
            "a Llama-like config.json, such as num_hidden_layers and hidden_size"
        ) from error
