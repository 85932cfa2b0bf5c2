"""The digest shows what keeps going wrong, and one click does something about it."""

from __future__ import annotations

import json

import pytest

from bot.admins import Admins
from bot.sandbox.block_kit import check_message
from bot.weekly.digest import render_digest
from bot.weekly.failures.actions import FailureActions
from evals.weekly.failures_world.weeks import FailingWorkspace
from router.catalog.catalog import load_routes
from router.config import Settings
from router.store.weekly.digests import Digest
from tests.fixtures.slack_client import FakeSlackClient
from workers.datasets.labelled import labelled_rows
from workers.failures.weekly import find_failures

ADMIN, TEAM, WEEK = "UADA", "T1", "2027-W01"
ROUTE = """---
name: {name}
description: Rewords a text.
utterances:
  - please reword {name}
---
Do it.
- Keep it short.
- Write in English.
"""
EMPTY = {
    "week": WEEK,
    "numbers": dict.fromkeys(
        ("requests", "answered", "asked", "out_of_scope", "corrected", "failed", "usd"), 1
    )
    | {"p50_seconds": 1.0},
    "routes": [],
    "mined": 0,
    "overheard": [],
    "withheld": 0,
    "candidates": [],
    "advice": None,
    "gaps": [],
    "cap_usd": 0.0,
    "decided": [],
    "drift": [],
}


@pytest.fixture
def workspace(store, tmp_path):
    """A workspace with a failing week in its digest."""
    workspace = FailingWorkspace(TEAM, store, tmp_path, 11)
    workspace.live_week()
    part = find_failures(workspace.context, TEAM, WEEK, workspace.now)
    store.digests.insert(TEAM, WEEK, EMPTY | {"failures": part}, workspace.now)
    store.digests.claim(TEAM, WEEK, "C0LEADS")
    store.digests.mark_posted(TEAM, WEEK, "9.0")
    return workspace


@pytest.fixture
def catalog(tmp_path):
    for route in ("rewrite-text", "handbook-docs", "intake-form", "other-task"):
        folder = tmp_path / "routes" / route
        folder.mkdir(parents=True)
        (folder / "route.md").write_text(ROUTE.format(name=route), "utf-8")
        rows = [{"text": f"please do {route} {n}", "answer": "x"} for n in range(12)]
        lines = "\n".join(json.dumps(row) for row in rows)
        (folder / "examples.jsonl").write_text(lines, "utf-8")

    found = load_routes(tmp_path / "routes")
    assert found.problems == []
    return found


@pytest.fixture
def taught():
    return []


@pytest.fixture
def actions(store, workspace, catalog, taught):
    settings = Settings(_env_file=None, admins=(ADMIN,))
    admins = Admins(settings, store.audit, lambda: workspace.now)
    return FailureActions(store, admins, lambda: catalog, taught.append)


@pytest.fixture
def group_with(store, workspace):
    def find(cause):
        part = store.digests.get(TEAM, WEEK).body["failures"]
        groups = [store.failure_groups.get(TEAM, key) for key in part["groups"]]
        return next(group for group in groups if group.cause == cause)

    return find


def press(act, group, client, user=ADMIN):
    told = []
    act(
        ack=lambda **_: None,
        body={"user": {"id": user}, "team": {"id": TEAM}, "trigger_id": "t"},
        action={"value": json.dumps({"group": group.id})},
        client=client,
        respond=lambda text, **_: told.append(text),
    )
    return told


def shown(store):
    message = render_digest(store, store.digests.get(TEAM, WEEK))
    assert check_message(message.blocks).details == []
    return json.dumps(message.blocks, ensure_ascii=False)


def test_the_digest_names_each_group_with_its_cause_and_its_buttons(store, workspace):
    text = shown(store)

    assert "What keeps going wrong" in text
    for words in ("The router sends them", "The prompt does not", "The documents do not"):
        assert words in text
    assert text.count('"failure_') == 8
    assert "is too weak" in text


def test_labels_teach_the_router_the_route_that_people_chose(store, actions, group_with, taught):
    group = group_with("router")

    (told,) = press(actions.add_labels, group, FakeSlackClient())

    assert f"{len(group.requests)} requests are labels for “rewrite-text”" in told
    assert taught == [TEAM]
    for key in group.requests:
        assert ("review", "rewrite-text") in {
            (one.aspect, one.value) for one in store.feedback.for_request(key)
        }
    assert "added as labels, by <@UADA>" in shown(store)
    assert "already" in press(actions.add_labels, group, FakeSlackClient())[0]


def test_the_lint_opens_with_the_rule_or_says_that_none_speaks_of_it(actions, group_with):
    client = FakeSlackClient()

    press(actions.open_lint, group_with("prompt"), client)

    (view,) = client.views
    assert "No rule speaks of these requests" in json.dumps(view)
    assert "route.md" in json.dumps(view)


def test_a_missing_document_is_asked_for_in_the_digest_s_thread(actions, group_with):
    client = FakeSlackClient()

    press(actions.ask_for_document, group_with("retrieval"), client)

    post = client.posts[0]
    assert (post["channel"], post["thread_ts"]) == ("C0LEADS", "9.0")
    assert "Who can write or update a document about" in post["text"]


def test_a_message_with_its_right_answer_is_a_test_row_of_the_route(
    store, actions, group_with, workspace, catalog
):
    client, group = FakeSlackClient(), group_with("training")
    press(actions.open_test_row, group, client)
    (view,) = client.views
    acks = []

    def submit(answer):
        actions.add_test_row(
            ack=lambda **how: acks.append(how),
            body={"user": {"id": ADMIN}, "team": {"id": TEAM}},
            view=view | {"state": {"values": {"answer": {"answer": {"value": answer}}}}},
            client=client,
        )
        return acks[-1]

    assert "JSON" in json.dumps(view)
    assert "errors" in submit('{"queue": "nowhere"}')
    assert submit('{"queue": "a"}') == {}

    rows = labelled_rows(workspace.context, catalog.routes["intake-form"], TEAM)
    assert {"queue": "a"} in [row.answer for row in rows.test]


@pytest.mark.parametrize("name", ["add_labels", "open_lint", "ask_for_document", "open_test_row"])
def test_nobody_but_an_admin_does_any_of_it(store, actions, group_with, name):
    client = FakeSlackClient()
    group = group_with("router")

    (told,) = press(getattr(actions, name), group, client, user="UEVE")

    assert "Only an admin" in told
    assert (client.posts, client.views) == ([], [])
    assert store.failure_groups.get(TEAM, group.id).remedy == ""


def test_a_digest_of_an_older_release_has_no_such_part(store):
    digest = Digest(TEAM, WEEK, EMPTY, None, None, 1.0)
    assert "keeps going wrong" not in json.dumps(render_digest(store, digest).blocks)
