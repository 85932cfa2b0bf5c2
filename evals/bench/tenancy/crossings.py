"""Compares a bot of two workspaces with two bots of one workspace each: any difference crossed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from evals.bench.tenancy.bot_without_slack import BotWithoutSlack
from evals.bench.tenancy.people import People
from evals.bench.tenancy.plan import CANARY, TEAMS, Action

MAX_EXAMPLES = 10


@dataclass(slots=True)
class Crossings:
    """What reached the other workspace. `by_kind` counts it, `examples` are the first ones."""

    actions: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def add(self, kind: str, example: str) -> None:
        """Counts one."""
        self.by_kind[kind] += 1
        if len(self.examples) < MAX_EXAMPLES:
            self.examples.append(f"{kind}: {example}")


def run_actions(actions: Iterable[Action], folder: Path) -> Crossings:
    """Performs the actions in a shared bot, and those of each workspace in a bot of its own.

    What a person sees, and what is stored for a workspace, must not depend on the other one.
    """
    shared = People(BotWithoutSlack(folder / "shared", TEAMS))
    alone = {team: People(BotWithoutSlack(folder / team, (team,))) for team in TEAMS}
    found = Crossings()

    try:
        for action in actions:
            found.actions += 1
            if action.name == "expire":
                for people in (shared, *alone.values()):
                    people.expire(action)
            else:
                _compare(action, shared.perform(action), alone[action.team].perform(action), found)

        for team in TEAMS:
            _compare_rows(team, shared.bot, alone[team].bot, found)
    finally:
        for people in (shared, *alone.values()):
            people.bot.close()

    return found


def _compare(action: Action, together: str, alone: str, found: Crossings) -> None:
    for team, word in CANARY.items():
        if team != action.team and word in together:
            found.add("words", f"{action} showed {word}")

    if together != alone:
        found.add(action.name, f"{action} showed {_difference(together, alone)}")


def _compare_rows(
    team: str, shared: BotWithoutSlack, alone: BotWithoutSlack, found: Crossings
) -> None:
    expected = alone.rows(team)
    for table, rows in shared.rows(team).items():
        if rows == expected[table]:
            continue

        surplus = sorted((Counter(rows) - Counter(expected[table])).elements())
        missing = sorted((Counter(expected[table]) - Counter(rows)).elements())
        found.add(f"rows of {table}", f"{team} has {surplus[:1]} in place of {missing[:1]}")


def _difference(together: str, alone: str) -> str:
    """Returns the surroundings of the first difference."""
    at = 0
    while at < min(len(together), len(alone)) and together[at] == alone[at]:
        at += 1

    start = max(0, at - 80)
    return f"{together[start : at + 80]!r}, alone {alone[start : at + 80]!r}"
