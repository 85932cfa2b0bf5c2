"""Extractive answers: quotes the sentences that match a question best, without a model.

Sentences are ranked by weighted term overlap: the inverse document frequency (IDF) of each of the
question's terms, summed over those that occur in the sentence, its heading and its passage.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from router.catalog.version import Version
from router.index import Hit
from router.text.terms import extract_terms, stem
from workers.knowledge.chunking import split_sentences

MIN_COVERAGE = 0.5
"""The share of the question's term weight that a sentence and its heading must hold."""
MIN_RELATIVE_SCORE = 0.6
"""A further sentence is quoted when it scores at least this share of the best one."""
MAX_PER_PASSAGE = 2
MAX_QUOTE_WORDS = 60
"""A longer sentence is cut after a word, so that the rest is still verbatim."""
MIN_SENTENCE_WORDS = 4
MAX_TERM_CHARS = 4000
"""Terms are taken from so much of a text at most."""
HEADING_WEIGHT = 0.8
"""A term in the heading counts nearly like one in the sentence itself."""
PASSAGE_WEIGHT = 0.5
RANK_WEIGHT = 2.0
"""Weight of the passage's reciprocal rank, 1 / (2 + rank), rank 0 being the best."""
NUMBER_BONUS = 0.2
"""For a sentence with a number, if the question asks for one."""
MIN_OVERLAP = 0.5
"""The Jaccard similarity from which two sentences are about the same thing."""

_QUESTION_WORDS = """
according amount company days document documents dollars euros explain find guidance handbook
happen happens hours know long look many maximum months much need needs number often policies
policy procedure process rule rules run say says somebody someone times weeks work works years
"""
QUESTION_WORDS = frozenset(_QUESTION_WORDS.split())
"""Words that belong to asking; the sentence that answers does not repeat them."""
NUMBER_QUESTION = re.compile(
    r"\b(how (many|much|long|often|fast|late|early)|when|what time|maximum|minimum)\b",
    re.IGNORECASE,
)
"""A question that a number answers."""


def is_extractive(version: Version, models: Sequence[str]) -> bool:
    """Returns whether a retrieving version quotes documents, because its model is the small one.

    Only a model that can be trusted with facts puts them into its own words.
    """
    return version.output is None and models[0].startswith("local")


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence, verbatim, and the passage that it is from.

    `score` only ranks. `coverage` is the share (0-1) of the question's term weight in the sentence
    and its heading.
    """

    hit: Hit
    text: str
    score: float
    coverage: float


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence of a passage; `rank` is the passage's place in the search result, from 0."""

    rank: int
    hit: Hit
    text: str


def select_quotes(question: str, hits: Sequence[Hit], top: int = 3) -> list[Quote]:
    """Returns the sentences that answer best, best first: at most `top`, few of one passage.

    Empty if no sentence covers at least half of the question: a guess would mislead.
    """
    terms = _question_terms(question)
    sentences = _sentences(hits)
    weights = _idf(terms, [_stems(item.text) | _stems(item.hit.title) for item in sentences])
    asks_number = NUMBER_QUESTION.search(question) is not None

    quotes = []
    for sentence in sentences:
        quote = _score(sentence, weights, asks_number)
        if quote.coverage >= MIN_COVERAGE:
            quotes.append(quote)

    # The sort is stable: of equal scores the better passage comes first.
    quotes.sort(key=lambda quote: -quote.score)

    selected: list[Quote] = []
    for quote in quotes:
        if len(selected) == top or quote.score < MIN_RELATIVE_SCORE * quotes[0].score:
            break

        same_passage = sum(quote.hit.chunk == other.hit.chunk for other in selected)
        is_repeated = any(quote.text == other.text for other in selected)
        if same_passage < MAX_PER_PASSAGE and not is_repeated:
            selected.append(quote)

    return selected


def find_contradictions(quotes: Iterable[Quote]) -> list[tuple[Quote, Quote]]:
    """Returns pairs of quotes from two documents that disagree on a number."""
    pairs = []
    for quote, other in combinations(quotes, 2):
        if quote.hit.document != other.hit.document and _contradict(quote.text, other.text):
            pairs.append((quote, other))

    return pairs


def _contradict(text: str, other: str) -> bool:
    stems = _stems(text)
    other_stems = _stems(other)
    numbers = {word for word in stems if word.isdigit()}
    other_numbers = {word for word in other_stems if word.isdigit()}
    if not numbers or not other_numbers or numbers == other_numbers:
        return False

    # The numbers differ, so what is compared is everything else.
    words = stems - numbers
    other_words = other_stems - other_numbers
    union = words | other_words
    return bool(union) and len(words & other_words) / len(union) >= MIN_OVERLAP


def _question_terms(question: str) -> set[str]:
    terms = {stem(word) for word in extract_terms(question) if word not in QUESTION_WORDS}
    # A question of nothing but such words is still searched for, with all of them.
    return terms or _stems(question)


def _sentences(hits: Sequence[Hit]) -> list[_Sentence]:
    sentences = []
    for rank, hit in enumerate(hits):
        for text in split_sentences(hit.body):
            if _is_statement(text):
                sentences.append(_Sentence(rank, hit, text))

    return sentences


def _score(sentence: _Sentence, weights: Mapping[str, float], asks_number: bool) -> Quote:
    # A term counts once, where it weighs most: in the sentence, else in the heading. The passage
    # counts in addition.
    in_sentence = _stems(sentence.text)
    in_heading = _stems(sentence.hit.title)
    in_passage = in_heading | _stems(sentence.hit.body)

    sentence_share = _weight_share(weights, in_sentence)
    heading_share = _weight_share(weights, in_heading - in_sentence)
    passage_share = _weight_share(weights, in_passage)

    score = sentence_share + HEADING_WEIGHT * heading_share + PASSAGE_WEIGHT * passage_share
    score += RANK_WEIGHT / (2 + sentence.rank)
    if asks_number and re.search(r"\d", sentence.text):
        score += NUMBER_BONUS

    coverage = sentence_share + heading_share
    return Quote(sentence.hit, _shorten(sentence.text), score, coverage)


def _weight_share(weights: Mapping[str, float], words: set[str]) -> float:
    """Returns the share (0-1) of the total weight that falls on `words`."""
    total = sum(weights.values()) or 1.0
    return sum(weight for term, weight in weights.items() if term in words) / total


def _idf(terms: set[str], texts: Sequence[set[str]]) -> dict[str, float]:
    """Returns the inverse document frequency of each term, log(1 + n / df), over the sentences."""
    weights = {}
    for term in terms:
        # A term that occurs nowhere weighs most, so that nothing covers a question about it.
        frequency = max(1, sum(term in text for text in texts))
        weights[term] = math.log(1 + len(texts) / frequency)

    return weights


def _stems(text: str) -> set[str]:
    return {stem(word) for word in extract_terms(text[:MAX_TERM_CHARS])}


def _is_statement(text: str) -> bool:
    """Returns whether a sentence can answer: headings are too short, and questions do not."""
    if len(text.split()) < MIN_SENTENCE_WORDS or text.rstrip("\"'”’").endswith("?"):
        return False

    # At least one letter: a row of numbers says nothing.
    return re.search(r"[^\W\d_]", text) is not None


def _shorten(text: str) -> str:
    words = re.match(rf"(?:\S+\s+){{0,{MAX_QUOTE_WORDS - 1}}}\S+", text)
    return words[0] if words else text
