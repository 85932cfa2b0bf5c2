"""The weekly digest: mines requests, judges and stores each candidate, and writes the digest.

A week is written once. Running the job again for a week that has a digest does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.candidate_evidence import CandidateEvidence
from router.catalog.installed import has_larger_model
from router.errors import LifecycleError
from router.lifecycle import BEFORE_APPROVAL, SYSTEM
from router.lifecycle_evidence import DigestedEvidence, SnoozeEvidence
from router.log import get_log
from router.store import Store
from router.store.mining.channel_messages import ChannelMessage, newest_keys
from router.store.mining.minable_requests import MinableRequest
from router.store.usage.stats import Period, day_start
from router.types import Candidate
from workers.context import Context
from workers.drift.summary import summary_lines
from workers.failures.weekly import find_failures
from workers.knowledge.gaps import summarise_questions
from workers.knowledge.retrieval import reading_rights
from workers.mining.admin_corrections import (
    active_corrections,
    correction_of,
    encoded_halves,
    is_released,
)
from workers.mining.gate_feedback import refit_gate
from workers.mining.llm_naming import Namer
from workers.mining.pipeline import Cluster, MiningHistory, MiningResult, mine
from workers.mining.requests import (
    CachedEmbedding,
    messages_to_rows,
    quotable_today,
    to_rows,
    without_answers,
)
from workers.mining.rows import Row
from workers.mining.trend import WEEK, WEEKS
from workers.ports import Payer
from workers.readiness import thresholds as limits
from workers.readiness.bottom_line import summarise_advice
from workers.readiness.decided_candidates import decided_candidates
from workers.readiness.evidence import Subject, build_evidence
from workers.readiness.prices import known_prices
from workers.readiness.prompt_stats import prompt_stats
from workers.readiness.trial_results import Trials, trials_of
from workers.runtime.job_key import parse_key
from workers.trials.weekly import TrialSubject, run_trials

QUEUE = "compute"

MAX_CANDIDATES = 8
"""Candidates in one digest; the rest come up when these are decided."""
MAX_GAPS = 5
"""Channels that Slack is asked about; nothing is quoted from further ones."""
MAX_ROUTES = 12
DAY_SECONDS = 86_400.0


def run(context: Context, key: str) -> None:
    """Stores the digest of a workspace's week; `key` is `job_key(team, week)`."""
    team, week = parse_key(key, "team", "week")
    store = context.store
    if store.digests.get(team, week) is not None:
        return

    now = context.now()
    mined = _mine_requests(context, team, now)
    _store_candidates(context, mined)
    candidates = _select_candidates(store, team, mined.result, now)

    body = _body(context, team, week, mined.result, candidates, now)
    # False when another worker wrote the week's digest meanwhile: then that one counts.
    if store.digests.insert(team, week, body, now):
        get_log(job="digest", team=team, week=week).info(
            "digest_written", candidates=len(candidates), rows=mined.result.mined_count
        )

    if context.settings.retention_days:
        store.embeddings.delete_unused(now - context.settings.retention_days * DAY_SECONDS)


@dataclass(frozen=True, slots=True)
class _Mined:
    """A workspace's mined requests: what was read, and the clusters in it.

    `rows` are the requests followed by channel messages, `encoder` is the id of their vectors'
    encoder.
    """

    team: str
    now: float
    requests: Sequence[MinableRequest]
    rows: Sequence[Row]
    messages: Sequence[ChannelMessage]
    encoder: str
    result: MiningResult


def _mine_requests(context: Context, team: str, now: float) -> _Mined:
    """Reads the requests and channel messages of the last weeks, and clusters them."""
    store = context.store
    since = now - WEEKS * WEEK
    requests = store.mining.requests(team, since, now)
    embedding = CachedEmbedding(context.encoder, store.embeddings, team, now)
    # Requests come first, so that a row's index is its request's.
    messages = without_answers(store.channel_messages.between(team, since, now), requests)
    rows = to_rows(requests) + messages_to_rows(messages)
    rows = quotable_today(rows, team, reading_rights(context))
    encoder = embedding.encoder.model_id
    result = mine(
        rows,
        embedding.encode(),
        limits.mining_limits(context.settings),
        history=_history(store, team, encoder),
    )

    return _Mined(team, now, requests, rows, messages, encoder, result)


def _store_candidates(context: Context, mined: _Mined) -> None:
    """Judges each cluster, names it, and stores it as a candidate with this week's evidence."""
    store = context.store
    team = mined.team
    requests = mined.requests
    position_of_row = {row: position for position, row in enumerate(mined.result.positions)}
    prices = known_prices(context.settings)
    # No user requested the naming: only the workspace's cap in USD applies.
    payer = Payer.workspace(team)
    namer = Namer(context.model, context.settings, payer)

    subjects = {}
    for cluster in mined.result.clusters:
        vectors = mined.result.vectors[[position_of_row[row] for row in cluster.rows]]
        stored = store.candidates.get(f"{team}:{cluster.id}")
        subjects[cluster.id] = Subject(
            cluster,
            [mined.rows[index] for index in cluster.rows],
            vectors,
            prompt_stats(store, team, cluster.route),
            (stored.approver if stored is not None else None) or "",
        )

    trials = run_trials(context, team, _to_try(store, team, subjects))

    for cluster in mined.result.clusters:
        subject = subjects[cluster.id]
        stored = store.candidates.get(f"{team}:{cluster.id}")
        known = trials.get(f"{team}:{cluster.id}") or _earlier_trials(stored)
        evidence = build_evidence(subject, known, context.settings, prices, mined.now)
        request_ids = [requests[index].id for index in cluster.rows if index < len(requests)]
        messages = [mined.messages[n - len(requests)] for n in cluster.rows if n >= len(requests)]
        evidence = replace(
            evidence,
            requests=tuple(request_ids),
            route=cluster.route,
            channel_messages=len(messages),
            messages=newest_keys(messages),
            halves=_halves(cluster, subject.vectors),
        )

        name = namer.name(cluster, stored)
        if name is not None:
            cluster = replace(cluster, label=name.label, definition=name.definition)
            evidence = replace(evidence, naming=name.record())

        _upsert_candidate(store, team, cluster, evidence, mined.encoder, mined.now)


def _to_try(store: Store, team: str, subjects: Mapping[str, Subject]) -> list[TrialSubject]:
    """Returns the candidates that an admin may still decide on and that a route serves."""
    to_try = []
    for cluster_id, subject in subjects.items():
        stored = store.candidates.get(f"{team}:{cluster_id}")
        undecided = stored is None or stored.state in ("detected", "digested", "snoozed")
        if undecided and subject.cluster.visible and subject.cluster.route is not None:
            key = f"{team}:{cluster_id}"
            to_try.append(TrialSubject(key, subject, _earlier_trials(stored)))

    return to_try


def _earlier_trials(stored: Candidate | None) -> Trials:
    return trials_of(None if stored is None else stored.evidence.trials)


def _history(store: Store, team: str, encoder: str) -> MiningHistory:
    """Returns what earlier weeks teach this one.

    These are the centroids of earlier candidates, the request gate refitted on admins' verdicts,
    and admins' split and merge corrections.
    """
    candidates = store.candidates.for_team(team)

    centroids = {}
    for candidate in candidates:
        # Vectors of two encoders cannot be compared, and a cluster that a route answers already is
        # no candidate to recognise.
        if not candidate.centroid or candidate.encoder != encoder or candidate.evidence.route:
            continue

        if is_released(store, candidate) or not correction_of(store, candidate):
            cluster_id = candidate.id.removeprefix(f"{team}:")
            centroids[cluster_id] = np.frombuffer(candidate.centroid, np.float32)

    return MiningHistory(
        centroids=centroids,
        gate=refit_gate(store, team, {candidate.id: candidate for candidate in candidates}),
        corrections=active_corrections(store, team, candidates, encoder),
    )


def _halves(cluster: Cluster, vectors: NDArray[np.float32]) -> tuple[str, ...]:
    """Returns the encoded centroids of the cluster's two halves, for a later split by an admin."""
    if not cluster.visible:
        return ()

    return tuple(encoded_halves(vectors) or ())


def _upsert_candidate(
    store: Store,
    team: str,
    cluster: Cluster,
    evidence: CandidateEvidence,
    encoder: str,
    now: float,
) -> None:
    """Stores the candidate with this week's evidence, and shows it again if it is time to."""
    candidate = Candidate(
        id=f"{team}:{cluster.id}",
        team=team,
        label=cluster.label,
        definition=cluster.definition,
        state="detected",
        route=cluster.route,
        evidence=evidence,
        centroid=np.asarray(cluster.centroid, np.float32).tobytes(),
        encoder=encoder,
    )

    # The store keeps the state of a candidate that it knows.
    stored = store.candidates.upsert(candidate, now)
    if stored.state not in ("snoozed", "rejected"):
        return

    reason = _reason_to_return(store, stored, now)
    if reason:
        _advance(store, stored, DigestedEvidence(explanation=reason), now)


def _reason_to_return(store: Store, candidate: Candidate, now: float) -> str:
    """Returns why a snoozed or rejected candidate is shown again; empty when it is not.

    A rejected one stays away: what has moved far from it is another candidate with an id of its
    own. The exception is one that was merged into a candidate which has been split since.
    """
    if candidate.state == "rejected":
        return "what it belonged to was divided" if is_released(store, candidate) else ""

    snooze = store.candidates.history(candidate.id)[-1].evidence
    assert isinstance(snooze, SnoozeEvidence)
    if snooze.until is not None and now >= snooze.until:
        return "the time is over"
    if snooze.until_count and candidate.evidence.count >= snooze.until_count:
        return "asked twice as often"

    return ""


def _select_candidates(store: Store, team: str, mined: MiningResult, now: float) -> list[Candidate]:
    """Marks the candidates of this week's digest as shown and returns them, best first."""
    visible = _visible_ids(team, mined)
    waiting = store.candidates.for_team(team, ("detected", "digested"))
    waiting = [candidate for candidate in waiting if candidate.id in visible]
    # The id breaks ties, so that the same week gives the same digest.
    waiting.sort(key=lambda candidate: (-candidate.evidence.score, candidate.id))

    selected = []
    for candidate in waiting[:MAX_CANDIDATES]:
        current: Candidate | None = candidate
        if candidate.state == "detected":
            current = _advance(store, candidate, DigestedEvidence(explanation="in the digest"), now)
        if current is not None:
            selected.append(current)

    return selected


def _visible_ids(team: str, mined: MiningResult) -> frozenset[str]:
    return frozenset(f"{team}:{cluster.id}" for cluster in mined.visible)


def _advance(
    store: Store, candidate: Candidate, evidence: DigestedEvidence, now: float
) -> Candidate | None:
    """Returns the candidate in its new state; None when somebody changed it meanwhile."""
    try:
        return store.candidates.advance(
            candidate.id, evidence, actor=SYSTEM, at=now, version=candidate.version
        )
    except LifecycleError as error:
        get_log(job="digest").info(
            "candidate_conflict", candidate=candidate.id, error=type(error).__name__
        )
        return None


def period_numbers(stats: Period) -> dict[str, Any]:
    """Returns the figures of a digest's week, which are those of every other screen."""
    return {
        "requests": stats.requests,
        "answered": stats.answered,
        "asked": stats.asked,
        "asked_answered": stats.asked_answered,
        "out_of_scope": stats.out_of_scope,
        "other": stats.other,
        "corrected": stats.corrected,
        "failed": stats.failed,
        "usd": round(stats.spent_usd, 6),
        "p50_seconds": round(stats.p50_seconds, 3),
        "simulated": stats.simulated,
    }


def _body(
    context: Context,
    team: str,
    week: str,
    mined: MiningResult,
    candidates: Sequence[Candidate],
    now: float,
) -> dict[str, Any]:
    """Returns the digest as it is stored.

    Candidates are stored by id: their state is read when the digest is rendered.
    """
    store = context.store
    since = now - WEEK
    stats = store.stats.since(team, day_start(since))
    visible_ids = _visible_ids(team, mined)
    visible = [
        candidate.evidence
        for candidate in store.candidates.for_team(team, BEFORE_APPROVAL)
        if candidate.state != "rejected" and candidate.id in visible_ids
    ]
    signals = summarise_questions(store, team, since, now, MAX_GAPS)
    channels = store.channel_messages.mined_channels(team, now - WEEKS * WEEK, now)

    # The keys are stored; their names outlive those of the code.
    return {
        "week": week,
        "since": since,
        "until": now,
        "numbers": period_numbers(stats),
        "routes": [[route.route, route.requests] for route in stats.routes[:MAX_ROUTES]],
        "mined": mined.mined_count,
        "overheard": [asdict(channel) for channel in channels],
        "withheld": len(mined.clusters) - len(mined.visible),
        "candidates": [candidate.id for candidate in candidates],
        "advice": asdict(summarise_advice(visible)),
        "gaps": [asdict(gap) for gap in signals.gaps],
        "failures": find_failures(context, team, week, now),
        "people": {
            "answered": store.people_replies.count(team, since, now),
            "captured": store.captured_answers.count(team, since, now),
        },
        "cap_usd": context.settings.cap_team_usd,
        "included_model": not has_larger_model(context.settings),
        "decided": decided_candidates(store, team, since),
        "drift": summary_lines(store, team, week),
    }
