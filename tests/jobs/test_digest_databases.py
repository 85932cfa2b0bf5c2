"""The digest job writes and reads the same week on every database."""

from __future__ import annotations

from bot.demo import sample_data
from tests.fixtures.weekly import TEAM, run_digest, weekly_context


def test_a_week_is_mined_and_judged_on_every_database(every_store, clock, settings, words, queue):
    context = weekly_context(every_store, clock, settings, words, queue)
    sample_data.load_into(
        every_store, TEAM, "C1", sample_data.sample_requests(clock(), incidents=30)
    )

    run_digest(context)
    run_digest(context, "2099-W02")

    first, second = (every_store.digests.get(TEAM, week) for week in ("2099-W01", "2099-W02"))
    assert first.body["candidates"]
    assert second.body["numbers"]["requests"] == first.body["numbers"]["requests"] > 50
