"""Generates the labelled messages of the demo's `leave` route.

Most are synthetic, from a seed; the hand-written ones are in a file.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Pieces = dict[str, Any]
"""The templates and fillers of one split; `{when}`, `{a}`, `{b}`, `{n}`, `{c}`, `{x}` are slots."""

HERE = Path(__file__).parent
COUNTS = (("train", 530), ("dev", 50), ("test", 80))
HELD_BACK = 6
"""Every sixth template and name is used for the dev rows alone."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
VAGUE_DAYS = ("today", "tomorrow", "this afternoon", "next week", "tomorrow morning", "this week")
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


def natural_rows() -> list[Row]:
    """Returns the hand-written rows, in file order."""
    return [json.loads(line) for line in (HERE / "natural.jsonl").read_text("utf-8").splitlines()]


def make_rows(seed: int) -> list[Row]:
    """Returns every row of the route as `{"text", "answer", "split"}`.

    The same seed gives the same rows. No text occurs twice.

    Each split has templates and names of its own, so that dev and test rows do not measure
    memorised ones.
    """
    pieces = _pieces()
    rows = natural_rows()
    seen = {row["text"].casefold() for row in rows}

    for split, count in COUNTS:
        messages = _messages(_random(seed, split), pieces[split])

        wanted = len(rows) + count
        while len(rows) < wanted:
            row = next(messages)
            if row["text"].casefold() not in seen:
                seen.add(row["text"].casefold())
                rows.append({**row, "split": split})

    _random(seed, "order").shuffle(rows)
    order = [split for split, _ in COUNTS]
    return sorted(rows, key=lambda row: order.index(row["split"]))


def _random(seed: int, name: str) -> random.Random:
    return random.Random(f"{seed} {name}")  # noqa: S311  # reproducible sentences, no secret


def _pieces() -> dict[str, Pieces]:
    """Returns the pieces of each split; those for dev are taken from train."""
    read: dict[str, Pieces] = json.loads((HERE / "pieces.json").read_text("utf-8"))
    train, dev = _hold_back(read["train"])
    return {"train": train, "dev": dev, "test": read["test"]}


def _hold_back(pieces: Any) -> tuple[Any, Any]:
    if isinstance(pieces, dict):
        parts = {name: _hold_back(value) for name, value in pieces.items()}
        return {name: part[0] for name, part in parts.items()}, {
            name: part[1] for name, part in parts.items()
        }

    if len(pieces) < HELD_BACK:
        return pieces, pieces

    back = pieces[HELD_BACK - 1 :: HELD_BACK]
    return [piece for piece in pieces if piece not in back], back


def _messages(rng: random.Random, pieces: Pieces) -> Iterator[Row]:
    """Yields messages without end; all kinds of leave are equally frequent."""
    while True:
        kind = rng.choice(tuple(pieces["reasons"]))
        when, first, last = _dates(rng, pieces)
        text = rng.choice(pieces["reasons"][kind]).replace("{when}", when)
        cover = _person(rng, pieces, mention=0.12) if rng.random() < 0.6 else None

        if rng.random() < 0.3:
            text = rng.choice(pieces["openers"]).replace("{x}", _person(rng, pieces)) + _lower(text)

        for tail in _tails(rng, pieces, cover):
            text += _joined(rng, text, tail)

        if text[-1].isalnum():
            text += rng.choice(("", "", ".", "!"))
        if cover is None and rng.random() < 0.25:
            text, first, last = text.lower(), first and first.lower(), last and last.lower()

        yield {"text": text, "answer": {"type": kind, "from": first, "to": last, "cover": cover}}


def _tails(rng: random.Random, pieces: Pieces, cover: str | None) -> Sequence[str]:
    """Returns the cover and irrelevant remarks in random order.

    A name alone never makes somebody the cover.
    """
    tails = [rng.choice(pieces["covers"]).replace("{c}", cover)] if cover else []
    if rng.random() < (0.25 if cover else 0.55):
        asides = pieces["asides"] if cover else pieces["asides"] + pieces["uncovered"]
        tails.append(rng.choice(asides).replace("{x}", _person(rng, pieces)))

    rng.shuffle(tails)
    return tails


def _joined(rng: random.Random, text: str, tail: str) -> str:
    mark = rng.choice((", ", ". ", " - ", "; ")) if text[-1] not in ".?!" else " "
    return mark + (tail if mark in (", ", "; ", " - ") else tail[0].upper() + tail[1:])


def _lower(text: str) -> str:
    """Returns `text` for use inside a sentence; `I` and abbreviations keep their case."""
    return text if text[:2] in ("I ", "I'") or text[:2].isupper() else text[0].lower() + text[1:]


def _person(rng: random.Random, pieces: Pieces, mention: float = 0.0) -> str:
    if rng.random() < mention:
        return "<@U0" + "".join(rng.choice(LETTERS) for _ in range(7)) + ">"

    name: str = rng.choice(pieces["first_names"])
    return f"{name} {rng.choice(pieces['surnames'])}" if rng.random() < 0.2 else name


def _dates(rng: random.Random, pieces: Pieces) -> tuple[str, str | None, str | None]:
    """Returns the message's words for the dates, and the expected `from` and `to`."""
    form = rng.choices(
        ("none", "until", "single", "range", "length", "shared"), (4, 6, 28, 36, 13, 13)
    )[0]
    if form == "none":
        return ("for now", None, None)

    if form == "until":
        day = _day(rng, pieces)
        return (rng.choice(pieces["until"]).replace("{b}", day), None, day)

    if form == "single":
        day = _day(rng, pieces)
        relative = day.startswith(("to", "this", "next"))
        return (day if relative else rng.choice(pieces["single"]).replace("{a}", day), day, None)

    if form == "length":
        day, length = _day(rng, pieces), rng.choice(pieces["spans"])
        return (
            rng.choice(pieces["lengths"]).replace("{a}", day).replace("{n}", length),
            day,
            length,
        )

    if form == "shared":
        return _shared(rng, pieces)

    return _range(rng, pieces)


def _day(rng: random.Random, pieces: Pieces) -> str:
    style = rng.randrange(7)
    if style == 0:
        return rng.choice(VAGUE_DAYS)
    if style == 1:
        return rng.choice(("next ", "this ")) + rng.choice(WEEKDAYS)
    if style == 2:
        return _short(rng, rng.choice(WEEKDAYS))

    return _date(rng, pieces, style, rng.randint(1, 28))[0]


def _date(rng: random.Random, pieces: Pieces, style: int, *days: int) -> list[str]:
    """Returns each of `days` in the same format, each in a random month."""
    spelling = rng.randrange(3)
    dates = []

    for day in days:
        month, number = rng.choice(pieces["months"]), rng.randint(1, 12)
        dates.append(
            {
                3: (f"{day} {month}", f"{day} {month}", f"{_ordinal(day)} {month}"),
                4: (f"{month} {day}", f"{month} {day}", f"{month} {_ordinal(day)}"),
                5: (f"{number}/{day}", f"the {_ordinal(day)}", f"{day}.{number}."),
                6: (
                    f"2026-{number:02}-{day:02}",
                    f"{rng.choice(WEEKDAYS)} {day} {month}",
                    f"{day} {month} 2026",
                ),
            }[style][spelling]
        )

    return dates


def _range(rng: random.Random, pieces: Pieces) -> tuple[str, str, str]:
    style = rng.randrange(7)
    frames = pieces["ranges"]

    if style < 3:
        start, end = sorted(rng.sample(WEEKDAYS, 2), key=WEEKDAYS.index)
        first, last = (f"next {start}", end) if style == 0 else (start, end)
        frames = [*frames, "{a} and {b}", "{a} and {b}", "{a} & {b}"]
    else:
        first, last = _date(rng, pieces, style, *sorted(rng.sample(range(1, 29), 2)))

    return (rng.choice(frames).replace("{a}", first).replace("{b}", last), first, last)


def _shared(rng: random.Random, pieces: Pieces) -> tuple[str, str, str]:
    """Returns two days that share a month named once."""
    month = rng.choice(pieces["months"])
    first, last = sorted(rng.sample(range(1, 29), 2))

    if rng.random() < 0.5:
        dash = rng.choice(("-", "–"))
        return (
            f"{rng.choice(('', 'from '))}{month} {first}{dash}{last}",
            f"{month} {first}",
            f"{month} {last}",
        )

    dash = rng.choice(("-", " to ", " - "))
    return (f"{first}{dash}{last} {month}", f"{first} {month}", f"{last} {month}")


def _short(rng: random.Random, weekday: str) -> str:
    return weekday[:3] if rng.random() < 0.4 else weekday


def _ordinal(day: int) -> str:
    return f"{day}{'th' if 10 < day < 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"
