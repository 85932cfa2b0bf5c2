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
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from router.classifier.small_talk import small_talk_kind
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
IDLE_TALK = frozenset(("greeting", "thanks", "acknowledgement", "farewell", "complaint", "bare"))
"""Kinds of small talk that want nothing; a joke or a name is wanted."""
MAX_IDLE_WORDS = 10
PLACEHOLDER = re.compile(r"\[[a-z]{2,20}\]")
"""What masking puts in the place of a name or an address."""
LANGUAGE_SAMPLE = 400
ENGLISH_WORD_SHARE = 0.2
"""Share of English function words, of all words, from which messages are English: it is .34 to .53
in what made-up companies say every day."""
ENGLISH_SHARE = 0.9
"""The share that English has of the function words of all listed languages."""
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

    def probability(self, text: str, *, is_among_english: bool = False) -> float:
        """Returns the probability, 0-1, that the message asks; NaN where that cannot be told.

        Small talk asks for nothing, however many question marks it has. A message without any word
        of a known language is read as English where the others around it are English.
        """
        words, english, foreign = language_words(text)
        if is_among_english:
            is_english = english > foreign or english == foreign == 0
        else:
            # One short word may be another language's, as Polish has "do" and "on".
            is_english = english > foreign and english >= ENGLISH_WORD_SHARE * words

        if not is_english:
            return math.nan
        # Reading phrases takes as long as all else here, and small talk is short.
        is_short = words <= MAX_IDLE_WORDS
        if is_short and small_talk_kind(PLACEHOLDER.sub(" ", text)) in IDLE_TALK:
            return 0.0

        log_odds = self._bias + sum(self._weights.get(cue, 0.0) for cue in cues(text))
        return 1 / (1 + math.exp(-log_odds))


def language_words(text: str) -> tuple[int, int, int]:
    """Returns how many words it has, function words of English, and those of other languages."""
    tokens = TOKEN.findall(text.lower().replace("\u2019", "'"))
    english = 0
    foreign = 0
    for token in tokens:
        if token in FUNCTION_WORDS:
            english += 1
        elif "'" in token:
            # "I'm" and "that's" begin with the word that counts.
            english += token.partition("'")[0] in FUNCTION_WORDS

        foreign += token in FOREIGN_WORDS

    return len(tokens), english, foreign


def is_mostly_english(texts: Sequence[str]) -> bool:
    """Returns whether an even sample of the messages is English, as far as short words tell."""
    words = 0
    english = 0
    foreign = 0
    for text in texts[:: max(len(texts) // LANGUAGE_SAMPLE, 1)]:
        count, own, other = language_words(text)
        words += count
        english += own
        foreign += other

    # A language without a list has a few of these words by chance.
    is_common = english >= ENGLISH_WORD_SHARE * max(words, 1)
    return is_common and english >= ENGLISH_SHARE * (english + foreign)


@lru_cache
def load_asking_model() -> AskingModel:
    """Reads the weights that come with Beagle."""
    body = json.loads(Path(__file__).with_name(SHIPPED).read_text("utf-8"))
    return AskingModel(body["bias"], body["weights"])
