"""The option `--team` of commands about one workspace's data."""

from __future__ import annotations

from typing import Annotated

import typer

from router.errors import InputError
from router.store import Store

Team = Annotated[
    str | None,
    typer.Option(
        "--team", help="A workspace's id; the only workspace if left out, '' for none of them."
    ),
]


def choose_team(store: Store, team: str | None) -> str:
    """Returns the workspace that a command is about: the named one, else the only one there is.

    It is the installation itself where no workspace is known. Raises InputError naming those that
    are known.
    """
    known = store.known_teams.all()
    if team is None:
        if len(known) > 1:
            raise InputError(
                f"choosing a workspace: {len(known)} are known; say which one with --team: "
                f"{', '.join(known)}"
            )

        return known[0] if known else ""

    if team and team not in known:
        raise InputError(
            f"choosing a workspace: found --team {team!r}; known: {', '.join(known) or 'none'}"
        )

    return team
