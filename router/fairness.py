"""Whose turn it is: round-robin between workspaces, and between the people of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contender:
    """A person with open requests: how many wait, how many are being served.

    `user` is `SlackPerson.key_in_team`, so that equal ids of two workspaces are two people.
    `served_at` is when one of theirs was begun last, 0 for never; any number that grows will do.
    """

    team: str
    user: str
    waiting: int
    busy: int
    served_at: float = 0.0


def turn_order(
    contenders: Iterable[Contender],
    team_served_at: Mapping[str, float],
    max_busy: int | None = None,
) -> list[Contender]:
    """Returns the people who wait, the one whose turn it is first.

    Workspaces come in the order of what is being served for them now, fewest first, then of who was
    served least recently; people of a workspace likewise. So a person waits for at most one request
    of each other workspace and of each other person of their own, however many requests those have
    sent. Whoever has `max_busy` requests being served has no turn; None for no bound.

    `team_served_at` says when each workspace was served last; one that is missing never was.
    """
    contenders = list(contenders)
    team_busy: Counter[str] = Counter()
    for contender in contenders:
        team_busy[contender.team] += contender.busy

    def rank(contender: Contender) -> tuple[int, float, int, float, str, str]:
        team = contender.team
        return (
            team_busy[team],
            team_served_at.get(team, 0.0),
            contender.busy,
            contender.served_at,
            team,
            contender.user,
        )

    def may_begin(contender: Contender) -> bool:
        return contender.waiting > 0 and (max_busy is None or contender.busy < max_busy)

    return sorted(filter(may_begin, contenders), key=rank)
