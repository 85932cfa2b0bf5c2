"""Ranks what passages say by meaning: by each line's vector and, with a scorer, by reading it.

Vectors find in milliseconds what could answer, and the scorer reads the best of it together with
the question: the two steps of most searches, retrieve and rerank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from router.encoder.protocol import Encoder
from router.index import Hit
from workers.knowledge.passage_units import with_neighbours
from workers.knowledge.quotes.by_words import (
    Quote,
    QuoteCandidate,
    candidates_of,
    is_part,
    match_asked,
    score_by_words,
    term_weights,
)
from workers.knowledge.relevance.asking_part import asking_part
from workers.knowledge.relevance.confidence import confidence_features, with_scores
from workers.knowledge.relevance.features import PassageMatch
from workers.knowledge.relevance.line_meaning import (
    MAX_BELOW_BEST,
    MIN_NEAR,
    LineMeaning,
    line_meanings,
    nearness_of,
)
from workers.knowledge.relevance.ranking import shipped_model
from workers.knowledge.relevance.work_words import in_words_of
from workers.ports import QuoteScores

MAX_QUOTE_CHARS = 400
"""A quote of several sentences is no longer than this.

For people who had not read the pages (`beagle eval companies`) the first quote would hold the
answer to 46 % with 280 characters of near sentences, 50 % with any, 53 % with 400, 54 % with 450.
"""
MAX_SCORED = 6
"""Quotes that are read with the question, six to seven milliseconds of processor time each. Reading
twelve was no better on the questions to the demo's handbook that may choose."""
LINE_WEIGHT = 2.5
"""Weight of the score of a quote's line beside the scorer's logits, also while that is trained."""
MAX_BELOW_BEST_SCORED = 1.0
"""With a scorer, a further quote may score so much less than the best one (logits)."""


@dataclass(frozen=True, slots=True)
class RankedQuotes:
    """The quotes that are nearly as good as the best, best first, at most one of a passage.

    `asked` is what asks in the question, in the passages' words.
    `features` are the best one's, for the model of its confidence that fits `is_scored`, whether a
    scorer has read it; None where nothing can be quoted. `near` are the passages with a line that
    is near the question, nearest first.
    """

    asked: str
    quotes: Sequence[Quote]
    features: NDArray[np.float64] | None
    is_scored: bool
    near: Sequence[Hit]


@dataclass(frozen=True, slots=True)
class FoundQuote:
    """A quote that has grown from `candidate`, its nearest line."""

    candidate: QuoteCandidate
    line: LineMeaning
    text: str
    lead: str

    @property
    def reading(self) -> str:
        """The quote as a scorer reads it: below its heading and the line that introduces it."""
        heading = self.candidate.hit.title.rsplit(" > ", 1)[-1]
        return " ".join(f"{heading}. {self.lead} {self.text}".split())

    def quote(self, weights: Mapping[str, float]) -> Quote:
        """Returns the quote that is shown; `weights` are those of the question's terms."""
        by_words = score_by_words(self.candidate, weights, wants_number=False)
        return replace(by_words, text=self.text, lead=self.lead, score=self.line.score)


def rank_by_meaning(
    question: str, hits: Sequence[Hit], encoder: Encoder, scorer: QuoteScores | None = None
) -> RankedQuotes:
    """Returns what answers best. `encoder` is one that `reads_meaning`."""
    read = _read_lines(question, hits, encoder)
    near = _near_passages(hits, read.lines)
    found = _grown_quotes(read, MAX_SCORED)
    if not found:
        return RankedQuotes(read.asked, [], None, is_scored=False, near=near)

    scores, is_scored = _scores(question, found, scorer)
    order = np.argsort(-scores, kind="stable")
    found, scores = [found[place] for place in order], scores[order]

    max_below = MAX_BELOW_BEST_SCORED if is_scored else MAX_BELOW_BEST
    weights = term_weights(read.asked, [candidate for candidate, _ in read.ranked])
    quotes = [one.quote(weights) for one in _first_of_passages(found, scores, max_below)]

    best = found[0].line
    can_be_quoted = [best, *(line for _, line in read.ranked if line is not best)]
    support = shipped_model().support_of(read.matches)
    features = confidence_features(question, read.matches, can_be_quoted, support)
    if is_scored:
        features = with_scores(features, scores, [one.line.passage for one in found])

    return RankedQuotes(read.asked, quotes, features, is_scored, near)


def find_quotes(
    question: str, hits: Sequence[Hit], encoder: Encoder, limit: int = MAX_SCORED
) -> list[FoundQuote]:
    """Returns what a scorer would be given, nearest first, at most `limit` quotes."""
    return _grown_quotes(_read_lines(question, hits, encoder), limit)


@dataclass(frozen=True, slots=True)
class _LinesRead:
    """What the vectors of lines say: all `lines`, and those that can be quoted, nearest first.

    `asked` is what asks in the question, in the passages' words.
    """

    asked: str
    matches: Sequence[PassageMatch]
    lines: Sequence[LineMeaning]
    ranked: Sequence[tuple[QuoteCandidate, LineMeaning]]


def _read_lines(question: str, hits: Sequence[Hit], encoder: Encoder) -> _LinesRead:
    asked, matches = match_asked(question, hits)
    lines = line_meanings(_readings(question, hits, asked), hits, matches, encoder)
    return _LinesRead(asked, matches, lines, _nearest_first(candidates_of(hits, matches), lines))


def _grown_quotes(read: _LinesRead, limit: int) -> list[FoundQuote]:
    """Returns at most `limit` quotes, each grown from the nearest line that is in none yet."""
    found: list[FoundQuote] = []
    spans: dict[int, list[tuple[int, int]]] = {}
    for candidate, line in read.ranked:
        unit = candidate.units[line.place]
        own = spans.setdefault(line.passage, [])
        if any(start <= unit.start and unit.end <= end for start, end in own):
            continue

        body, nearness = candidate.hit.body, nearness_of(line.passage, read.lines)
        span = with_neighbours(body, candidate.units, line.place, nearness, MAX_QUOTE_CHARS)
        own.append(span)
        text = body[slice(*span)]
        found.append(FoundQuote(candidate, line, text, "" if unit.lead in text else unit.lead))
        if len(found) == limit:
            break

    return found


def _scores(
    question: str, found: Sequence[FoundQuote], scorer: QuoteScores | None
) -> tuple[NDArray[np.float64], bool]:
    """Returns how good each quote is, and whether the scorer has said so."""
    scores = np.array([one.line.score for one in found], np.float64)
    if scorer is None:
        return scores, False

    read = scorer.scores(asking_part(question), [one.reading for one in found])
    return (scores, False) if read is None else (read + LINE_WEIGHT * scores, True)


def _first_of_passages(
    found: Sequence[FoundQuote], scores: NDArray[np.float64], max_below: float
) -> list[FoundQuote]:
    """Returns the first quote of each passage, as long as they are nearly as good as the best."""
    first: dict[int, FoundQuote] = {}
    for one, score in zip(found, scores, strict=True):
        if score < scores[0] - max_below:
            break
        if not any(is_part(one.text, other.text) for other in first.values()):
            first.setdefault(one.line.passage, one)

    return list(first.values())


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


def _nearest_first(
    candidates: Sequence[QuoteCandidate], lines: Sequence[LineMeaning]
) -> list[tuple[QuoteCandidate, LineMeaning]]:
    """Returns what could be quoted with how near it is, best first."""
    by_place = {(line.passage, line.place): line for line in lines}
    near = []
    for candidate in candidates:
        line = by_place.get((candidate.rank, candidate.place))
        if line is not None:
            near.append((candidate, line))

    return sorted(near, key=lambda pair: -pair[1].score)
