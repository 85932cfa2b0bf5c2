"""The made-up history says that it is one, wherever its figures are shown."""

from __future__ import annotations

from bot.demo import sample_data
from bot.ui import stats
from workers.jobs.digest import period_numbers


def test_figures_say_how_much_of_them_is_simulated(store, clock, make_request):
    samples = sample_data.sample_requests(clock(), incidents=10)
    sample_data.load_into(store, "T1", "C1", samples)
    store.requests.insert(make_request(), clock())

    period = store.stats.since("T1", clock() - 30 * 86_400)
    week = store.stats.since("T1", clock() - 7 * 86_400)
    shown = str(stats.render_stats("30d", period, {}).blocks)

    assert (period.requests, period.simulated) == (len(samples) + 1, len(samples))
    assert f"made up for the demo: {len(samples)} requests behind these figures" in shown
    assert 0 < week.simulated < period.simulated
    assert period_numbers(week)["simulated"] == week.simulated
    assert store.stats.simulated("T2") == 0


def test_figures_of_real_requests_say_nothing(store, clock, make_request):
    store.requests.insert(make_request(), clock())
    period = store.stats.since("T1", clock() - 86_400)
    assert "simulated" not in str(stats.render_stats("7d", period, {}).blocks)
