"""Extractive answers: quotes what matches a question best, without a model.

Sentences, list items and rows are ranked by weighted term overlap: the inverse document frequency
(IDF) of each of the question's terms, summed over those that occur in the text, its heading, the
line it is read under, and its passage. Words of a similar meaning count as well, and whether
anything is quoted is decided by the ranking model (`relevance/ranking.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from router.catalog.version import Version
from router.encoder.protocol import Encoder
from router.index import Hit
from router.text.terms import extract_terms, stem
from workers.knowledge.passage_units import Unit, is_statement, whole_thought, with_neighbours
from workers.knowledge.relevance.asking_part import asking_part
from workers.knowledge.relevance.confidence import confidence_features, shipped_confidence
from workers.knowledge.relevance.features import LINE_FEATURES, PassageMatch, match_passages
from workers.knowledge.relevance.line_meaning import (
    MAX_BELOW_BEST,
    MIN_NEAR,
    LineMeaning,
    line_meanings,
    nearness_of,
    reads_meaning,
)
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

ANSWER_PASSAGES = 6
"""Number of passages that an answer is built from."""
MIN_COVERAGE = 0.6
"""The share of the question's term weight from which a quote is compared with another answer."""
MIN_RELATIVE_SCORE = 0.75
"""A further quote must score at least this share of the best one."""
MIN_RELATIVE_COVERAGE = 0.8
"""And cover at least this share of what the best one covers: another row of a table does not."""
MAX_PER_PASSAGE = 2
MAX_TERM_CHARS = 4000
"""Terms are taken from so much of a text at most."""
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
MAX_QUOTE_CHARS = 400
"""A quote of several sentences is no longer than this.

For people who had not read the pages (`beagle eval companies`) the first quote would hold the
answer
to 46 % with 280 characters of near sentences, 50 % with any, 53 % with 400, 54 % with 450.
"""


def is_extractive(version: Version, models: Sequence[str]) -> bool:
    """Returns whether a retrieving version quotes documents, because its model is the small one.

    Only a model that can be trusted with facts puts them into its own words.
    """
    return version.output is None and models[0].startswith("local")


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
class _Candidate:
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


@dataclass(frozen=True, slots=True)
class PassageReading:
    """What the passages say to a question: `quotes` that answer it, best first; else empty.

    Then `doubtful` may be a quote that perhaps answers, and `near` are the passages worth a look.
    `chance` is the probability (0-1) that they answer, and `needed` what it takes to quote.
    """

    quotes: Sequence[Quote]
    doubtful: Quote | None
    near: Sequence[Hit]
    chance: float
    needed: float


def select_quotes(
    question: str, hits: Sequence[Hit], encoder: Encoder | None = None, top: int = 3
) -> list[Quote]:
    """Returns what answers best, best first: at most `top` quotes, few of one passage.

    Empty if the passages hardly answer the question: a guess would mislead.
    """
    return list(read_passages(question, hits, encoder).quotes[:top])


def read_passages(
    question: str, hits: Sequence[Hit], encoder: Encoder | None = None, top: int = 3
) -> PassageReading:
    """Returns what the passages say to a question, at most `top` quotes.

    With an encoder that `reads_meaning` each line is compared with the question as a whole, else
    only their words are.
    """
    asked, matches = _matched(question, hits)
    if encoder is None or not reads_meaning(encoder):
        model = shipped_model()
        chance, needed = model.support_of(matches), model.min_support
        ranked = _ranked_quotes(asked, hits, matches) if chance >= needed else []
        return PassageReading(_first_quotes(ranked, top), None, hits, chance, needed)

    lines, near, features = _read_lines(question, hits, asked, matches, encoder)
    confidence = shipped_confidence()
    chance, needed = confidence.chance(features), confidence.min_answer
    if chance < confidence.min_doubtful:
        return PassageReading([], None, _near_passages(hits, lines), chance, needed)

    weights = _weights(asked, [candidate for candidate, _ in near])
    quotes = _quotes_by_meaning(near, lines, weights)
    if chance < needed:
        return PassageReading([], quotes[0], _near_passages(hits, lines), chance, needed)

    return PassageReading(quotes[:top], None, hits, chance, needed)


def first_guess(
    question: str, hits: Sequence[Hit], encoder: Encoder
) -> tuple[Quote, NDArray[np.float64]] | None:
    """Returns the quote that answers best, however badly, and its `confidence.FEATURES`.

    None where nothing can be quoted. The decision whether to show it is fitted on these.
    """
    asked, matches = _matched(question, hits)
    lines, near, features = _read_lines(question, hits, asked, matches, encoder)
    if features is None:
        return None

    weights = _weights(asked, [candidate for candidate, _ in near])
    return _quotes_by_meaning(near[:1], lines, weights)[0], features


def _matched(question: str, hits: Sequence[Hit]) -> tuple[str, list[PassageMatch]]:
    """Returns what asks in the question, in the passages' words, and how each passage matches."""
    asked = in_words_of(hits, asking_part(question))
    return asked, match_passages(asked, hits, shipped_model().vectors)


def _read_lines(
    question: str,
    hits: Sequence[Hit],
    asked: str,
    matches: Sequence[PassageMatch],
    encoder: Encoder,
) -> tuple[list[LineMeaning], list[tuple[_Candidate, LineMeaning]], NDArray[np.float64] | None]:
    """Returns every line, those that can be quoted, best first, and the features of the first."""
    lines = line_meanings(_readings(question, hits, asked), hits, matches, encoder)
    near = _nearest_first(_candidates(hits, matches), lines)
    if not near:
        return lines, near, None

    support = shipped_model().support_of(matches)
    can_be_quoted = [line for _, line in near]
    return lines, near, confidence_features(question, matches, can_be_quoted, support)


def _readings(question: str, hits: Sequence[Hit], asked: str) -> list[str]:
    """Returns the question and what asks in it, each as it stands and in the passages' words.

    `asked` is what asks in it, in their words.
    """
    part = asking_part(question)
    # Mostly all of it asks; reading it in the passages' words takes longest.
    whole = asked if part == question else in_words_of(hits, question)
    return [question, part, whole, asked]


def _near_passages(hits: Sequence[Hit], lines: Sequence[LineMeaning]) -> list[Hit]:
    """Returns the passages with a line that is near the question, nearest first."""
    best: dict[int, float] = {}
    for line in lines:
        best[line.passage] = max(best.get(line.passage, 0.0), line.cosine)

    near = [passage for passage, cosine in best.items() if cosine >= MIN_NEAR]
    return [hits[passage] for passage in sorted(near, key=lambda passage: -best[passage])]


def _quotes_by_meaning(
    near: Sequence[tuple[_Candidate, LineMeaning]],
    lines: Sequence[LineMeaning],
    weights: Mapping[str, float],
) -> list[Quote]:
    """Returns the quotes that are nearly as near as the first, at most one of a passage."""
    quotes: dict[int, Quote] = {}
    for candidate, line in near:
        if line.score < near[0][1].score - MAX_BELOW_BEST:
            break

        body, nearness = candidate.hit.body, nearness_of(line.passage, lines)
        start, end = with_neighbours(body, candidate.units, line.place, nearness, MAX_QUOTE_CHARS)
        text = body[start:end]
        quote = replace(_score(candidate, weights, wants_number=False), text=text, score=line.score)
        if quote.lead in text:
            quote = replace(quote, lead="")
        if not any(_is_part(text, other.text) for other in quotes.values()):
            quotes.setdefault(line.passage, quote)

    return list(quotes.values())


def _nearest_first(
    candidates: Sequence[_Candidate], lines: Sequence[LineMeaning]
) -> list[tuple[_Candidate, LineMeaning]]:
    """Returns what could be quoted with how near it is, best first."""
    by_place = {(line.passage, line.place): line for line in lines}
    near = []
    for candidate in candidates:
        line = by_place.get((candidate.rank, candidate.place))
        if line is not None:
            near.append((candidate, line))

    return sorted(near, key=lambda pair: -pair[1].score)


def _first_quotes(quotes: Sequence[Quote], top: int) -> list[Quote]:
    """Returns the first `top` quotes that are nearly as good as the best and say something new."""
    selected: list[Quote] = []
    for quote in quotes:
        best = quotes[0]
        is_weaker = quote.coverage < MIN_RELATIVE_COVERAGE * best.coverage
        if len(selected) == top or quote.score < MIN_RELATIVE_SCORE * best.score:
            break

        same_passage = sum(quote.hit.chunk == other.hit.chunk for other in selected)
        is_repeated = any(_is_part(quote.text, other.text) for other in selected)
        if not is_weaker and same_passage < MAX_PER_PASSAGE and not is_repeated:
            selected.append(quote)

    return selected


def rank_quotes(question: str, hits: Sequence[Hit]) -> list[Quote]:
    """Returns everything that could be quoted, best first, also what answers hardly."""
    question = in_words_of(hits, question)
    return _ranked_quotes(question, hits, match_passages(question, hits, shipped_model().vectors))


def _ranked_quotes(
    question: str, hits: Sequence[Hit], matches: Sequence[PassageMatch]
) -> list[Quote]:
    """Returns everything that could be quoted, best first."""
    candidates = _candidates(hits, matches)
    weights = _weights(question, candidates)
    is_number = asks_number(question)
    quotes = [_score(candidate, weights, is_number) for candidate in candidates]

    # The sort is stable: of equal scores the better passage comes first.
    return sorted(quotes, key=lambda quote: -quote.score)


def _question_terms(question: str) -> set[str]:
    words = extract_terms(without_asked_unit(question))
    terms = {stem(word) for word in words if word not in ASKING_WORDS}
    # A question of nothing but such words is still searched for, with all of them.
    return terms or stems_of(question)


def _candidates(hits: Sequence[Hit], matches: Sequence[PassageMatch]) -> list[_Candidate]:
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
            candidates.append(_Candidate(rank, place, hit, units, text, context, likeness))

    return candidates


def _score(candidate: _Candidate, weights: Mapping[str, float], wants_number: bool) -> Quote:
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


def _weights(question: str, candidates: Sequence[_Candidate]) -> dict[str, float]:
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


def stems_of(text: str) -> set[str]:
    """Returns the stems of a text's words that say what it is about."""
    return {stem(word) for word in extract_terms(text[:MAX_TERM_CHARS])}


def _is_part(text: str, other: str) -> bool:
    return text in other or other in text
