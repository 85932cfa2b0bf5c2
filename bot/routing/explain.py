"""A decision in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.ui import rich_text
from bot.ui.blocks import ON_TRIAL, REROUTED
from bot.ui.texts import explain as texts
from router.types import Decision

LIKE = 2
TOLD = frozenset({"nearest", "gate", "ask_below", "threshold", "runner_up", ON_TRIAL, REROUTED})
"""Reasons with a sentence of their own; any other is told as it stands."""


def explain(decision: Decision) -> list[str]:
    """Why that route, one reason a line: how sure, against what, what resembled it, what thread and channel changed."""
    reason = decision.reason
    if reason.get("chosen"):
        return [texts.BY_A_PERSON.format(route=decision.route), *_version(decision)]

    lines = [_opening(decision)]

    others = [
        f"{score.route} {score.confidence:.0%}"
        for score in decision.scores
        if score.route != decision.route
    ][:3]
    if others and decision.verb == "route":
        lines.append(texts.NEXT_BEST.format(others=", ".join(others)))

    gate = reason.get("gate")
    if decision.verb == "out_of_scope" and isinstance(gate, Mapping) and "threshold" in gate:
        lines.append(texts.BAR.format(least=f"{gate['threshold']:.0%}"))

    lines += [_like(near) for near in reason.get("nearest", ())[:LIKE]]
    if reason.get(REROUTED):
        lines.append(texts.REROUTED.format(before=reason[REROUTED]))

    lines += [
        line for name, value in reason.items() if name not in TOLD for line in _told(name, value)
    ]
    lines += _version(decision)
    lines.append(
        texts.ROUTER.format(
            version=decision.router_version, milliseconds=f"{decision.seconds * 1000:.1f}"
        )
    )

    return lines


def block(lines: Sequence[str]) -> dict[str, Any]:
    """The lines as one rich_text block."""
    return rich_text.block([rich_text.bullets(rich_text.text(line) for line in lines)])


def _opening(decision: Decision) -> str:
    best = decision.scores[0] if decision.scores else None
    return {
        "route": texts.ROUTE,
        "ask": texts.ASK,
        "out_of_scope": texts.OUT_OF_SCOPE,
        "meta": texts.META,
    }[decision.verb].format(
        route=decision.route or (best.route if best else texts.NO_ROUTE),
        confidence=f"{(decision.confidence if decision.route or best is None else best.confidence):.0%}",
        least=f"{float(decision.reason.get('ask_below', 0.5)):.0%}",
        fit=f"{decision.in_scope:.0%}",
    )


def _like(near: Any) -> str:
    """A message that was like this one; the words of private ones are not there to be shown."""
    if not isinstance(near, Mapping):
        return texts.LIKE_PLAIN.format(text=near)

    said = texts.LIKE if near.get("text") else texts.LIKE_PRIVATE
    return said.format(
        text=near.get("text"), route=near.get("route"), likeness=f"{near.get('likeness', 0.0):.0%}"
    )


def _told(name: str, value: Any) -> list[str]:
    """A reason that is a sentence already, or several of them, or something with a name."""
    if isinstance(value, Mapping):
        return [line for part in value.values() for line in _told(name, part)]
    if isinstance(value, str) and " " in value:
        return [f"{value[:1].upper()}{value[1:]}."]

    return [texts.OTHER.format(name=name.replace("_", " "), value=value)]


def _version(decision: Decision) -> list[str]:
    """Which of the route's versions answered, and to how many people it is let in."""
    if decision.reason.get(ON_TRIAL):
        return [texts.ON_TRIAL.format(version=decision.reason[ON_TRIAL])]
    return [texts.VERSION.format(version=decision.version[:8])] if decision.version else []
