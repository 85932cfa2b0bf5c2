"""Splits requests into train, dev and test by the people who made them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from statistics import median
from typing import Literal

Split = Literal["train", "dev", "test"]
DEV_SHARE = 0.1


def split_people(asked: Collection[tuple[str, float]], test_share: float) -> dict[str, Split]:
    """Returns each person's split: those who asked last are the test, then dev.

    `asked` has the person and the time (unix seconds) of every request; `test_share` (0-1) is the
    share of requests from which on nobody more is added to the test.
    """
    times: dict[str, list[float]] = defaultdict(list)
    for user, at in asked:
        times[user].append(at)

    # Whole people, so that no wording of one person is both learned and measured; the newest, so
    # that the test resembles what will be asked.
    last_first = sorted(times, key=lambda user: (-median(times[user]), user))
    splits: dict[str, Split] = {}
    assigned = 0

    for user in last_first:
        share = assigned / len(asked)
        if share < test_share:
            splits[user] = "test"
        elif share < test_share + DEV_SHARE:
            splits[user] = "dev"
        else:
            splits[user] = "train"

        assigned += len(times[user])

    return splits
