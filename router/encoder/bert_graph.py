"""Writes encoders and cross-encoders as ONNX graphs, straight from weights: no torch takes part.

The model is BERT (Devlin et al. 2019, https://arxiv.org/abs/1810.04805) in the size of MiniLM:
after each sublayer its input is added and the sum normalised. Names of weights are BERT's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.encoder.protocol import WORD_BLOCK_NORM

OPSET = 17
"""The first one with LayerNormalization."""
EPSILON = 1e-12
"""Of the layer normalisation, as in the model's `config.json`."""
HEADS = 12
WIDTH = 384
"""Of a token's vector, and of each block of the views."""
BLOCKS = 3
SEGMENTS = "token_type_ids"
"""The input that says which text of a pair a token is of: 0 or 1."""
PRODUCT_SCALE = 20.0
"""Brings the product of two means to the size of their difference."""


def write_encoder(
    weights: Mapping[str, NDArray[np.float32]],
    path: Path,
    *,
    fixed_tokens: int = 0,
    center: NDArray[np.float32] | None = None,
) -> None:
    """Writes the encoder in full precision: the token ids `(1, t)` of one text in, views out.

    It has as many layers as `weights` are for. The views, `(1, BLOCKS * WIDTH)`, are those of
    `TorchEncoder`. The first `fixed_tokens` are the same in every text, as is the last one then,
    and are left out of the word vectors. `center` is taken from the mean over the tokens, once that
    has unit length.
    """
    import onnx

    graph = _Graph(weights)
    hidden = _layers(graph, _embed(graph))
    _pool(graph, hidden, fixed_tokens, center)
    onnx.save(graph.model(["input_ids"], "views", BLOCKS * WIDTH), str(path))


def write_cross_encoder(weights: Mapping[str, NDArray[np.float32]], path: Path) -> None:
    """Writes a cross-encoder in full precision: a pair of texts in, one score out.

    The inputs `input_ids` and `token_type_ids`, `(1, t)`, are one pair's tokens and which text each
    is of. The output, `(1, 1)`, is `pair.scale` times the cosine of the two texts' mean vectors,
    and a linear function (`pair.weight`, `pair.bias`) of three blocks: the vector of the first
    token, the product of the means times `PRODUCT_SCALE`, and their absolute difference.
    """
    import onnx

    graph = _Graph(weights)
    hidden = _layers(graph, _embed(graph, SEGMENTS))
    first = graph.add("Gather", hidden, graph.constant("first", np.array(0, np.int64)), axis=1)
    mask = graph.add("Cast", SEGMENTS, to=onnx.TensorProto.FLOAT)
    one = graph.constant("one", np.array(1, np.float32))
    text = _masked_mean(graph, hidden, mask)
    question = _masked_mean(graph, hidden, graph.add("Sub", one, mask))

    product_scale = graph.constant("product_scale", np.array(PRODUCT_SCALE, np.float32))
    product = graph.add("Mul", graph.add("Mul", question, text), product_scale)
    difference = graph.add("Abs", graph.add("Sub", question, text))
    blocks = graph.add("Concat", first, product, difference, axis=-1)

    axis = graph.constant("vector_axis", np.array([1], np.int64))
    units = [graph.add("LpNormalization", mean, axis=-1, p=2) for mean in (question, text)]
    cosine = graph.add("ReduceSum", graph.add("Mul", *units), axis, keepdims=1)
    scaled = graph.add("Mul", cosine, graph.weight("pair.scale"))

    graph.add("Add", graph.linear(blocks, "pair"), scaled)
    onnx.save(graph.model(["input_ids", SEGMENTS], "score", 1), str(path))


def _masked_mean(graph: _Graph, hidden: str, mask: str) -> str:
    """Adds the mean `(1, WIDTH)` over the tokens whose mask `(1, t)` is 1, not 0."""
    tokens = graph.constant("token_axis", np.array([1], np.int64))
    last = graph.constant("last_axis", np.array([-1], np.int64))
    kept = graph.add("Mul", hidden, graph.add("Unsqueeze", mask, last))
    return graph.add(
        "Div",
        graph.add("ReduceSum", kept, tokens, keepdims=0),
        graph.add("ReduceSum", mask, tokens, keepdims=1),
    )


class _Graph:
    """A graph that grows node by node. Values are known by their names."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        self.weights = weights
        self._nodes: list[Any] = []
        self._constants: dict[str, NDArray[Any]] = {}

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Adds a node of one output, and returns that output's name."""
        from onnx.helper import make_node

        output = f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(make_node(kind, list(inputs), [output], name=output, **attributes))
        return output

    def constant(self, name: str, value: Any) -> str:
        """Adds a constant, once for each name."""
        self._constants[name] = np.asarray(value)
        return name

    def weight(self, name: str) -> str:
        """Adds a weight of the model as it is."""
        return self.constant(name, self.weights[name].astype(np.float32))

    def linear(self, value: str, name: str) -> str:
        """Adds `value @ weight.T + bias`."""
        # Turned here: a constant on the right is what the quantiser looks for.
        turned = self.constant(f"{name}.turned", self.weights[f"{name}.weight"].T.copy())
        return self.add("Add", self.add("MatMul", value, turned), self.weight(f"{name}.bias"))

    def normalised(self, value: str, name: str) -> str:
        """Adds a layer normalisation over the last axis."""
        scale, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.add("LayerNormalization", value, scale, bias, axis=-1, epsilon=EPSILON)

    def model(self, inputs: Sequence[str], output: str, width: int) -> Any:
        """Returns the ONNX model; its output `(1, width)` is the value that was added last.

        Its inputs are whole numbers `(1, t)`, t tokens.
        """
        from onnx import TensorProto
        from onnx.helper import (
            make_graph,
            make_model,
            make_node,
            make_opsetid,
            make_tensor_value_info,
        )
        from onnx.numpy_helper import from_array

        last = self._nodes[-1].output[0]
        graph = make_graph(
            [*self._nodes, make_node("Identity", [last], [output])],
            "encoder",
            [make_tensor_value_info(name, TensorProto.INT64, [1, "t"]) for name in inputs],
            [make_tensor_value_info(output, TensorProto.FLOAT, [1, width])],
            [from_array(value, name) for name, value in self._constants.items()],
        )
        return make_model(graph, opset_imports=[make_opsetid("", OPSET)], ir_version=8)


def _embed(graph: _Graph, segments: str | None = None) -> str:
    """Adds word, position and segment embeddings.

    `segments` is the input with each token's segment; without, a text is all of the first one.
    """
    words = graph.add("Gather", graph.weight("embeddings.word_embeddings.weight"), "input_ids")

    length = graph.add("Shape", "input_ids", start=1, end=2)
    zero = graph.constant("zero", np.array([0], np.int64))
    positions = graph.add(
        "Slice", graph.weight("embeddings.position_embeddings.weight"), zero, length, zero
    )

    segments = segments or graph.constant("first", np.array(0, np.int64))
    segment = graph.add("Gather", graph.weight("embeddings.token_type_embeddings.weight"), segments)
    summed = graph.add("Add", graph.add("Add", words, segment), positions)
    return graph.normalised(summed, "embeddings.LayerNorm")


def _layers(graph: _Graph, hidden: str) -> str:
    """Adds as many layers as there are weights for."""
    number = 0
    while f"encoder.layer.{number}.output.dense.weight" in graph.weights:
        hidden = _layer(graph, hidden, f"encoder.layer.{number}")
        number += 1

    return hidden


def _layer(graph: _Graph, hidden: str, name: str) -> str:
    attended = graph.linear(
        _attention(graph, hidden, f"{name}.attention.self"), f"{name}.attention.output.dense"
    )
    hidden = graph.normalised(
        graph.add("Add", attended, hidden), f"{name}.attention.output.LayerNorm"
    )

    widened = _gelu(graph, graph.linear(hidden, f"{name}.intermediate.dense"))
    narrowed = graph.linear(widened, f"{name}.output.dense")
    return graph.normalised(graph.add("Add", narrowed, hidden), f"{name}.output.LayerNorm")


def _attention(graph: _Graph, hidden: str, name: str) -> str:
    """Adds softmax(Q K^T / sqrt(d)) V, each head for itself. There is no padding to mask."""
    size = WIDTH // HEADS
    split = graph.constant("split_heads", np.array([1, -1, HEADS, size], np.int64))
    joined = graph.constant("join_heads", np.array([1, -1, WIDTH], np.int64))
    scale = graph.constant("head_scale", np.array(size**-0.5, np.float32))

    query = graph.add("Reshape", graph.linear(hidden, f"{name}.query"), split)
    key = graph.add("Reshape", graph.linear(hidden, f"{name}.key"), split)
    value = graph.add("Reshape", graph.linear(hidden, f"{name}.value"), split)

    scores = graph.add(
        "MatMul",
        graph.add("Mul", graph.add("Transpose", query, perm=[0, 2, 1, 3]), scale),
        graph.add("Transpose", key, perm=[0, 2, 3, 1]),
    )
    attended = graph.add(
        "MatMul",
        graph.add("Softmax", scores, axis=-1),
        graph.add("Transpose", value, perm=[0, 2, 1, 3]),
    )
    return graph.add("Reshape", graph.add("Transpose", attended, perm=[0, 2, 1, 3]), joined)


def _gelu(graph: _Graph, value: str) -> str:
    """Adds x * Phi(x), Phi being the normal distribution's function (the exact form of GELU)."""
    root = graph.constant("root_of_two", np.array(2**0.5, np.float32))
    one = graph.constant("one", np.array(1, np.float32))
    half = graph.constant("half", np.array(0.5, np.float32))

    distribution = graph.add("Add", graph.add("Erf", graph.add("Div", value, root)), one)
    return graph.add("Mul", graph.add("Mul", value, distribution), half)


def _pool(
    graph: _Graph, hidden: str, fixed_tokens: int, center: NDArray[np.float32] | None
) -> None:
    """Adds the three blocks: mean and maximum over the tokens, and the sum of the word vectors."""
    tokens = graph.constant("token_axis", np.array([1], np.int64))
    ids = "input_ids"
    if fixed_tokens:
        start = graph.constant("own_start", np.array([fixed_tokens], np.int64))
        stop = graph.constant("own_stop", np.array([-1], np.int64))
        ids = graph.add("Slice", ids, start, stop, tokens)

    words = graph.add("Gather", "embeddings.word_embeddings.weight", ids)
    mean = graph.add("ReduceMean", hidden, axes=[1], keepdims=0)
    if center is not None:
        unit = graph.add("LpNormalization", mean, axis=-1, p=2)
        mean = graph.add("Sub", unit, graph.constant("center", center[None].astype(np.float32)))

    blocks = [
        mean,
        graph.add("ReduceMax", hidden, axes=[1], keepdims=0),
        graph.add("ReduceSum", words, tokens, keepdims=0),
    ]

    lengths = [1.0, 1.0, WORD_BLOCK_NORM]
    graph.add("Concat", *_scaled(graph, blocks, lengths), axis=-1)


def _scaled(graph: _Graph, blocks: Sequence[str], lengths: Sequence[float]) -> list[str]:
    """Adds what gives each block its length."""
    scaled = []
    for block, length in zip(blocks, lengths, strict=True):
        unit = graph.add("LpNormalization", block, axis=-1, p=2)
        if length != 1:
            factor = graph.constant(f"length_{length}", np.array(length, np.float32))
            unit = graph.add("Mul", unit, factor)

        scaled.append(unit)

    return scaled
