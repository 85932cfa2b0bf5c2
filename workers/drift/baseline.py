"""What a version was like when it was proved: all that later weeks are compared with, as figures and hashes only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from router.catalog.catalog import builtin_routes_folder, load_routes
from router.catalog.route_file import Row
from router.catalog.version import Version
from router.errors import ModelError
from router.text.redact import redact
from workers.context import Context
from workers.datasets.build import Example
from workers.drift.base_model import fingerprints
from workers.drift.input_shift import Said, as_record, asked_of, histogram
from workers.evaluation.paired import Scores, scores
from workers.evaluation.run import run_rows
from workers.mining.trend import WEEK, WEEKS

MOST_AWAY = 0.1
"""The share of rows that a busy model may leave without an answer; they are not compared."""


def baseline(
    context: Context,
    version: Version,
    team: str,
    rows: Sequence[Example],
    own: Scores | None = None,
) -> dict[str, Any]:
    """The record of a version that was taught some of `rows`; the reviewed test rows among them are its own.

    `own` are their scores where they were asked already. Rows are asked one by one, through the
    path that serves people.
    """
    now = context.now()
    asked = asked_of(context.store.minable.asked(team, now - WEEKS * WEEK, now), version.route)
    return {
        "at": now,
        "own": dict(own) if own is not None else asked_again(context, version, own_rows(rows)),
        "golden": asked_again(context, version, golden_rows(context, version.route)),
        "inputs": as_record(histogram(context, taught(context, version.route, rows), asked)),
        "base": fingerprints(context, version),
    }


def asked_again(context: Context, version: Version, rows: Sequence[Row]) -> dict[str, float]:
    """How right each row is now. Raises ModelError where the model was away for too many: an outage is no drift."""
    ran = run_rows(context, version, rows)

    away = sum(one.away for one in ran)
    if away > MOST_AWAY * len(ran):
        raise ModelError(
            f"asking {len(ran)} rows again: the model of {version.route!r} was away {away} times",
            retry=True,
        )

    return scores(version, ran) if ran else {}


def own_rows(rows: Sequence[Example]) -> list[Row]:
    """The reviewed test rows of a dataset."""
    return [
        Row(text=row.text, answer=row.answer, split="test")
        for row in rows
        if row.usable and row.split == "test"
    ]


def golden_rows(context: Context, route: str) -> list[Row]:
    """The test rows that the route's own file has; none where the route has no file any more."""
    return [
        row for row in _file_rows(context, route) if row.split == "test" and row.answer is not None
    ]


def taught(context: Context, route: str, rows: Sequence[Example]) -> list[Said]:
    """What a version was taught; where it has no dataset, what its route's file shows."""
    found = [Said(row.text, row.user) for row in rows if row.usable and row.split == "train"]
    return found or [
        Said(redact(row.text)) for row in _file_rows(context, route) if row.split == "train"
    ]


def _file_rows(context: Context, name: str) -> Sequence[Row]:
    own = [] if context.settings.routes is None else [context.settings.routes]
    route = load_routes(builtin_routes_folder(), *own).routes.get(name)
    return () if route is None else route.rows
