"""Puts an edited route live unless it is surely worse than the version that is live now.

Both are the installation's: no workspace's own version is measured or displaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.catalog.catalog import Route
from router.catalog.installed import installed_routes
from router.catalog.version import Version
from router.log import get_log
from router.statistics import paired_difference
from router.types import INSTALLATION
from workers.context import Context
from workers.evaluation.metrics import score, scoring_rule
from workers.evaluation.run import RowResult, answer_of, run_rows, summarise

QUEUE = "compute"

TOLERANCE = 0.02
"""An edit may cost two points. One that costs more is kept back if the 95 % interval of the
difference on the same rows lies below zero; with so few rows that none could, it is kept back."""


@dataclass(frozen=True, slots=True)
class VersionCheck:
    """A version compared with the live one on the same rows.

    Accuracies are in 0-1, None where nothing was measured.
    """

    passed: bool
    reason: str
    rows: int = 0
    accuracy: float | None = None
    live_accuracy: float | None = None


def run(context: Context, key: str) -> None:
    """Puts the version of key `route/version` live, or leaves it in shadow and logs why.

    Running it twice is safe. A version that is not in shadow, or not the route file's current one,
    is left alone.
    """
    name, _, version_id = key.partition("/")
    versions = context.store.versions
    stored = versions.get(INSTALLATION, name, version_id)
    live = versions.live(INSTALLATION, name)

    # Read again: the file may have been edited once more since the job was enqueued.
    route = installed_routes(context.settings).routes.get(name)
    if stored is None or stored.state != "shadow":
        return
    if route is None or route.version.id != version_id:
        return

    live_version = None
    if live is not None:
        live_version = Version.model_validate(dict(live.body))

    check = check_version(context, route, live_version)
    log = get_log(
        job="judge_version", route=name, version=version_id, rows=check.rows, reason=check.reason
    )

    if not check.passed:
        log.warning(
            "version_kept_in_shadow", accuracy=check.accuracy, live_accuracy=check.live_accuracy
        )
        return

    versions.go_live(INSTALLATION, name, version_id)
    log.info("version_live", accuracy=check.accuracy, live_accuracy=check.live_accuracy)


def check_version(context: Context, route: Route, live: Version | None) -> VersionCheck:
    """Compares the route's version with `live` on the route's test rows."""
    if live is None:
        return VersionCheck(True, "it is the route's first version")

    rows = [row for row in route.rows if row.split == "test" and row.answer is not None]
    if not rows:
        return VersionCheck(True, "there are no test rows to judge it by")

    results = run_rows(context, route.version, rows)
    live_results = run_rows(context, live, rows)
    new, old = summarise(route.version, results), summarise(live, live_results)
    differences = (
        paired_difference(_scores(route.version, results), _scores(live, live_results)),
        paired_difference(_valid(results), _valid(live_results)),
    )
    lost = [one for one in differences if one.gain < -TOLERANCE]
    passed = not any(one.high < 0 or _tells_nothing(len(rows)) for one in lost)

    reason = "it is no worse than the live version"
    if not passed:
        reason = "it is worse than the live version"
    elif lost:
        reason = "what it does worse than the live version may be chance"

    return VersionCheck(passed, reason, len(rows), new["accuracy"], old["accuracy"])


def _tells_nothing(rows: int) -> bool:
    """Returns whether a version that got all of so few rows wrong might do so by chance."""
    return paired_difference([0.0] * rows, [1.0] * rows).high >= 0


def _scores(version: Version, results: Sequence[RowResult]) -> list[float]:
    """Returns how right each answer was, 0-1."""
    rule = scoring_rule(version.output, [result.row for result in results])
    return [float(score(rule, answer_of(result, rule), result.row.answer)) for result in results]


def _valid(results: Sequence[RowResult]) -> list[float]:
    return [float(result.outcome is not None) for result in results]
