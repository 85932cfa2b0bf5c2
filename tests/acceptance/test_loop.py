"""One message end to end: a loopback Slack, real bot and worker processes, a real broker."""

from __future__ import annotations

import json
import urllib.request

import pytest

from bot.replies.posting import EVENT_TYPE
from bot.sandbox.seed_data import TEAM_ID
from workers.runtime.processes import wait_until

SECONDS = 300.0
pytestmark = pytest.mark.chaos


@pytest.fixture
def ada(stack):
    return stack.sandbox.actor("ada")


def answers(ada, ts, thread_ts=None):
    said = ada.thread("general", thread_ts or ts)
    return [
        m
        for m in said
        if (m.get("metadata") or {}).get("event_type") == EVENT_TYPE and m["ts"] > ts
    ]


def wait_for_answer(ada, ts, thread_ts=None, fits=lambda message: True):
    found = []
    assert until(
        lambda: found.extend(m for m in answers(ada, ts, thread_ts) if fits(m)) or found
    ), "no answer came"

    return found[0]


def until(true):
    return wait_until(true, SECONDS)


def closing(message):
    return next(b for b in message["blocks"] if b["type"] == "context")["elements"][0]["text"]


def test_a_mention_is_answered_in_its_thread_with_route_and_cost(ada):
    ts = ada.say("general", "@beagle !rewrite make this clearer: it was done by us")
    message = wait_for_answer(ada, ts)
    assert message["thread_ts"] == ts
    assert "A clearer sentence" in message["text"]
    assert closing(message).startswith("rewrite (prompt) · 100% sure")


def test_an_event_delivered_twice_is_answered_once(ada, stack):
    stack.sandbox.inject_fault("duplicate", times=2)
    ts = ada.say("general", "@beagle !rewrite twice told")
    wait_for_answer(ada, ts)
    assert len(answers(ada, ts)) == 1


def test_a_post_that_slack_took_but_did_not_confirm_is_not_posted_again(ada, stack):
    stack.sandbox.inject_fault("reset_after", on="chat.postMessage", times=1)
    ts = ada.say("general", "@beagle what can you do?")
    wait_for_answer(ada, ts)
    done = until(lambda: stack.store.requests.open_count(0.0)[0] == 0)
    assert done
    assert len(answers(ada, ts)) == 1


def test_a_killed_worker_loses_and_doubles_nothing(ada, stack, model):
    model.seconds = 1.0
    ts = ada.say("general", "@beagle !rewrite this while somebody pulls the plug")
    channel = ada.channel("general")

    def held():
        request = stack.store.requests.find(TEAM_ID, channel, ts)
        return request is not None and stack.store.requests.has_owner(request.id)

    assert until(held)
    stack.kill("worker-0")
    wait_for_answer(ada, ts)
    model.seconds = 0.0
    assert len(answers(ada, ts)) == 1


def test_a_broker_that_dies_and_forgets_is_started_again(ada, stack):
    from bot.demo.stack import kill_process

    kill_process(stack.broker.pid)
    ts = ada.say("general", "@beagle !rewrite without a broker")
    wait_for_answer(ada, ts)


def test_when_the_model_is_down_the_person_gets_an_error_and_can_try_again(ada, stack, model):
    model.fault = "500"
    ts = ada.say("general", "@beagle !rewrite in vain")
    told = wait_for_answer(ada, ts)
    assert "model did not answer" in told["text"]
    model.fault = "none"
    ada.click("general", told["ts"], "try_again")
    again = wait_for_answer(ada, ts, fits=lambda m: "A clearer sentence" in m["text"])
    assert again["ts"] == told["ts"]


def test_a_thumb_is_kept_and_its_change_replaces_it(ada, stack):
    ts = ada.say("general", "@beagle !rewrite for a thumb")
    message = wait_for_answer(ada, ts)
    request = stack.store.requests.find(TEAM_ID, ada.channel("general"), ts)
    (thumbs,) = [b for b in message["blocks"] if b["type"] == "context_actions"]
    up = thumbs["elements"][0]["positive_button"]["value"]
    down = thumbs["elements"][0]["negative_button"]["value"]
    ada.click("general", message["ts"], "thumb", up)
    ada.click("general", message["ts"], "thumb", down)
    kept = until(
        lambda: [f.value for f in stack.store.feedback.for_request(request.id)] == ["down"]
    )
    assert kept


def test_statistics_are_shown_to_the_person_who_asks_only(ada):
    ada.slash("general", "/beagle", "stats")
    # An earlier test's thumb is whispered about as well.
    assert until(lambda: any("Requests" in said["text"] for said in ada.ephemerals("general")))


def test_health_and_metrics_answer(stack):
    def read(path):
        with urllib.request.urlopen(
            f"http://127.0.0.1:{stack.health_port}{path}", timeout=60
        ) as answer:
            return answer.read().decode()

    assert json.loads(read("/readyz")) == {"ok": True, "problems": {}}
    assert 'beagle_requests_total{state="answered"}' in read("/metrics")


def test_no_message_text_is_in_the_logs(ada, stack):
    ts = ada.say("general", "@beagle !rewrite canary-7361 please")
    wait_for_answer(ada, ts)
    logs = "".join(path.read_text() for path in (stack.folder / "logs").glob("*.log"))
    assert "answered" in logs
    assert "canary-7361" not in logs
    assert "xoxb-" not in logs


def test_the_health_page_says_how_long_the_connection_to_slack_has_stood(stack):
    def age():
        with urllib.request.urlopen(
            f"http://127.0.0.1:{stack.health_port}/healthz", timeout=60
        ) as page:
            return json.load(page)["socket_seconds"]

    assert until(lambda: age() > 1.0)
    before = age()
    stack.sandbox.inject_fault("disconnect")
    assert until(lambda: 0.0 <= age() < before)
