"""Builds the overview of an export, with all that its report shows; stores nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from router.candidate_evidence import CandidateEvidence
from router.config import Settings
from workers.mining.exports import Export
from workers.mining.llm_naming import Namer
from workers.mining.pipeline import Cluster, Encode, MiningResult, mine
from workers.mining.projection import project_2d
from workers.readiness.evidence import Subject, build_evidence
from workers.readiness.exported.askers import Demand, describe_asked
from workers.readiness.exported.nearest import NearGroup, nearest_groups
from workers.readiness.exported.other_bots import AskedBot, describe_bots
from workers.readiness.exported.window import FOUR_WEEKS, rows_within
from workers.readiness.prices import Prices
from workers.readiness.thresholds import mining_limits
from workers.readiness.trial_results import Trials

Progress = Callable[[str, float], None]

WITHHELD_REASONS = {
    "people asked": "too few people asked",
    "requests": "too few requests",
    "one person": "one person asked most of it",
    "last four weeks": "asked in too few weeks",
}
"""By words of the privacy rule that failed, the same without its figures, which could identify."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A repeated request of the report; `number` is that of its points on the map, from 1.

    `asked` says where it is asked and who answers it, as far as the export shows that.
    """

    number: int
    label: str
    definition: str
    record: CandidateEvidence
    asked: Demand | None = None


@dataclass(frozen=True, slots=True)
class MapPoint:
    """A message on the map, x and y in 0-1; `number` is its entry's, 0 for what does not repeat."""

    x: float
    y: float
    number: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What was found in an export.

    Attributes:
        messages, mined: Messages of the window, and those left without repeats.
        first_at, last_at: The first and last message, in unix seconds.
        skipped: Lines that could not be read.
        covered: Messages that belong to an entry.
        withheld: How many clusters each privacy rule keeps from being shown.
        compared, tuned: The models whose costs are compared; empty without a price.
        sent_to: The model that was sent masked examples; empty if nothing was sent.
        private: Messages of places that are never quoted.
        older: Messages before the window.
        window: The seconds that were looked back; None for all.
        export: The export itself, for what else was read in it.
        nearest: Where nothing is shown, what came nearest.
        bots: The other assistants that people asked.
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
    points: Sequence[MapPoint]
    compared: str
    tuned: str
    sent_to: str = ""
    private: int = 0
    older: int = 0
    window: float | None = FOUR_WEEKS
    export: Export | None = None
    nearest: Sequence[NearGroup] = ()
    bots: Sequence[AskedBot] = ()


def build_overview(
    export: Export,
    encode: Encode,
    settings: Settings,
    prices: Prices,
    progress: Progress | None = None,
    namer: Namer | None = None,
    window: float | None = FOUR_WEEKS,
) -> Overview:
    """Mines an export; the time of its newest message counts as now.

    Only messages of the `window`, in seconds, are mined; all of them where it is None. `namer`
    names the entries if it is given. `progress` is called with each step and the share done, 0-1.
    """
    report = progress or _ignore_progress
    now = max(row.at for row in export.rows)
    rows = rows_within(export.rows, now, window)
    limits = mining_limits(settings)
    if window != FOUR_WEEKS:
        # "In two of the last four weeks" says nothing about a year, and little about a week.
        limits = replace(limits, min_weeks=1)

    result = mine(rows, encode, limits, names=export.names, progress=report)
    report("drawing", 0.97)

    index_of = {position: index for index, position in enumerate(result.positions)}
    visible = sorted(result.visible, key=lambda cluster: -len(cluster.rows))
    entries: list[Entry] = []

    for number, cluster in enumerate(visible, 1):
        own_rows = [rows[position] for position in cluster.rows]
        own_vectors = result.vectors[_indices(cluster, index_of)]
        # No model may be called for an export, so nothing was tried.
        subject = Subject(cluster, own_rows, own_vectors)
        record = build_evidence(subject, Trials(), settings, prices, now)
        generated = namer.name(cluster) if namer is not None else None
        name = generated or cluster
        asked = describe_asked(
            own_rows, export.answers, settings.request_minutes, settings.reviewer_usd_per_hour
        )
        entries.append(Entry(number, name.label, name.definition, record, asked))

    # Only after all were named is it known whether anything was sent.
    sent_to = settings.model if namer is not None and namer.called_model else ""
    compared = next((e.record.money["against"] for e in entries if e.record.money), "")

    return Overview(
        form=export.form,
        messages=len(rows),
        mined=result.mined_count,
        people=len({row.user for row in rows}),
        channels=len({row.channel for row in rows}),
        first_at=min(row.at for row in rows),
        last_at=now,
        skipped=export.skipped,
        entries=entries,
        covered=sum(len(cluster.rows) for cluster in visible),
        withheld=_withheld(result.clusters),
        points=_points(result, visible, index_of),
        compared=compared,
        tuned=settings.tuned_model,
        private=sum(not row.quotable for row in rows),
        sent_to=sent_to,
        older=len(export.rows) - len(rows),
        window=window,
        export=export,
        nearest=[] if entries else nearest_groups(result, rows, export.names, limits),
        bots=describe_bots(export.bot_requests, rows, encode, limits, export.names, prices),
    )


def _indices(cluster: Cluster, index_of: Mapping[int, int]) -> list[int]:
    """Returns the indices of a cluster's rows among the vectors that were mined."""
    return [index_of[position] for position in cluster.rows]


def _withheld(clusters: Sequence[Cluster]) -> dict[str, int]:
    """Counts the clusters that may not be shown by the first rule that each failed."""
    counts: Counter[str] = Counter()
    for cluster in clusters:
        if cluster.visible:
            continue

        failure = cluster.protection.failures[0]
        counts[next(text for words, text in WITHHELD_REASONS.items() if words in failure)] += 1

    return dict(counts)


def _points(
    result: MiningResult, visible: Sequence[Cluster], index_of: Mapping[int, int]
) -> list[MapPoint]:
    labels: NDArray[np.intp] = np.full(len(result.positions), -1, np.intp)
    for number, cluster in enumerate(visible, 1):
        labels[_indices(cluster, index_of)] = number

    drawn, coordinates = project_2d(result.vectors, labels)
    return [
        MapPoint(round(float(x), 4), round(float(y), 4), max(int(labels[row]), 0))
        for row, (x, y) in zip(drawn, coordinates, strict=True)
    ]


def _ignore_progress(step: str, share: float) -> None:
    """Ignores the progress: the default for `progress`."""
