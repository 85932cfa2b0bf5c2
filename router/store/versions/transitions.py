"""Which version answers: the steps that change it, each within the transaction that its caller has open.

Where a candidate stands and which version answers are written together, so that no end of a process
comes in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from router.lifecycle import State
from router.store.base.tables import route_version
from router.types import VersionState

BEFORE = -1.0
"""The share of the retired version that was live before the present one: the way back."""


def follow(connection: Connection, route: str, state: State, told: Mapping[str, Any]) -> None:
    """The version that `told` names stands as a candidate in `state` says. Doing it twice changes nothing."""
    version = told.get("version")
    mine = (route_version.c.route == route, route_version.c.id == version)

    now = connection.execute(
        select(route_version.c.state, route_version.c.share).where(*mine)
    ).one_or_none()
    if version is None or now is None:
        return

    if state == "shadow" and tuple(now) != ("shadow", 1.0):
        place(connection, route, version, "shadow", 1.0)
    elif state == "canary" and tuple(now) != ("canary", float(told["share"])):
        place(connection, route, version, "canary", float(told["share"]))
    elif state == "live" and now[0] == "canary":
        go_live(connection, route, version, 1.0)
    elif state == "retired" and told.get("instead"):
        retire(connection, route, version, str(told["instead"]))
    elif state in ("rolled_back", "retired") and now[0] in ("canary", "live", "shadow"):
        withdraw(connection, route, version)


def place(
    connection: Connection, route: str, version: str, state: VersionState, share: float
) -> None:
    """That version is tried in that state; any other that was is set aside."""
    mine = update(route_version).where(route_version.c.route == route)
    tried = (route_version.c.state.in_(("canary", "shadow")), route_version.c.share > 0)
    connection.execute(
        mine.where(route_version.c.id != version, *tried).values(state="retired", share=0.0)
    )
    connection.execute(mine.where(route_version.c.id == version).values(state=state, share=share))


def go_live(connection: Connection, route: str, version: str, share: float) -> None:
    """That version answers and the one that did is retired and remembered as the way back."""
    mine = update(route_version).where(route_version.c.route == route)
    other = (route_version.c.state == "live", route_version.c.id != version)

    old = connection.execute(
        select(route_version.c.id).where(route_version.c.route == route, *other)
    ).scalar()
    if old is not None:
        connection.execute(mine.where(route_version.c.share == BEFORE).values(share=0.0))
        connection.execute(
            mine.where(route_version.c.id == old).values(state="retired", share=BEFORE)
        )

    connection.execute(mine.where(route_version.c.id == version).values(state="live", share=share))


def withdraw(connection: Connection, route: str, version: str) -> None:
    """That version answers nobody; where it was live, the one before it does. Without one it stays live."""
    mine = update(route_version).where(route_version.c.route == route)

    one = (route_version.c.route == route, route_version.c.id == version)
    if connection.execute(select(route_version.c.state).where(*one)).scalar() == "live":
        way_back = (route_version.c.route == route, route_version.c.share == BEFORE)
        back = connection.execute(select(route_version.c.id).where(*way_back)).scalar()
        if back is None:
            return

        connection.execute(mine.where(route_version.c.id == back).values(state="live", share=0.0))

    connection.execute(mine.where(route_version.c.id == version).values(state="retired", share=0.0))


def retire(connection: Connection, route: str, version: str, instead: str) -> None:
    """That version answers nobody any more; where it did, `instead` does, unless there is no such version.

    It is no way back either: taking another version back does not bring it up again.
    """
    mine = update(route_version).where(route_version.c.route == route)

    one = (route_version.c.route == route, route_version.c.id == version)
    if connection.execute(select(route_version.c.state).where(*one)).scalar() == "live":
        # As with what was let in step by step, the route's file does not take its place back by
        # itself.
        taken = connection.execute(
            mine.where(route_version.c.id == instead).values(state="live", share=1.0)
        )
        if taken.rowcount == 0:
            return  # somebody has to answer

    connection.execute(mine.where(route_version.c.id == version).values(state="retired", share=0.0))
