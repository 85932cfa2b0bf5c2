import threading

from bot.routing.background_training import BackgroundTrainer


class CountingLearner:
    """Counts training runs; `state` is the fingerprint of the labels."""

    def __init__(self):
        self.state, self.learned, self.go = 0, [], threading.Event()

    def learn(self):
        self.go.wait(60)
        self.learned.append(self.state)


def test_what_was_asked_for_is_learned_before_the_wait_ends():
    learner = CountingLearner()
    learner.go.set()
    learning = BackgroundTrainer(learner.learn, lambda: learner.state)
    learning.start()

    assert learning.request(60)
    learning.stop()
    assert learner.learned == [0]


def test_many_wishes_during_one_run_become_one_more():
    learner = CountingLearner()
    learning = BackgroundTrainer(learner.learn, lambda: learner.state)
    learning.start()
    learning.request()

    for _ in range(20):
        assert not learning.request(0.0)

    learner.go.set()

    assert learning.request(60)
    learning.stop()
    assert 1 <= len(learner.learned) <= 3


def test_a_label_from_another_process_is_noticed():
    learner = CountingLearner()
    learner.go.set()
    seen = threading.Event()
    learning = BackgroundTrainer(
        lambda: (learner.learn(), seen.set()), lambda: learner.state, seconds=0.01
    )
    learning.start()
    learner.state = 1

    assert seen.wait(60)
    learning.stop()
    assert learner.learned == [1]


def test_a_stopped_one_learns_nothing_more():
    learner = CountingLearner()
    learner.go.set()
    learning = BackgroundTrainer(learner.learn, lambda: learner.state)
    learning.start()
    learning.stop()

    assert not learning.request(0.05)
    assert learner.learned == []
