"""Answers without a model: the sentences that fit a question best, word for word."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from router.index import Hit
from router.store.knowledge.lexical import words
from workers.knowledge.chunking import sentences

ENOUGH = 0.5
"""The share of the question's words, by weight, that a sentence and its heading must hold to be
shown as an answer."""
BEHIND = 0.6
"""A further sentence is shown when it scores at least this share of the best one."""
OF_ONE = 2
LONGEST = 60
"""Words of one quote; a longer sentence is cut at a word, which keeps it word for word."""
_ENDINGS = "ements ement ations ation ments ment ings ing als al ies ied ed es s"
ENDINGS = tuple(_ENDINGS.split())
_ASKING = """
according amount company days document documents dollars euros explain find guidance handbook happen happens
hours know long look many maximum months much need needs number often policies policy procedure process rule rules
run say says somebody someone times weeks work works years
"""
ASKING = frozenset(_ASKING.split())
"""Words of the asking and not of what is asked; nobody writes them into the sentence that
answers."""
AMOUNT = re.compile(
    r"\b(how (many|much|long|often|fast|late|early)|when|what time|maximum|minimum)\b",
    re.IGNORECASE,
)
"""A question for a number: a sentence that holds one is likelier to answer it."""
SAME_TOPIC = 0.5
"""Two sentences that share this much of their words and differ in a number speak of one thing
and disagree."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence that stands word for word in its passage. `covered` is the share of the question it speaks to."""

    hit: Hit
    text: str
    score: float
    covered: float


def best_quotes(question: str, hits: Sequence[Hit], top: int = 3) -> list[Quote]:
    """The sentences that answer best, best first, at most `top` in all and `OF_ONE` of one passage.

    Nothing when none of them speaks to at least half of what is asked: then a guess would mislead.
    """
    asked = {stem(word) for word in words(question) if word not in ASKING} or _stems(question)
    found = [
        (place, hit, text)
        for place, hit in enumerate(hits)
        for text in sentences(hit.body)
        if _says_something(text)
    ]

    weights = _weights(asked, [_stems(text) | _stems(hit.title) for _, hit, text in found])
    number = 0.2 if AMOUNT.search(question) else 0.0
    quotes = [_score(place, hit, text, weights, number) for place, hit, text in found]
    quotes = [quote for quote in quotes if quote.covered >= ENOUGH]
    quotes.sort(key=lambda quote: -quote.score)
    kept: list[Quote] = []

    for quote in quotes:
        if len(kept) == top or quote.score < BEHIND * quotes[0].score:
            break

        same = sum(quote.hit.chunk == other.hit.chunk for other in kept)
        if same < OF_ONE and all(quote.text != other.text for other in kept):
            kept.append(quote)

    return kept


def disagreements(quotes: Iterable[Quote]) -> list[tuple[Quote, Quote]]:
    """Pairs from two documents that say the same of something, with another number."""
    found = []
    for one, other in combinations(quotes, 2):
        first, second = _stems(one.text), _stems(other.text)

        numbers = (
            {word for word in first if word.isdigit()},
            {word for word in second if word.isdigit()},
        )
        if one.hit.document == other.hit.document or not all(numbers) or numbers[0] == numbers[1]:
            continue

        first, second = first - numbers[0], second - numbers[1]
        if first | second and len(first & second) / len(first | second) >= SAME_TOPIC:
            found.append((one, other))

    return found


def stem(word: str) -> str:
    """A word without the commonest English endings, so that `reimbursed` meets `reimbursement`."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)] + ("y" if ending in ("ies", "ied") else "")
            break

    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeious":
        word = word[:-1]

    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def _score(place: int, hit: Hit, text: str, weights: dict[str, float], number: float) -> Quote:
    """Words in the sentence count fully, in its heading almost, around it half; an earlier passage counts more."""
    in_text, in_title = _stems(text), _stems(hit.title)
    around = in_title | _stems(hit.body)
    total = sum(weights.values()) or 1.0
    said = sum(weight for word, weight in weights.items() if word in in_text) / total
    titled = sum(weight for word, weight in weights.items() if word in in_title - in_text) / total
    near = sum(weight for word, weight in weights.items() if word in around) / total
    score = said + 0.8 * titled + 0.5 * near + 2.0 / (2 + place)

    if number and re.search(r"\d", text):
        score += number

    return Quote(hit, _short(text), score, said + titled)


def _weights(asked: set[str], texts: Sequence[set[str]]) -> dict[str, float]:
    """How much each word of the question tells: less the more of the sentences hold it."""
    held = {word: max(1, sum(word in text for text in texts)) for word in asked}
    return {word: math.log(1 + len(texts) / count) for word, count in held.items()}


def _stems(text: str) -> set[str]:
    return {stem(word) for word in words(text[:4000])}


def _says_something(text: str) -> bool:
    """A statement of some length: a heading or a question answers nothing."""
    return (
        len(text.split()) >= 4
        and not text.rstrip("\"'”’").endswith("?")
        and re.search(r"[^\W\d_]", text) is not None
    )


def _short(text: str) -> str:
    found = re.match(rf"(?:\S+\s+){{0,{LONGEST - 1}}}\S+", text)
    return found[0] if found else text
