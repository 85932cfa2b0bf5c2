"""Learned corrections survive a restart, and each workspace's stay with it."""

import pytest

from router.learning.learner import MAX_STATES, REFUSED, Learner
from router.types import Example


def correction(text, route, user="U1", source="feedback", request="r1"):
    return Example(text, route, source=source, user=user, request=request)


COATS = [
    correction("the coat I bought fell apart", "refund"),
    correction("my coat fell apart in a week", "refund", "U2", request="r2"),
]
ODD = [correction("I forgot my password again", "opening_hours", f"U{n}") for n in range(9)]


@pytest.fixture(params=[False, True], ids=["here", "apart"])
def learn(request, trigrams, examples, routes, tmp_path):
    """Trains the router of a workspace, each time as a process that has just started."""

    def train(*corrections, team="T1"):
        learner = Learner(trigrams, tmp_path, trains_apart=request.param)
        base = learner.train_base(examples, routes)
        return learner.train(team, base, examples, corrections)

    return train


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_corrections_teach_and_a_restart_knows_them(learn, trigrams):
    first = learn(*COATS)
    encoded = len(trigrams.seen)

    again = learn(*COATS)

    assert again.router.version == first.router.version
    assert list(again.used) == COATS
    assert len(trigrams.seen) == encoded
    assert first.router.decide("the coat fell apart")[0].scores[0].route == "refund"


def test_what_the_gate_set_aside_stays_aside_after_a_restart(learn):
    doubtful = correction("my coat fell apart today", "gone")
    first = learn(*COATS, doubtful)

    again = learn(*COATS, doubtful)

    assert [entry.example for entry in first.quarantined] == [doubtful]
    assert [(e.example, e.reason) for e in again.quarantined] == [(doubtful, "no such route")]


def test_a_correction_that_was_taken_back_is_unlearned(learn, tmp_path):
    before = learn()
    unlearned = files(tmp_path)
    learn(*COATS)

    after = learn()

    assert after.router.version == before.router.version
    assert files(tmp_path) == unlearned


def test_another_workspace_learns_nothing_from_it(learn, tmp_path):
    base = learn(team="T2").router.version
    learned = learn(*COATS)

    assert learn(team="T2").router.version == base != learned.router.version
    assert {name.split("/")[0] for name in files(tmp_path)} == {"installation", "T1"}


def test_the_same_words_of_two_workspaces_name_each_their_own_request(learn):
    own = learn(*COATS).router
    theirs = learn(correction(COATS[0].text, "refund", request="r9"), team="T2").router

    def requests(router):
        nearest = router.decide(COATS[0].text)[0].reason["nearest"]
        return {entry["request"] for entry in nearest if "request" in entry}

    assert requests(own) == {"r1", "r2"}
    assert requests(theirs) == {"r9"}


def test_a_workspace_that_left_leaves_no_file(learn, trigrams, tmp_path):
    for team in ("T1", "T2", "../../T3"):
        learn(*COATS, team=team)

    Learner(trigrams, tmp_path).remove_others(lambda: ["T2"])

    assert {name.split("/")[0] for name in files(tmp_path)} == {"installation", "T2"}


def test_a_folder_that_another_bot_makes_meanwhile_stays(learn, trigrams, tmp_path):
    learn(*COATS, team="T1")

    def teams():
        # The first label of T2 is stored after the workspaces were read.
        learn(*COATS, team="T2")
        return []

    Learner(trigrams, tmp_path).remove_others(teams)

    assert {name.split("/")[0] for name in files(tmp_path)} == {"installation", "T2"}


@pytest.fixture
def bots(trigrams, examples, routes, tmp_path):
    """Two bots on one folder, of which the second has other routes, as during an update."""
    both = []
    for number in range(2):
        own = [*examples, Example("is the shop open", "opening_hours")][: len(examples) + number]
        learner = Learner(trigrams, tmp_path)
        both.append((learner, learner.train_base(own, routes), own))

    return both


def test_two_bots_on_one_folder_leave_each_other_s_routers(bots, trigrams):
    versions = [bot.train("T1", base, own, COATS).router.version for bot, base, own in bots]
    encoded = len(trigrams.seen)

    assert len(set(versions)) == 2
    for (bot, base, own), version in zip(bots, versions, strict=True):
        # Without anything to train: both files are there, of the base router as well.
        assert bot.load("T1", base, own, COATS).router.version == version
        assert bot.train_base(own, base.config.routes).version == base.version

    assert len(trigrams.seen) == encoded


def test_what_was_erased_stays_in_neither_s_files(bots, tmp_path):
    for bot, base, own in bots:
        bot.train("T1", base, own, COATS)

    before = {name for name in files(tmp_path) if name.startswith("T1/")}
    bot, base, own = bots[0]
    bot.train("T1", base, own, COATS[:1])

    left = {name for name in files(tmp_path) if name.startswith("T1/")}
    assert len(before) == 4
    assert len(left - before) == 1  # the router; its state has the name of the one before
    assert len(left) == 2


def test_a_workspace_keeps_a_few_states(trigrams, examples, routes, tmp_path):
    learner = Learner(trigrams, tmp_path)
    for number in range(MAX_STATES + 2):
        own = [*examples, Example(f"a blue hat number {number}", "refund")]
        learner.train("T1", learner.train_base(own, routes), own, COATS)

    assert len(list((tmp_path / "T1").glob("learned-*"))) == MAX_STATES
    assert len(list((tmp_path / "T1").glob("router-*"))) == MAX_STATES


def test_a_router_of_all_workspaces_of_an_older_release_is_removed(learn, tmp_path):
    for name in ("router-0123456789ab.npz", "learned.json"):
        (tmp_path / name).write_bytes(b"words of T1 and T2")

    learn()

    assert not [name for name in files(tmp_path) if "/" not in name]


def test_nobody_s_words_are_in_a_file(learn, tmp_path):
    learn(*COATS)

    assert not [name for name in files(tmp_path) if b"coat" in (tmp_path / name).read_bytes()]


def test_without_a_folder_nothing_is_kept(trigrams, examples, routes):
    learner = Learner(trigrams)
    base = learner.train_base(examples, routes)

    assert list(learner.train("T1", base, examples, COATS).used) == COATS
    assert learner.load("T1", base, examples, COATS) is None


@pytest.mark.parametrize("damage", ["state", "router"])
def test_damaged_files_only_cost_training_again(learn, damage, tmp_path):
    first = learn(*COATS)
    for file in (tmp_path / "T1").iterdir():
        if (file.suffix == ".json") == (damage == "state"):
            file.unlink()

    again = learn(*COATS)

    assert (again.router.version, list(again.used)) == (first.router.version, COATS)


def test_corrections_that_cost_a_route_its_messages_wait(learn, examples):
    trained = learn(*COATS, *ODD)

    waiting = [entry.example for entry in trained.quarantined]
    right = [
        trained.router.decide(e.text)[0].scores[0].route == e.route
        for e in examples
        if e.route == "password"
    ]

    all_ids = {example.id for example in [*COATS, *ODD]}
    assert {example.id for example in [*waiting, *trained.used]} <= all_ids
    assert sum(right) >= len(right) - 1
    assert all(entry.reason for entry in trained.quarantined)
    assert REFUSED
