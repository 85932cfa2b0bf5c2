"""Changes which version of a route answers, within the transaction that the caller has open.

A candidate's state and the version that answers are written in one transaction, so that no crash
leaves them apart.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from router.lifecycle_evidence import CanaryEvidence, RetirementEvidence, TransitionEvidence
from router.store.base.tables import route_version
from router.types import VersionOrigin, VersionState

RESET = {"rollout_share": 0.0, "shadowing": False, "origin": "file", "previous_live": False}
"""What a version gets that enters a state, before that state's own values."""


def apply(connection: Connection, route: str, evidence: TransitionEvidence) -> None:
    """Moves the version that the evidence names as its candidate moves.

    Doing it twice changes nothing.
    """
    state, version = evidence.state, evidence.version
    if version is None:
        return

    columns = (route_version.c.state, route_version.c.shadowing, route_version.c.rollout_share)
    query = select(*columns).where(_is_version(route, version))
    current = connection.execute(query).one_or_none()
    if current is None:
        return

    # Each branch first checks that the version is not there yet: a retried job must change nothing.
    if state == "shadow":
        if (current.state, current.shadowing) != ("shadow", True):
            start_shadow(connection, route, version)
    elif isinstance(evidence, CanaryEvidence):
        if (current.state, current.rollout_share) != ("canary", evidence.share):
            start_canary(connection, route, version, evidence.share)
    elif state == "live" and current.state == "canary":
        go_live(connection, route, version, "rollout")
    elif isinstance(evidence, RetirementEvidence) and evidence.replacement:
        retire(connection, route, version, evidence.replacement)
    elif state in ("rolled_back", "retired") and current.state in ("canary", "live", "shadow"):
        roll_back(connection, route, version)


def start_shadow(connection: Connection, route: str, version: str) -> None:
    """Lets the version answer beside the live one, unseen.

    It replaces any other that is being tried.
    """
    _retire_tried(connection, route, version)
    _set_state(connection, route, version, "shadow", shadowing=True)


def start_canary(connection: Connection, route: str, version: str, share: float) -> None:
    """Lets the version answer `share` (0-1) of the users.

    It replaces any other that is being tried.
    """
    _retire_tried(connection, route, version)
    _set_state(connection, route, version, "canary", rollout_share=share)


def go_live(connection: Connection, route: str, version: str, origin: VersionOrigin) -> None:
    """Makes the version live.

    The one that was live is retired and becomes the one to roll back to.
    """
    is_other_live = and_(
        route_version.c.route == route,
        route_version.c.state == "live",
        route_version.c.id != version,
    )
    query = select(route_version.c.id).where(is_other_live)

    replaced = connection.execute(query).scalar()
    if replaced is not None:
        # Only one version at a time is the one to roll back to.
        connection.execute(
            update(route_version)
            .where(route_version.c.route == route, route_version.c.previous_live)
            .values(previous_live=False)
        )
        _set_state(connection, route, replaced, "retired", previous_live=True)

    # One transaction, so readers see the old live version or the new one, never none or both.
    _set_state(connection, route, version, "live", origin=origin)


def roll_back(connection: Connection, route: str, version: str) -> None:
    """Retires the version; if it was live, the one before it is live again.

    A live version without a predecessor stays live, because some version has to answer.
    """
    if _state_of(connection, route, version) == "live":
        query = select(route_version.c.id).where(
            route_version.c.route == route, route_version.c.previous_live
        )
        previous = connection.execute(query).scalar()
        if previous is None:
            return

        _set_state(connection, route, previous, "live")

    _set_state(connection, route, version, "retired")


def retire(connection: Connection, route: str, version: str, replacement: str) -> None:
    """Retires the version for good; if it was live, `replacement` is live in its place.

    Later roll-backs do not bring it up again. A live version stays live if there is no such
    replacement, because some version has to answer.
    """
    if _state_of(connection, route, version) == "live":
        # Like a promoted version, the replacement is not displaced by the route's file.
        replaced = _set_state(connection, route, replacement, "live", origin="rollout")
        if not replaced:
            return

    _set_state(connection, route, version, "retired")


def _retire_tried(connection: Connection, route: str, version: str) -> None:
    """Retires every other version in canary or running in shadow.

    One that waits to be judged stays.
    """
    is_tried = or_(
        and_(route_version.c.state == "canary", route_version.c.rollout_share > 0),
        and_(route_version.c.state == "shadow", route_version.c.shadowing),
    )
    others = and_(route_version.c.route == route, route_version.c.id != version)
    connection.execute(
        update(route_version).where(others, is_tried).values(RESET | {"state": "retired"})
    )


def _set_state(
    connection: Connection, route: str, version: str, state: VersionState, **values: object
) -> bool:
    """Sets the state and `values`, and resets the columns of other states.

    Returns whether the version exists.
    """
    statement = update(route_version).where(_is_version(route, version))
    result = connection.execute(statement.values({"state": state} | RESET | values))
    return result.rowcount > 0


def _state_of(connection: Connection, route: str, version: str) -> VersionState | None:
    query = select(route_version.c.state).where(_is_version(route, version))
    state: VersionState | None = connection.execute(query).scalar()
    return state


def _is_version(route: str, version: str) -> ColumnElement[bool]:
    return and_(route_version.c.route == route, route_version.c.id == version)
