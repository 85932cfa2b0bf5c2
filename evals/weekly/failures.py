"""How often the week's groups of failures get the right cause, and are found in the first week.

Simulated workspaces have one failing kind of request for each cause, among requests that are served
well and failures by chance. Production's own code finds and diagnoses the groups.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from evals.weekly.failures_world.weeks import CAUSES, FailingWorkspace, WeekPlan
from router.log import set_up_logs
from router.store import open_store
from router.store.weekly.failure_groups import FailureGroup
from router.text.printable import print_line
from workers.failures.weekly import find_failures

MIN_PURITY = 0.5
"""The share of a group's requests that must have failed for one cause, for it to have that one."""
MIN_FOUND = 0.5
"""The share of a cause's failures of a week that its group must hold, to count as found."""
CHANCE = "chance"


@dataclass(frozen=True, slots=True)
class GroupResult:
    """One group that a digest shows: its seeded cause (or `chance`), and the diagnosed one."""

    seeded: str
    diagnosed: str
    week: int


def main(
    workspaces: Annotated[int, typer.Option(min=1, help="Simulated workspaces.")] = 40,
    weeks: Annotated[int, typer.Option(min=1, help="Weeks of each.")] = 2,
    failures: Annotated[int, typer.Option(help="Failures of each cause in a week.")] = 12,
    seed: Annotated[int, typer.Option(help="Draws requests and people.")] = 0,
    show: Annotated[bool, typer.Option("--show", help="Also a table of causes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Simulate weeks with known causes of failure; report how often the diagnosis is right."""
    set_up_logs("auto", "error")
    groups: list[GroupResult] = []
    found = 0
    for number in range(workspaces):
        results, first = run_workspace(seed * 100_003 + number, weeks, WeekPlan(failures))
        groups += results
        found += first

    figures = {
        "right_cause": round(sum(g.seeded == g.diagnosed for g in groups) / len(groups), 3),
        "found_first_week": round(found / (workspaces * len(CAUSES)), 3),
        "groups": len(groups),
        "workspaces": workspaces,
    }
    if as_json:
        details = {"by_cause": _by_cause(groups)} if show else {}
        print_line(json.dumps(figures | details))
        return

    for name, value in figures.items():
        print_line(f"{name:18} {value}")
    if show:
        print_line(json.dumps(_by_cause(groups), indent=1))


def run_workspace(seed: int, weeks: int, plan: WeekPlan) -> tuple[list[GroupResult], int]:
    """Returns the groups of all weeks, and how many causes the first week's digest found."""
    results: list[GroupResult] = []
    found_first = 0
    with tempfile.TemporaryDirectory(prefix="failures") as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'beagle.db'}")
        try:
            workspace = FailingWorkspace("T1", store, Path(folder), seed, plan)
            for week in range(weeks):
                workspace.live_week()
                part = find_failures(workspace.context, "T1", f"2027-W{week:02}", workspace.now)
                groups = [store.failure_groups.get("T1", key) for key in part["groups"]]
                shown = [group for group in groups if group is not None]
                results += [_judge(workspace, group, week) for group in shown]
                if week == 0:
                    found_first = sum(
                        _is_found(workspace, shown, cause, plan.failures) for cause in CAUSES
                    )
        finally:
            store.close()

    return results, found_first


def _judge(workspace: FailingWorkspace, group: FailureGroup, week: int) -> GroupResult:
    causes = Counter(_seeded_causes(workspace, group))
    cause, count = causes.most_common(1)[0]
    is_pure = count >= MIN_PURITY * len(group.requests)
    return GroupResult(cause if is_pure else CHANCE, group.cause, week)


def _is_found(
    workspace: FailingWorkspace, groups: list[FailureGroup], cause: str, failures: int
) -> bool:
    for group in groups:
        held = _seeded_causes(workspace, group).count(cause)
        if held >= MIN_FOUND * failures and held >= MIN_PURITY * len(group.requests):
            return True

    return False


def _seeded_causes(workspace: FailingWorkspace, group: FailureGroup) -> list[str]:
    causes = []
    for key in group.requests:
        topic = workspace.seeded.get(key)
        causes.append(str(topic.cause) if topic is not None else CHANCE)

    return causes


def _by_cause(groups: list[GroupResult]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for group in groups:
        row = table.setdefault(group.seeded, {})
        row[group.diagnosed] = row.get(group.diagnosed, 0) + 1

    return table
