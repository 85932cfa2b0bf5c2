"""Whether a message asks for something, by its mood: a question, an order, a need, a problem.

A logistic regression over a few grammatical cues, none of which is about a subject: question words,
modal verbs before a subject, verbs in the imperative at the start, words of need and of failure on
one side; thanks, greetings, votes, finished deeds and states on the other. So it holds for words of
companies that it was not fitted on. It knows English; other languages it leaves undecided.
"""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from workers.mining.mood.words import (
    ARTICLES,
    AUXILIARIES,
    DEEDS,
    FAILURES,
    FIRST_PERSON,
    FOREIGN_WORDS,
    FUNCTION_WORDS,
    GREETINGS,
    IMPERATIVES,
    NEEDS,
    NEGATIONS,
    OPENINGS,
    POLITE,
    SOMEBODY,
    STATES,
    SUBJECTS,
    THANKS,
    VOTES,
    WH_WORDS,
)

SHIPPED = "asking.json"
TOKEN = re.compile(r":[a-z0-9_+'-]{2,}:|[+-]1\b|[^\W\d_]+(?:['’][^\W\d_]+)*|\d+|\?")
EMOJI_NAME = re.compile(r":[a-z0-9_+'-]{2,}:", re.IGNORECASE)
"""As Slack writes an emoji in a text."""
MAX_TOKENS = 60
"""What a message asks for stands in its first words, or it asks in its last ones."""


def cues(text: str) -> frozenset[str]:
    """Returns the grammatical cues of a message, by name; empty for one without a known word."""
    tokens = TOKEN.findall(text.lower().replace("’", "'"))
    if len(tokens) > MAX_TOKENS:
        tokens = tokens[: MAX_TOKENS // 2] + tokens[-MAX_TOKENS // 2 :]

    words = [token for token in tokens if token[0].isalpha()]
    if not words:
        return frozenset({"no_words"})

    body = _without_opening(words)
    found = {f"has_{name}" for name, lexicon in LEXICONS.items() if not lexicon.isdisjoint(words)}
    found |= _first_cues(body)
    found |= _pair_cues(body)

    found |= _form_cues(text, tokens, words)
    return frozenset(found)


LEXICONS = {
    "polite": POLITE,
    "need": NEEDS,
    "failure": FAILURES,
    "negation": NEGATIONS,
    "thanks": THANKS,
    "greeting": GREETINGS,
    "first_person": FIRST_PERSON,
    "somebody": SOMEBODY,
    "deed": DEEDS,
    "state": STATES,
    "wh": WH_WORDS,
}


def _without_opening(words: list[str]) -> list[str]:
    """Returns the words after "hi all, quick question"."""
    start = 0
    while start < len(words) - 1 and words[start] in OPENINGS:
        start += 1

    return words[start:]


def _first_cues(body: list[str]) -> set[str]:
    first = body[0]
    classes = {
        "wh": WH_WORDS,
        "auxiliary": AUXILIARIES,
        "imperative": IMPERATIVES,
        "need": NEEDS,
        "article": ARTICLES,
        "first_person": FIRST_PERSON,
        "deed": DEEDS,
        "thanks": THANKS,
        "greeting": GREETINGS,
        "somebody": SOMEBODY,
    }
    found = {f"first_{name}" for name, lexicon in classes.items() if first in lexicon}

    # "deploying", "deployed", but not "need" or "bring": forms that report, not the plain verb.
    if first.endswith("ing") and len(first) > 5 and first not in NEEDS:
        found.add("first_ing")
    if first.endswith("ed") and len(first) > 4 and first not in NEEDS:
        found.add("first_ed")

    return found


def _form_cues(text: str, tokens: list[str], words: list[str]) -> set[str]:
    """Returns the cues that marks, figures and the length give."""
    is_short = 2 < len(words) <= 4
    given = {
        "question_mark": "?" in tokens,
        "emoji": any(EMOJI_NAME.fullmatch(token) for token in tokens),
        "has_vote": not VOTES.isdisjoint(tokens),
        "number": any(token[0].isdigit() for token in tokens),
        "past_form": any(word.endswith("ed") and len(word) > 4 for word in words),
        "very_short": len(words) <= 2,
        "short": is_short,
        "label_first": ":" in text[:40],
    }
    return {name for name, is_given in given.items() if is_given}


def _pair_cues(body: list[str]) -> set[str]:
    found = set()
    for first, second in pairwise(body):
        if first in AUXILIARIES and second in SUBJECTS:
            found.add("inversion")
        elif first in SUBJECTS and (second in AUXILIARIES or second in STATES):
            found.add("plain_order")
        elif first in POLITE and second in IMPERATIVES:
            found.add("polite_order")
        elif first in FIRST_PERSON and second in NEEDS:
            found.add("i_need")
        elif first in FIRST_PERSON and second in NEGATIONS:
            found.add("i_cannot")

    return found


class AskingModel:
    """The weights of the cues; `bias` is the log-odds of a message without any."""

    def __init__(self, bias: float, weights: dict[str, float]) -> None:
        self._bias = bias
        self._weights = weights

    def probability(self, text: str) -> float:
        """Returns the probability, 0-1, that the message asks; NaN where that cannot be told."""
        if not is_english(text):
            return math.nan

        log_odds = self._bias + sum(self._weights.get(cue, 0.0) for cue in cues(text))
        return 1 / (1 + math.exp(-log_odds))


def is_english(text: str) -> bool:
    """Returns whether it has more English function words than those of other languages, and any."""
    tokens = TOKEN.findall(text.lower())
    english = sum(token in FUNCTION_WORDS for token in tokens)
    foreign = sum(token in FOREIGN_WORDS for token in tokens)
    return english > foreign


@lru_cache
def load_asking_model() -> AskingModel:
    """Reads the weights that come with Beagle."""
    body = json.loads(Path(__file__).with_name(SHIPPED).read_text("utf-8"))
    return AskingModel(body["bias"], body["weights"])
