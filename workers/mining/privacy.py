"""Whether a candidate may be seen by others, and which words may: nothing that points at one person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from router.text.redact import words
from workers.mining.rows import Row


@dataclass(frozen=True, slots=True)
class Protection:
    """The privacy gate's figures; `failed` names the rules that were not met, in words, empty when it may be shown."""

    people: int
    rows: int
    most_share: float
    failed: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether it may be shown."""
        return not self.failed

    def also(self, failed: str) -> Protection:
        """The same with one more rule that was not met."""
        return replace(self, failed=(*self.failed, failed))


def protect(rows: Sequence[Row], people: int, least_rows: int, most_share: float) -> Protection:
    """A group may be shown when enough people asked, often enough, and nobody asked most of it.

    Rows without a user count as one person's, because nobody can tell.
    """
    asked = Counter(row.user for row in rows)
    share = max(asked.values()) / len(rows) if rows else 1.0
    failed = []

    if len(asked) < people:
        failed.append(f"{len(asked)} people asked, at least {people} must have")
    if len(rows) < least_rows:
        failed.append(f"{len(rows)} requests, at least {least_rows} are needed")
    if share > most_share:
        failed.append(f"one person asked {share:.0%} of it, at most {most_share:.0%} is allowed")

    return Protection(len(asked), len(rows), share, tuple(failed))


def usual_words(rows: Iterable[Row], people: int, counts: Mapping[str, int]) -> frozenset[str]:
    """The words that at least so many different people wrote; `counts` says in how many rows each word stands."""
    writers: dict[str, set[str]] = {}
    for row in rows:
        for word in words(row.text):
            # Most words are rare: a set for each of them is what takes the memory.
            if counts[word] >= people:
                who = writers.setdefault(word, set())
                if len(who) < people:
                    who.add(row.user)

    return frozenset(word for word, who in writers.items() if len(who) >= people)
