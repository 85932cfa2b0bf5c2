"""A short label, a sentence and a few examples for a candidate, made of words that many people used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from router.text.redact import redact_to_show, words
from workers.mining.rows import Row

EXAMPLES = 3
"""Examples that people see."""
MOST_EXAMPLES = 12
"""Examples that are kept: a model that names a candidate sees all of them."""
LONGEST_EXAMPLE = 160
NEAR_CENTRE = 0.5
LONGEST_PHRASE = 4
_STOP = """
a about all am an and any are as at be been but by can could did do does doing don't for from get give go got had has
have hello help hey hi how i i'd i'm i've if in into is isn't it it's its just know let like long look make many may
me more much my need no not now of ok on one or our out please put really s should show so some sure take tell than
thank thanks that the their them then there these they thing this to too up us use very want was way we were what
what's whats when where which who why will with would yes you your
"""
STOP = frozenset(_STOP.split())


@dataclass(frozen=True, slots=True)
class Named:
    """What people read of a candidate; every word of it was written by many. `examples` has the most typical first."""

    label: str
    definition: str
    examples: tuple[str, ...]


HIDDEN = Named("", "", ())


def name_group(
    rows: Sequence[Row], near: NDArray[np.floating], all_words: Counter[str], usual: frozenset[str]
) -> Named:
    """The name of the group of `rows`; `near` is each row's cosine to the group's centre.

    `all_words` counts in how many of all rows a word stands. Rows that may not be shown give
    neither words nor examples.
    """
    said = [(row, float(cosine)) for row, cosine in zip(rows, near, strict=True) if row.shown]
    if not said:
        return Named(
            "(asked in private places only)",
            "Its requests were asked where nothing may be quoted from.",
            (),
        )

    label = _label([words(row.text) for row, _ in said], all_words, usual)
    examples = tuple(_examples(said, usual))
    said_so = (
        f"People write things like “{examples[0]}”."
        if examples
        else f"People write about “{label}”."
    )

    return Named(label, said_so, examples)


def _label(rows: Sequence[Sequence[str]], all_words: Counter[str], usual: frozenset[str]) -> str:
    """The phrase that covers most of the group and little else; without one, the two most telling words."""
    within = Counter(word for row in rows for word in set(row))
    worth = {
        word: (count / len(rows)) * (count / max(all_words[word], count)) ** 0.5
        for word, count in within.items()
        if word in usual and word not in STOP and len(word) > 1
    }

    phrases: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        phrases.update(
            {
                tuple(row[i : i + size])
                for size in range(2, LONGEST_PHRASE + 1)
                for i in range(len(row) - size + 1)
            }
        )

    best, best_worth = "", 0.0
    for phrase, count in sorted(phrases.items()):
        if phrase[0] in worth and phrase[-1] in worth and all(word in usual for word in phrase):
            value = count / len(rows) * sum(worth.get(word, 0.0) for word in phrase)
            if value > best_worth:
                best, best_worth = " ".join(phrase), value

    telling = sorted(worth, key=lambda word: (-worth[word], word))[:2]
    if telling and (not best or best_worth < 0.15 * worth[telling[0]]):
        return " ".join(telling)

    return best or "short replies"


def _examples(said: Sequence[tuple[Row, float]], usual: frozenset[str]) -> Iterable[str]:
    """The most typical row first, then rows worded differently; of equally good ones those that hide least."""
    ranked = sorted(said, key=lambda pair: (-pair[1], pair[0].text))
    typical = ranked[: max(MOST_EXAMPLES, int(len(ranked) * NEAR_CENTRE))]
    shown: list[str] = []
    seen: list[set[str]] = []
    masked = [redact_to_show(row.text, usual=usual)[:LONGEST_EXAMPLE] for row, _ in typical]

    for most_hidden, most_alike in ((0, 0.5), (1, 0.7), (9, 0.99)):
        for text in masked:
            now = set(words(text))

            alike = max(
                (len(now & other) / max(len(now | other), 1) for other in seen), default=0.0
            )
            if (
                len(shown) < MOST_EXAMPLES
                and text not in shown
                and text.count("[…]") <= most_hidden
                and alike <= most_alike
                and now
            ):
                shown.append(text)
                seen.append(now)

    return shown
