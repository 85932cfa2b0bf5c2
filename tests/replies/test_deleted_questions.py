"""Of a question that its author deletes nothing stays in Slack or in the store."""

from __future__ import annotations

import itertools
import random

import pytest

from bot.intake.requests import DELETED, Intake
from bot.intake.tombstones import unify_deletions
from bot.sandbox.delivery.dispatcher import DeliveryResult
from bot.sandbox.seed_data import TEAM_ID
from bot.sandbox.server import Sandbox
from router.errors import StoppedError
from router.types import Outcome
from tests.fixtures.slack import slack_config
from workers.jobs import answer, withdraw
from workers.ports import Activity
from workers.runtime.person_limit import PersonLimit

MARK = "walrus"
WRITING = Activity("write", False)


class InProcess:
    """Slack's events go straight into the middleware, as Bolt would call it."""

    def __init__(self, intake):
        self._intake = intake
        self.deleted = []

    async def send(self, envelope):
        body, context = envelope.payload, {}
        unify_deletions(body, lambda: self._intake(body=body, context=context, next=lambda: None))
        if DELETED in context:
            self.deleted += context[DELETED]

        return DeliveryResult(True)


class Chat:
    """Ada asks, changes her mind, and deletes; workers answer in between."""

    def __init__(self, sandbox, store, clock, context, make_decision):
        ids = itertools.count(1)
        bot = sandbox.call(lambda: sandbox.workspace.bot["id"])
        self.transport = InProcess(
            Intake(store, bot, clock, lambda: f"q{next(ids)}", PersonLimit(0, clock))
        )
        sandbox.call(lambda: setattr(sandbox.context.dispatcher, "transport", self.transport))

        self.ada = sandbox.actor("ada")
        self.sandbox, self.store, self.clock = sandbox, store, clock
        self.context, self.decision = context, make_decision()

    def ask(self, thread=None):
        ts = self.ada.say("general", f"@beagle where is the {MARK}", thread)
        self.sandbox.settle()
        request = self.store.requests.find(TEAM_ID, self.ada.channel("general"), ts)
        self.store.decisions.insert_first(request.id, self.decision, self.clock())
        return request

    def stream(self, request):
        self.context.replies.show_activity(request, self.decision, WRITING)
        self.clock.forward(4)
        self.context.replies.stream(request, self.decision, f"the {MARK} ")

    def deliver(self, request, text=f"the {MARK} is at the gate"):
        outcome = Outcome(text=text, route="rewrite", kind="prompt", model="m")
        self.context.replies.deliver(request, self.decision, outcome)

    def delete(self, request):
        self.ada.delete("general", request.ts)
        self.sandbox.settle()

    def clear(self):
        """Runs the job for everything that was deleted, as often as the reaper would."""
        for key in self.transport.deleted:
            withdraw.run(self.context, key)
            self.clock.forward(withdraw.POST_SECONDS)
            withdraw.run(self.context, key)

    def shown(self):
        """What the bot shows in the channel, and the files in it."""
        channel = self.ada.channel("general")
        found = []
        for message in self.sandbox.call(
            lambda: list(self.sandbox.workspace.messages[channel].values())
        ):
            if message.get("bot_id") and message.get("subtype") != "tombstone":
                found.append(message)

        return found, self.sandbox.call(lambda: dict(self.sandbox.workspace.files))


@pytest.fixture
def sandbox():
    with Sandbox(slack_config()) as running:
        yield running


@pytest.fixture
def chat(sandbox, store, clock, replies, make_context, make_decision):
    return Chat(sandbox, store, clock, make_context(replies=replies), make_decision)


def waiting(chat, request):
    return request


def streaming(chat, request):
    chat.stream(request)


def answered(chat, request):
    chat.deliver(request)


def answered_at_length(chat, request):
    chat.deliver(request, f"the {MARK} " * 4000)


def streamed_and_answered(chat, request):
    chat.stream(request)
    chat.deliver(request)


def begun_by_a_worker_that_died(chat, request):
    chat.store.replies.begin_post(request.id, request.channel)


def posted_by_a_worker_that_died_before_it_recorded_it(chat, request):
    chat.deliver(request)
    forget_post(chat.store, request)


def forget_post(store, request):
    store.replies.abandon_post(request.id)
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE reply SET ts = NULL, posting = 1 WHERE request = '{request.id}'"
        )


STATES = (
    waiting,
    streaming,
    answered,
    answered_at_length,
    streamed_and_answered,
    begun_by_a_worker_that_died,
    posted_by_a_worker_that_died_before_it_recorded_it,
)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
@pytest.mark.parametrize("in_thread", [False, True], ids=["alone", "in a thread"])
def test_nothing_of_a_deleted_question_is_left(chat, state, in_thread):
    root = chat.ada.say("general", "good morning") if in_thread else None
    request = chat.ask(root)
    state(chat, request)

    chat.delete(request)
    chat.clear()

    assert chat.shown() == ([], {})
    assert chat.store.requests.get(request.id) is None


def test_the_answer_to_somebody_who_asked_below_stays(chat):
    first = chat.ask()
    chat.deliver(first)
    second = chat.ask(first.ts)
    chat.deliver(second, "it sleeps")

    chat.delete(first)
    chat.clear()

    (message,), _ = chat.shown()
    assert message["text"] == "it sleeps"
    assert chat.store.requests.get(second.id) is not None


def test_a_worker_that_is_late_posts_nothing(chat):
    request = chat.ask()
    chat.delete(request)

    with pytest.raises(StoppedError):
        chat.deliver(request)

    chat.clear()
    with pytest.raises(StoppedError):
        chat.deliver(request)
    assert chat.shown() == ([], {})


def test_a_post_that_was_under_way_is_taken_back_by_whoever_made_it(chat):
    request = chat.ask()
    replies = chat.store.replies
    complete = replies.complete_post

    def delete_first(key, ts):
        chat.delete(request)
        chat.store.withdrawals.finish(request.id)
        return complete(key, ts)

    replies.complete_post = delete_first
    with pytest.raises(StoppedError):
        chat.deliver(request)

    assert chat.shown() == ([], {})


def test_the_answer_job_ends_quietly_when_its_question_was_deleted(chat):
    request = chat.ask()
    outcome = Outcome(text="late", route="rewrite", kind="prompt", model="m")
    chat.store.decisions.insert_outcome(request.id, 0, outcome, chat.clock())
    replies = chat.context.replies
    show = replies.deliver

    def delete_first(*arguments):
        chat.delete(request)
        show(*arguments)

    replies.deliver = delete_first
    answer.run(chat.context, request.id)
    chat.clear()

    assert chat.shown() == ([], {})


def test_while_slack_refuses_the_place_is_kept_and_the_words_are_not(chat):
    request = chat.ask()
    chat.deliver(request)
    chat.delete(request)

    chat.sandbox.inject_fault("refused", on="chat.delete", times=1)
    withdraw.run(chat.context, request.id)
    kept = chat.store.requests.get(request.id)
    assert (kept.text, kept.state) == ("", "withdrawn")
    assert chat.store.decisions.newest(request.id) is None

    withdraw.run(chat.context, request.id)
    assert chat.shown() == ([], {})
    assert chat.store.requests.get(request.id) is None


def play(chat, seed):
    """Asks, edits, answers and deletes at random; returns the questions that were kept."""
    rng = random.Random(seed)
    kept = {}
    for _ in range(rng.randint(3, 9)):
        step = rng.choice(("ask", "ask", "edit", "state", "delete"))
        if step == "ask" or not kept:
            request = chat.ask(
                rng.choice([None, *(q.ts for q in kept.values() if not q.thread_ts)])
            )
            kept[request.id] = request
            continue

        request = kept[rng.choice(sorted(kept))]
        if step == "edit":
            chat.ada.edit("general", request.ts, f"@beagle where is the other {MARK}")
            chat.sandbox.settle()
        elif step == "state":
            rng.choice(STATES[:-1])(chat, request)
        else:
            del kept[request.id]
            chat.delete(request)
            if rng.random() < 0.5:
                chat.clear()

    return kept


def check_nothing_is_orphaned(chat, seed):
    kept = play(chat, seed)
    for request in kept.values():
        chat.deliver(request)

    chat.clear()
    shown, _ = chat.shown()
    owners = set()
    for message in shown:
        if "files" not in message:
            owners.add(
                chat.store.replies.request_at(TEAM_ID, chat.ada.channel("general"), message["ts"])
            )

    assert owners <= set(kept), seed
    for key in kept:
        chat.delete(chat.store.requests.get(key))

    chat.clear()
    assert chat.shown() == ([], {}), seed


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_orphaned_however_people_edit_and_delete(chat, seed):
    check_nothing_is_orphaned(chat, seed)


BLOCKS = [pytest.param(first, marks=pytest.mark.nightly) for first in range(62, 1012, 50)]


@pytest.mark.fuzz
@pytest.mark.parametrize("first", [12, *BLOCKS])
def test_nothing_is_orphaned_in_a_thousand_sequences(chat, first):
    for seed in range(first, first + 50):
        check_nothing_is_orphaned(chat, seed)
