"""Reads what a rollout's message shows: the candidate's steps, its version's figures, its draft."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.weekly.rollout_view import canary_share
from router.catalog.version import Version
from router.config import Settings
from router.store import Store
from router.store.versions.drafted_routes import DraftedRoute
from router.store.versions.shadow_runs import VersionMetrics
from router.store.weekly.candidates import CandidateTransition
from router.store.weekly.datasets import Report, StoredDataset
from router.store.weekly.rollout_cards import StepProgress
from router.types import Candidate
from workers.datasets.review import SAMPLE_SEED, draw_sample, from_records
from workers.evaluation.guardrails import shadow_complete, trial_row_count

NO_METRICS = VersionMetrics()
ANSWERING_STATES = ("canary", "live", "drifting")
"""States in which users get the version's answers."""


@dataclass(frozen=True, slots=True)
class RolloutState:
    """Everything that the message shows of a candidate.

    `in_shadow` are the version's metrics beside the live one, `live_again` those of the live
    version when it is asked twice. `answers` are the version's metrics with users at the present
    step, `previous_answers` those of the version that it replaces. `sample_waiting` counts the
    rows of the dataset's sample that nobody has reviewed, `unseen_rows` those that *Accept the
    rest* takes without a look; `waited_enough` is whether the shadow test has run so long that
    fewer requests will do, `shadow_hours` after how long that is. `simulated` counts the
    workspace's requests that are made up, where the candidate's figures can hold some. `drafted` is
    the route where it was drafted, with its version; `is_only_version` is whether nothing answers
    once it is rolled back.
    """

    candidate: Candidate
    history: Sequence[CandidateTransition]
    shadow_requests: int
    canary_requests: int
    dataset: StoredDataset | None
    report: Report | None
    progress: StepProgress | None
    in_shadow: VersionMetrics
    live_again: VersionMetrics
    answers: VersionMetrics
    previous_answers: VersionMetrics
    sample_waiting: int = 0
    simulated: int = 0
    drafted: DraftedRoute | None = None
    drafted_version: Version | None = None
    has_live: bool = True
    is_only_version: bool = False
    canary_hours: float = 0.0
    unseen_rows: int = 0
    shadow_hours: float = 0.0
    waited_enough: bool = False

    @property
    def edge(self) -> CandidateTransition | None:
        """The newest step."""
        return self.history[-1] if self.history else None

    @property
    def share(self) -> float:
        """The share of users (0-1) who get the version in a canary."""
        return canary_share(self.edge.evidence if self.edge else None)

    @property
    def shadow_left(self) -> int:
        """How many requests the shadow test still needs; a new route's trial counts for it."""
        return max(0, self.shadow_requests - self.shadow_calls)

    @property
    def shadow_calls(self) -> int:
        """How many requests the shadow test has seen, with those of a new route's trial."""
        tried = 0 if self.has_live else trial_row_count(self.report)
        return self.in_shadow.calls + tried

    @property
    def is_tested(self) -> bool:
        """Whether the canary can be started."""
        is_enough = self.waited_enough or not self.shadow_left
        return is_enough and (self.has_live or self.drafted is not None)


def load_state(
    store: Store, settings: Settings, candidate: Candidate, now: float = 0.0
) -> RolloutState:
    """Reads everything that the message shows; without `now` time alone ends no shadow test."""
    team, route = candidate.team, str(candidate.route)
    history = store.candidates.history(candidate.id)
    version = _newest(edge.evidence.subject_version for edge in history)
    previous = _newest(edge.evidence.previous_version for edge in history)

    dataset, report, sample_waiting, unseen = None, None, 0, 0
    in_shadow = live_again = answers = previous_answers = NO_METRICS

    drafted, drafted_version = _drafted(store, team, route)
    if candidate.state == "dataset":
        dataset = store.datasets.newest_for_candidate(team, candidate.id)
        sample_waiting, unseen = _waiting_rows(dataset, settings.dataset_sample)

    if version:
        report = store.datasets.newest_report(team, route, version)
        since = history[-1].at if candidate.state == "shadow" else 0.0
        in_shadow = store.shadow_runs.shadow_metrics(team, route, version, since)
        live = store.versions.live(team, route)
        if live is not None:
            live_again = store.shadow_runs.shadow_metrics(team, route, live.id)

    # Counted since the newest step: a canary starts again at each share.
    if version and candidate.state in ANSWERING_STATES:
        answers = store.shadow_runs.answer_metrics(team, route, version, history[-1].at)
        previous_answers = store.shadow_runs.answer_metrics(team, route, previous)

    state = RolloutState(
        candidate=candidate,
        history=history,
        shadow_requests=settings.shadow_min_requests,
        canary_requests=settings.canary_min_requests,
        canary_hours=settings.canary_hours,
        dataset=dataset,
        report=report,
        progress=store.rollout_cards.progress(candidate.id),
        in_shadow=in_shadow,
        live_again=live_again,
        answers=answers,
        previous_answers=previous_answers,
        sample_waiting=sample_waiting,
        unseen_rows=unseen,
        shadow_hours=settings.shadow_hours,
        simulated=simulated_requests(store, candidate),
        drafted=drafted,
        drafted_version=drafted_version,
        has_live=store.versions.live(team, route) is not None,
        is_only_version=is_only_version(store, team, route, version),
    )
    seconds = max(0.0, now - history[-1].at) if history else 0.0
    return replace(state, waited_enough=shadow_complete(settings, state.shadow_calls, seconds))


def _drafted(store: Store, team: str, route: str) -> tuple[DraftedRoute | None, Version | None]:
    """Returns the route where it was drafted, and its version."""
    drafted = store.drafted_routes.get(team, route)
    stored = None if drafted is None else store.versions.get(team, route, drafted.version)
    return drafted, None if stored is None else Version.model_validate(dict(stored.body))


def is_only_version(store: Store, team: str, route: str, version: str) -> bool:
    """Returns whether nothing answers the route's requests once the version is rolled back."""
    if store.drafted_routes.get(team, route) is None:
        # A route of a folder: its file's version answers.
        return False

    live = store.versions.live(team, route)
    if live is not None and live.id != version:
        return False

    return not any(stored.previous_live for stored in store.versions.for_route(team, route))


def simulated_requests(store: Store, candidate: Candidate) -> int:
    """Returns the workspace's made-up requests; 0 where the candidate was not mined from any."""
    return store.stats.simulated(candidate.team) if candidate.evidence.count else 0


def _waiting_rows(dataset: StoredDataset | None, sample: int) -> tuple[int, int]:
    """Returns how many rows nobody has reviewed: of the sample, and of those that need no look."""
    if dataset is None:
        return 0, 0

    rows = from_records(dataset.rows)
    places = set(draw_sample(rows, sample, SAMPLE_SEED))
    waiting = [place for place, row in enumerate(rows) if row.review == "waiting"]
    unseen = [n for n in waiting if n not in places and not rows[n].needs_manual_review]
    return sum(place in places for place in waiting), len(unseen)


def _newest(values: Iterable[str | None]) -> str:
    """Returns the last value that is not empty."""
    newest = ""
    for value in values:
        newest = value or newest

    return newest
