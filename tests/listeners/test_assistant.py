"""The assistant pane: its suggestions, and the Stop button."""

from __future__ import annotations

from bot.listeners.assistant import AssistantPane
from router.types import RouteOffer, SlackPerson
from tests.fixtures.slack_client import RecordingClient


class WakeRecorder:
    """Wakes no worker; keeps the keys it is given."""

    def __init__(self):
        self.woken = []

    def wake(self, key):
        self.woken.append(key)


def test_stop_takes_the_request_from_its_worker_and_a_worker_says_so(
    store, clock, make_request, make_decision
):
    request = make_request()
    store.requests.insert(request, clock())
    store.decisions.insert_first(request.id, make_decision(), clock())
    lease = store.requests.acquire(request.id, "w1", clock(), 20.0)
    decider, client = WakeRecorder(), RecordingClient()
    event = {"channel": "C1", "thread_ts": request.ts, "user": "U1"}
    AssistantPane(store, decider, clock).stopped(event, "T1", client)
    assert not store.requests.is_current(lease)
    assert store.decisions.progress(request.id).is_cancelled
    assert decider.woken == [request.id]
    assert client.calls[0][1]["status"] == "active"


class Offers:
    """Offers what a person may ask for."""

    def __init__(self, *examples):
        self.examples = examples

    def offers(self, person, channel):
        return [RouteOffer(f"route{n}", "", text) for n, text in enumerate(self.examples)]


def test_each_suggestion_can_be_sent_as_it_is(store, clock):
    offers = Offers("summarise this thread", "the vpn is down", "", "make this shorter: hello all")
    prompts = AssistantPane(store, offers, clock).prompts(SlackPerson("T1", "U1"), "D1")

    assert [prompt["message"] for prompt in prompts][:-1] == [
        "the vpn is down",
        "make this shorter: hello all",
    ]
