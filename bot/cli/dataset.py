"""`beagle dataset`: a candidate's dataset out of the store as files, and a review written in a file back into it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.admins import Admins
from bot.weekly.rollout_actions import SEED
from router.catalog.version import Version
from router.config import Settings
from router.errors import SettingsError
from router.store import Store, open_store
from router.store.weekly.datasets import StoredDataset
from workers.datasets.build import Example
from workers.datasets.review import accept_rest, as_file, as_rows, from_file, of_rows, sample
from workers.training.chat_format import export
from workers.training.tune import brief

ACTIONS = ("export", "rows", "review")


def run(
    settings: Settings, action: str, key: str, place: Path, by: str, *, rest: bool = False
) -> str:
    """What was done, in words. `key` is the id of a dataset, or of the candidate that it belongs to.

    `export` writes the reviewed rows for trainers elsewhere, `rows` all rows for a text editor,
    `review` reads those back in the name of `by`; with `rest` what still waits is accepted by the
    rules of Slack's button. Raises SettingsError for anything that cannot be done, StaleError when
    somebody else reviewed meanwhile.
    """
    if action not in ACTIONS:
        raise SettingsError(f"beagle dataset {action!r}: known: {', '.join(ACTIONS)}")

    store = open_store(settings.store_url)
    try:
        stored = store.datasets.get(key) or store.datasets.of(key)
        if stored is None:
            raise SettingsError(
                f"beagle dataset {action}: there is no dataset {key!r}; /beagle road shows the id of each one"
            )

        if action == "export":
            made = export(place, stored.id, of_rows(stored.rows), brief(stored.route), stored.card)
            return "\n".join(f"wrote {path}" for path in made)

        if action == "rows":
            place.write_text(as_file(of_rows(stored.rows)), "utf-8")
            return f"wrote {len(stored.rows)} rows to {place}; change `review` and `answer`, then run review"

        return _review(settings, store, stored, place, by, rest=rest)
    finally:
        store.close()


def _review(
    settings: Settings, store: Store, stored: StoredDataset, file: Path, by: str, *, rest: bool
) -> str:
    one = store.candidates.get(stored.candidate) if stored.candidate else None
    if one is None or one.state != "dataset":
        state = one.state if one is not None else "gone"
        raise SettingsError(
            f"reviewing dataset {stored.id!r}: its candidate is {state}; a review counts while it is 'dataset'"
        )

    admins = Admins(settings, store.audit, time.time)
    if not admins.includes(one.team, by):
        admins.note((one.team, by), "road_review", one.id, "refused")
        raise SettingsError(
            f"reviewing dataset {stored.id!r}: {by!r} is no admin; BEAGLE_ADMINS names them, --by one"
        )

    schema, before = _schema(store, stored), of_rows(stored.rows)
    rows = from_file(before, file.read_text("utf-8"), by, schema)

    if rest:
        drawn = sample(before, settings.dataset_sample, SEED)
        rows = accept_rest(rows, drawn, by, settings.dataset_most_wrong, schema)

    store.datasets.review(stored, as_rows(rows), stored.card)
    admins.note((one.team, by), "road_review", one.id, "applied")

    waiting = sum(row.review == "waiting" for row in rows)
    if not waiting:
        told = {"dataset": stored.id}
        store.candidates.advance(
            one.id, "reviewed", actor=by, at=time.time(), evidence=told, version=one.version
        )
        admins.note((one.team, by), "road_reviewed", one.id, "applied")

    return _told(before, rows, waiting)


def _told(before: tuple[Example, ...], rows: tuple[Example, ...], waiting: int) -> str:
    changed = sum(one != other for one, other in zip(before, rows, strict=True))
    usable = sum(row.usable for row in rows)
    follows = f"{waiting} wait" if waiting else "training begins as soon as a worker is free"

    return f"{changed} rows decided, {usable} of {len(rows)} will be taught; {follows}"


def _schema(store: Store, stored: StoredDataset) -> Mapping[str, Any] | None:
    live = store.versions.live(stored.route)
    return Version.model_validate(dict(live.body)).output if live is not None else None
