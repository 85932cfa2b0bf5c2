"""Two workers that post the answer to one request leave one visible answer."""

from __future__ import annotations

from dataclasses import replace

from bot.replies.replies import SlackReplies
from bot.transport.clients import Clients
from router.types import Outcome

ANSWER = Outcome(text="Twenty-five days.", route="rewrite", kind="prompt", model="m")


class PausedOutbox:
    """An outbox that pauses after announcing a post and runs `meanwhile`."""

    def __init__(self, outbox, meanwhile):
        self._outbox = outbox
        self._meanwhile = meanwhile

    def begin_post(self, *args):
        entry = self._outbox.begin_post(*args)
        self._meanwhile()
        return entry

    def __getattr__(self, name):
        return getattr(self._outbox, name)


def test_the_second_of_two_answers_is_deleted(
    sandbox, store, clock, replies, post_request, make_decision
):
    ada, request = post_request()
    decision = make_decision()
    paused = SlackReplies(
        Clients.single(sandbox.bot_token, sandbox.api_url),
        PausedOutbox(store.replies, lambda: replies.deliver(request, decision, ANSWER)),
        clock,
        lambda _: [],
    )

    paused.deliver(request, decision, ANSWER)

    (message,) = ada.thread("general", request.ts)[1:]
    assert "Twenty-five days." in str(message["blocks"])


def test_the_answer_to_another_request_of_the_thread_is_not_taken_for_a_lost_one(
    store, clock, replies, post_request, make_request, make_decision
):
    ada, first = post_request()
    # Both are asked before the first is answered.
    second = make_request(ts=ada.say("general", "and in Spain?", first.ts), thread_ts=first.ts)
    second = replace(second, channel=first.channel, user=first.user)
    store.requests.insert(second, clock())
    replies.deliver(first, make_decision(), ANSWER)
    # A worker announced the second answer and died before it reached Slack.
    store.replies.begin_post(second.id, second.channel)

    replies.deliver(second, make_decision(), Outcome(text="Thirty days.", route="rewrite"))

    texts = [message["text"] for message in ada.thread("general", first.ts)]
    assert texts[1:] == ["and in Spain?", "Twenty-five days.", "Thirty days."]
