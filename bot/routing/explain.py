"""Explains a decision in plain words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from bot.ui.blocks import truncate
from bot.ui.texts import explain as texts
from bot.ui.tier_lines import why_lines
from router.types import (
    ACT,
    CHOSEN,
    LANGUAGE,
    ON_TRIAL,
    REROUTED,
    SECOND_REQUEST,
    SMALL_TALK,
    TIERS,
    TOPIC,
    UNDECIDED,
    UNSURE_EXAMPLES,
    Decision,
    Outcome,
)

MAX_SIMILAR = 2
"""Similar messages in one explanation."""
MAX_OTHERS = 3
"""Other routes in one explanation."""
MAX_WORDS = 4
"""Mistyped words in one explanation."""
MAX_QUOTE_CHARS = 80
"""Characters of a similar message that are quoted."""
Quote = Callable[[Mapping[str, Any]], str]
"""Returns the words of an entry in a decision's `nearest`, empty where they stay unsaid."""
WORDED = frozenset(
    (
        *("nearest", "gate", "ask_below", "threshold", "runner_up"),
        *(TIERS, ON_TRIAL, REROUTED, SMALL_TALK, LANGUAGE, SECOND_REQUEST, UNSURE_EXAMPLES),
        *(ACT, TOPIC),
    )
)
"""Reasons that have a sentence of their own; any other is shown as it is stored."""
OPENINGS = {
    "route": texts.ROUTE,
    "ask": texts.ASK,
    "out_of_scope": texts.OUT_OF_SCOPE,
    "meta": texts.META,
}


def no_quote(_example: Mapping[str, Any]) -> str:
    """Quotes nothing."""
    return ""


def explain(
    decision: Decision,
    hidden: Collection[str] = (),
    quote: Quote = no_quote,
    changed_words: Sequence[tuple[str, str]] = (),
    outcome: Outcome | None = None,
) -> list[str]:
    """Returns why the route was taken, one reason a line.

    The lines say how sure the router was, against which other routes, which examples were similar,
    and what thread and channel changed. Routes in `hidden` are named nowhere but in the decision
    itself: the reader must not learn of them. `quote` looks up the words that the reader may read.
    `changed_words` are the message's mistyped words with what they were read as. `outcome` is the
    answer, where there is one: it tells which tiers of the route were asked.
    """
    reason = decision.reason
    if reason.get(CHOSEN):
        chosen = texts.BY_A_PERSON.format(route=decision.route)
        return [chosen, *why_lines(decision, outcome), *_version_lines(decision)]

    if UNDECIDED in reason:
        return [texts.UNDECIDED]

    lines = [_opening(decision), *_comparison_lines(decision, hidden, quote)]
    if changed_words:
        words = [texts.READ_WORD.format(typed=typed, read=read) for typed, read in changed_words]
        lines.append(texts.READ_AS.format(words=", ".join(words[:MAX_WORDS])))

    act = reason.get(ACT)
    if isinstance(act, Mapping) and act["route"] not in hidden:
        lines.append(texts.ACT.format(act=texts.ACTS[act["act"]], route=act["route"]))

    before = reason.get(REROUTED)
    if before and before not in hidden:
        lines.append(texts.REROUTED.format(before=before))

    for name, value in reason.items():
        if name not in WORDED:
            lines += _other_lines(name, value)

    lines += [*why_lines(decision, outcome), *_version_lines(decision)]
    milliseconds = f"{decision.seconds * 1000:.1f}"
    lines.append(texts.ROUTER.format(version=decision.router_version, milliseconds=milliseconds))

    return lines


def _opening(decision: Decision) -> str:
    if SMALL_TALK in decision.reason:
        return texts.SMALL_TALK
    if TOPIC in decision.reason:
        return texts.TOPIC

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


def _comparison_lines(decision: Decision, hidden: Collection[str], quote: Quote) -> list[str]:
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

    similar = []
    for example in decision.reason.get("nearest", ()):
        if example.get("route") not in hidden:
            similar.append(example)

    # What speaks for the route comes first.
    similar.sort(key=lambda example: example.get("route") != decision.route)
    if similar and similar[0].get("route") != decision.route and _by_learning(decision):
        lines.append(texts.NONE_NEAR.format(route=decision.route))

    return lines + [_similar_line(example, quote) for example in similar[:MAX_SIMILAR]]


def _by_learning(decision: Decision) -> bool:
    """Returns whether the trained router alone chose the route; else another line says what did."""
    other = set(decision.reason) - WORDED
    return decision.verb == "route" and not other and ACT not in decision.reason


def _similar_line(example: Mapping[str, Any], quote: Quote) -> str:
    """Names an example that was similar, with its words where the reader may read them."""
    words = quote(example)
    sentence = texts.LIKE if words else texts.LIKE_UNQUOTED
    return sentence.format(
        text=truncate(words, MAX_QUOTE_CHARS),
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
