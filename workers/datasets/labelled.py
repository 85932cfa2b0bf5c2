"""Collects a route's labelled rows: those of its file, and reviewed answers from its log."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from router.catalog.catalog import Route
from router.catalog.route_file import ExampleRow
from router.text.normalise import normalise
from workers.context import Context
from workers.datasets.build import WORD
from workers.datasets.splits import Split

SPLIT_PRIORITY: Sequence[Split] = ("test", "dev", "train")
"""A message that is in two splits belongs to the first of these, so that what measures is never
shown."""
MAX_ROWS: dict[Split, int] = {"train": 200, "dev": 40, "test": 60}
"""Rows beyond these cost calls and tell little more. Which ones are taken is random but fixed."""


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """Rows with the right answer.

    `from_log` of them are from the log and were accepted by a person. Only the train rows in
    `few_shot`, from the route's own file, may become examples in a version. Versions never change,
    so what somebody wrote in the log could not be erased from one.
    """

    train: tuple[ExampleRow, ...]
    dev: tuple[ExampleRow, ...]
    test: tuple[ExampleRow, ...]
    few_shot: tuple[ExampleRow, ...] = ()
    from_log: int = 0

    @property
    def summary(self) -> str:
        """Where they come from, for people."""
        count = len(self.train) + len(self.dev) + len(self.test)
        from_file = count - self.from_log
        return (
            f"labelled rows: {count}, of which {from_file} are from the route's file and "
            f"{self.from_log} were reviewed from its log"
        )


def labelled_rows(context: Context, route: Route, team: str = "") -> LabelledRows:
    """Returns the route's labelled rows; with a `team` also the accepted ones of its log.

    Leaves out people who opted out.
    """
    rows: dict[str, ExampleRow] = {}
    for row in route.rows:
        if row.answer is not None:
            _add(rows, row)

    # Rows of the file win over the log: their author stands by them.
    in_file = set(rows)
    if team:
        excluded = context.store.opt_outs.for_team(team)
        for logged in context.store.datasets.accepted_rows(team, route.name):
            if logged["user"] in excluded or _row_key(logged["text"]) in in_file:
                continue

            _add(
                rows,
                ExampleRow(text=logged["text"], answer=logged["answer"], split=logged["split"]),
            )

    splits: dict[Split, tuple[ExampleRow, ...]] = {}
    for split in SPLIT_PRIORITY:
        of_split = [row for row in rows.values() if row.split == split]
        splits[split] = _subsample(of_split, MAX_ROWS[split])

    # Counted after sampling: people are told what was really used.
    from_log = 0
    for sampled in splits.values():
        from_log += sum(_row_key(row.text) not in in_file for row in sampled)

    few_shot = tuple(row for row in splits["train"] if _row_key(row.text) in in_file)
    return LabelledRows(splits["train"], splits["dev"], splits["test"], few_shot, from_log)


def _add(rows: dict[str, ExampleRow], row: ExampleRow) -> None:
    """Adds the row, unless the same message is in a split with a higher priority."""
    key = _row_key(row.text)
    other = rows.get(key)
    if other is None or SPLIT_PRIORITY.index(row.split) < SPLIT_PRIORITY.index(other.split):
        rows[key] = row


def _row_key(text: str) -> str:
    """Returns the words of a message.

    Equal for messages that differ in capitals and punctuation only.
    """
    return " ".join(WORD.findall(normalise(text).lower()))


def _subsample(rows: list[ExampleRow], limit: int) -> tuple[ExampleRow, ...]:
    """Returns at most `limit` of the rows, drawn with a fixed seed, in their order."""
    if len(rows) <= limit:
        return tuple(rows)

    # The same rows each time, so that a resumed run reuses what was paid for.
    rng = random.Random(0)  # noqa: S311  # draws a sample; nothing secret hangs on it
    return tuple(rows[index] for index in sorted(rng.sample(range(len(rows)), limit)))
