"""The digest publisher: each digest is requested once, due once and posted once."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.demo import sample_data
from bot.weekly.digest_publisher import DigestPublisher
from router.config import Settings
from tests.fixtures.weekly import (
    TEAM,
    run_digest,
)
from workers.runtime.job_key import job_key
from workers.runtime.scheduling.weekly_schedule import due_week


def test_the_scheduler_asks_for_a_week_once_and_posts_it_once(
    context, store, settings, slack, queue, clock
):
    sample_data.load_into(store, TEAM, "C1", sample_data.sample_requests(clock(), incidents=30))
    both = [DigestPublisher(settings, store, queue, lambda _: slack, clock) for _ in range(2)]
    both[0].tick()
    both[0].tick()
    name, _ = due_week(settings, clock())
    assert queue.jobs.popleft() == ("digest", job_key(TEAM, name))
    run_digest(context, name)

    for weekly in both:
        weekly.tick()

    assert len(slack.posts) == 1
    assert slack.posts[0]["channel"] == "C0ADMIN"
    assert store.digests.get(TEAM, name).ts == "1.0"


def test_a_digest_whose_poster_died_is_posted_by_another(
    store, week, settings, slack, queue, clock
):
    store.digests.claim(TEAM, week, "C0ADMIN")
    weekly = DigestPublisher(settings, store, queue, lambda _: slack, clock)
    weekly.tick()
    assert slack.posts == []
    clock.forward(3600.0)
    weekly.tick()
    weekly.tick()
    assert len(slack.posts) == 1


def test_without_an_admin_channel_nothing_is_made(store, queue, slack, clock):
    DigestPublisher(Settings(_env_file=None), store, queue, lambda _: slack, clock).tick()
    assert not queue.jobs


@pytest.mark.parametrize(
    ("at", "week"),
    [
        (1_774_162_799.0, "2026-W12"),  # Sunday 22 March, 7:59 in Berlin
        (1_774_249_199.0, "2026-W12"),  # Monday 23 March, 7:59: not yet nine
        (1_774_252_800.0, "2026-W13"),  # Monday, 9:00
        (1_774_850_400.0, "2026-W13"),  # Monday 30 March, 8:00 summer time: the hour is a local one
        (1_774_854_000.0, "2026-W14"),  # Monday 30 March, 9:00 summer time
    ],
)
def test_a_week_is_due_at_its_hour_in_its_time_zone(settings, at, week):
    assert due_week(settings, at)[0] == week


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu"]
)
@pytest.mark.parametrize(("day", "hour"), [("monday", 9), ("sunday", 2), ("sunday", 0)])
def test_each_week_is_due_once_whatever_clocks_are_put_forward_or_back(zone, day, hour):
    settings = Settings(_env_file=None, digest_timezone=zone, digest_day=day, digest_hour=hour)
    seen = {}

    for at in range(
        1_767_225_600, 1_767_225_600 + 400 * 86_400, 1_800
    ):  # 2026 and a month more, every half hour
        week, since = due_week(settings, float(at))
        assert since <= at
        seen.setdefault(week, since)
        assert seen[week] == since

    assert list(seen.values()) == sorted(seen.values())
    assert len(seen) in (58, 59)
    gaps = {round((b - a) / 3600) for a, b in itertools.pairwise(seen.values())}
    assert gaps <= {167, 168, 169}


def test_bots_in_other_time_zones_and_processes_post_one_digest(
    context, store, week, settings, slack, queue, clock
):
    bots = [DigestPublisher(settings, store, queue, lambda _: slack, clock) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda bot: bot.tick(), bots * 3))

    assert len(slack.posts) == 1
    assert not queue.jobs
