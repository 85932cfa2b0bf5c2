"""How well mining tells what a company asks for from what it merely says every day."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from evals.mining.mine import EmbeddingCache, means, measure
from evals.mining.streams.company_files import FITTED, HELD_OUT, read_companies
from evals.mining.streams.company_streams import chat_stream, company_stream
from evals.mining.streams.synthetic_streams import read_corpus
from router.config import read_settings
from router.encoder.factory import open_encoder
from router.log import set_up_logs
from router.text.printable import print_line
from workers.mining.pipeline import NO_PRIVACY_LIMITS, Encode, MiningHistory, mine

NOISE_SHARES = (0.5, 0.8)
MIN_ROWS = 12
EXPORT_ROWS = (100, 500)
"""Messages of a small export."""
FIGURES = ("precision", "recall", "f1", "false_candidates")


def main(
    noise: Annotated[
        list[Path] | None, typer.Option(help="Streams whose untyped rows are other chat.")
    ] = None,
    fitted: Annotated[
        bool, typer.Option("--fitted", help="The companies that the mood was fitted on.")
    ] = False,
    rounds: Annotated[int, typer.Option(help="Streams of each company and share of noise.")] = 1,
    exports: Annotated[int, typer.Option(help="Small exports of chat alone.")] = 20,
    seed: int = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Mine made-up companies, a third of whose noise is habits; by default held-out ones."""
    settings = read_settings()
    set_up_logs(settings.log, "error")
    encode = EmbeddingCache(open_encoder(settings.encoder, settings.encoder_cache).encode).encode
    chat = read_corpus([], noise or [], []).noise
    texts = sorted({text for own in chat.values() for text in own})
    companies = FITTED if fitted else HELD_OUT

    figures: dict[str, Any] = {}
    for share in NOISE_SHARES:
        figures[f"noise_{share:.0%}"] = recovery(companies, share, texts, encode, rounds, seed)

    figures["exports"] = exports
    figures["false_in_exports"] = false_in_exports(companies, exports, texts, encode, seed)
    print_line(json.dumps(figures, indent=None if as_json else 1))


def recovery(
    companies: Sequence[str],
    share: float,
    chat: Sequence[str],
    encode: Encode,
    rounds: int,
    seed: int,
) -> dict[str, Any]:
    """Returns the mean figures of streams of these companies with this share of noise, 0-1."""
    random = np.random.default_rng([seed, round(share * 100)])
    results = []
    for company in read_companies(companies):
        for _ in range(rounds):
            stream = company_stream(company, share, chat, random)
            measured = measure(stream, encode, MIN_ROWS, MiningHistory())
            results.append({name: measured[name] for name in FIGURES})

    return means(results)


def false_in_exports(
    companies: Sequence[str], exports: int, chat: Sequence[str], encode: Encode, seed: int
) -> int:
    """Returns how many candidates are shown from this many small exports of chat alone."""
    random = np.random.default_rng([seed, 1])
    known = read_companies(companies)
    false = 0
    for number in range(exports):
        count = int(random.integers(EXPORT_ROWS[0], EXPORT_ROWS[1] + 1))
        stream = chat_stream(known[number % len(known)], count, chat, random)
        false += len(mine(stream.rows, encode, NO_PRIVACY_LIMITS).visible)

    return false
