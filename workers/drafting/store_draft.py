"""Drafts a candidate's route and stores it: the texts as the workspace's route, and its version."""

from __future__ import annotations

from collections.abc import Collection

from router.log import get_log
from router.store.versions.drafted_routes import DraftedRoute
from router.store.versions.versions import StoredVersion
from router.types import Candidate
from workers.context import Context
from workers.drafting.draft import Draft, plan_draft
from workers.drafting.kind import choose_kind
from workers.drafting.material import read_material
from workers.drafting.model_text import refine
from workers.drafting.wish import wanted_style, write_wish


def needs_draft(context: Context, candidate: Candidate) -> bool:
    """Returns whether no route serves the candidate's requests, in a folder or live."""
    name = candidate.route or candidate.evidence.route
    if name is None:
        return True

    others = context.routes_of(candidate.team, without=_own_name(context, candidate))
    return name not in others.routes and context.store.versions.live(candidate.team, name) is None


def _own_name(context: Context, candidate: Candidate) -> str:
    """Returns the name of the route that was drafted from the candidate before; empty if none."""
    drafted = context.store.drafted_routes.for_candidate(candidate.team, candidate.id)
    return "" if drafted is None else drafted.name


def draft_candidate(context: Context, candidate: Candidate, avoid: Collection[str] = ()) -> Draft:
    """Writes the route that the candidate needs and stores it; only a person starts it.

    A second time writes the draft again. `avoid` are styles that a person did not want. Raises
    InputError where nothing may be quoted.
    """
    team = candidate.team
    taken = {*context.routes_of(team).routes, *context.store.drafted_routes.names(team)}
    earlier = context.store.drafted_routes.for_candidate(team, candidate.id)
    if earlier is not None:
        taken.discard(earlier.name)

    if is_wish(candidate):
        draft = write_wish(candidate, taken, context.now(), wanted_style(avoid))
    else:
        material = read_material(context, candidate)
        choice = choose_kind(context, material, avoid)
        plan = plan_draft(candidate.label, material, choice.form, choice.style, choice.note, taken)
        draft = refine(context, candidate, material, plan)

    stored = save_draft(context, draft)
    if earlier is not None and earlier.name != stored.name:
        context.store.drafted_routes.remove(team, earlier.name)

    get_log(job="advance", candidate=candidate.id).info(
        "route_drafted", route=stored.name, kind=draft.version.kind, version=draft.version.id
    )
    return Draft(stored, draft.version)


def is_wish(candidate: Candidate) -> bool:
    """Returns whether an admin described the request in a dialog, and mining found nothing."""
    return candidate.evidence.count == 0


def save_draft(context: Context, draft: Draft) -> DraftedRoute:
    """Stores the version, in shadow and not running, and the route's texts."""
    route, version = draft.route, draft.version
    body = version.model_dump(mode="json")
    context.store.versions.insert(
        StoredVersion(
            route.team, route.name, version.id, version.kind, "shadow", body, context.now()
        )
    )
    return context.store.drafted_routes.save(route.team, route)
