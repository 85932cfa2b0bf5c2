"""Explains a decision: in plain words for whoever asked, and with its figures for admins."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from bot.ui.explanation import Explanation
from bot.ui.texts import explain as texts
from bot.ui.tier_lines import record_lines, why_lines
from router.text.printable import shorten
from router.types import (
    ACT,
    CHOSEN,
    LANGUAGE,
    NO_ROUTE,
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
    Score,
)

MAX_OTHERS = 3
"""Further routes that admins read of, behind the second."""
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
) -> Explanation:
    """Returns why the route was taken, one reason a line.

    The plain lines say how sure the router was, what came second, which example was similar, and
    what thread and channel changed; the technical ones have the figures behind that. Routes in
    `hidden` are named nowhere but in the decision itself: the reader must not learn of them.
    `quote` looks up the words that the reader may read. `changed_words` are the message's mistyped
    words with what they were read as. `outcome` is the answer, where there is one: it tells which
    tiers of the route were asked.
    """
    if UNDECIDED in decision.reason:
        return Explanation((texts.UNDECIDED,))

    technical = [*record_lines(decision, outcome), *_version_lines(decision)]
    if decision.reason.get(CHOSEN):
        plain = [texts.BY_A_PERSON.format(route=decision.route)]
    else:
        plain = _plain_lines(decision, hidden, quote, changed_words)
        technical = [*_figure_lines(decision, hidden), *technical, _router_line(decision)]

    plain += why_lines(decision, outcome)
    if decision.reason.get(ON_TRIAL):
        plain.append(texts.ON_TRIAL.format(route=decision.route))

    return Explanation(tuple(plain), tuple(technical))


def _plain_lines(
    decision: Decision,
    hidden: Collection[str],
    quote: Quote,
    changed_words: Sequence[tuple[str, str]],
) -> list[str]:
    """Returns what anybody can read of how the router chose."""
    reason = decision.reason
    lines = [*_opening(decision), *_comparison_lines(decision, hidden, quote)]
    if changed_words:
        words = [texts.READ_WORD.format(typed=typed, read=read) for typed, read in changed_words]
        lines.append(texts.READ_AS.format(words=", ".join(words[:MAX_WORDS])))

    act = reason.get(ACT)
    if isinstance(act, Mapping) and act["route"] not in hidden:
        lines.append(texts.ACT.format(act=texts.ACTS[act["act"]], route=act["route"]))

    before = reason.get(REROUTED)
    if before and before not in hidden:
        lines.append(texts.REROUTED.format(before=before))

    if LANGUAGE in reason:
        lines.append(texts.LANGUAGE)

    return lines + [f"{clause[:1].upper()}{clause[1:]}." for clause, _ in _clauses(reason)]


def _opening(decision: Decision) -> list[str]:
    if SMALL_TALK in decision.reason:
        return [texts.SMALL_TALK]
    if TOPIC in decision.reason:
        return [texts.TOPIC]

    route = decision.route
    confidence = decision.confidence
    if route is None and decision.scores:
        # Nothing was chosen, so the sentence is about the best of the candidates.
        route = decision.scores[0].route
        confidence = decision.scores[0].confidence

    sentence = OPENINGS[decision.verb]
    lines = [sentence.format(route=route or texts.NO_ROUTE, confidence=f"{confidence:.0%}")]
    # Something else may have turned away what surely was a request.
    if decision.verb == "out_of_scope" and decision.in_scope < _bar(decision):
        lines.append(texts.LOW_CHANCE.format(fit=f"{decision.in_scope:.0%}"))

    return lines


def _bar(decision: Decision) -> float:
    """Returns the in-scope score that a message needs; 0 where none was asked for."""
    gate = decision.reason.get("gate")
    return float(gate.get("threshold", 0.0)) if isinstance(gate, Mapping) else 0.0


def _other_routes(decision: Decision, hidden: Collection[str]) -> list[Score]:
    """Returns the routes that were not chosen, the likeliest first."""
    best = _likeliest(decision)
    others = []
    for score in decision.scores:
        if score.route != best and score.route not in hidden:
            others.append(score)

    return others


def _likeliest(decision: Decision) -> str | None:
    """Returns the chosen route, else the likeliest one."""
    if decision.route is None and decision.scores:
        return decision.scores[0].route

    return decision.route


def _nearest(decision: Decision, hidden: Collection[str]) -> list[Mapping[str, Any]]:
    """Returns the nearest examples that the reader may learn of, those of the route first."""
    similar = [
        example
        for example in decision.reason.get("nearest", ())
        if example.get("route") not in hidden
    ]
    best = None if decision.verb == "out_of_scope" else _likeliest(decision)
    similar.sort(key=lambda example: example.get("route") != best)
    return similar


def _comparison_lines(decision: Decision, hidden: Collection[str], quote: Quote) -> list[str]:
    """Returns what came second, and the example that speaks most for the decision."""
    lines = []
    others = _other_routes(decision, hidden)
    if others and decision.verb in ("route", "ask"):
        share = f"{others[0].confidence:.0%}"
        lines.append(texts.NEXT_BEST.format(other=others[0].route, confidence=share))

    similar = _nearest(decision, hidden)
    if not similar:
        return lines

    speaks_for_it = similar[0].get("route") == _likeliest(decision)
    if not speaks_for_it and _by_learning(decision):
        lines.append(texts.NONE_NEAR.format(route=decision.route))
    # What is like another route than the one that is named would only confuse.
    if speaks_for_it or decision.verb not in ("route", "ask"):
        lines.append(_similar_line(similar[0], quote))

    return lines


def _by_learning(decision: Decision) -> bool:
    """Returns whether the trained router alone chose the route; else another line says what did."""
    other = set(decision.reason) - WORDED
    return decision.verb == "route" and not other and ACT not in decision.reason


def _similar_line(example: Mapping[str, Any], quote: Quote) -> str:
    """Names an example that was similar, with its words where the reader may read them."""
    words, route = quote(example), example.get("route")
    if route == NO_ROUTE:
        sentence = texts.LIKE_NONE if words else texts.LIKE_NONE_UNQUOTED
    else:
        sentence = texts.LIKE if words else texts.LIKE_UNQUOTED

    return sentence.format(text=shorten(words, MAX_QUOTE_CHARS), route=route)


def _clauses(reason: object, name: str = "") -> list[tuple[str, str]]:
    """Returns the reasons that are kept as a clause of words, each with its name."""
    if isinstance(reason, Mapping):
        found = []
        for key, value in reason.items():
            if key not in WORDED:
                found += _clauses(value, str(key))

        return found

    return [(reason, name)] if isinstance(reason, str) and " " in reason else []


def _figure_lines(decision: Decision, hidden: Collection[str]) -> list[str]:
    """Returns, for admins, the thresholds and scores behind the decision."""
    lines = []
    if decision.verb == "ask":
        least = float(decision.reason.get("ask_below", 0.5))
        lines.append(texts.ASK_BELOW.format(least=f"{least:.0%}"))

    if decision.verb == "out_of_scope" and _bar(decision) > 0:
        lines.append(texts.BAR.format(least=f"{_bar(decision):.0%}"))

    further = _other_routes(decision, hidden)[1 : MAX_OTHERS + 1]
    if further and decision.verb in ("route", "ask"):
        shares = [f"{score.route} {score.confidence:.0%}" for score in further]
        lines.append(texts.OTHERS.format(others=", ".join(shares)))

    similar = [
        f"{example.get('likeness', 0.0):.0%} ({example.get('route')})"
        for example in _nearest(decision, hidden)
    ]
    if similar:
        lines.append(texts.SIMILARITIES.format(examples=", ".join(similar)))

    for name, value in decision.reason.items():
        # A clause is read by everybody.
        if name not in WORDED and not _clauses(value):
            lines.append(texts.OTHER.format(name=name.replace("_", " "), value=value))

    return lines


def _version_lines(decision: Decision) -> list[str]:
    """Returns which version of the route answered, and how many users a canary answers."""
    if decision.reason.get(ON_TRIAL):
        return [texts.ON_TRIAL_VERSION.format(version=decision.reason[ON_TRIAL])]

    return [texts.VERSION.format(version=decision.version[:8])] if decision.version else []


def _router_line(decision: Decision) -> str:
    if SMALL_TALK in decision.reason or TOPIC in decision.reason:
        return texts.NO_MODEL

    milliseconds = f"{decision.seconds * 1000:.1f}"
    return texts.ROUTER.format(version=decision.router_version, milliseconds=milliseconds)
