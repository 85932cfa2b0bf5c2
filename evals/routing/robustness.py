"""How often realistic changes to a message flip its decision: typos, emoji, quotes, code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from bot.cli.terminal import Json
from evals.figures import print_figures
from evals.routing.router_data import CachedEncoder, draw_trial, read_rows
from evals.routing.router_options import DEFAULT_CACHE, EncoderCache, EncoderName
from router.catalog.catalog import builtin_routes_folder, load_routes
from router.decide import Router
from router.encoder.factory import open_encoder
from router.log import set_up_logs
from router.types import Example

Rng = np.random.Generator
GREETINGS = ("Hi team, ", "hello! ", "Hey there - ", "good morning, ", "hey beagle, ")
CLOSINGS = (" thanks!", ", thank you", " :pray:", " 🙏", "!!!", " ...", "?")
CODE = '\n```\nTraceback (most recent call last):\n  File "app.py", line 3\nValueError: 7\n```'
QUOTE = "> we should have lunch together some day\n"
PASTED = (Path(__file__).parents[1] / "handbook" / "travel.md").read_text("utf-8")
"""A page that is pasted behind a message, so that the message becomes an order."""
PASTED_WORDS = 120
INSERTIONS = (" :slightly_smiling_face: ", " 😀 ", "   ")


def main(
    data: Annotated[
        Path | None, typer.Option(help="CSV: split,text,label; without it, your own routes.")
    ] = None,
    shots: Annotated[int, typer.Option(min=1, help="Examples of each route from the file.")] = 10,
    most: Annotated[int, typer.Option(min=1, help="Messages to change.")] = 500,
    seed: Annotated[int, typer.Option(help="Draws examples and changes.")] = 0,
    encoder: EncoderName = "fast",
    cache: EncoderCache = DEFAULT_CACHE,
    as_json: Json = False,
) -> None:
    """Change each message in eleven ways and count how often its route or outcome flips."""
    set_up_logs("auto", "error")
    cached_encoder = CachedEncoder(open_encoder(encoder, cache))

    if data is not None:
        trial = draw_trial(read_rows(data), shots, seed)
        router = Router.train(trial.train, cached_encoder, trial.routes, seed=seed)
        texts = [row.text for row in trial.test]
    else:
        catalog = load_routes(builtin_routes_folder())
        examples: Sequence[Example] = catalog.training_examples()
        descriptions = catalog.descriptions()
        router = Router.train(examples, cached_encoder, descriptions, seed=seed)
        texts = [example.text for route in catalog.routes.values() for example in route.examples]

    rng = np.random.default_rng(seed)
    picked = [texts[i] for i in rng.permutation(len(texts))[:most]]
    shares = flip_shares(router, picked, rng)
    print_figures(shares, as_json=as_json, width=16, number_format=".4f")


def flip_shares(router: Router, texts: Sequence[str], rng: Rng) -> dict[str, float]:
    """Returns for each change the share of messages whose outcome or route it flips."""
    before = [_outcome(router, text) for text in texts]
    shares = {}

    for name, change in CHANGES.items():
        after = [_outcome(router, change(text, rng)) for text in texts]
        shares[name] = float(
            np.mean([first != second for first, second in zip(before, after, strict=True)])
        )

    return shares


def _outcome(router: Router, text: str) -> tuple[str, str | None]:
    decision, _ = router.decide(text)
    return decision.verb, decision.route


def _swap_letters(text: str, rng: Rng) -> str:
    """Swaps two neighbouring letters of one longer word."""
    words = text.split()
    long = [i for i, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if not long:
        return text

    i = int(rng.choice(long))
    at = int(rng.integers(1, len(words[i]) - 2))
    words[i] = words[i][:at] + words[i][at + 1] + words[i][at] + words[i][at + 2 :]

    return " ".join(words)


def _drop_letter(text: str, rng: Rng) -> str:
    """Drops one letter of one longer word."""
    words = text.split()
    long = [i for i, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if not long:
        return text

    i = int(rng.choice(long))
    at = int(rng.integers(1, len(words[i]) - 1))
    words[i] = words[i][:at] + words[i][at + 1 :]

    return " ".join(words)


def _insert_between(text: str, rng: Rng) -> str:
    words = text.split(" ")
    at = int(rng.integers(0, len(words)))
    return (
        " ".join(words[:at]) + INSERTIONS[int(rng.integers(len(INSERTIONS)))] + " ".join(words[at:])
    )


CHANGES: Mapping[str, Callable[[str, Rng], str]] = {
    "capitals": lambda text, _: text.upper(),
    "greeting": lambda text, rng: GREETINGS[int(rng.integers(len(GREETINGS)))] + text,
    "closing": lambda text, rng: text.rstrip(".!? ") + CLOSINGS[int(rng.integers(len(CLOSINGS)))],
    "emoji": _insert_between,
    "quote": lambda text, _: QUOTE + text,
    "code": lambda text, _: text + CODE,
    "swapped_letters": _swap_letters,
    "missing_letter": _drop_letter,
    "two_typos": lambda text, rng: _drop_letter(_swap_letters(text, rng), rng),
    "pasted_text": lambda text, _: (
        f"{text.rstrip('.!?:')}:\n{' '.join(PASTED.split()[:PASTED_WORDS])}"
    ),
    "no_punctuation": lambda text, _: "".join(
        letter for letter in text if letter not in ".,;:!?\"'()"
    ),
}
"""Each change by name, called with the text and a random generator."""
