"""Generates labelled incident reports to train the `incident` route with, from a seed.

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
COUNTS = (("train", 240), ("dev", 30))
HELD_BACK = 6
"""Every sixth piece is used for dev rows alone, so that they do not measure memory."""
SEVERITY = {
    "all": "critical",
    "money": "critical",
    "data": "critical",
    "many": "major",
    "few": "minor",
}
KIND_WEIGHTS = {"all": 3, "money": 2, "data": 2, "many": 5, "few": 5}
CLOCKS = ("{h}:{m:02}", "{h}:{m:02}", "{h:02}:{m:02}", "{t} {half}", "{t}{half}", "{h}:{m:02}")
NAMED_TIMES = ("noon", "midnight", "eight", "half past nine")


def make_rows(seed: int) -> list[Row]:
    """Returns train and dev rows as `{"text", "answer", "split"}`; a seed gives the same rows."""
    pieces = json.loads((HERE / "pieces.json").read_text("utf-8"))
    rows: list[Row] = []
    seen: set[str] = set()

    for split, count in COUNTS:
        rng = random.Random(f"{seed} incident {split}")  # noqa: S311  # sentences, no secret
        own = {name: _of_split(values, split) for name, values in pieces.items()}
        made = 0
        while made < count:
            row = _row(rng, own)
            if row["text"].casefold() not in seen:
                seen.add(row["text"].casefold())
                rows.append({**row, "split": split})
                made += 1

    return rows


def _of_split(values: Sequence[str], split: str) -> Sequence[str]:
    back = values[HELD_BACK - 1 :: HELD_BACK]
    if split == "dev":
        # Too few to draw from: times and openings are those of the train rows.
        return back if len(back) > 1 else values

    return [value for value in values if value not in back]


def _row(rng: random.Random, pieces: Pieces) -> Row:
    kind = rng.choices(tuple(KIND_WEIGHTS), tuple(KIND_WEIGHTS.values()))[0]
    service, fault = rng.choice(pieces["service"]), rng.choice(pieces["fault"])
    when, started, ended = _times(rng, pieces)
    clause, impact = _clause(rng, pieces, kind, fault)

    article = rng.choice(("the ", "the ", "our ", ""))
    parts = [f"{article}{service} {clause.strip()}"]
    if when and rng.random() < 0.5 and ", " not in clause:
        parts = [f"{article}{service} {clause.strip()} {when}"]
    elif when:
        # The time may come first, last or in the middle.
        parts.insert(rng.choice((0, 1, 1)), when)

    text = rng.choice(pieces["opener"]) + ", ".join(parts)
    if rng.random() < 0.3:
        text += "."

    answer = {
        "service": service,
        "impact": impact,
        "started": started,
        "ended": ended,
        "severity": SEVERITY[kind],
    }
    return {"text": text, "answer": answer}


def _clause(rng: random.Random, pieces: Pieces, kind: str, fault: str) -> tuple[str, str]:
    """Returns what happened after the service's name, and the impact."""
    words = {name: rng.choice(pieces[name]) for name in ("region", "platform")}
    words["n"] = str(rng.randrange(20, 900))
    if kind in ("money", "data"):
        impact = _filled(rng.choice(pieces[kind]), words)
        return f"{fault}, {impact}", impact

    if rng.random() < 0.5:
        impact = _filled(rng.choice(pieces[f"{kind}_tail"]), words)
        return f"{fault}, {impact}", impact

    whom = _filled(rng.choice(pieces[kind]), words)
    return f"{fault} {whom}", f"{fault.removeprefix('was ')} {whom}"


def _times(rng: random.Random, pieces: Pieces) -> tuple[str, str, str]:
    """Returns the message's words for the time, and the expected start and end."""
    form = rng.choices(("range", "open", "point", "vague", "none"), (10, 4, 2, 4, 1))[0]
    if form == "none":
        return "", "", ""

    if form == "vague":
        started = rng.choice(pieces["vague"])
        # As with a clock, the preposition is not part of the time.
        return started + rng.choice(pieces["vague_tail"]), started.removeprefix("on "), ""

    first, last = _clocks(rng)
    if form == "open" and rng.random() < 0.3:
        first = rng.choice(pieces["vague"]).removeprefix("on ")

    text = rng.choice(pieces[form]).replace("{a}", first).replace("{b}", last)
    return text, first, last if form == "range" else ""


def _clocks(rng: random.Random) -> tuple[str, str]:
    """Returns two times of day in one format, the earlier one first."""
    start = rng.randrange(0, 20 * 60, 5)
    style = rng.choice(CLOCKS)
    times = []
    for minutes in (start, start + rng.randrange(5, 220, 5)):
        hour, minute = divmod(minutes, 60)
        half = "pm" if hour >= 12 else "am"
        times.append(style.format(h=hour, m=minute, t=hour % 12 or 12, half=half))

    if rng.random() < 0.1:
        times[rng.randrange(2)] = rng.choice(NAMED_TIMES)

    return times[0], times[1]


def _filled(text: str, words: Mapping[str, str]) -> str:
    for name, word in words.items():
        text = text.replace("{" + name + "}", word)

    return text
