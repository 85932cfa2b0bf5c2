"""`beagle dataset review`: read a reviewed file back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.admins import Admins
from bot.app import now
from bot.cli.team_option import Team, choose_team
from bot.cli.terminal import load_data_settings
from bot.offline import find_dataset
from router.catalog.version import Version
from router.config import Settings
from router.errors import InputError
from router.lifecycle_evidence import ReviewedEvidence
from router.store import Store, open_store
from router.store.weekly.datasets import StoredDataset
from router.text.printable import counted, print_line
from router.types import Candidate, SlackPerson
from workers.datasets.build import DatasetExample
from workers.datasets.review import (
    SAMPLE_SEED,
    accept_rest,
    apply_jsonl,
    draw_sample,
    from_records,
    to_records,
)


def main(
    key: Annotated[
        str,
        typer.Argument(help="The dataset's id, as /beagle rollout shows it, or its candidate's."),
    ],
    file: Annotated[Path, typer.Argument(help="The file that `beagle dataset rows` wrote.")],
    by: Annotated[str, typer.Option(help="Slack user id of the admin who reviewed.")] = "",
    rest: Annotated[
        bool,
        typer.Option(
            "--accept-rest", help="Accept the undecided rows if the sample was good enough."
        ),
    ] = False,
    team: Team = None,
) -> None:
    """Read back a file of rows after an admin has reviewed it."""
    print_line(apply_review(load_data_settings(), key, file, by, team, rest=rest))


def apply_review(
    settings: Settings,
    key: str,
    file: Path,
    by: str,
    team: str | None = None,
    *,
    rest: bool = False,
) -> str:
    """Stores the review in the name of `by`, and says what was decided and what is left.

    With `rest`, undecided rows are accepted by the rules of Slack's button. Once nothing is
    undecided the candidate advances. Raises InputError for what cannot be done, StaleError when
    somebody else reviewed meanwhile.
    """
    store = open_store(settings.store_url)
    try:
        dataset = find_dataset(store, choose_team(store, team), key)
        candidate = _reviewable_candidate(store, dataset)
        admins = Admins(settings, store.audit, now)
        if not admins.includes(SlackPerson(candidate.team, by)):
            admins.record((candidate.team, by), "rollout_review", candidate.id, "refused")
            raise InputError(
                f"reviewing dataset {dataset.id!r}: {by!r} is no admin; "
                "BEAGLE_ADMINS names them, --by one"
            )

        schema = _output_schema(store, dataset)
        before = from_records(dataset.rows)
        rows = apply_jsonl(before, file.read_text("utf-8"), by, schema)

        if rest:
            sample = draw_sample(before, settings.dataset_sample, SAMPLE_SEED)
            rows = accept_rest(rows, sample, by, settings.dataset_max_error_rate, schema)

        store.datasets.save_review(dataset, to_records(rows), dataset.card)
        admins.record((candidate.team, by), "rollout_review", candidate.id, "applied")

        if not _undecided(rows):
            evidence = ReviewedEvidence(dataset=dataset.id)
            store.candidates.advance(
                candidate.id, evidence, actor=by, at=now(), version=candidate.version
            )
            admins.record((candidate.team, by), "rollout_reviewed", candidate.id, "applied")

        return _summary(before, rows)
    finally:
        store.close()


def _reviewable_candidate(store: Store, dataset: StoredDataset) -> Candidate:
    candidate = store.candidates.get(dataset.candidate) if dataset.candidate else None
    if candidate is None or candidate.state != "dataset":
        state = candidate.state if candidate is not None else "gone"
        raise InputError(
            f"reviewing dataset {dataset.id!r}: its candidate is {state}; "
            "a review counts while it is 'dataset'"
        )

    return candidate


def _undecided(rows: Sequence[DatasetExample]) -> int:
    return sum(row.review == "waiting" for row in rows)


def _summary(before: Sequence[DatasetExample], rows: Sequence[DatasetExample]) -> str:
    changed = sum(old != new for old, new in zip(before, rows, strict=True))
    usable = sum(row.usable for row in rows)
    undecided = _undecided(rows)
    follows = "training begins as soon as a worker is free"
    if undecided:
        follows = f"{counted(undecided, 'is', 'are')} undecided"

    decided = counted(changed, "row")
    return f"{decided} decided, {usable} of {len(rows)} will be used for training; {follows}"


def _output_schema(store: Store, dataset: StoredDataset) -> Mapping[str, Any] | None:
    live = store.versions.live(dataset.team, dataset.route)
    if live is None:
        return None

    return Version.model_validate(dict(live.body)).output
