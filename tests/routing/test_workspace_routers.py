"""What people of a workspace teach decides there alone, and leaves memory and disk with them."""

from __future__ import annotations

import pytest

from bot.routing import workspace_routers
from bot.routing.workspace_routers import WorkspaceRouters
from router.catalog.catalog import load_routes
from router.encoder.cache import CachingEncoder
from router.learning.learner import Learner
from router.store.privacy.sentences import Sentences, WrittenText
from router.types import Feedback
from tests.fixtures.help_desk import write_routes
from tests.fixtures.router import TrigramEncoder
from workers.knowledge.membership import ReadingRights
from workers.privacy.workspace_purge import purge_workspace

TEXT = "what about my crate of oranges"


@pytest.fixture
def requested():
    return []


@pytest.fixture
def encoder():
    return CachingEncoder(TrigramEncoder())


@pytest.fixture
def start(tmp_path, store, encoder, requested, clock):
    """Starts a process of the bot: its routers are on disk and shared with the others."""
    write_routes(tmp_path / "routes")
    catalog = load_routes(tmp_path / "routes")

    def started(**options):
        learner = Learner(encoder, tmp_path / "router")
        rights = ReadingRights(store.access, None, clock, 3600.0)
        return WorkspaceRouters(learner, store, catalog, rights, requested.append, **options)

    return started


@pytest.fixture
def label(store, make_request, clock):
    """Stores a request with a correction of it."""

    def add(team="T1", text=TEXT, route="delivery", aspect="review"):
        request = make_request(text, team=team)
        store.requests.insert(request, clock())
        store.feedback.record(Feedback(request.id, "U1", aspect, route, clock()))
        clock.forward(1.0)

        return request

    return add


def best(routers, team, text=TEXT):
    return routers.for_team(team).router.decide(text)[0].scores[0].route


def folders(tmp_path):
    return {path.name for path in (tmp_path / "router").iterdir()}


def test_the_same_message_goes_its_own_way_in_each_workspace(start, label):
    label("T1", route="password")
    label("T2", route="opening_hours")
    routers = start()
    for team in ("T1", "T2"):
        routers.train(team)

    assert (best(routers, "T1"), best(routers, "T2")) == ("password", "opening_hours")
    assert routers.for_team("T3").router is routers.base


def test_an_admin_of_one_workspace_changes_nothing_in_another(start, label):
    routers = start()
    before = routers.for_team("T1").router.decide(TEXT)[0]

    for route in ("password", "refund", "opening_hours", "delivery"):
        for n in range(3):
            label("T2", f"{TEXT} {n}", route)
    routers.train("T2")
    routers.train("T1")

    after = routers.for_team("T1").router.decide(TEXT)[0]
    assert (after.scores, after.reason, after.router_version) == (
        before.scores,
        before.reason,
        before.router_version,
    )


def test_until_it_is_trained_the_base_router_decides(start, label, requested):
    routers = start()
    label("T1", route="password")

    assert routers.for_team("T1").router is routers.base
    assert requested == ["T1"]

    routers.train("T1")
    assert best(routers, "T1") == "password"


def test_a_restart_reads_what_was_learned_and_trains_nothing(start, label, requested):
    label("T1", route="password")
    first = start()
    first.train("T1")

    again = start()

    assert best(again, "T1") == "password"
    assert requested == []


def test_the_workspaces_that_labelled_last_are_ready_at_the_start(start, label, requested):
    for number in range(workspace_routers.START_TRAININGS + 1):
        label(f"T{number}", route="password")
    routers = start()

    states = routers.train_first()

    assert list(states) == ["T3", "T2", "T1"]
    assert [best(routers, team) for team in states] == ["password"] * 3
    assert routers.for_team("T0").router is routers.base
    assert requested == ["T0"]


@pytest.mark.parametrize("way", ["forget me", "retention", "opt out", "uninstall", "undo"])
def test_what_is_gone_is_unlearned_in_every_process(start, label, store, clock, tmp_path, way):
    request = label("T1", route="password")
    label("T2", route="password")
    processes = [start(), start()]
    for routers in processes:
        routers.train_first()

    gone = {
        "forget me": lambda: store.personal_data.erase_user(
            "T1", "U1", Sentences(b"key", [WrittenText(TEXT)]), []
        ),
        "retention": lambda: store.personal_data.expire_texts(clock() + 1),
        "opt out": lambda: store.opt_outs.add("T1", "U1", clock()),
        "uninstall": lambda: purge_workspace(store, "T1"),
        "undo": lambda: store.feedback.remove("T1", request.id, "U1", "review"),
    }
    before = store.labels.fingerprints()
    gone[way]()

    assert "T1" not in store.labels.fingerprints() != before
    for routers in processes:
        routers.train("T1")
        assert routers.for_team("T1").router is routers.base
        assert "T1" not in routers._loaded or not routers._loaded["T1"].labels
    assert "T1" not in folders(tmp_path)
    assert "T2" in folders(tmp_path)


def test_vectors_of_words_that_are_gone_leave_memory(start, label, store, encoder):
    label("T1", route="password")
    routers = start()
    of_installation = set(encoder._rows)
    routers.train_first()
    of_people = set(encoder._rows) - of_installation
    assert of_people

    label("T1", "and a second crate", "delivery")
    routers.train("T1")
    assert of_people < set(encoder._rows)

    # What the installation's routes say stays: the next training needs it again.
    store.personal_data.erase_user("T1", "U1", Sentences(b"key", [WrittenText(TEXT)]), [])
    routers.train("T1")
    assert set(encoder._rows) == of_installation


def test_files_of_a_workspace_that_left_while_nothing_ran_are_removed(
    start, label, store, tmp_path
):
    label("T1", route="password")
    start().train("T1")
    assert "T1" in folders(tmp_path)
    purge_workspace(store, "T1")

    start().train_first()

    assert folders(tmp_path) == {"installation"}


def test_a_workspace_that_left_is_in_neither_memory_nor_folder(start, label, tmp_path):
    label("T1", route="password")
    routers = start()
    routers.train_first()

    routers.forget("T1")

    assert "T1" not in routers._loaded
    assert folders(tmp_path) == {"installation"}


def test_memory_is_bounded_and_every_workspace_still_decides_by_its_own(start, label, requested):
    teams = [f"T{number}" for number in range(8)]
    for team in teams:
        label(team, route="password")
    first = start()
    for team in teams:
        first.train(team)

    routers = start(max_bytes=3 * first.for_team("T1").router.nbytes)
    for team in teams * 2:
        assert best(routers, team) == "password"
        assert len(routers._loaded) <= 3
    assert requested == []


def test_a_label_that_comes_while_an_old_router_is_read_is_not_lost(start, label, store):
    label("T1", route="password")
    start().train("T1")
    routers = start()
    load = routers._learner.load

    def slow_load(*arguments):
        result = load(*arguments)
        label("T1", "and my crate of apples", "delivery")
        routers.train("T1")
        return result

    object.__setattr__(routers, "_learner", SlowLearner(routers._learner, slow_load))
    routers.for_team("T1")

    assert len(routers.for_team("T1").used) == 2


class SlowLearner:
    """A learner whose `load` runs another thread's step before it returns."""

    def __init__(self, learner, load):
        self._learner, self.load = learner, load

    def __getattr__(self, name):
        return getattr(self._learner, name)


def test_other_routes_change_every_workspace_s_router(start, label, tmp_path):
    label("T1", route="password")
    routers = start()
    routers.train_first()
    (tmp_path / "routes" / "password" / "route.md").unlink()

    routers.reload(load_routes(tmp_path / "routes"))

    assert "password" not in routers.for_team("T1").router.routes
    assert [entry.reason for entry in routers.for_team("T1").quarantined] == ["no such route"]
