"""Routes that were drafted in a workspace: whom they serve, and what they would serve in shadow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from router.catalog.catalog import Catalog, Route
from router.decide import Router, Signals
from router.store import Store
from router.types import DRAFTED, Decision, SlackPerson


def without_unserved(
    usable: Mapping[str, Route], installed: Catalog, store: Store, person: SlackPerson
) -> dict[str, Route]:
    """Returns the routes without those that do not serve this person yet.

    A drafted route serves nobody before its canary, then the people in it, and then everybody. The
    `installed` ones always serve.
    """
    served = dict(usable)
    for name in usable.keys() - installed.routes.keys():
        if store.versions.version_for_user(person.team, name, person.user) is None:
            del served[name]

    return served


def with_drafted(
    decision: Decision,
    router: Router,
    text: str,
    signals: Signals,
    known: Catalog,
    installed: Catalog,
) -> Decision:
    """Returns the decision with the drafted route that would serve the request, where none does.

    Nobody sees what that answers: a worker tries it. A workspace without such a route pays nothing
    for this. `known` are the workspace's routes, `installed` those of all workspaces.
    """
    allowed = tuple(signals.allowed or ())
    hidden = known.routes.keys() - installed.routes.keys() - set(allowed)
    if not hidden or decision.verb == "route" or not text:
        return decision

    everything = replace(signals, allowed=(*allowed, *sorted(hidden)))
    other, _ = router.decide(text, everything)
    if other.verb != "route" or other.route not in hidden:
        return decision

    return replace(decision, reason={**decision.reason, DRAFTED: other.route})
