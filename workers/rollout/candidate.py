"""Reads a candidate's newest step, its route, and the versions that it builds on."""

from __future__ import annotations

from router.catalog.catalog import Route
from router.catalog.version import Version
from router.errors import InputError, ModelError
from router.lifecycle_evidence import PromptSearchEvidence, TransitionEvidence, TunedEvidence
from router.store.weekly.candidates import CandidateTransition
from router.types import Candidate
from workers.context import Context


def last_edge(context: Context, candidate: Candidate) -> CandidateTransition | None:
    """Returns the candidate's newest step; None before its first one."""
    history = context.store.candidates.history(candidate.id)
    return history[-1] if history else None


def last_evidence(context: Context, candidate: Candidate) -> TransitionEvidence | None:
    """Returns the evidence of the candidate's newest step; None before its first one."""
    edge = last_edge(context, candidate)
    return None if edge is None else edge.evidence


def newest_prompted_version(context: Context, candidate: Candidate) -> str | None:
    """Returns the prompted version that optimisation, or a drift, named last; None if none did."""
    # The newest comes first: a later optimisation or drift replaces an earlier one.
    for edge in reversed(context.store.candidates.history(candidate.id)):
        evidence = edge.evidence
        if not isinstance(evidence, (PromptSearchEvidence, TunedEvidence)):
            continue
        if evidence.prompted_version:
            return evidence.prompted_version

    return None


def route_of(context: Context, candidate: Candidate) -> Route:
    """Returns the candidate's route. Raises InputError when no route answers its requests yet."""
    name = candidate.route or candidate.evidence.route
    route = context.routes_of(candidate.team).routes.get(str(name))
    if route is None:
        raise InputError(
            f"taking {candidate.label!r} further: no route answers these requests yet; "
            "write one, then the rollout continues by itself"
        )

    return route


def live_version_of(context: Context, candidate: Candidate) -> Version:
    """Returns the version that answers in its workspace now.

    Raises ModelError(retry=True) when none does.
    """
    name = str(candidate.route or candidate.evidence.route)

    stored = context.store.versions.live(candidate.team, name)
    if stored is None:
        raise ModelError(
            f"taking {candidate.label!r} further: route {name!r} has no live version", retry=True
        )

    return Version.model_validate(dict(stored.body))
