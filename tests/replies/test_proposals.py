"""Proposals of tools: shown with two buttons, decided by the right person, executed once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from bot.admins import Admins
from bot.replies.proposals import ProposalActions
from bot.replies.replies import SlackReplies
from bot.sandbox import seed_data
from bot.transport.clients import Clients
from router.catalog.version import PromptStep, ReactStep, Version
from router.config import Settings
from router.publish import StoredVersion
from router.store.requests.proposals import PENDING_SECONDS
from router.types import Proposal, SlackPerson, Viewer
from workers.jobs import answer, execute_proposal
from workers.llm.fakes import ScriptedModel
from workers.runtime.reaper import MAX_QUEUE_DEPTH, PROPOSAL_SECONDS, reap_proposals

NOTE = "guests use the door code 4711"
CHOICE = json.dumps({"thought": "t", "action": {"tool": "note", "args": {"text": NOTE}}})
ADA, MAE, OMAR = (seed_data.user_id(name) for name in ("ada", "mae", "omar"))


class Scene:
    """Ada asked in #general to remember something, and the answer is posted there."""

    def __init__(self, sandbox, store, clock, make_context, make_request, make_decision):
        self.store, self.clock = store, clock
        self.ada = sandbox.actor("ada")
        replies = SlackReplies(
            Clients.single(sandbox.bot_token, sandbox.api_url),
            store.replies,
            clock,
            lambda _: [],
            store.proposals.get,
        )

        steps = (ReactStep(do="react", tools=("note",), max_steps=2), PromptStep())
        version = Version(route="remember", kind="tools", prompt="Keep it.", steps=steps)
        store.versions.insert(
            StoredVersion(
                "",
                "remember",
                version.id,
                "tools",
                "live",
                version.model_dump(mode="json"),
                clock(),
            )
        )

        self.index = store.documents
        self.context = make_context(
            replies=replies, model=ScriptedModel(default=CHOICE), index=self.index
        )
        self.context.model._answers.extend([CHOICE] * 3)
        ts = self.ada.say("general", f"remember that {NOTE}")
        self.request = make_request(
            f"remember that {NOTE}",
            ts=ts,
            channel=self.ada.channel("general"),
            user=ADA,
            team=seed_data.TEAM_ID,
        )

        store.requests.insert(self.request, clock())
        store.decisions.insert_first(
            self.request.id, make_decision("remember", version=version.id), clock(), None
        )
        answer.run(self.context, self.request.id)
        settings = Settings(_env_file=None, admins=OMAR)
        admins = Admins(settings, store.audit, clock)
        self.usable = {self.request.user, OMAR}
        self.decisions = ProposalActions(store, self.context.queue, admins, clock, self._may_serve)
        self.told: list[str] = []

    def _may_serve(self, route: str, request: Any, person: SlackPerson) -> bool:
        return {request.user, person.user} <= self.usable

    @property
    def message(self) -> dict[str, Any]:
        return self.ada.thread("general", self.request.ts)[-1]

    def click(self, name: str, user: str = ADA, **over: Any) -> None:
        buttons = [
            b
            for block in self.message["blocks"]
            for b in block.get("elements", [])
            if isinstance(b, dict)
        ]

        value = next(
            (b["value"] for b in buttons if b.get("action_id") == name), over.pop("value", "{}")
        )
        action = {"action_id": name, "value": over.pop("value", value)}
        body = {
            "user": {"id": user},
            "team": {"id": seed_data.TEAM_ID},
            "channel": {"id": self.request.channel},
        } | over

        self.decisions.decide(lambda: None, action, body, lambda text, **_: self.told.append(text))

    def work(self) -> None:
        while self.context.queue.jobs:
            step, key = self.context.queue.jobs.popleft()
            if step == "execute_proposal":
                execute_proposal.run(self.context, key)

    def notes(self) -> list[str]:
        viewer = Viewer(seed_data.TEAM_ID, MAE, frozenset({self.request.channel}))
        return [hit.body for hit in self.index.search("door code", None, viewer)]

    def proposal(self) -> Proposal:
        found = self.store.proposals.get(f"{self.request.id}.0")
        assert found is not None
        return found


@pytest.fixture
def scene(sandbox, store, clock, make_context, make_request, make_decision):
    return Scene(sandbox, store, clock, make_context, make_request, make_decision)


def test_nothing_is_changed_before_a_person_says_so(scene):
    assert NOTE in scene.message["text"]
    assert "once the person who asked or an admin confirms" in scene.message["text"]
    assert scene.notes() == []
    assert scene.proposal().state == "pending"


@pytest.mark.parametrize("lost", [ADA, OMAR])
def test_who_may_no_longer_use_the_route_confirms_nothing_and_may_decline(scene, lost):
    # Omar presses; neither he nor the person who asked may have lost the route since.
    scene.usable.discard(lost)

    scene.click("confirm_proposal", OMAR)
    assert scene.proposal().state == "pending"
    scene.work()
    assert scene.notes() == []

    scene.click("decline_proposal", OMAR)
    assert scene.proposal().state == "cancelled"


def test_the_person_who_asked_confirms_and_it_is_done_once(scene):
    scene.click("confirm_proposal")
    scene.click("confirm_proposal")
    scene.work()
    execute_proposal.run(scene.context, scene.proposal().key)

    assert scene.notes() == [NOTE]
    assert "Confirmed and done" in scene.message["text"]
    assert "confirm_proposal" not in json.dumps(scene.message)
    assert scene.told == ["That has already been decided."]
    acts = scene.store.audit.for_subject(seed_data.TEAM_ID, scene.proposal().key)
    assert [(act.user, act.outcome) for act in acts] == [(ADA, "applied"), (ADA, "late")]


def test_an_admin_may_decide_and_nobody_else(scene):
    scene.click("confirm_proposal", MAE)
    scene.work()
    assert scene.notes() == []
    assert scene.told == ["Only the person who asked, or an admin, can decide that."]

    scene.click("decline_proposal", OMAR)
    scene.work()
    assert "Cancelled. Nothing was done." in scene.message["text"]
    assert scene.notes() == []
    acts = scene.store.audit.for_subject(seed_data.TEAM_ID, scene.proposal().key)
    assert [act.outcome for act in acts] == ["refused", "applied"]


def test_of_many_clicks_at_once_one_counts(scene):
    seen = scene.proposal()

    def say(number: int) -> bool:
        word = "confirmed" if number % 2 else "cancelled"
        return scene.store.proposals.decide(seen, word, f"U{number}", scene.clock())

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(say, range(16))) == 1


def test_a_button_confirms_only_what_it_showed(scene):
    shown = {"proposal": scene.proposal().key, "seal": scene.proposal().content_hash}
    scene.store.proposals.propose(replace(scene.proposal(), args={"text": "something else"}))

    scene.click("confirm_proposal", value=json.dumps(shown))

    for forged in ("{}", "[]", "no json", json.dumps({"proposal": "r1.x", "seal": ""})):
        scene.click("confirm_proposal", value=forged)

    scene.click("confirm_proposal", channel={"id": "C_OTHER"})

    assert scene.proposal().state == "pending"


def test_a_word_that_comes_a_day_late_does_not_count(scene):
    scene.clock.forward(PENDING_SECONDS + 1)
    scene.click("confirm_proposal")
    assert scene.proposal().state == "pending"


def test_without_a_worker_the_queue_does_not_grow_for_ever(scene):
    scene.click("confirm_proposal")
    for _ in range(MAX_QUEUE_DEPTH + 10):
        scene.clock.forward(PROPOSAL_SECONDS + 1)
        reap_proposals(scene.store.proposals, scene.context.queue, scene.clock())

    assert len(scene.context.queue.jobs) == MAX_QUEUE_DEPTH


def test_a_lost_wake_up_and_a_dead_worker_do_not_lose_it(scene):
    scene.click("confirm_proposal")
    scene.context.queue.jobs.clear()
    assert scene.store.proposals.claim(scene.proposal().key, scene.clock(), scene.clock() + 60.0)

    assert reap_proposals(scene.store.proposals, scene.context.queue, scene.clock() + 60.0) == 0
    scene.clock.forward(60.0 + PROPOSAL_SECONDS)
    assert reap_proposals(scene.store.proposals, scene.context.queue, scene.clock()) == 1
    scene.work()

    assert scene.notes() == [NOTE]
    assert scene.store.proposals.overdue(scene.clock() + 1e6) == []


def test_what_the_route_no_longer_allows_is_not_done(scene):
    step = ReactStep(do="react", tools=("calculator",))
    without = Version(route="remember", kind="tools", prompt="Keep it.", steps=(step, PromptStep()))
    body = without.model_dump(mode="json")
    newer = replace(scene.store.decisions.newest(scene.request.id), version=without.id)
    scene.store.versions.insert(
        StoredVersion("", "remember", without.id, "tools", "shadow", body, scene.clock())
    )
    found = scene.proposal()

    state, result = execute_proposal._execute(scene.context, scene.request, newer, found)

    assert (state, scene.notes()) == ("failed", [])
    assert "does not allow this tool" in result
