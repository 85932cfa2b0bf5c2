"""An export as an overview: what repeats in it, with all that the report shows. Nothing is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.config import Settings
from workers.mining.exports import Export
from workers.mining.llm_naming import Namer
from workers.mining.pipeline import Encode, Finding, Mined, mine
from workers.mining.projection import place_on_map
from workers.mining.trend import WEEK, WEEKS
from workers.readiness import thresholds as limits
from workers.readiness.evidence import Prices, evidence

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """A repeated request as it is shown: its number on the map, its words, its record."""

    number: int
    label: str
    definition: str
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Spot:
    """A row on the map, x and y in 0-1; `number` is its entry's, 0 for what repeats nowhere."""

    x: float
    y: float
    number: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What was found; times in unix seconds. `withheld` counts findings by the rule that keeps them hidden.

    `private` counts messages of places that are never quoted, `ignored` lines that no person said.
    `sent_to` is the model that was sent masked examples, empty when nothing was sent.
    """

    form: str
    messages: int
    mined: int
    people: int
    channels: int
    first_at: float
    last_at: float
    skipped: int
    entries: Sequence[Entry]
    covered: int
    withheld: Mapping[str, int]
    spots: Sequence[Spot]
    compared: str
    tuned: str
    sent_to: str = ""
    private: int = 0
    ignored: int = 0


def look_over(
    export: Export,
    encode: Encode,
    settings: Settings,
    prices: Prices,
    progress: Progress | None = None,
    namer: Namer | None = None,
) -> Overview:
    """The overview of an export. The newest message's time is taken for now; with a `namer` that names the findings."""
    tell = progress or (lambda _step, _share: None)
    last = max(row.at for row in export.rows)
    # Four weeks are what a digest looks at; an export may reach back for years.
    rows = [row for row in export.rows if row.at >= last - WEEKS * WEEK]
    mined = mine(rows, encode, limits.shown(settings), names=export.names, progress=tell)
    places = {row: place for place, row in enumerate(mined.places)}
    tell("drawing", 0.97)
    shown = sorted(mined.shown, key=lambda one: -len(one.rows))
    entries: list[Entry] = []

    for number, finding in enumerate(shown, 1):
        own = mined.vectors[[places[row] for row in finding.rows]]
        record = evidence(finding, [rows[row] for row in finding.rows], own, settings, prices, last)
        given = namer.name(finding) if namer is not None else None
        named = given or finding
        entries.append(Entry(number, named.label, named.definition, record))

    return Overview(
        form=export.form,
        messages=len(rows),
        mined=mined.mined,
        people=len({row.user for row in rows}),
        channels=len({row.channel for row in rows}),
        first_at=min(row.at for row in rows),
        last_at=last,
        skipped=export.skipped,
        entries=entries,
        covered=sum(len(one.rows) for one in shown),
        withheld=_withheld(mined.findings),
        spots=_spots(mined, shown, places),
        compared=next((e.record["money"]["against"] for e in entries if e.record["money"]), ""),
        tuned=settings.tuned_model,
        private=sum(not row.shown for row in rows),
        ignored=export.ignored,
        sent_to=settings.model if namer is not None and namer.asked else "",
    )


def _withheld(findings: Sequence[Finding]) -> dict[str, int]:
    """By the first rule that each did not meet, without its figures: those could point at somebody."""
    rules = {
        "people asked": "too few people asked",
        "requests": "too few requests",
        "one person": "one person asked most of it",
        "last four weeks": "asked in too few weeks",
    }

    found: Counter[str] = Counter()
    for one in findings:
        if not one.shown:
            said = one.protection.failed[0]
            found[next(text for words, text in rules.items() if words in said)] += 1

    return dict(found)


def _spots(mined: Mined, shown: Sequence[Finding], places: Mapping[int, int]) -> list[Spot]:
    group: NDArray[np.intp] = np.full(len(mined.places), -1, np.intp)
    for number, finding in enumerate(shown, 1):
        group[[places[row] for row in finding.rows]] = number

    drawn, at = place_on_map(mined.vectors, group)
    return [
        Spot(round(float(x), 4), round(float(y), 4), max(int(group[row]), 0))
        for row, (x, y) in zip(drawn, at, strict=True)
    ]
