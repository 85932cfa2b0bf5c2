"""The rows that say what is right for a route: those of its file, and answers from its log that people let through."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from router.catalog.catalog import Route
from router.catalog.route_file import Row
from router.text.normalise import normalise
from workers.context import Context
from workers.datasets.build import WORD

Split = Literal["train", "dev", "test"]
PROTECTED: Sequence[Split] = ("test", "dev", "train")
"""A message that stands in two splits belongs to the first of these: what measures is never
shown."""
MOST: dict[Split, int] = {"train": 200, "dev": 40, "test": 60}
"""Rows beyond these cost calls and say little more; which ones are taken is drawn by chance,
always the same."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Rows with the right answer. `reviewed` of them come from the log and were let through by a person.

    Train rows are learnt from. Only those in `shown`, the file's own, may become examples of a
    version: versions never change, so what somebody said in one could not be forgotten.
    """

    train: tuple[Row, ...]
    dev: tuple[Row, ...]
    test: tuple[Row, ...]
    shown: tuple[Row, ...] = ()
    reviewed: int = 0

    @property
    def said(self) -> str:
        """Where they come from, for people."""
        count = len(self.train) + len(self.dev) + len(self.test)
        return f"{count} rows, {count - self.reviewed} from the route's file, {self.reviewed} reviewed ones from its log"


def labelled(context: Context, route: Route, team: str = "") -> Labelled:
    """The route's rows; with a `team` the reviewed ones of its log too, without people who want no part in it."""
    found: dict[str, Row] = {}
    for row in route.rows:
        if row.answer is not None:
            _keep(found, row)

    own = {key: row.split for key, row in found.items()}
    left_out = context.store.opt_outs.of(team) if team else frozenset()

    for one in context.store.datasets.reviewed(team, route.name) if team else ():
        if one["user"] not in left_out and _same(one["text"]) not in own:
            _keep(found, Row(text=one["text"], answer=one["answer"], split=one["split"]))

    splits = {
        split: _drawn([row for row in found.values() if row.split == split], MOST[split])
        for split in PROTECTED
    }
    log = [row for rows in splits.values() for row in rows if _same(row.text) not in own]
    shown = tuple(row for row in splits["train"] if _same(row.text) in own)

    return Labelled(splits["train"], splits["dev"], splits["test"], shown, len(log))


def _keep(found: dict[str, Row], row: Row) -> None:
    key = _same(row.text)
    known = found.get(key)
    if known is None or PROTECTED.index(row.split) < PROTECTED.index(known.split):
        found[key] = row


def _same(text: str) -> str:
    """What two messages have in common that only differ in capitals and signs."""
    return " ".join(WORD.findall(normalise(text).lower()))


def _drawn(rows: list[Row], most: int) -> tuple[Row, ...]:
    if len(rows) <= most:
        return tuple(rows)

    places = random.Random(0).sample(range(len(rows)), most)  # noqa: S311  # draws a sample; nothing secret hangs on it
    return tuple(rows[place] for place in sorted(places))
