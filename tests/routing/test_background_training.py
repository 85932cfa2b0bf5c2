import threading

from sqlalchemy.exc import OperationalError

from bot.routing.background_training import REST_FACTOR, BackgroundTrainer
from workers.runtime.processes import wait_until

BUSY = OperationalError("SELECT", {}, Exception("busy"))


class CountingLearner:
    """Counts training runs; `states` are the fingerprints of the labels by workspace."""

    def __init__(self, **states):
        self.states, self.learned, self.go = states, [], threading.Event()
        self.errors = {}

    def learn(self, team):
        self.go.wait(60)
        self.learned.append((team, self.states.get(team)))
        if team in self.errors:
            raise self.errors.pop(team)

    def trainer(self):
        """Returns a trainer that knows all states and polls rarely: it only serves requests."""
        return BackgroundTrainer(self.learn, lambda: dict(self.states), self.states, 60)


def test_what_was_asked_for_is_learned_before_the_wait_ends():
    learner = CountingLearner(T1=0)
    learner.go.set()
    learning = learner.trainer()
    learning.start()

    assert learning.request("T1", 60)
    learning.stop()
    assert learner.learned == [("T1", 0)]


def test_many_wishes_during_one_run_become_one_more():
    learner = CountingLearner(T1=0)
    learning = learner.trainer()
    learning.start()
    learning.request("T1")

    for _ in range(20):
        assert not learning.request("T1", 0.0)

    learner.go.set()

    assert learning.request("T1", 60)
    learning.stop()
    assert 1 <= len(learner.learned) <= 3


def test_a_label_from_another_process_is_noticed_in_its_workspace_only():
    learner = CountingLearner(T1=0, T2=0)
    learner.go.set()
    seen = threading.Event()
    learning = BackgroundTrainer(
        lambda team: (learner.learn(team), seen.set()),
        lambda: dict(learner.states),
        learner.states,
        seconds=0.01,
    )
    learner.states = {"T1": 0, "T2": 1}
    learning.start()

    assert seen.wait(60)
    learning.stop()
    assert learner.learned == [("T2", 1)]


def test_labels_that_are_gone_are_unlearned():
    learner = CountingLearner(T1=0)
    learner.go.set()
    seen = threading.Event()
    learning = BackgroundTrainer(
        lambda team: (learner.learn(team), seen.set()), dict, {"T1": 0}, seconds=0.01
    )
    learning.start()

    assert seen.wait(60)
    learning.stop()
    assert learner.learned == [("T1", 0)]


def test_one_workspace_s_failure_does_not_end_the_training_of_others():
    learner = CountingLearner(T1=0, T2=0)
    learner.errors = {"T1": ValueError("odd labels"), "T2": BUSY}
    learner.go.set()
    learning = learner.trainer()
    learning.start()

    assert learning.request("T1", 60)
    assert learning.request("T2", 60)
    assert learning.request("T3", 60)
    learning.stop()
    assert [team for team, _ in learner.learned] == ["T1", "T2", "T3"]


def test_a_run_that_found_no_database_is_tried_again():
    learner = CountingLearner(T1=0)
    learner.errors = {"T1": BUSY}
    learner.go.set()
    done = threading.Event()
    learning = BackgroundTrainer(
        lambda team: (learner.learn(team), done.set()),
        lambda: dict(learner.states),
        seconds=0.01,
    )
    learning.start()

    assert done.wait(60)
    learning.stop()
    assert learner.learned == [("T1", 0), ("T1", 0)]


def test_a_stopped_one_learns_nothing_more():
    learner = CountingLearner()
    learner.go.set()
    learning = learner.trainer()
    learning.start()
    learning.stop()

    assert not learning.request("T1", 0.05)
    assert learner.learned == []


class Clock:
    """Seconds that a test sets."""

    def __init__(self):
        self.seconds = 100.0

    def __call__(self):
        return self.seconds


def test_clicks_that_nobody_waits_for_leave_most_of_the_processor_to_messages():
    clock, runs = Clock(), []

    def train_for_a_second(team):
        runs.append((team, clock.seconds))
        clock.seconds += 1.0

    learning = BackgroundTrainer(train_for_a_second, dict, seconds=0.01, now=clock)
    learning.start()
    assert learning.request("T1", 60)

    learning.request("T1")
    learning.request("T2")
    assert not learning.request("T1", 0.0)
    assert runs == [("T1", 100.0)], "both wait for the end of the rest"

    clock.seconds += REST_FACTOR
    assert wait_until(lambda: len(runs) > 1, 60)
    learning.stop()
    assert runs[1] == ("T1", 101.0 + REST_FACTOR)


def test_a_correction_whose_author_waits_is_learned_at_once():
    clock, runs = Clock(), []

    def train_for_a_second(team):
        runs.append(team)
        clock.seconds += 1.0

    learning = BackgroundTrainer(train_for_a_second, dict, seconds=60, now=clock)
    learning.start()

    assert learning.request("T1", 60)
    learning.request("T2")
    assert learning.request("T2", 60)
    learning.stop()
    assert runs == ["T1", "T2"]
