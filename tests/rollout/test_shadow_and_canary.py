"""Shadow and canary: a new version is promoted step by step and rolled back at once."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.canary import CANARY_SHARES, bucket, in_rollout, next_share
from router.catalog.version import Version
from router.errors import ModelError
from router.store.versions.shadow_runs import ShadowRun, VersionMetrics
from router.store.versions.versions import StoredVersion
from router.store.weekly.datasets import Report
from router.types import Decision, Feedback, Outcome
from workers import worker
from workers.context import Context
from workers.evaluation.guardrails import (
    canary_step_complete,
    disagrees,
    rollback_reason,
    shadow_complete,
)
from workers.fakes import MemoryQueue, MemoryReplies
from workers.jobs import shadow
from workers.llm.fakes import ScriptedModel
from workers.runtime.leases import Leases

OLD = Version(route="boxes", kind="prompt", prompt="Which box?")
NEW = OLD.with_changes(prompt="Say which box.")
PEOPLE = [f"U{n}" for n in range(400)]


@pytest.fixture
def versions(store, clock):
    for team, version in (("", OLD), ("T1", NEW)):
        body = version.model_dump(mode="json")
        store.versions.insert(
            StoredVersion(team, "boxes", version.id, version.kind, "shadow", body, clock())
        )

    store.versions.go_live("", "boxes", OLD.id)
    return store.versions


def answering(versions):
    return [versions.version_for_user("T1", "boxes", person).id for person in PEOPLE]


@given(st.text(max_size=9), st.text(max_size=9))
def test_who_is_in_a_rollout_stays_in(route, person):
    assert 0 <= bucket(route, person) < 1
    inside = [in_rollout(route, person, share) for share in (0.0, *CANARY_SHARES)]
    assert inside == sorted(inside)
    assert (inside[0], inside[-1]) == (False, True)


def test_the_steps_end():
    assert [next_share(share) for share in (0.0, 0.05, 0.25, 1.0)] == [0.05, 0.25, 1.0, None]


def test_a_share_of_the_people_gets_the_new_version_and_always_the_same_ones(versions):
    versions.start_canary("T1", "boxes", NEW.id, 0.25)
    first = answering(versions)
    assert 0.18 < first.count(NEW.id) / len(first) < 0.32
    assert answering(versions) == first


def test_a_version_in_shadow_answers_no_user(versions):
    versions.start_shadow("T1", "boxes", NEW.id)
    assert versions.shadow_version("T1", "boxes").id == NEW.id
    assert set(answering(versions)) == {OLD.id}


def test_a_version_that_waits_to_be_judged_is_not_tried(versions):
    assert versions.shadow_version("T1", "boxes") is None


def test_rolling_back_a_live_version_restores_the_one_before_it(versions):
    versions.start_canary("T1", "boxes", NEW.id, 1.0)
    versions.go_live("T1", "boxes", NEW.id, origin="rollout")
    assert set(answering(versions)) == {NEW.id}
    assert versions.roll_back("T1", "boxes", NEW.id) == OLD.id
    assert set(answering(versions)) == {OLD.id}
    assert versions.roll_back("T1", "boxes", NEW.id) == OLD.id


def test_a_canary_that_is_taken_back_answers_nobody(versions):
    versions.start_canary("T1", "boxes", NEW.id, 0.25)
    assert versions.roll_back("T1", "boxes", NEW.id) == OLD.id
    assert set(answering(versions)) == {OLD.id}


@given(st.lists(st.sampled_from(["shadow", "canary", "live", "back", "again"]), max_size=12))
def test_exactly_one_version_answers_each_person_whatever_happens(random_walk_store, steps):
    store, number = random_walk_store
    route = f"r{next(number)}"

    for version in (OLD, NEW):
        store.versions.insert(
            StoredVersion(
                "T1", route, version.id, "prompt", "shadow", version.model_dump(mode="json"), 1.0
            )
        )

    store.versions.go_live("T1", route, OLD.id)
    acts = {
        "shadow": lambda: store.versions.start_shadow("T1", route, NEW.id),
        "canary": lambda: store.versions.start_canary("T1", route, NEW.id, 0.25),
        "live": lambda: store.versions.go_live("T1", route, NEW.id, origin="rollout"),
        "back": lambda: store.versions.roll_back("T1", route, NEW.id),
        "again": lambda: store.versions.go_live("T1", route, OLD.id),
    }

    for step in steps:
        if step in ("shadow", "canary") and store.versions.live("T1", route).id == NEW.id:
            continue

        acts[step]()
        assert [one.state for one in store.versions.for_route("T1", route)].count("live") == 1
        assert all(store.versions.version_for_user("T1", route, person) for person in PEOPLE[:5])


@pytest.fixture
def context(store, settings, clock):
    return Context(
        settings=settings,
        store=store,
        queue=MemoryQueue({"shadow": "answer"}),
        model=ScriptedModel(["the left box", "never asked"]),
        replies=MemoryReplies(),
        leases=Leases(store.requests, "me", clock, 20.0),
        now=clock,
        random=lambda: 0.0,
    )


@pytest.fixture
def answered(context, store, make_request, clock):
    request = make_request("which box?")
    store.requests.insert(request, clock())
    store.decisions.insert_first(
        request.id, Decision("route", "boxes", 1.0, 1.0, 1.0, (), "r", OLD.id), clock()
    )
    outcome = Outcome("the left one", route="boxes", version=OLD.id, kind="prompt")
    store.decisions.insert_outcome(request.id, 0, outcome, clock())

    return request.id


@pytest.fixture
def enqueue(context, answered):
    """Asks for a shadow run of the answered request."""
    request = context.store.requests.get(answered)
    return lambda: shadow.enqueue_shadow(context, request, "boxes")


def test_a_version_in_shadow_runs_on_what_the_live_one_answered_and_nobody_sees_it(
    context, versions, answered, enqueue
):
    versions.start_shadow("T1", "boxes", NEW.id)
    enqueue()
    assert list(context.queue.jobs) == [("shadow", answered)]
    shadow.run(context, answered)
    record = context.store.shadow_runs.shadow_metrics("T1", "boxes", NEW.id)
    assert (record.calls, record.valid) == (1, 1.0)
    assert record.agreed == pytest.approx(2 / 3)
    assert not context.replies.answers


def test_what_nobody_waits_for_lets_a_request_go_first(context, versions, answered, monkeypatch):
    served = []
    waiting = [True, False]

    def answer_next(_):
        served.append("a person")
        return waiting.pop(0)

    monkeypatch.setattr(worker, "answer_next", answer_next)
    versions.start_shadow("T1", "boxes", NEW.id)

    worker.run_job(context, "shadow", answered)
    assert list(context.queue.jobs) == [("shadow", answered)]
    assert context.store.shadow_runs.shadow_metrics("T1", "boxes", NEW.id).calls == 0

    worker.run_job(context, "shadow", answered)
    assert context.store.shadow_runs.shadow_metrics("T1", "boxes", NEW.id).calls == 1
    assert served == ["a person"] * 2


def test_without_a_version_in_shadow_nothing_is_tried(context, versions, answered, enqueue):
    enqueue()
    shadow.run(context, answered)
    assert not context.queue.jobs
    assert context.store.shadow_runs.shadow_metrics("T1", "boxes", NEW.id).calls == 0


def test_a_request_counts_once(store, versions, answered, clock):
    for agreed in (1.0, 0.0):
        store.shadow_runs.insert(
            ShadowRun(answered, NEW.id, "boxes", agreed, True, 0.0, 1.0, clock())
        )

    assert store.shadow_runs.shadow_metrics("T1", "boxes", NEW.id).agreed == 1.0


def test_a_correction_counts_against_the_version_that_answered(store, versions, answered, clock):
    assert store.shadow_runs.answer_metrics("T1", "boxes", OLD.id).corrected == 0.0
    store.feedback.record(Feedback(answered, "U1", "thumb", "down", clock()))
    record = store.shadow_runs.answer_metrics("T1", "boxes", OLD.id)
    assert (record.calls, record.corrected, record.valid) == (1, 1.0, 1.0)


def test_a_request_decided_for_a_version_that_was_taken_back_is_answered_by_the_live_one(
    context, versions
):
    versions.start_canary("T1", "boxes", NEW.id, 1.0)
    assert context.serving_version("T1", "boxes", NEW.id).id == NEW.id
    versions.roll_back("T1", "boxes", NEW.id)
    assert context.serving_version("T1", "boxes", NEW.id).id == OLD.id


def test_the_routes_file_does_not_roll_back_a_promoted_version(store, versions, clock):
    from router.catalog.catalog import Catalog
    from router.publish import publish_catalog

    class Route:
        name = "boxes"
        tiers = ()
        version = OLD

    versions.go_live("T1", "boxes", NEW.id, origin="rollout")
    publish_catalog(Catalog({"boxes": Route()}), store, clock())
    assert versions.live("T1", "boxes").id == NEW.id


def test_the_live_version_is_asked_again_to_see_how_well_it_agrees_with_itself(
    context, versions, answered
):
    versions.start_shadow("T1", "boxes", NEW.id)
    always = context.settings.model_copy(update={"shadow_self_check_share": 1.0})
    shadow.run(dataclasses.replace(context, settings=always), answered)
    assert context.store.shadow_runs.shadow_metrics("T1", "boxes", NEW.id).calls == 1
    assert context.store.shadow_runs.shadow_metrics("T1", "boxes", OLD.id).calls == 1


def test_without_a_self_check_share_the_live_version_runs_once(context, versions, answered):
    versions.start_shadow("T1", "boxes", NEW.id)
    never = context.settings.model_copy(update={"shadow_self_check_share": 0.0})
    shadow.run(dataclasses.replace(context, settings=never), answered)
    assert context.store.shadow_runs.shadow_metrics("T1", "boxes", OLD.id).calls == 0


@pytest.mark.parametrize(
    ("calls", "hours", "enough"),
    [(200, 0, True), (199, 335, False), (199, 336, True), (20, 336, True), (19, 336, False)],
)
def test_enough_requests_or_enough_time_and_a_few_requests_will_do(settings, calls, hours, enough):
    assert shadow_complete(settings, calls, hours * 3600.0) is enough


def test_time_alone_never_does_where_no_time_was_set(settings):
    assert not shadow_complete(settings.model_copy(update={"shadow_hours": 0.0}), 199, 1e9)


def test_agreement_is_judged_against_the_live_version_s_own():
    assert disagrees(VersionMetrics(50, 0.90), VersionMetrics(10, 1.0))
    assert not disagrees(VersionMetrics(50, 0.90), VersionMetrics(10, 0.92))
    assert not disagrees(VersionMetrics(50, 0.10), VersionMetrics())


class Away:
    """A model that cannot be reached."""

    def complete(self, call, on_text=None):
        raise ModelError("it is away", retry=True)


def test_an_unreachable_model_says_nothing_about_a_version(context, versions, answered):
    versions.start_shadow("T1", "boxes", NEW.id)
    shadow.run(dataclasses.replace(context, model=Away()), answered)
    assert context.store.shadow_runs.shadow_metrics("T1", "boxes", NEW.id).calls == 0


@pytest.mark.parametrize("bad", [{"valid": 0.0}, {"valid": 1.0, "corrected": 1.0}])
def test_with_fewer_than_twenty_answers_nothing_is_rolled_back(settings, bad):
    before = VersionMetrics(calls=200, valid=1.0)

    assert rollback_reason(settings, VersionMetrics(calls=19, **bad), before) is None
    assert rollback_reason(settings, VersionMetrics(calls=20, **bad), before)


BEFORE = VersionMetrics(calls=400, valid=1.0, corrected=0.05)


@pytest.mark.parametrize(
    ("calls", "valid", "corrected", "rolled_back"),
    [
        (20, 0.95, 0.0, False),
        (400, 0.95, 0.0, True),
        (20, 1.0, 0.15, False),
        (400, 1.0, 0.15, True),
        (400, 1.0, 0.09, False),
    ],
)
def test_what_may_be_chance_rolls_nothing_back(settings, calls, valid, corrected, rolled_back):
    new = VersionMetrics(calls=calls, valid=valid, corrected=corrected)
    assert bool(rollback_reason(settings, new, BEFORE)) == rolled_back


@pytest.mark.parametrize(("calls", "rolled_back"), [(20, False), (200, True)])
def test_without_an_earlier_version_the_rate_itself_must_surely_be_high(
    settings, calls, rolled_back
):
    new = VersionMetrics(calls=calls, valid=1.0, corrected=0.1)
    assert bool(rollback_reason(settings, new, VersionMetrics())) == rolled_back


REPORT = Report("T1", "r1", "boxes", "v2", None, {"rows": 20}, 0.0)


@pytest.mark.parametrize(
    ("calls", "hours", "report", "complete"),
    [
        (50, 0.0, None, True),
        (49, 167.0, REPORT, False),
        (0, 168.0, REPORT, True),
        (0, 168.0, None, False),
    ],
)
def test_a_canary_step_ends_by_its_answers_or_later_by_its_evaluation(
    settings, calls, hours, report, complete
):
    assert canary_step_complete(settings, calls, hours * 3600, report) == complete
    if report is not None:
        for_ever = settings.model_copy(update={"canary_hours": 0.0})
        assert not canary_step_complete(for_ever, calls, hours * 3600, report)
