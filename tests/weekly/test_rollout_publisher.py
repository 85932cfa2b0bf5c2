"""An approved candidate has one message in the admin channel, with its state and progress."""

from __future__ import annotations

import json
import threading

import pytest

from bot.weekly.rollout_publisher import RolloutPublisher
from workers.rollout.progress import ProgressReporter

KEY = "T1:c1"


class Channel:
    """Slack's side: the posts with their current text."""

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
def keeper(rollout, channel):
    settings = rollout.context.settings.model_copy(
        update={"admin_channel": "CLEADS", "shadow_min_requests": 5}
    )
    return RolloutPublisher(settings, rollout.store, lambda _: channel, rollout.clock)


def test_it_is_posted_once_with_a_thread_of_its_own_and_then_updated(rollout, keeper, channel):
    store = rollout.store
    store.digests.insert("T1", "2027-W02", {"candidates": [KEY]}, 1.0)
    store.digests.claim("T1", "2027-W02", "CLEADS")
    store.digests.mark_posted("T1", "2027-W02", "7.0")
    keeper.tick()
    keeper.tick()
    assert [(said["channel"], said["thread_ts"]) for said in channel.posts] == [("CLEADS", None)]
    assert not channel.updates
    rollout.run_until_waiting()
    keeper.tick()
    assert len(channel.posts) == 1
    assert "Dataset ready for review" in channel.now
    assert "rollout_review" in channel.now
    assert "press Review examples: 20 examples wait for you, about 10 minutes" in channel.now


def test_how_far_a_long_step_is_can_be_seen_and_many_words_are_one_update(rollout, keeper, channel):
    rollout.run_until_waiting()
    rollout.accept_dataset()
    keeper.tick()
    saying = ProgressReporter(rollout.context, KEY, "training")

    for step in range(1, 8):
        saying(step, 57, loss=1.5 / step, dev_exact=None)
        rollout.clock.time += 1.0

    keeper.tick()
    keeper.tick()
    assert len(channel.updates) == 1
    assert "training, step 7 of 57" in channel.now
    assert "minute left" in channel.now or "minutes left" in channel.now
    assert "loss 0.214" in channel.now


def test_what_was_said_of_an_earlier_step_is_not_shown_with_the_next(rollout, keeper, channel):
    rollout.run_until_waiting()
    ProgressReporter(rollout.context, KEY, "training")(3, 57)
    rollout.clock.time += 5.0
    rollout.accept_dataset()
    keeper.tick()
    assert "step 3" not in channel.now


def test_it_lists_who_took_which_step_and_when(rollout, keeper, channel):
    rollout.run_until_waiting()
    keeper.tick()
    assert '"user_id": "UADA"' in channel.now
    assert "Approved 08:00" in channel.now


def test_many_processes_post_one_message(rollout, keeper, channel):
    keepers = [
        RolloutPublisher(keeper._settings, rollout.store, lambda _: channel, rollout.clock)
        for _ in range(6)
    ]

    threads = [threading.Thread(target=each.tick) for each in keepers]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert len(channel.posts) == 1


def test_a_message_whose_poster_ended_is_posted_by_another(rollout, keeper, channel):
    rollout.store.rollout_cards.claim(KEY, "CLEADS", rollout.clock.time)
    keeper.tick()
    assert not channel.posts
    rollout.clock.time += 61.0
    keeper.tick()
    keeper.tick()
    assert len(channel.posts) == 1


def test_without_an_admin_channel_nothing_is_posted(rollout, channel):
    RolloutPublisher(
        rollout.context.settings, rollout.store, lambda _: channel, rollout.clock
    ).tick()
    assert not channel.posts
