"""Quotes of two documents that disagree on a number."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from router.text.terms import stems_of
from workers.knowledge.quotes.by_words import Quote

MIN_OVERLAP = 0.5
"""The Jaccard similarity from which two quotes are about the same thing."""


def find_contradictions(quotes: Iterable[Quote]) -> list[tuple[Quote, Quote]]:
    """Returns pairs of quotes from two documents that disagree on a number."""
    pairs = []
    for quote, other in combinations(quotes, 2):
        if quote.hit.document != other.hit.document and _contradict(quote.text, other.text):
            pairs.append((quote, other))

    return pairs


def numbers_differ(text: str, other: str) -> bool:
    """Returns whether both name numbers, and not the same ones."""
    return _differ(_numbers(stems_of(text)), _numbers(stems_of(other)))


def _contradict(text: str, other: str) -> bool:
    stems, other_stems = stems_of(text), stems_of(other)
    numbers, other_numbers = _numbers(stems), _numbers(other_stems)
    if not _differ(numbers, other_numbers):
        return False

    # The numbers differ, so what is compared is everything else.
    words = stems - numbers
    other_words = other_stems - other_numbers
    union = words | other_words
    return bool(union) and len(words & other_words) / len(union) >= MIN_OVERLAP


def _numbers(stems: set[str]) -> set[str]:
    return {word for word in stems if word.isdigit()}


def _differ(numbers: set[str], other_numbers: set[str]) -> bool:
    return bool(numbers) and bool(other_numbers) and numbers != other_numbers
