"""Extractive answers: quotes what answers a question best, without a model that writes.

Sentences, list items and rows are ranked by what they mean and how they read beside the question
(`by_meaning.py`), or by their words alone where the process has no encoder for that
(`by_words.py`). A fitted probability decides whether anything is quoted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.catalog.version import Version
from router.encoder.protocol import Encoder
from router.index import Hit
from workers.knowledge.people_answers import same_question
from workers.knowledge.quotes.by_meaning import rank_by_meaning
from workers.knowledge.quotes.by_words import Quote, first_quotes, match_asked, quotes_of
from workers.knowledge.quotes.mismatch import Mismatch, find_mismatch
from workers.knowledge.relevance.confidence import confidence_model
from workers.knowledge.relevance.line_meaning import reads_meaning
from workers.knowledge.relevance.ranking import shipped_model
from workers.ports import QuoteScores

ANSWER_PASSAGES = 8
"""Number of passages that quotes are taken from."""


def is_extractive(version: Version, models: Sequence[str]) -> bool:
    """Returns whether a retrieving version quotes documents, because its model is the small one.

    Only a model that can be trusted with facts puts them into its own words.
    """
    return version.output is None and models[0].startswith("local")


@dataclass(frozen=True, slots=True)
class PassageReading:
    """What the passages say to a question: `quotes` that answer it, best first; else empty.

    Then `doubtful` may be a quote that perhaps answers, and `near` are the passages worth a look.
    `mismatch` says why a quote that is near enough does not answer; None where it does, or is not.
    `chance` is the probability (0-1) that they answer, and `needed` what it takes to quote.
    """

    quotes: Sequence[Quote]
    doubtful: Quote | None
    near: Sequence[Hit]
    chance: float
    needed: float
    mismatch: Mismatch | None = None


def select_quotes(
    question: str, hits: Sequence[Hit], encoder: Encoder | None = None, top: int = 3
) -> list[Quote]:
    """Returns what answers best, best first: at most `top` quotes, few of one passage.

    Empty if the passages hardly answer the question: a guess would mislead.
    """
    return list(read_passages(question, hits, encoder, top=top).quotes)


def read_passages(
    question: str,
    hits: Sequence[Hit],
    encoder: Encoder | None = None,
    scorer: QuoteScores | None = None,
    top: int = 3,
) -> PassageReading:
    """Returns what the passages say to a question, at most `top` quotes.

    With an encoder that `reads_meaning` each line is compared with the question as a whole, and
    `scorer` reads the nearest with it. Without, only their words are compared.
    """
    if encoder is None or not reads_meaning(encoder):
        return _read_words(question, hits, top)

    ranked = rank_by_meaning(question, hits, encoder, scorer)
    confidence = confidence_model(is_scored=ranked.is_scored)
    chance, needed = confidence.chance(ranked.features), confidence.min_answer
    saved = same_question(question, hits, encoder)
    if saved is not None:
        others = [one for one in ranked.quotes if one.hit != saved.hit]
        beside = others[: top - 1] if chance >= needed else []
        return PassageReading([saved, *beside], None, hits, chance, needed)
    if chance < confidence.min_doubtful:
        return PassageReading([], None, ranked.near, chance, needed)
    if chance < needed:
        return PassageReading([], ranked.quotes[0], ranked.near, chance, needed)

    best = ranked.quotes[0]
    mismatch = find_mismatch(ranked.asked, best, hits, chance - needed)
    if mismatch is not None:
        return PassageReading([], best, ranked.near, chance, needed, mismatch)

    return PassageReading(ranked.quotes[:top], None, hits, chance, needed)


def _read_words(question: str, hits: Sequence[Hit], top: int) -> PassageReading:
    asked, matches = match_asked(question, hits)
    model = shipped_model()
    chance, needed = model.support_of(matches), model.min_support
    quotes = quotes_of(asked, hits, matches) if chance >= needed else []
    return PassageReading(first_quotes(quotes, top), None, hits, chance, needed)
