"""An approved candidate has one message in the admin channel, which says what holds and how far the step is."""

from __future__ import annotations

import json
import threading

import pytest

from bot.weekly.rollout_publisher import RolloutPublisher
from workers.rollout.progress import ProgressReporter

KEY = "T1:c1"


class Channel:
    """Slack's side: what was posted and what it says now."""

    def __init__(self) -> None:
        self.posts, self.updates = [], []

    def chat_postMessage(self, **said):  # noqa: N802  # Slack's own name
        self.posts.append(said)
        return {"ts": f"{len(self.posts)}.0"}

    def chat_update(self, **said):
        self.updates.append(said)
        return {"ts": said["ts"]}

    @property
    def now(self):
        return json.dumps((self.updates or self.posts)[-1]["blocks"], ensure_ascii=False)


@pytest.fixture
def channel():
    return Channel()


@pytest.fixture
def keeper(road, channel):
    settings = road.context.settings.model_copy(
        update={"admin_channel": "CLEADS", "shadow_min_requests": 5}
    )
    return RolloutPublisher(settings, road.store, lambda _: channel, road.clock)


def test_it_is_posted_once_under_its_digest_and_then_updated(road, keeper, channel):
    store = road.store
    store.digests.insert("T1", "2027-W02", {"candidates": [KEY]}, 1.0)
    store.digests.claim("T1", "2027-W02", "CLEADS")
    store.digests.mark_posted("T1", "2027-W02", "7.0")
    keeper.tick()
    keeper.tick()
    assert [(said["channel"], said["thread_ts"]) for said in channel.posts] == [("CLEADS", "7.0")]
    assert not channel.updates
    road.go()
    keeper.tick()
    assert len(channel.posts) == 1
    assert "Dataset ready for review" in channel.now
    assert "rollout_review" in channel.now


def test_how_far_a_long_step_is_can_be_seen_and_many_words_are_one_update(road, keeper, channel):
    road.go()
    road.review()
    keeper.tick()
    saying = ProgressReporter(road.context, KEY, "training")

    for step in range(1, 8):
        saying(step, 57, loss=1.5 / step, dev_exact=None)
        road.clock.time += 1.0

    keeper.tick()
    keeper.tick()
    assert len(channel.updates) == 1
    assert "training, step 7 of 57" in channel.now
    assert "loss 0.214" in channel.now


def test_what_was_said_of_an_earlier_step_is_not_shown_with_the_next(road, keeper, channel):
    road.go()
    ProgressReporter(road.context, KEY, "training")(3, 57)
    road.clock.time += 5.0
    road.review()
    keeper.tick()
    assert "step 3" not in channel.now


def test_who_took_which_step_and_when_stands_in_it(road, keeper, channel):
    road.go()
    keeper.tick()
    assert '"user_id": "UADA"' in channel.now
    assert "Approved 08:00" in channel.now


def test_many_processes_post_one_message(road, keeper, channel):
    keepers = [
        RolloutPublisher(keeper._settings, road.store, lambda _: channel, road.clock) for _ in range(6)
    ]

    threads = [threading.Thread(target=each.tick) for each in keepers]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert len(channel.posts) == 1


def test_a_message_whose_poster_ended_is_posted_by_another(road, keeper, channel):
    road.store.rollout_cards.claim(KEY, "CLEADS", road.clock.time)
    keeper.tick()
    assert not channel.posts
    road.clock.time += 61.0
    keeper.tick()
    keeper.tick()
    assert len(channel.posts) == 1


def test_without_an_admin_channel_nothing_is_posted(road, channel):
    RolloutPublisher(road.context.settings, road.store, lambda _: channel, road.clock).tick()
    assert not channel.posts
