"""A decision in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot import rich_text
from bot.blocks import ON_TRIAL
from router.types import Decision

LINES = 12


def explain(decision: Decision) -> list[str]:
    """Why that route, one reason a line: how sure, against what, what resembled it, what thread and channel changed."""
    if decision.reason.get("chosen"):
        return [f"A person chose {decision.route} for this request.", *_version(decision)]
    opening = {
        "route": f"Route {decision.route}: {decision.confidence:.0%} sure.",
        "ask": f"Not sure enough to choose: the best, {_best(decision)}, has only {_top(decision):.0%}.",
        "out_of_scope": f"No route fits: {decision.in_scope:.0%} likely to be something that I was set up for.",
        "meta": "A question about me, answered from the list of routes.",
    }[decision.verb]
    lines = [opening]
    others = [f"{score.route} {score.confidence:.0%}" for score in decision.scores if score.route != decision.route][:3]
    if others and decision.verb == "route":
        lines.append("Next best: " + ", ".join(others) + ".")
    rest = {name: value for name, value in decision.reason.items() if name != ON_TRIAL}
    lines += [f"{name.replace('_', ' ')}: {_shown(value)}" for name, value in rest.items()]
    lines = [*lines[: LINES - 2], *_version(decision)]
    lines.append(f"Router {decision.router_version}, decided in {decision.seconds * 1000:.1f} ms.")
    return lines


def block(lines: Sequence[str]) -> dict[str, Any]:
    """The lines as one rich_text block."""
    return rich_text.block([rich_text.bullets(rich_text.text(line) for line in lines)])


def _version(decision: Decision) -> list[str]:
    """Which of the route's versions answered, and to how many people it is let in."""
    if decision.reason.get(ON_TRIAL):
        return [f"Answered by its new version {decision.reason[ON_TRIAL]}."]
    return [f"Version {decision.version[:8]} of the route."] if decision.version else []


def _best(decision: Decision) -> str:
    return decision.scores[0].route if decision.scores else "none"


def _top(decision: Decision) -> float:
    return decision.scores[0].confidence if decision.scores else 0.0


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {_shown(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(_shown(part) for part in value)
    return str(value)
