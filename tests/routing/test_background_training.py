import threading

from bot.routing.background_training import BackgroundTrainer


class Lessons:
    """Counts training runs; `state` is the fingerprint of the labels."""

    def __init__(self):
        self.state, self.learned, self.go = 0, [], threading.Event()

    def learn(self):
        self.go.wait(5)
        self.learned.append(self.state)


def test_what_was_asked_for_is_learned_before_the_wait_ends():
    lessons = Lessons()
    lessons.go.set()
    learning = BackgroundTrainer(lessons.learn, lambda: lessons.state)
    learning.start()

    assert learning.request(5)
    learning.stop()
    assert lessons.learned == [0]


def test_many_wishes_during_one_run_become_one_more():
    lessons = Lessons()
    learning = BackgroundTrainer(lessons.learn, lambda: lessons.state)
    learning.start()
    learning.request()

    for _ in range(20):
        assert not learning.request(0.0)

    lessons.go.set()

    assert learning.request(5)
    learning.stop()
    assert 1 <= len(lessons.learned) <= 3


def test_a_label_from_another_process_is_noticed():
    lessons = Lessons()
    lessons.go.set()
    seen = threading.Event()
    learning = BackgroundTrainer(
        lambda: (lessons.learn(), seen.set()), lambda: lessons.state, seconds=0.01
    )
    learning.start()
    lessons.state = 1

    assert seen.wait(5)
    learning.stop()
    assert lessons.learned == [1]


def test_a_stopped_one_learns_nothing_more():
    lessons = Lessons()
    lessons.go.set()
    learning = BackgroundTrainer(lessons.learn, lambda: lessons.state)
    learning.start()
    learning.stop()

    assert not learning.request(0.05)
    assert lessons.learned == []
