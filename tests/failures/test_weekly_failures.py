"""Failed requests are grouped, diagnosed by the evidence, and followed after a remedy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evals.weekly.failures import run_workspace
from evals.weekly.failures_world.weeks import CAUSES, FailingWorkspace, WeekPlan
from router.store.mining.week_requests import WeekRequest
from router.types import Feedback
from workers.failures.diagnosis import diagnose
from workers.failures.signals import corrected_to, find_signals
from workers.failures.weekly import find_failures
from workers.failures.words import group_words

SERVED = WeekRequest(
    id="r1",
    text="please reword this",
    user="U1",
    channel="C1",
    is_public=True,
    thread="1.0",
    received_at=100.0,
    state="answered",
    verb="route",
    first_verb="route",
    first_route="rewrite",
    route="rewrite",
    version="v1",
    kind="prompt",
    model="vendor/large",
    error=None,
    usd=0.0,
    answered=None,
    citations=(),
    stopped=False,
    asked_again=False,
    tier="",
    escalated=(),
    opinions={},
    vector=None,
    encoder=None,
)


@pytest.mark.parametrize(
    ("change", "signal"),
    [
        ({"opinions": {"route": "triage"}}, "corrected"),
        ({"opinions": {"thumb": "down"}}, "thumbed_down"),
        ({"error": "model_refused"}, "invalid"),
        ({"answered": False}, "not_found"),
        ({"stopped": True}, "stopped"),
        ({"escalated": ("small",)}, "escalated"),
        ({"asked_again": True}, "asked_again"),
        ({"error": "gave_up"}, "given_up"),
        ({"state": "dead"}, "given_up"),
    ],
)
def test_each_sign_of_failure_is_noticed(change, signal):
    assert find_signals([replace(SERVED, **change)]) == {"r1": (signal,)}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"opinions": {"thumb": "up"}},
        {"opinions": {"route": "rewrite"}},
        # Beagle asked which one, and was told.
        {"first_verb": "ask", "first_route": None, "opinions": {"route": "rewrite"}},
        # No model, no money, no network: nobody's answer was wrong.
        {"error": "model"},
        {"error": "budget"},
        {"answered": True},
    ],
)
def test_what_was_served_well_or_not_at_all_is_no_failure(change):
    assert find_signals([replace(SERVED, **change)]) == {}


@pytest.mark.parametrize(
    ("seconds", "user", "failed"), [(60.0, "U1", ["r1"]), (7_200.0, "U1", []), (60.0, "U2", [])]
)
def test_whoever_soon_asks_the_same_again_was_not_helped(seconds, user, failed):
    again = replace(SERVED, id="r2", user=user, received_at=100.0 + seconds)
    assert list(find_signals([SERVED, again])) == failed


def test_a_correction_counts_against_the_route_that_served_first():
    rerun = replace(SERVED, opinions={"route": "triage"}, route="triage")
    assert corrected_to(rerun) == "triage"


def test_a_model_that_fails_where_another_does_not_is_the_cause():
    weak = [replace(SERVED, id=f"w{n}", model="local/small") for n in range(8)]
    strong = [replace(SERVED, id=f"s{n}") for n in range(8)]
    failed = [replace(one, opinions={"thumb": "down"}) for one in weak[:6]]

    found = diagnose(failed, [*weak, *strong], lambda _: False)

    assert (found.cause, found.detail["models"]) == ("model", ["local/small", "vendor/large"])


def test_a_tier_whose_answers_do_not_stand_is_the_cause():
    """The next tier's answers, to which nobody objects, show that a stronger model can do it."""
    near = [replace(SERVED, id=f"n{n}", tier="large", escalated=("small",)) for n in range(9)]

    found = diagnose(near, near, lambda _: False)

    assert (found.cause, found.detail["models"]) == ("model", ["small", "large"])
    assert found.detail["tiers"] is True


def test_a_few_wrong_answers_in_a_form_are_not_worth_a_training():
    failed = [replace(SERVED, id=f"f{n}", opinions={"reason": "facts"}) for n in range(6)]
    assert diagnose(failed, failed, lambda _: True).cause == "prompt"
    many = [replace(SERVED, id=f"m{n}", opinions={"reason": "facts"}) for n in range(9)]
    assert diagnose(many, many, lambda _: True).cause == "training"


def test_seeded_causes_are_found_in_the_first_week_and_diagnosed():
    groups, found = run_workspace(3, 1, WeekPlan())

    assert found >= len(CAUSES) - 1
    right = [group for group in groups if group.seeded == group.diagnosed]
    assert len(right) >= len(groups) - 1


@pytest.fixture
def workspace(store, tmp_path):
    return FailingWorkspace("T1", store, tmp_path, 11)


def week_of(workspace, name):
    workspace.live_week()
    return find_failures(workspace.context, "T1", name, workspace.now)


def test_a_group_keeps_its_id_and_its_first_week(store, workspace):
    first = week_of(workspace, "2027-W01")
    second = week_of(workspace, "2027-W02")

    known = set(first["groups"]) & set(second["groups"])
    assert len(known) >= 3
    group = store.failure_groups.get("T1", known.pop())
    assert (group.first_week, group.week) == ("2027-W01", "2027-W02")
    assert [total for _, total in group.trend][-2:][0] > 0


def test_the_next_digest_says_what_a_remedy_changed(store, workspace):
    part = week_of(workspace, "2027-W01")
    (key,) = [k for k in part["groups"] if store.failure_groups.get("T1", k).cause == "prompt"]
    store.failure_groups.set_remedy("T1", key, "lint", "UADA", workspace.now)
    topic = next(topic for topic in workspace.topics if topic.cause == "prompt")
    workspace.topics[workspace.topics.index(topic)] = replace(topic, cause=None)

    part = week_of(workspace, "2027-W02")

    (effect,) = part["effects"]
    assert effect["group"] == key
    (failed, total), (failed_after, total_after) = effect["before"], effect["after"]
    assert failed / total > 0.2
    assert failed_after / total_after < 0.6 * failed / total


def test_a_group_of_too_few_people_is_counted_and_not_stored(store, tmp_path, monkeypatch):
    monkeypatch.setattr("evals.weekly.failures_world.weeks.PEOPLE", 4)
    workspace = FailingWorkspace("T1", store, tmp_path, 5)

    part = week_of(workspace, "2027-W01")

    assert part["groups"] == []
    assert part["withheld"] > 0
    assert store.failure_groups.since("T1", 0.0) == []


def test_words_of_a_group_come_from_what_enough_people_wrote_in_public(store, workspace):
    part = week_of(workspace, "2027-W01")
    group = store.failure_groups.get("T1", part["groups"][0])
    words = group_words(store, group, 5)
    topic = next(t for t in workspace.topics if set(words.label.split()) <= set(t.words))
    assert topic.cause is not None
    assert len(words.examples) == 2

    # A channel that became private is not quoted any more, nor is somebody who opted out.
    for key in group.requests:
        store.requests.set_channel_kind(key, "private")
    assert group_words(store, group, 5).examples == ()


def test_words_of_whoever_opted_out_are_not_quoted(store, workspace):
    part = week_of(workspace, "2027-W01")
    group = store.failure_groups.get("T1", part["groups"][0])
    for key in group.requests:
        store.opt_outs.add("T1", store.requests.get(key).user, workspace.now)

    assert group_words(store, group, 5).label == ""


def test_opinions_of_another_workspace_do_not_count(store, workspace, make_request):
    request = make_request("a text", team="T2", received_at=workspace.now)
    store.requests.insert(request, workspace.now)
    store.feedback.record(Feedback(request.id, "U1", "thumb", "down", workspace.now))

    assert store.week_requests.between("T1", 0.0, workspace.now + 10) == []
    (found,) = store.week_requests.between("T2", 0.0, workspace.now + 10)
    assert found.opinions == {"thumb": "down"}
