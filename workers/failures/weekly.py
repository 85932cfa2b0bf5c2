"""The week's groups of failures: found, diagnosed, recognised from earlier weeks, and stored."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from router.catalog.version import Version
from router.index import Hit
from router.store import Store
from router.store.mining.week_requests import WeekRequest
from router.store.weekly.failure_groups import FailureGroup
from workers.context import Context
from workers.failures.diagnosis import FailureDiagnosis, diagnose
from workers.failures.grouping import (
    EncodedRequests,
    FoundGroup,
    encode_requests,
    group_failures,
    places_near,
)
from workers.failures.retrieval_gap import retrieval_gap
from workers.failures.rules import failing_rule
from workers.failures.signals import Signal, find_signals
from workers.knowledge.workspace_scope import WorkspaceScopedIndex
from workers.mining.trend import WEEK, WEEKS

MAX_GROUPS = 5
"""Groups in one digest, the largest first."""
MAX_REQUESTS = 50
"""Failed requests that a group remembers, the newest first."""
KNOWN_COSINE = 0.8
"""The cosine of two weeks' middles from which they are the same group."""
MIN_AFTER = 5
"""Requests since a remedy, below which nothing is said of its effect."""


@dataclass(frozen=True, slots=True)
class _Weeks:
    """The requests of the last weeks, the signs of failure by id, and this week's beginning."""

    team: str
    week: str
    now: float
    encoded: EncodedRequests
    signals: Mapping[str, tuple[Signal, ...]]

    def failed(self, place: int) -> bool:
        return self.encoded.requests[place].id in self.signals

    def counts(self, places: Sequence[int], since: float, until: float) -> tuple[int, int]:
        """Returns (failed, all) of the requests at these indices with `since <= at < until`."""
        within = [p for p in places if since <= self.encoded.requests[p].received_at < until]
        return sum(map(self.failed, within)), len(within)


def find_failures(context: Context, team: str, week: str, now: float) -> dict[str, Any]:
    """Finds, diagnoses and stores the week's groups; returns what the digest keeps, without words.

    Groups of fewer than `mine_min_people` people are counted (`withheld`) and not stored.
    """
    store = context.store
    requests = store.week_requests.between(team, now - WEEKS * WEEK, now)
    weeks = _Weeks(team, week, now, encode_requests(requests), find_signals(requests))
    this_week = [request for request in requests if request.received_at >= now - WEEK]
    failed = {request.id for request in this_week if request.id in weeks.signals}

    known = store.failure_groups.since(team, now - 2 * WEEKS * WEEK)
    effects = _effects(weeks, known)
    found = group_failures(weeks.encoded, failed)
    shown: list[str] = []
    withheld = 0
    for group in found:
        stored = _stored_group(context, weeks, group, known)
        if stored.people < context.settings.mine_min_people:
            withheld += 1
        elif len(shown) < MAX_GROUPS:
            store.failure_groups.upsert(stored)
            shown.append(stored.id)

    return {
        "groups": shown,
        "withheld": withheld,
        "min_people": context.settings.mine_min_people,
        "failed": len(failed),
        "requests": len(this_week),
        "effects": effects,
    }


def _stored_group(
    context: Context, weeks: _Weeks, group: FoundGroup, known: Sequence[FailureGroup]
) -> FailureGroup:
    """Returns the group as it is stored, under its earlier id where it was known."""
    encoded = weeks.encoded
    failed = [encoded.requests[place] for place in group.failed]
    near = [encoded.requests[place] for place in group.near]
    diagnosis = diagnose(failed, near, structured_routes(context.store, weeks.team))

    routes = [request.first_route or "" for request in failed]
    route = max(sorted(set(routes)), key=routes.count)
    detail = {**diagnosis.detail, "radius": group.min_cosine, "certainty": diagnosis.certainty}
    detail |= _more_detail(context, weeks, diagnosis, failed, route)

    earlier = _same_group(group, encoded.encoder, known)
    failed_count, total = weeks.counts(group.near, weeks.now - WEEK, weeks.now)
    newest = sorted(failed, key=lambda request: -request.received_at)[:MAX_REQUESTS]
    return FailureGroup(
        id=earlier.id if earlier is not None else uuid.uuid5(uuid.NAMESPACE_OID, newest[0].id).hex,
        team=weeks.team,
        week=weeks.week,
        first_week=earlier.first_week if earlier is not None else weeks.week,
        cause=diagnosis.cause,
        route=route,
        requests=[request.id for request in newest],
        people=len({request.user for request in failed}),
        failed=failed_count,
        total=total,
        encoder=encoded.encoder,
        centroid=np.asarray(group.centroid, np.float32).tobytes(),
        at=weeks.now,
        detail=detail,
        trend=_trend(weeks, group.near),
    )


def _more_detail(
    context: Context,
    weeks: _Weeks,
    diagnosis: FailureDiagnosis,
    failed: Sequence[WeekRequest],
    route: str,
) -> dict[str, Any]:
    if diagnosis.cause == "retrieval":
        return {
            "reason": retrieval_gap(
                failed, _search(context, weeks.team), weeks.now, context.encoder
            )
        }
    if diagnosis.cause == "prompt":
        return {"rule": failing_rule(context.store, weeks.team, route, failed)}

    return {}


def _search(context: Context, team: str) -> Callable[[str], list[Hit]]:
    return WorkspaceScopedIndex(context.index, team, context.encoder).search_text


def structured_routes(store: Store, team: str) -> Callable[[WeekRequest], bool]:
    """Returns a function that says whether a request's route answers in a form."""
    known: dict[tuple[str, str], bool] = {}

    def is_structured(request: WeekRequest) -> bool:
        if request.route is None or request.version is None:
            return False

        key = (request.route, request.version)
        if key not in known:
            version = store.versions.get(team, *key)
            body = dict(version.body) if version is not None else None
            known[key] = body is not None and Version.model_validate(body).output is not None

        return known[key]

    return is_structured


def _same_group(
    group: FoundGroup, encoder: str, known: Sequence[FailureGroup]
) -> FailureGroup | None:
    """Returns the known group whose middle is nearest, if it is near enough."""
    best, best_cosine = None, KNOWN_COSINE
    for other in known:
        if other.encoder != encoder:
            continue

        cosine = float(np.frombuffer(other.centroid, np.float32) @ group.centroid)
        if cosine >= best_cosine:
            best, best_cosine = other, cosine

    return best


def _trend(weeks: _Weeks, near: Sequence[int]) -> list[tuple[int, int]]:
    """Returns (failed, total) of each of the last weeks, the oldest first."""
    return [
        weeks.counts(near, weeks.now - (back + 1) * WEEK, weeks.now - back * WEEK)
        for back in reversed(range(WEEKS))
    ]


def _effects(weeks: _Weeks, known: Sequence[FailureGroup]) -> list[dict[str, Any]]:
    """Returns for each group with a remedy how much failed in the week before it, and since."""
    effects = []
    for group in known:
        at = group.remedied_at
        if not at or at < weeks.now - (WEEKS - 1) * WEEK or group.encoder != weeks.encoded.encoder:
            continue

        centroid = np.frombuffer(group.centroid, np.float32)
        near = places_near(weeks.encoded, centroid, float(group.detail.get("radius", 1.0)))
        before = weeks.counts(near, at - WEEK, at)
        after = weeks.counts(near, at, weeks.now)
        if before[1] and after[1] >= MIN_AFTER:
            effects.append({"group": group.id, "before": list(before), "after": list(after)})

    return effects
