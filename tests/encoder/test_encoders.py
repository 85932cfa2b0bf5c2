import json
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from router.config import Settings
from router.encoder.batching import BatchingEncoder
from router.encoder.bert_graph import BLOCKS, WIDTH, write_encoder
from router.encoder.cache import CachingEncoder
from router.encoder.factory import minilm_folder, open_encoder, open_onnx_encoder
from router.encoder.onnx import EXPORT, OnnxEncoder, encode_each, open_session, open_tokenizer
from router.encoder.onnx_export import measure_parity
from router.encoder.torch import TorchEncoder
from router.errors import SettingsError


def test_a_text_is_encoded_once_while_it_is_remembered(trigrams):
    encoder = type(trigrams)()
    cache = CachingEncoder(encoder, size=2)

    first = cache.encode(["a", "b", "a"])
    again = cache.encode(["a"])

    assert encoder.seen == ["a", "b"]
    assert np.array_equal(first[0], again[0])


def test_the_oldest_text_is_forgotten_first(trigrams):
    encoder = type(trigrams)()
    cache = CachingEncoder(encoder, size=2)

    for text in ("a", "b", "a", "c"):
        cache.encode([text])

    cache.encode(["a"])
    cache.encode(["b"])

    assert encoder.seen == ["a", "b", "c", "b"]


def test_a_cleared_cache_keeps_what_it_is_told_to_keep(trigrams):
    encoder = type(trigrams)()
    cache = CachingEncoder(encoder)
    cache.encode(["a", "b", "c"])

    cache.clear(keep=["b", "unknown"])
    cache.encode(["b", "c"])

    assert encoder.seen == ["a", "b", "c", "c"]


def test_no_text_gives_no_row(trigrams):
    assert CachingEncoder(type(trigrams)()).encode([]).shape == (0, 256)


def test_threads_share_batches_and_each_gets_its_own_rows(trigrams):
    alone = trigrams.encode([f"text number {i}" for i in range(20)])
    batches, got = BatchingEncoder(trigrams), {}

    threads = [
        threading.Thread(
            target=lambda i=i: got.update({i: batches.encode([f"text number {i}"])[0]})
        )
        for i in range(20)
    ]

    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join(60)

    assert all(np.array_equal(got[i], alone[i]) for i in range(20))


def test_what_waits_while_one_batch_runs_goes_together():
    began, go, sizes = threading.Event(), threading.Event(), []

    class Slow:
        model_id, dim = "slow", 1

        def encode(self, texts):
            return self.views(texts)

        def views(self, texts):
            sizes.append(len(texts))
            began.set()
            assert go.wait(60)

            return np.ones((len(texts), 1), np.float32)

    batches = BatchingEncoder(Slow())
    threads = [threading.Thread(target=batches.encode, args=([str(i)],)) for i in range(5)]
    threads[0].start()
    assert began.wait(60)

    for thread in threads[1:]:
        thread.start()

    while batches.waiting < 4:
        threads[1].join(0.001)

    go.set()
    for thread in threads:
        thread.join(60)

    assert sizes == [1, 4]


def test_an_error_reaches_every_caller():
    class Broken:
        model_id, dim = "broken", 1

        def encode(self, texts):
            return self.views(texts)

        def views(self, texts):
            raise OSError("no weights")

    with pytest.raises(OSError, match="no weights"):
        BatchingEncoder(Broken()).encode(["a"])


def test_equal_encodings_agree_fully(trigrams):
    rows = trigrams.encode(["one fish", "two fish", "red bird", "blue bird"])

    assert measure_parity(rows, rows) == (pytest.approx(1.0), 1.0)


def test_encodings_that_see_other_neighbours_disagree():
    rng = np.random.default_rng(0)
    rows = [rng.normal(size=(40, 16)).astype(np.float32) for _ in range(2)]
    rows = [part / np.linalg.norm(part, axis=1, keepdims=True) for part in rows]

    cosine, agreement = measure_parity(*rows)

    assert cosine < 0.5
    assert agreement < 0.5


def test_an_export_that_failed_its_check_is_refused(tmp_path: Path):
    EXPORT.model(tmp_path).write_bytes(b"x")
    EXPORT.check(tmp_path).write_text(json.dumps({"admitted": False, "cosine": 0.5}))

    with pytest.raises(SettingsError, match="refused"):
        OnnxEncoder(tmp_path, tmp_path)


def test_an_export_that_was_changed_is_refused(tmp_path: Path):
    EXPORT.model(tmp_path).write_bytes(b"x")
    EXPORT.check(tmp_path).write_text(
        json.dumps({"admitted": True, "sha256": "0" * 64, "dim": 1, "width": 1})
    )

    with pytest.raises(SettingsError, match="SHA-256"):
        OnnxEncoder(tmp_path, tmp_path)


def test_another_encoder_without_its_packages_says_which_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)

    for name in ("torch", "some/model"):
        with pytest.raises(SettingsError, match="install the extra 'encoders'"):
            open_encoder(name, tmp_path)


@pytest.mark.model
def test_the_written_graph_is_minilm_in_full_precision(tmp_path: Path):
    texts = ["where is my parcel", "", "x " * 500, "naïve café 日本語", "The VPN is down AGAIN!!"]
    path = tmp_path / "full.onnx"
    write_encoder(load_file(minilm_folder() / "model.safetensors"), path)

    graph = open_session(path)
    rows = encode_each(graph, open_tokenizer(minilm_folder()), texts, BLOCKS * WIDTH)

    expected = TorchEncoder(str(minilm_folder()), "minilm").views(texts)
    assert np.abs(rows - expected).max() < 1e-5


@pytest.mark.model
def test_the_fast_encoder_gives_a_text_the_same_vector_in_any_company():
    # Where the demo has not exported it yet, this does.
    encoder = open_onnx_encoder(Settings(_env_file=None).encoder_cache)

    together = encoder.encode(["where is my parcel", "who are you", "x " * 500])

    assert np.array_equal(together[0], encoder.encode(["where is my parcel"])[0])
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert minilm_folder().is_dir()
