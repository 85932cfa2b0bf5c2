"""Removes people's texts, and what quotes them, when the time is over for which they are kept.

`housekeeping.py` calls it; what holds no words is removed by `record_retention.py`.
"""

from __future__ import annotations

from router.config import Settings
from router.store import Store

DAY_SECONDS = 86_400.0


def expire_texts(store: Store, now: float, days: float) -> int:
    """Blanks texts older than `days`, with their vectors; their bytes are overwritten later.

    Counts, times and costs stay. Captured channel messages are deleted whole. Returns how many
    requests and messages it were.
    """
    return store.personal_data.expire_texts(now - days * DAY_SECONDS)


def expire_quotations(store: Store, now: float, settings: Settings) -> int:
    """Blanks what candidates, digests and data cards quote, and deletes old rows of datasets.

    Quotations expire with the texts, rows of datasets after `dataset_retention_days`; 0 days keep
    them. Returns how many rows it changed.
    """
    limits = []
    for days in (settings.retention_days, settings.dataset_retention_days):
        limits.append(now - days * DAY_SECONDS if days else float("-inf"))

    return store.personal_data.expire_quotations(*limits)
