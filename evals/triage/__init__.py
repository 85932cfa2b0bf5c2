"""Generates labelled support messages to train the `triage` route with, from a seed.

The route's hand-written rows measure it; none of the pieces is taken from its test rows.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Pieces = Mapping[str, Any]

HERE = Path(__file__).parent
QUEUES = ("network", "hardware", "access", "billing", "software")
URGENCIES = ("normal", "high", "low")
URGENCY_WEIGHTS = (4, 3, 3)
SLOTS = ("name", "place", "group", "app", "device", "folder", "day", "doc")
COUNTS = (("train", 560), ("dev", 60))
HELD_BACK = 6
"""Every sixth sentence, or a short list's last, is for dev rows alone: they measure no memory."""


def make_rows(seed: int) -> list[Row]:
    """Returns train and dev rows as `{"text", "answer", "split"}`; a seed gives the same rows."""
    pieces = json.loads((HERE / "pieces.json").read_text("utf-8"))
    rows: list[Row] = []
    seen: set[str] = set()

    for split, count in COUNTS:
        rng = random.Random(f"{seed} triage {split}")  # noqa: S311  # sentences, no secret
        made = 0
        while made < count:
            row = _row(rng, pieces, split)
            if row["text"].casefold() not in seen:
                seen.add(row["text"].casefold())
                rows.append({**row, "split": split})
                made += 1

    return rows


def _row(rng: random.Random, pieces: Pieces, split: str) -> Row:
    queue = rng.choice(QUEUES)
    urgency = rng.choices(URGENCIES, URGENCY_WEIGHTS)[0]
    scope, tails = "single", pieces["plain_tails"]

    # Half of the urgent ones say so in the sentence itself, the others at its end.
    if urgency == "high":
        scope, tails = rng.choice((("many", pieces["plain_tails"][:5]), ("single", None)))
        tails = tails or pieces["high_tails"]
    elif urgency == "low":
        scope, tails = rng.choice((("low", [""]), ("single", pieces["low_tails"])))
        tails = rng.choice((tails, pieces["low_tails"]))

    text, summary = rng.choice(_of_split(pieces[scope][queue], split))
    words = _slots(rng, pieces)
    text = _filled(rng.choice(pieces["openers"]) + text + rng.choice(tails), words)
    if rng.random() < 0.25:
        text = text[0].upper() + text[1:]
    if rng.random() < 0.25:
        text += rng.choice((".", "!", " :("))

    answer = {"summary": _filled(summary, words), "queue": queue, "urgency": urgency}
    return {"text": text, "answer": answer}


def _of_split(sentences: Sequence[Any], split: str) -> Sequence[Any]:
    back = sentences[HELD_BACK - 1 :: HELD_BACK] or sentences[-1:]
    if split == "dev":
        return back

    return [sentence for sentence in sentences if sentence not in back]


def _slots(rng: random.Random, pieces: Pieces) -> dict[str, str]:
    words = {name: rng.choice(pieces[name]) for name in SLOTS}
    words["n"] = str(rng.randrange(1000, 9999))
    for name in ("app", "device", "group", "place"):
        # At the start of a summary the article goes and the word has a capital.
        bare = words[name].removeprefix("the ")
        words[name.capitalize()] = bare[0].upper() + bare[1:]

    return words


def _filled(text: str, words: Mapping[str, str]) -> str:
    for name, word in words.items():
        text = text.replace("{" + name + "}", word)

    return text
