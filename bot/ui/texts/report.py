"""Texts of a version's evaluation report."""

from __future__ import annotations

WHICH = "Which route? `/beagle report ROUTE` takes one of these: {known}."
UNKNOWN = "There is no route of that name. These are there: {known}."
NONE = "No version of that route has been measured yet. `/beagle rollout` lists those in progress."
TITLE = "Report: {route}"
FALLBACK = "Report of {route} {version}: {verdict}"
CAPTION = "Report of {route} {version}"
CHART = "Right answers, %"
CHART_TITLE = "Right answers, %: {route}"
PASSED = "Passed on {rows} {kind}"
NOT_PASSED = "Not passed on {rows} {kind}"
HEAD = (
    "Version",
    "Kind",
    "Right",
    "95 %",
    "Valid",
    "Tokens",
    "p50 ms",
    "p95 ms",
    "USD",
    "USD uncached",
    "USD cached",
)
SHORT_NAMES = {"new": "new", "live": "live", "prompted": "best prompt", "head": "head"}
FIGURES = (
    "{name} ({kind}): {accuracy:.1%} right ({low:.1%} to {high:.1%}), p50 {p50:.0f} ms, ${usd:.6f}"
)
INTERVAL = "{low:.1%} to {high:.1%}"
