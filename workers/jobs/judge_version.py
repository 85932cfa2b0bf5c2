"""Lets an edited route answer people only if it is no worse than the version that does so now."""

from __future__ import annotations

from dataclasses import dataclass

from router.catalog.catalog import Route, builtin_routes_folder, load_routes
from router.catalog.version import Version
from router.log import get_log
from workers.context import Context
from workers.evaluation.run import run_rows, summary

QUEUE = "compute"

TOLERANCE = 0.02
"""An edit may cost two points: with a few dozen rows, less cannot be told from chance."""


@dataclass(frozen=True, slots=True)
class Gate:
    """How a version did against the live one on the same rows; accuracies in 0-1, None where nothing was measured."""

    passed: bool
    reason: str
    rows: int = 0
    accuracy: float | None = None
    live_accuracy: float | None = None


def run(context: Context, key: str) -> None:
    """`key` is `route/version`: it is live now, or it stays in shadow and the log says why.

    Running it twice is safe; a version that is not in shadow, or no longer what the file says, is
    left alone.
    """
    name, _, wanted = key.partition("/")
    versions = context.store.versions
    stored, live = versions.get(name, wanted), versions.live(name)
    own = [] if context.settings.routes is None else [context.settings.routes]

    route = load_routes(builtin_routes_folder(), *own).routes.get(name)
    if stored is None or stored.state != "shadow" or route is None or route.version.id != wanted:
        return

    old = Version.model_validate(dict(live.body)) if live is not None else None
    gate = judge(context, route, old)
    log = get_log(
        step="judge_version", route=name, version=wanted, rows=gate.rows, reason=gate.reason
    )

    if not gate.passed:
        log.warning(
            "version_kept_in_shadow", accuracy=gate.accuracy, live_accuracy=gate.live_accuracy
        )
        return

    versions.go_live(name, wanted)
    log.info("version_live", accuracy=gate.accuracy, live_accuracy=gate.live_accuracy)


def judge(context: Context, route: Route, live: Version | None) -> Gate:
    """Whether the route's version may take the place of `live`, by the test rows of its examples."""
    if live is None:
        return Gate(True, "it is the route's first version")

    rows = [row for row in route.rows if row.split == "test" and row.answer is not None]
    if not rows:
        return Gate(True, "there are no test rows to judge it by")

    new = summary(route.version, run_rows(context, route.version, rows))
    old = summary(live, run_rows(context, live, rows))
    passed = (
        new["accuracy"] >= old["accuracy"] - TOLERANCE
        and new["schema_valid"] >= old["schema_valid"] - TOLERANCE
    )
    reason = (
        "it is no worse than the live version" if passed else "it is worse than the live version"
    )

    return Gate(passed, reason, len(rows), new["accuracy"], old["accuracy"])
