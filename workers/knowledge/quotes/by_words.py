"""Ranks what passages say by the words of a question: sentences, list items and rows.

They are ranked by weighted term overlap: the inverse document frequency (IDF) of each of the
question's terms, summed over those that occur in the text, its heading, the line it is read under,
and its passage. Words of a similar meaning count as well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from router.index import Hit
from router.text.terms import extract_terms, stem, stems_of
from workers.knowledge.passage_units import Unit, is_statement, whole_thought
from workers.knowledge.relevance.asking_part import asking_part
from workers.knowledge.relevance.features import LINE_FEATURES, PassageMatch, match_passages
from workers.knowledge.relevance.question_words import (
    ASKING_WORDS,
    absent_weight,
    asks_number,
    has_number,
    names_in,
    without_asked_unit,
)
from workers.knowledge.relevance.ranking import shipped_model
from workers.knowledge.relevance.work_words import in_words_of

MIN_COVERAGE = 0.6
"""The share of the question's term weight from which a quote is compared with another answer."""
MIN_RELATIVE_SCORE = 0.75
"""A further quote must score at least this share of the best one."""
MIN_RELATIVE_COVERAGE = 0.8
"""And cover at least this share of what the best one covers: another row of a table does not."""
MAX_PER_PASSAGE = 2
HEADING_WEIGHT = 0.8
"""A term in the heading counts nearly like one in the text itself."""
PASSAGE_WEIGHT = 0.5
RANK_WEIGHT = 1.0
"""Weight of the passage's reciprocal rank, 1 / (2 + rank), rank 0 being the best."""
LIKENESS_WEIGHT = 1.0
"""For words that mean nearly the same as the question's."""
SOFT_LINE = LINE_FEATURES.index("soft_line")
TYPE_BONUS = 0.2
"""For a quote with a number or a time, if the question asks for one."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A part of a passage, verbatim, and the passage that it is from.

    `lead` is the line of the passage that it is read under, such as a table's heads; often empty.
    `score` only ranks. `coverage` is the share (0-1) of the question's term weight in the quote and
    its heading.
    """

    hit: Hit
    text: str
    score: float
    coverage: float
    lead: str = ""


@dataclass(frozen=True, slots=True)
class QuoteCandidate:
    """A unit of a passage; `rank` is the passage's place in the search result, from 0.

    `place` is the unit's among the `units` of the passage. `context` are the words that it is read
    under: the line before a list, or a question.
    `likeness` is the mean similarity (0-1) of the question's words to the nearest of its own.
    """

    rank: int
    place: int
    hit: Hit
    units: Sequence[Unit]
    text: str
    context: str
    likeness: float


def match_asked(question: str, hits: Sequence[Hit]) -> tuple[str, list[PassageMatch]]:
    """Returns what asks in the question, in the passages' words, and how each passage matches."""
    asked = in_words_of(hits, asking_part(question))
    return asked, match_passages(asked, hits, shipped_model().vectors)


def rank_quotes(question: str, hits: Sequence[Hit]) -> list[Quote]:
    """Returns everything that could be quoted, best first, also what answers hardly."""
    question = in_words_of(hits, question)
    return quotes_of(question, hits, match_passages(question, hits, shipped_model().vectors))


def quotes_of(question: str, hits: Sequence[Hit], matches: Sequence[PassageMatch]) -> list[Quote]:
    """Returns everything that could be quoted, best first."""
    candidates = candidates_of(hits, matches)
    weights = term_weights(question, candidates)
    is_number = asks_number(question)
    quotes = [score_by_words(candidate, weights, is_number) for candidate in candidates]

    # The sort is stable: of equal scores the better passage comes first.
    return sorted(quotes, key=lambda quote: -quote.score)


def _question_terms(question: str) -> set[str]:
    words = extract_terms(without_asked_unit(question))
    terms = {stem(word) for word in words if word not in ASKING_WORDS}
    # A question of nothing but such words is still searched for, with all of them.
    return terms or stems_of(question)


def candidates_of(hits: Sequence[Hit], matches: Sequence[PassageMatch]) -> list[QuoteCandidate]:
    """Returns what can be quoted of each passage, in order."""
    candidates = []
    for rank, (hit, match) in enumerate(zip(hits, matches, strict=True)):
        units = match.units
        for place, unit in enumerate(units):
            if not is_statement(unit):
                continue

            start, end = whole_thought(hit.body, units, place)
            context = unit.lead
            # The answer to a question in the text need not repeat its words.
            if place and units[place - 1].text.rstrip().endswith(("?", "？", "؟")):
                context = f"{context} {units[place - 1].text}"

            text = hit.body[start:end]
            likeness = float(match.lines[place, SOFT_LINE])
            candidates.append(QuoteCandidate(rank, place, hit, units, text, context, likeness))

    return candidates


def score_by_words(
    candidate: QuoteCandidate, weights: Mapping[str, float], wants_number: bool
) -> Quote:
    """Returns the candidate as a quote, with how well its words answer."""
    # A term counts once, where it weighs most: in the text, else in the heading. The passage
    # counts in addition.
    hit = candidate.hit
    in_text = stems_of(candidate.text)
    in_heading = stems_of(hit.title) | stems_of(candidate.context)
    in_passage = in_heading | stems_of(hit.body)

    text_share = _weight_share(weights, in_text)
    heading_share = _weight_share(weights, in_heading - in_text)
    passage_share = _weight_share(weights, in_passage)

    score = text_share + HEADING_WEIGHT * heading_share + PASSAGE_WEIGHT * passage_share
    score += RANK_WEIGHT / (2 + candidate.rank) + LIKENESS_WEIGHT * candidate.likeness
    if wants_number and has_number(candidate.text):
        score += TYPE_BONUS

    coverage = text_share + heading_share
    lead = candidate.units[candidate.place].lead
    return Quote(hit, candidate.text, score, coverage, lead)


def _weight_share(weights: Mapping[str, float], words: set[str]) -> float:
    """Returns the share (0-1) of the total weight that falls on `words`."""
    total = sum(weights.values()) or 1.0
    return sum(weight for term, weight in weights.items() if term in words) / total


def term_weights(question: str, candidates: Sequence[QuoteCandidate]) -> dict[str, float]:
    """Returns each term's inverse document frequency, log(1 + n / df), over the candidates.

    A term that stands in none of them counts less than any other, unless it is a name or a number:
    a passage that does not mention Madrid does not answer a question about it.
    """
    texts = []
    for candidate in candidates:
        words = (
            stems_of(candidate.text) | stems_of(candidate.hit.title) | stems_of(candidate.context)
        )
        texts.append(words)

    names = stems_of(" ".join(names_in(question)))
    weights = {}
    for term in _question_terms(question):
        frequency = sum(term in words for words in texts)
        weight = math.log(1 + len(texts) / max(1, frequency))
        if not frequency:
            weight *= absent_weight(term, names)

        weights[term] = weight

    return weights


def is_part(text: str, other: str) -> bool:
    """Returns whether one of the texts stands in the other."""
    return text in other or other in text


def first_quotes(quotes: Sequence[Quote], top: int) -> list[Quote]:
    """Returns the first `top` quotes that are nearly as good as the best and say something new."""
    selected: list[Quote] = []
    for quote in quotes:
        best = quotes[0]
        is_weaker = quote.coverage < MIN_RELATIVE_COVERAGE * best.coverage
        if len(selected) == top or quote.score < MIN_RELATIVE_SCORE * best.score:
            break

        same_passage = sum(quote.hit.chunk == other.hit.chunk for other in selected)
        is_repeated = any(is_part(quote.text, other.text) for other in selected)
        if not is_weaker and same_passage < MAX_PER_PASSAGE and not is_repeated:
            selected.append(quote)

    return selected
