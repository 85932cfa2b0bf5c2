"""One request gets one visible answer, whatever fails on the way."""

from __future__ import annotations

import errno

import pytest

from router.catalog.version import Version
from router.errors import ModelError, NoTokenError, PathError, WeakAnswerError
from router.store.versions.versions import StoredVersion
from router.types import Outcome
from workers.cascade import serve
from workers.jobs import answer
from workers.runtime.leases import Leases
from workers.runtime.reaper import reap_requests


class Script:
    """A path that follows a script, one entry for each run."""

    def __init__(self, *steps):
        self.steps = list(steps)
        self.runs = 0

    def run(self, context, work):
        self.runs += 1
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step

        return step(context, work) if callable(step) else step


@pytest.fixture
def script(monkeypatch, store):
    store.versions.insert(
        StoredVersion("", "triage", V1, "prompt", "live", VERSION.model_dump(mode="json"), 1.0)
    )
    script = Script()
    monkeypatch.setattr(serve, "get_path", lambda kind: script)

    return script


VERSION = Version(route="triage", kind="prompt", prompt="Say hello to {{ message }}.")
V1 = VERSION.id


@pytest.fixture
def ask(store, make_request, make_decision, clock):
    def ask(**over):
        request = make_request(**over)
        store.requests.insert(request, clock())
        store.decisions.insert_first(request.id, make_decision(version=V1), clock())

        return request

    return ask


def test_a_served_request_is_answered_once_however_often_it_is_woken(make_context, script, ask):
    context, request = make_context(), ask()
    script.steps = [Outcome("hello", usd=0.1)]
    answer.run(context, request.id)
    answer.run(context, request.id)
    assert script.runs == 1
    assert context.replies.posts[request.id] == 1
    assert context.store.requests.get(request.id).state == "answered"


def test_the_outcome_names_the_version_that_answered(make_context, script, ask):
    context, request = make_context(), ask()
    script.steps = [Outcome("hello")]
    answer.run(context, request.id)
    outcome = context.store.decisions.outcome(request.id, 0)
    assert (outcome.route, outcome.kind, outcome.version) == ("triage", "prompt", V1)


def test_when_the_model_fails_the_person_gets_an_error_at_once(make_context, script, ask):
    context, request = make_context(), ask()
    script.steps = [ModelError("down", retry=True)]
    answer.run(context, request.id)
    assert context.replies.answers[request.id][1].error == "model"
    assert context.store.requests.dead_letters()[0].id == request.id


@pytest.mark.parametrize(("model", "error"), [("local", "weak"), ("openai/x", "model_refused")])
def test_what_is_no_answer_is_not_posted(make_context, script, ask, model, error):
    context, request = make_context(), ask()
    script.steps = [WeakAnswerError("it repeats itself", model=model)]
    answer.run(context, request.id)
    assert context.replies.answers[request.id][1].error == error
    # Trying again would help nobody, so no admin has to look at it.
    assert bool(context.store.requests.dead_letters()) is (error == "model_refused")


def test_an_unexpected_error_is_reported_without_its_text(make_context, script, ask):
    context, request = make_context(), ask()
    script.steps = [RuntimeError("secret detail")]
    answer.run(context, request.id)
    outcome = context.replies.answers[request.id][1]
    assert outcome.error == "internal"
    assert "secret" not in outcome.text


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENOSPC])
def test_a_machine_that_lacks_something_for_a_moment_is_no_mistake_in_the_code(
    make_context, script, ask, clock, code
):
    context, request = make_context(), ask()
    wrapped = ImportError("no module")
    wrapped.__cause__ = OSError(code, "none left")
    script.steps = [wrapped, Outcome("hello")]

    answer.run(context, request.id)
    assert request.id not in context.replies.answers
    clock.forward(60)
    answer.run(context, request.id)

    assert context.replies.answers[request.id][1].text == "hello"


def test_a_path_that_may_work_later_is_tried_again_after_a_pause(make_context, script, ask, clock):
    context, request = make_context(), ask()
    script.steps = [PathError("busy", retry=True), Outcome("hello")]
    answer.run(context, request.id)
    assert request.id not in context.replies.answers
    answer.run(context, request.id)
    assert script.runs == 1
    clock.forward(1)
    answer.run(context, request.id)
    assert context.replies.answers[request.id][1].text == "hello"


def test_a_path_that_never_works_is_given_up_with_a_word(make_context, script, ask, clock):
    context, request = make_context(), ask()
    script.steps = [PathError("busy", retry=True)] * 9

    for _ in range(9):
        answer.run(context, request.id)
        clock.forward(400)

    assert context.replies.answers[request.id][1].error == "path"
    assert script.runs == context.settings.max_attempts


def test_a_request_that_kills_its_worker_is_given_up_with_a_word(
    make_context, script, ask, store, clock
):
    context, request = make_context(), ask()
    for _ in range(context.settings.max_attempts):
        store.requests.acquire(request.id, "a worker that died", clock(), 20)
        clock.forward(21)

    answer.run(context, request.id)
    assert context.replies.answers[request.id][1].error == "gave_up"
    assert script.runs == 0


def test_when_slack_is_away_the_model_is_not_paid_twice(make_context, script, ask, clock):
    context, request = make_context(), ask()
    script.steps = [Outcome("hello")]
    context.replies.failures.append(PathError("reset", retry=True))
    answer.run(context, request.id)
    clock.forward(1)
    answer.run(context, request.id)
    assert script.runs == 1
    assert context.replies.answers[request.id][1].text == "hello"


def test_while_the_token_is_gone_an_answer_waits_and_no_try_is_lost(
    make_context, script, ask, clock
):
    context, request = make_context(), ask()
    script.steps = [Outcome("hello")]
    context.replies.failures += [NoTokenError("revoked")] * 40

    for _ in range(40):
        answer.run(context, request.id)
        clock.forward(300)

    assert context.store.requests.get(request.id).state == "decided"
    lease = context.store.requests.acquire(request.id, "w2", clock(), 1.0)
    assert lease.tries == 1
    clock.forward(2)
    answer.run(context, request.id)
    assert (script.runs, context.replies.posts[request.id]) == (1, 1)


def test_an_answer_that_waits_for_room_in_slack_waits_seconds_and_is_not_given_up(
    make_context, script, ask, clock
):
    context, request = make_context(), ask()
    script.steps = [Outcome("hello")]
    context.replies.failures += [PathError("ratelimited", retry=True, retry_within=15.0)] * 60

    for _ in range(61):
        answer.run(context, request.id)
        clock.forward(15)

    assert (script.runs, context.replies.posts[request.id]) == (1, 1)


def test_after_a_day_without_a_token_it_is_an_admin_s_to_replay(make_context, script, ask, clock):
    context, request = make_context(), ask()
    script.steps = [Outcome("hello")]
    context.replies.failures.append(NoTokenError("revoked"))
    clock.forward(answer.TOKEN_SECONDS + 1)
    answer.run(context, request.id)
    assert [letter.error for letter in context.store.requests.dead_letters()] == ["not_delivered"]


def test_a_worker_that_lost_its_lease_writes_nothing(make_context, script, ask, store, clock):
    context, request = make_context(), ask()

    def paused(context, work):
        clock.forward(60)
        store.requests.acquire(request.id, "another", clock(), 20)
        return Outcome("late")

    script.steps = [paused]
    answer.run(context, request.id)
    assert context.replies.answers == {}
    assert store.decisions.outcome(request.id, 0) is None


def test_the_next_message_of_a_thread_is_woken_when_the_one_before_is_answered(
    make_context, script, ask
):
    context = make_context()
    first, second = ask(thread_ts="1.0"), ask(thread_ts="1.0")
    script.steps = [Outcome("one"), Outcome("two")]
    answer.run(context, second.id)
    assert list(context.replies.answers) == [first.id]
    assert list(context.queue.jobs) == [("answer", second.id)]
    answer.run(context, second.id)
    assert list(context.replies.answers) == [first.id, second.id]


def test_a_wake_up_call_serves_whoever_s_turn_it_is(make_context, script, ask):
    context = make_context()
    flood = [ask(user="UBUSY") for _ in range(20)]
    script.steps = [Outcome("an answer")] * 4
    answer.run(context, flood[0].id)
    colleague, other = ask(user="UCALM"), ask(team="T2")

    for request in flood[1:3]:
        answer.run(context, request.id)

    assert list(context.replies.answers) == [flood[0].id, other.id, colleague.id]


def test_the_end_of_a_request_at_its_person_s_limit_wakes_a_slot_for_the_next(
    make_context, script, ask, store, clock
):
    context = make_context(leases=Leases(store.requests, "w1", clock, 20.0, max_busy=1))
    first, second = ask(), ask()
    other_slots = []

    def serve_while_others_are_woken(_, work):
        # The wake-up call of the second request finds its person at the limit, and serves nothing.
        other_slots.append(answer.answer_next(context))
        return Outcome("one")

    script.steps = [serve_while_others_are_woken, Outcome("two")]
    answer.run(context, first.id)
    assert other_slots == [False]

    job, key = context.queue.jobs.popleft()
    assert job == "answer"
    answer.run(context, key)
    assert second.id in context.replies.answers


def test_a_path_sees_the_earlier_turns_of_its_thread(make_context, script, ask):
    context = make_context()
    first, second = ask(text="one?", thread_ts="1.0"), ask(text="two?", thread_ts="1.0")
    seen = []
    script.steps = [Outcome("1!"), lambda _, work: seen.extend(work.history) or Outcome("2!")]
    answer.run(context, first.id)
    answer.run(context, second.id)
    assert seen == [{"role": "user", "content": "one?"}, {"role": "assistant", "content": "1!"}]


def test_what_the_queue_lost_is_woken_by_the_reaper(make_context, script, ask, clock):
    context, request = make_context(), ask()
    assert reap_requests(context.store.requests, context.queue, clock(), 20.0) == 1
    assert list(context.queue.jobs) == [("answer", request.id)]
    assert reap_requests(context.store.requests, context.queue, clock(), 20.0) == 0
