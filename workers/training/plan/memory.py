"""How much GPU memory a training needs, by part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from workers.training.plan.shapes import ModelShape

Method = Literal["qlora", "lora", "full", "rft"]
METHODS: tuple[Method, ...] = get_args(Method)
Span = tuple[float, float]
"""The lowest and the highest value of an estimate."""

GB = 1e9
BF16_BYTES = 2
NF4_BYTES = 4.127 / 8
"""A weight in NF4 with its doubly quantised scales has 4 + 0.127 bits (QLoRA, arXiv 2305.14314,
section 3)."""
ADAM_BYTES: Span = (2.0, 12.0)
"""Optimiser states of a trained parameter: both moments in 8 bits (arXiv 2110.02861), or both and
a copy of the weight in 32 bits (ZeRO, arXiv 1910.02054, section 3.1)."""
SMALLEST_RANK = 4
"""The smallest usual adapter stands beside queries and values alone (LoRA, arXiv 2106.09685)."""
LARGEST_RANK = 64
"""The largest usual adapter: beside every linear layer (QLoRA, appendix B.2)."""
SEQUENCE_TOKENS = (512, 2048)
"""Tokens of one training example in memory."""
SEQUENCES = (1, 4)
"""Examples in memory at once; larger batches are accumulated."""
BLOCK_ACTIVATION_BYTES = 34
"""Per token and hidden unit, of the one block that is being computed again (arXiv 2205.05198,
equation 2, attention without its scores)."""
LOGIT_BYTES = 8
"""Per token and word of the vocabulary: logits and their gradient, each in 32 bits."""
GROUP = (4, 16)
"""Answers that GRPO samples for one prompt (arXiv 2402.03300 took 64 for mathematics)."""


@dataclass(frozen=True, slots=True)
class Memory:
    """GPU memory in GB by part, lowest and highest. `kv` is the cache of sampled answers."""

    weights: Span
    gradients: Span
    optimiser: Span
    activations: Span
    kv: Span = (0.0, 0.0)

    @property
    def total(self) -> Span:
        """All parts together."""
        parts = (self.weights, self.gradients, self.optimiser, self.activations, self.kv)
        return sum(part[0] for part in parts), sum(part[1] for part in parts)


def adapter_parameters(shape: ModelShape, rank: int) -> int:
    """Returns the parameters of a LoRA adapter beside every linear layer of each block."""
    return shape.layers * sum(rank * (rows + columns) for rows, columns in shape.linear_layers)


def smallest_adapter_parameters(shape: ModelShape) -> int:
    """Returns the parameters of an adapter beside queries and values alone."""
    widths = 2 * shape.hidden + shape.query_width + shape.key_value_width
    return shape.layers * SMALLEST_RANK * widths


def trainable_parameters(shape: ModelShape, method: Method, rank: int | None = None) -> Span:
    """Returns how many parameters the optimiser changes; `rank` None stands for all usual ones.

    Reinforcement may train an adapter or everything.
    """
    small = float(smallest_adapter_parameters(shape))
    large = float(adapter_parameters(shape, LARGEST_RANK))
    if rank is not None:
        small = large = float(adapter_parameters(shape, rank))

    if method == "full":
        return float(shape.parameters), float(shape.parameters)

    return (small, float(shape.parameters)) if method == "rft" else (small, large)


def training_memory(shape: ModelShape, method: Method, rank: int | None = None) -> Memory:
    """Returns the memory of one training, with activations computed again in the backward pass."""
    trained = trainable_parameters(shape, method, rank)
    frozen = float(BF16_BYTES * shape.parameters)
    if method == "qlora":
        # Embeddings and the output layer stay in 16 bits.
        frozen = NF4_BYTES * shape.block_parameters + BF16_BYTES * shape.embedding_parameters

    weights: Span = (frozen, frozen)
    if method in ("lora", "qlora"):
        # An adapter is kept in 16 or in 32 bits.
        weights = (frozen + 2 * trained[0], frozen + 4 * trained[1])
    if method == "rft":
        # The reference model for the KL is the base without the adapter, or a second copy.
        weights = (frozen + 2 * trained[0], 2 * frozen)

    return Memory(
        weights=_in_gb(weights),
        gradients=_in_gb((BF16_BYTES * trained[0], BF16_BYTES * trained[1])),
        optimiser=_in_gb((ADAM_BYTES[0] * trained[0], ADAM_BYTES[1] * trained[1])),
        activations=_in_gb((_activations(shape, 0), _activations(shape, 1))),
        kv=_in_gb((_kv_cache(shape, 0), _kv_cache(shape, 1))) if method == "rft" else (0.0, 0.0),
    )


def _activations(shape: ModelShape, size: int) -> float:
    tokens = SEQUENCES[size] * SEQUENCE_TOKENS[size]
    # The input of each block is kept; one block at a time is computed again.
    kept = BF16_BYTES * tokens * shape.hidden * shape.layers
    block = BLOCK_ACTIVATION_BYTES * tokens * shape.hidden
    return float(kept + block + LOGIT_BYTES * tokens * shape.vocabulary)


def _kv_cache(shape: ModelShape, size: int) -> float:
    tokens = GROUP[size] * SEQUENCES[size] * SEQUENCE_TOKENS[size]
    return float(2 * BF16_BYTES * tokens * shape.key_value_width * shape.layers)


def _in_gb(span: Span) -> Span:
    return span[0] / GB, span[1] / GB
