"""Changes which version of a route answers, within the transaction that the caller has open.

A candidate's state and the version that answers are written in one transaction, so that no crash
leaves them apart. Every change is of one workspace's versions, or of the installation's: none
reaches the versions of another workspace.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update

from router.lifecycle_evidence import CanaryEvidence, RetirementEvidence, TransitionEvidence
from router.store.base.tables import route_version
from router.store.versions.drafted_routes import is_drafted
from router.types import INSTALLATION, VersionOrigin, VersionState

RESET = {"rollout_share": 0.0, "shadowing": False, "origin": "file", "previous_live": False}
"""What a version gets that enters a state, before that state's own values."""


def apply(connection: Connection, team: str, route: str, evidence: TransitionEvidence) -> None:
    """Moves the workspace's version that the evidence names as its candidate moves.

    Doing it twice changes nothing.
    """
    state, version = evidence.state, evidence.version
    if version is None:
        return

    columns = (route_version.c.state, route_version.c.shadowing, route_version.c.rollout_share)
    query = select(*columns).where(_is_version(team, route, version))
    current = connection.execute(query).one_or_none()
    if current is None:
        return

    # Each branch first checks that the version is not there yet: a retried job must change nothing.
    if state == "shadow":
        if (current.state, current.shadowing) != ("shadow", True):
            start_shadow(connection, team, route, version)
    elif isinstance(evidence, CanaryEvidence):
        if (current.state, current.rollout_share) != ("canary", evidence.share):
            start_canary(connection, team, route, version, evidence.share)
    elif state == "live" and current.state == "canary":
        go_live(connection, team, route, version, "rollout")
    elif isinstance(evidence, RetirementEvidence) and evidence.replacement:
        retire(connection, team, route, version, evidence.replacement)
    elif state in ("rolled_back", "retired") and current.state in ("canary", "live", "shadow"):
        roll_back(connection, team, route, version)


def start_shadow(connection: Connection, team: str, route: str, version: str) -> None:
    """Lets the version answer beside the live one, unseen.

    It replaces any other that is being tried.
    """
    _retire_tried(connection, team, route, version)
    _set_state(connection, team, route, version, "shadow", shadowing=True)


def start_canary(connection: Connection, team: str, route: str, version: str, share: float) -> None:
    """Lets the version answer `share` (0-1) of the users.

    It replaces any other that is being tried.
    """
    _retire_tried(connection, team, route, version)
    _set_state(connection, team, route, version, "canary", rollout_share=share)


def go_live(
    connection: Connection, team: str, route: str, version: str, origin: VersionOrigin
) -> None:
    """Makes the version live.

    The workspace's one that was live is retired and becomes the one to roll back to. Without one
    the installation's version answered until now, and a roll-back goes back to that.
    """
    query = select(route_version.c.id).where(
        _is_of(team, route), route_version.c.state == "live", route_version.c.id != version
    )
    replaced = connection.execute(query).scalar()

    # Only one version at a time is the one to roll back to. The installation keeps its own where a
    # version goes live without replacing any: nothing else could answer after a roll-back.
    if replaced is not None or team != INSTALLATION:
        connection.execute(
            update(route_version)
            .where(_is_of(team, route), route_version.c.previous_live)
            .values(previous_live=False)
        )
    if replaced is not None:
        _set_state(connection, team, route, replaced, "retired", previous_live=True)

    # One transaction, so readers see the old live version or the new one, never none or both.
    _set_state(connection, team, route, version, "live", origin=origin)


def roll_back(connection: Connection, team: str, route: str, version: str) -> None:
    """Retires the version; if it was live, the one before it answers again.

    That is the workspace's own version before it, else the installation's live one. A live version
    that nothing could replace stays live, because some version has to answer; but a route that was
    drafted for the workspace alone can be without one, and then takes no request.
    """
    if _state_of(connection, team, route, version) == "live":
        query = select(route_version.c.id).where(_is_of(team, route), route_version.c.previous_live)
        previous = connection.execute(query).scalar()
        if previous is not None:
            _set_state(connection, team, route, previous, "live")
        elif not (_has_installed(connection, team, route) or is_drafted(connection, team, route)):
            return

    _set_state(connection, team, route, version, "retired")


def retire(connection: Connection, team: str, route: str, version: str, replacement: str) -> None:
    """Retires the version for good; if it was live, `replacement` answers in its place.

    Later roll-backs do not bring it up again. A live version stays live if there is no such
    replacement, because some version has to answer.
    """
    if _state_of(connection, team, route, version) == "live":
        installed = _state_of(connection, INSTALLATION, route, replacement)
        # Where the installation's live version takes over, the workspace has no own one any more.
        if team == INSTALLATION or installed != "live":
            if installed is not None and team != INSTALLATION:
                _adopt(connection, team, route, replacement)
            # Like a promoted version, the replacement is not displaced by the route's file.
            if not _set_state(connection, team, route, replacement, "live", origin="rollout"):
                return

    _set_state(connection, team, route, version, "retired")


def declare_tiers(
    connection: Connection, of_route: Sequence[ColumnElement[bool]], tiers: Collection[str]
) -> None:
    """Makes exactly these versions of a route tiers, unless they are live or being tried."""
    dropped = (route_version.c.state == "tier", route_version.c.id.not_in(tiers))
    connection.execute(
        update(route_version).where(*of_route, *dropped).values(RESET | {"state": "retired"})
    )
    declared = (route_version.c.state.in_(("shadow", "retired")), route_version.c.id.in_(tiers))
    connection.execute(
        update(route_version).where(*of_route, *declared).values(RESET | {"state": "tier"})
    )


def _adopt(connection: Connection, team: str, route: str, version: str) -> None:
    """Gives the workspace a version of its own that is equal to one of the installation's."""
    if _state_of(connection, team, route, version) is not None:
        return

    query = select(route_version).where(_is_version(INSTALLATION, route, version))
    row = dict(connection.execute(query).mappings().one())
    connection.execute(insert(route_version).values(row | RESET | {"team": team}))


def _has_installed(connection: Connection, team: str, route: str) -> bool:
    """Returns whether a live version of the installation answers where a workspace has none."""
    if team == INSTALLATION:
        return False

    query = select(route_version.c.id).where(
        _is_of(INSTALLATION, route), route_version.c.state == "live"
    )
    return connection.execute(query).first() is not None


def _retire_tried(connection: Connection, team: str, route: str, version: str) -> None:
    """Retires every other version in canary or running in shadow.

    One that waits to be judged stays.
    """
    is_tried = or_(
        and_(route_version.c.state == "canary", route_version.c.rollout_share > 0),
        and_(route_version.c.state == "shadow", route_version.c.shadowing),
    )
    others = and_(_is_of(team, route), route_version.c.id != version)
    connection.execute(
        update(route_version).where(others, is_tried).values(RESET | {"state": "retired"})
    )


def _set_state(
    connection: Connection,
    team: str,
    route: str,
    version: str,
    state: VersionState,
    **values: object,
) -> bool:
    """Sets the state and `values`, and resets the columns of other states.

    Returns whether the version exists.
    """
    statement = update(route_version).where(_is_version(team, route, version))
    result = connection.execute(statement.values({"state": state} | RESET | values))
    return result.rowcount > 0


def _state_of(connection: Connection, team: str, route: str, version: str) -> VersionState | None:
    query = select(route_version.c.state).where(_is_version(team, route, version))
    state: VersionState | None = connection.execute(query).scalar()
    return state


def _is_version(team: str, route: str, version: str) -> ColumnElement[bool]:
    return and_(_is_of(team, route), route_version.c.id == version)


def _is_of(team: str, route: str) -> ColumnElement[bool]:
    return and_(route_version.c.team == team, route_version.c.route == route)
