"""Names a cluster from its own words: a label, a sentence and examples.

Only words that enough different people wrote are used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from router.text.redact import plain_words, redact_for_display
from workers.mining.mood.asking import EMOJI_NAME
from workers.mining.rows import Row

EXAMPLES = 3
"""Examples that people see."""
MAX_EXAMPLES = 12
"""Examples that are stored. A model that names a candidate sees all of them."""
MAX_EXAMPLE_CHARACTERS = 160
TYPICAL_SHARE = 0.5
"""Examples are taken from this share of the rows, those nearest the centroid."""
MAX_PHRASE_WORDS = 4
MIN_PHRASE_VALUE = 0.15
"""A phrase must be worth this share of the best single word."""
REDACTED = "[…]"
EXAMPLE_PASSES = ((0, 0.5), (1, 0.7), (9, 0.99))
"""Redacted places, and Jaccard overlap with a chosen example, that each pass allows at most."""

_STOP_WORDS = """
a about all am an and any are as at be been but by can could did do does doing don't for from get
give go got had has have hello help hey hi how i i'd i'm i've if in into is isn't it it's its just
know let like long look make many may me more much my need no not now of ok on one or our out please
put really s should show so some sure take tell than thank thanks that the their them then there
these they thing this to too up us use very want was way we were what what's whats when where which
who why will with would yes you your
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True, slots=True)
class ClusterName:
    """What people read about a candidate; `examples` has the most typical one first.

    `example_channels` says where each was written.
    """

    label: str
    definition: str
    examples: tuple[str, ...]
    example_channels: tuple[str, ...] = ()


HIDDEN = ClusterName("", "", ())
PRIVATE_ONLY = ClusterName(
    "(asked in private places only)",
    "Its requests were asked where nothing may be quoted from.",
    (),
)


def name_cluster(
    rows: Sequence[Row],
    cosines: NDArray[np.floating],
    row_counts: Mapping[str, int],
    safe_words: frozenset[str],
) -> ClusterName:
    """Names the cluster with these rows; `cosines` are theirs to its centroid.

    `row_counts` says in how many of all mined rows each word occurs, `safe_words` which words
    enough people wrote. Rows that are not quotable give neither words nor examples.
    """
    quotable = [
        (row, float(cosine)) for row, cosine in zip(rows, cosines, strict=True) if row.quotable
    ]
    if not quotable:
        return PRIVATE_ONLY

    # "White check mark" is a picture and no word of the request.
    words = [plain_words(EMOJI_NAME.sub(" ", row.text)) for row, _ in quotable]
    label = _label(words, row_counts, safe_words)
    pairs = _examples(quotable, safe_words)
    examples = tuple(text for text, _ in pairs)
    if examples:
        definition = f"People write things like “{examples[0]}”."
    else:
        definition = f"People write about “{label}”."

    channels = tuple(channel for _, channel in pairs)
    return ClusterName(label, definition, examples, channels)


def _label(
    rows: Sequence[Sequence[str]], row_counts: Mapping[str, int], safe_words: frozenset[str]
) -> str:
    """Returns the phrase that covers most of the cluster and little else, or the two best words."""
    own_counts = Counter(word for row in rows for word in set(row))
    # Coverage and exclusiveness are recall and precision of a word as a name; coverage counts more.
    value = {}
    for word, count in own_counts.items():
        if word in safe_words and word not in STOP_WORDS and len(word) > 1:
            coverage = count / len(rows)
            exclusiveness = count / max(row_counts[word], count)
            value[word] = coverage * exclusiveness**0.5

    best_phrase = ""
    best_value = 0.0

    # In alphabetical order, so that of equally good phrases it is always the same one.
    for phrase, count in sorted(_phrase_counts(rows).items()):
        if phrase[0] not in value or phrase[-1] not in value:
            continue

        if all(word in safe_words for word in phrase):
            phrase_value = count / len(rows) * sum(value.get(word, 0.0) for word in phrase)
            if phrase_value > best_value:
                best_phrase = " ".join(phrase)
                best_value = phrase_value

    best_words = sorted(value, key=lambda word: (-value[word], word))[:2]
    if best_words and (not best_phrase or best_value < MIN_PHRASE_VALUE * value[best_words[0]]):
        return " ".join(best_words)

    return best_phrase or "short replies"


def _phrase_counts(rows: Sequence[Sequence[str]]) -> Counter[tuple[str, ...]]:
    """Returns in how many rows each n-gram of two to MAX_PHRASE_WORDS words occurs."""
    counts: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        phrases = set()
        for size in range(2, MAX_PHRASE_WORDS + 1):
            for start in range(len(row) - size + 1):
                phrases.add(tuple(row[start : start + size]))

        counts.update(phrases)

    return counts


def _examples(
    quotable: Sequence[tuple[Row, float]], safe_words: frozenset[str]
) -> list[tuple[str, str]]:
    """Returns masked examples, each with the channel where it was written.

    The most typical comes first, then ones that are worded differently.

    Each pass allows more redacted places and more overlap than the one before, until there are
    enough.
    """
    # Ties are broken by the text, so that the choice does not depend on the order of rows.
    by_cosine = sorted(quotable, key=lambda pair: (-pair[1], pair[0].text))
    typical = by_cosine[: max(MAX_EXAMPLES, int(len(by_cosine) * TYPICAL_SHARE))]
    masked = []
    for row, _ in typical:
        text = redact_for_display(row.text, usual=safe_words)[:MAX_EXAMPLE_CHARACTERS]
        masked.append((text, row.channel))

    examples: list[tuple[str, str]] = []
    chosen_words: list[set[str]] = []

    for max_redacted, max_overlap in EXAMPLE_PASSES:
        for text, channel in masked:
            if len(examples) >= MAX_EXAMPLES:
                return examples

            words = set(plain_words(text))
            is_known = any(text == other for other, _ in examples)
            if not words or is_known or text.count(REDACTED) > max_redacted:
                continue

            if all(jaccard(words, other) <= max_overlap for other in chosen_words):
                examples.append((text, channel))
                chosen_words.append(words)

    return examples


def jaccard(first: set[str], second: set[str]) -> float:
    """Returns how many of the words of two texts are in both, as a share of all."""
    return len(first & second) / max(len(first | second), 1)
