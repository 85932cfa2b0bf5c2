"""What can be told of an answer without another model call: signals from 0 (bad) to 1 (good)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from router.catalog.version import Version
from router.log import get_log
from router.types import Outcome
from workers.evaluation.metrics import is_closed
from workers.prompting.completion import CUT_OFF

COMPLETE, WORDED, ANSWERED = "complete", "worded", "answered"
PLAIN_FAULTS = (COMPLETE, WORDED, ANSWERED)
"""Signals that are 0 or 1 and need no measuring: an answer that was cut off, that is empty, or that
declines to answer is no answer, unless the route's rows show that it is the right one."""
DECLINES = (
    "i'm sorry, but",
    "i am sorry, but",
    "sorry, i can",
    "i cannot ",
    "i can't ",
    "i can not ",
    "i'm unable",
    "i am unable",
    "i'm not able",
    "i am not able",
    "i don't know",
    "i do not know",
    "as an ai",
    "as a language model",
)
"""How models begin when they decline, in small letters."""
OPENING = 80
"""Characters of an answer in which it declines, if it does."""


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """An answer with what it was made from. `measured` are the signals that its path gave."""

    version: Version
    message: str
    outcome: Outcome
    measured: Mapping[str, float]


def signals_of(facts: AnswerFacts) -> dict[str, float]:
    """Returns the signals that this answer has; one that cannot be taken is left out.

    A signal that fails says nothing about the answer, so it must not keep it from anybody.
    """
    signals = dict(facts.measured)
    for name, take in SIGNALS.items():
        try:
            value = take(facts)
        except Exception as error:  # noqa: BLE001  # a check that breaks must not cost an answer
            get_log(part="cascade").warning(
                "check_crashed", check=name, version=facts.version.id, error=type(error).__name__
            )
            continue

        if value is not None:
            signals[name] = value

    return signals


def _complete(facts: AnswerFacts) -> float | None:
    return float(not facts.outcome.text.endswith(CUT_OFF))


def _worded(facts: AnswerFacts) -> float | None:
    return float(bool(facts.outcome.text.strip()) or facts.outcome.data is not None)


def _answered(facts: AnswerFacts) -> float | None:
    """Returns 0 where the answer declines, or where nothing was found in the documents."""
    data = facts.outcome.data
    if facts.version.traits.retrieves and isinstance(data, Mapping) and "answered" in data:
        return float(bool(data["answered"]))

    opening = facts.outcome.text.lstrip()[:OPENING].lower().replace("’", "'")
    return float(not any(opening.startswith(words) for words in DECLINES))


def _grounded(facts: AnswerFacts) -> float | None:
    """Returns the share of the answer's own words that are in the message, field by field.

    None where no field of the schema is open, or the route writes rather than extracts.
    """
    data = facts.outcome.data
    properties = (facts.version.output or {}).get("properties")
    if not isinstance(data, Mapping) or not isinstance(properties, Mapping):
        return None

    message = facts.message.casefold()
    quoted = []
    for name, schema in properties.items():
        value = data.get(name)
        is_open = isinstance(schema, Mapping) and not is_closed(schema)
        if isinstance(value, str) and value and is_open:
            quoted.append(value.casefold() in message)

    return sum(quoted) / len(quoted) if quoted else None


SIGNALS: Mapping[str, Callable[[AnswerFacts], float | None]] = {
    COMPLETE: _complete,
    WORDED: _worded,
    ANSWERED: _answered,
    "grounded": _grounded,
}
"""The signals that an answer itself gives. Its path adds `votes` (self-consistency), `tokens`
(mean probability of its tokens) and `probability` (a head's own), where there are such."""
