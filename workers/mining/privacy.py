"""The privacy gate: whether a cluster may be shown, and which words are safe to show.

Both rules are of the k-anonymity kind: nothing is shown that points at fewer than `min_people`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from router.text.printable import counted
from router.text.redact import plain_words
from workers.mining.rows import Row


@dataclass(frozen=True, slots=True)
class Protection:
    """The privacy gate's figures.

    Attributes:
        people: How many people asked.
        rows: How many requests there are.
        max_person_share: The share, 0-1, of the person who asked most.
        failures: The rules that were not met, in words; empty if the cluster may be shown.
    """

    people: int
    rows: int
    max_person_share: float
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the cluster may be shown."""
        return not self.failures

    def with_failure(self, failure: str) -> Protection:
        """Returns a copy with one more rule that was not met."""
        return replace(self, failures=(*self.failures, failure))


def assess_privacy(
    rows: Sequence[Row], min_people: int, min_rows: int, max_share: float
) -> Protection:
    """Checks that enough people asked, often enough, and that nobody asked most of it.

    Rows without a user count as one person's, because nobody can tell.
    """
    requests_by_user = Counter(row.user for row in rows)
    people = len(requests_by_user)
    share = max(requests_by_user.values()) / len(rows) if rows else 1.0
    failures = []

    if people < min_people:
        failures.append(
            f"{counted(people, 'person', 'people')} asked, at least {min_people} must have"
        )
    if len(rows) < min_rows:
        failures.append(f"{counted(len(rows), 'request')}, at least {min_rows} are needed")
    if share > max_share:
        failures.append(f"one person asked {share:.0%} of it, at most {max_share:.0%} is allowed")

    return Protection(people, len(rows), share, tuple(failures))


def common_words(
    rows: Iterable[Row], min_people: int, row_counts: Mapping[str, int]
) -> frozenset[str]:
    """Returns the words that at least `min_people` different people wrote.

    `row_counts` says in how many of the rows each word occurs.
    """
    writers: dict[str, set[str]] = {}
    for row in rows:
        for word in plain_words(row.text):
            # Most words are in too few rows to qualify. Skipping them, and counting no further than
            # needed, keeps a set for each word of a million rows small.
            if row_counts[word] < min_people:
                continue

            users = writers.setdefault(word, set())
            if len(users) < min_people:
                users.add(row.user)

    return frozenset(word for word, users in writers.items() if len(users) >= min_people)
