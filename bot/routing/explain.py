"""Explains a decision in plain words."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.ui.texts import explain as texts
from router.types import ON_TRIAL, REROUTED, Decision

MAX_SIMILAR = 2
"""Similar messages in one explanation."""
MAX_OTHERS = 3
"""Other routes in one explanation."""
WORDED = frozenset({"nearest", "gate", "ask_below", "threshold", "runner_up", ON_TRIAL, REROUTED})
"""Reasons that have a sentence of their own; any other is shown as it is stored."""
OPENINGS = {
    "route": texts.ROUTE,
    "ask": texts.ASK,
    "out_of_scope": texts.OUT_OF_SCOPE,
    "meta": texts.META,
}


def explain(decision: Decision, hidden: Collection[str] = ()) -> list[str]:
    """Returns why the route was taken, one reason a line.

    The lines say how sure the router was, against which other routes, which examples were similar,
    and what thread and channel changed. Routes in `hidden` are named nowhere but in the decision
    itself: the reader must not learn of them.
    """
    reason = decision.reason
    if reason.get("chosen"):
        return [texts.BY_A_PERSON.format(route=decision.route), *_version_lines(decision)]

    lines = [_opening(decision), *_comparison_lines(decision, hidden)]
    before = reason.get(REROUTED)
    if before and before not in hidden:
        lines.append(texts.REROUTED.format(before=before))

    for name, value in reason.items():
        if name not in WORDED:
            lines += _other_lines(name, value)

    lines += _version_lines(decision)
    milliseconds = f"{decision.seconds * 1000:.1f}"
    lines.append(texts.ROUTER.format(version=decision.router_version, milliseconds=milliseconds))

    return lines


def _opening(decision: Decision) -> str:
    route = decision.route
    confidence = decision.confidence
    if route is None and decision.scores:
        # Nothing was chosen, so the sentence is about the best of the candidates.
        route = decision.scores[0].route
        confidence = decision.scores[0].confidence

    return OPENINGS[decision.verb].format(
        route=route or texts.NO_ROUTE,
        confidence=f"{confidence:.0%}",
        least=f"{float(decision.reason.get('ask_below', 0.5)):.0%}",
        fit=f"{decision.in_scope:.0%}",
    )


def _comparison_lines(decision: Decision, hidden: Collection[str]) -> list[str]:
    """Returns what the decision was compared with: other routes, the scope gate, examples."""
    lines = []
    others = []
    for score in decision.scores:
        if score.route != decision.route and score.route not in hidden:
            others.append(f"{score.route} {score.confidence:.0%}")

    if others and decision.verb == "route":
        lines.append(texts.NEXT_BEST.format(others=", ".join(others[:MAX_OTHERS])))

    gate = decision.reason.get("gate")
    if decision.verb == "out_of_scope" and isinstance(gate, Mapping) and "threshold" in gate:
        lines.append(texts.BAR.format(least=f"{gate['threshold']:.0%}"))

    similar = [
        _similar_line(example)
        for example in decision.reason.get("nearest", ())
        if not isinstance(example, Mapping) or example.get("route") not in hidden
    ]
    return lines + similar[:MAX_SIMILAR]


def _similar_line(example: object) -> str:
    """Names an example that was similar. The text of a private message is not in the decision."""
    if not isinstance(example, Mapping):
        return texts.LIKE_PLAIN.format(text=example)

    sentence = texts.LIKE if example.get("text") else texts.LIKE_PRIVATE
    return sentence.format(
        text=example.get("text"),
        route=example.get("route"),
        likeness=f"{example.get('likeness', 0.0):.0%}",
    )


def _other_lines(name: str, value: object) -> list[str]:
    """Returns a reason that is a clause, several of them, or a value with a name."""
    if isinstance(value, Mapping):
        lines = []
        for part in value.values():
            lines += _other_lines(name, part)

        return lines

    if isinstance(value, str) and " " in value:
        return [f"{value[:1].upper()}{value[1:]}."]

    return [texts.OTHER.format(name=name.replace("_", " "), value=value)]


def _version_lines(decision: Decision) -> list[str]:
    """Returns which version of the route answered, and how many users a canary answers."""
    if decision.reason.get(ON_TRIAL):
        return [texts.ON_TRIAL.format(version=decision.reason[ON_TRIAL])]

    return [texts.VERSION.format(version=decision.version[:8])] if decision.version else []
