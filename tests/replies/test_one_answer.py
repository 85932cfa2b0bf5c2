"""Two workers that post the answer to one request leave one visible answer."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from sqlalchemy import update

from bot.replies.posting import AnswerPoster
from bot.replies.replies import PERMANENT_ERRORS, SlackReplies
from bot.replies.sending import SlackSender
from bot.replies.streaming import AnswerStreams
from bot.sandbox import seed_data
from bot.sandbox.clock import ManualClock
from bot.sandbox.server import Sandbox
from bot.transport.clients import Clients
from bot.ui.blocks import Rendered
from router.errors import PathError
from router.store.base.tables import reply
from router.store.requests.sendings import Sending
from router.types import Outcome
from tests.fixtures.slack import slack_config

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


def test_a_message_of_another_app_is_not_taken_for_a_lost_answer(
    sandbox, store, replies, post_request, make_decision
):
    ada, request = post_request()
    other = {"user": "U0OTHERAPP", "bot_id": "B0OTHERAPP", "app_id": "A0OTHERAPP"}
    sandbox.call(
        lambda: sandbox.workspace.post(
            request.channel, {**other, "text": "Ticket opened.", "thread_ts": request.ts}
        )
    )
    # A worker announced the answer and died before it reached Slack.
    store.replies.begin_post(request.id, request.channel)

    replies.deliver(request, make_decision(), ANSWER)

    texts = [message["text"] for message in ada.thread("general", request.ts)]
    assert texts[1:] == ["Ticket opened.", "Twenty-five days."]


def test_a_lost_answer_is_found_behind_a_full_page_of_replies(
    sandbox, store, replies, post_request, make_decision
):
    ada, request = post_request()
    for number in range(20):
        ada.say("general", f"reply {number}", request.ts)
    replies.deliver(request, make_decision(), ANSWER)
    forget_where_it_was_posted(store, request)
    sandbox.call(lambda: setattr(sandbox.context.rate_limits, "unlisted", True))

    try:
        replies.deliver(request, make_decision(), Outcome(text="Thirty days.", route="rewrite"))
    finally:
        sandbox.call(lambda: setattr(sandbox.context.rate_limits, "unlisted", False))

    texts = [message["text"] for message in ada.thread("general", request.ts)]
    assert [text for text in texts if "days" in text] == ["Thirty days."]


def test_a_search_that_slack_breaks_off_goes_on_where_it_was(
    sandbox, store, replies, post_request, make_decision
):
    """Else an app that may read one page a minute would never see the second one."""
    ada, request = post_request()
    for number in range(20):
        ada.say("general", f"reply {number}", request.ts)
    replies.deliver(request, make_decision(), ANSWER)
    forget_where_it_was_posted(store, request)
    sandbox.call(lambda: setattr(sandbox.context.rate_limits, "unlisted", True))
    # The first page comes, the second is refused, and so on.
    sandbox.inject_fault("refused", on="conversations.replies", nth=2, error="fatal_error")

    try:
        with pytest.raises(PathError):
            replies.deliver(request, make_decision(), ANSWER)
        before = sandbox.call(lambda: sandbox.context.call_counts["conversations.replies"])
        replies.deliver(request, make_decision(), Outcome(text="Thirty days.", route="rewrite"))
    finally:
        sandbox.clear_faults()
        sandbox.call(lambda: setattr(sandbox.context.rate_limits, "unlisted", False))

    read = sandbox.call(lambda: sandbox.context.call_counts["conversations.replies"]) - before
    texts = [message["text"] for message in ada.thread("general", request.ts)]
    assert read == 1
    assert [text for text in texts if "days" in text] == ["Thirty days."]


def forget_where_it_was_posted(store, request):
    """Leaves what a worker leaves that posts and dies before it writes down where."""
    with store.engine.begin() as connection:
        connection.execute(
            update(reply).where(reply.c.request == request.id).values(ts=None, posting=True)
        )


def passed_on(request, kind, at):
    """Returns an answer on its way back into the request's thread."""
    content = {"user": request.user, "route": "rewrite", "text": "Switch it off.", "data": None}
    content |= {"message": "", "note": "", "link": ""}
    return Sending("k1", request.id, 0, kind, "", content, request.user, at, post_at=at + 60)


def test_what_a_colleague_answered_is_not_taken_for_a_lost_answer(
    sandbox, store, replies, post_request, make_decision, clock
):
    ada, request = post_request()
    clients = Clients.single(sandbox.bot_token, sandbox.api_url)
    sender = SlackSender(clients, lambda _: True, store.reminders)
    sender.send(request, passed_on(request, "reply", clock()))
    # A worker announced the answer and died before it reached Slack.
    store.replies.begin_post(request.id, request.channel)

    replies.deliver(request, make_decision(), ANSWER)

    texts = [message["text"] for message in ada.thread("general", request.ts)]
    assert "Switch it off." in texts[1]
    assert texts[2:] == ["Twenty-five days."]


def test_a_reminder_is_not_taken_for_a_lost_answer(store, make_request, make_decision):
    slack_clock = ManualClock()
    with Sandbox(slack_config(clock=slack_clock)) as slack:
        clients = Clients.single(slack.bot_token, slack.api_url)
        ada = slack.actor("ada")
        ts = ada.say("general", "please do it")
        place = {"team": seed_data.TEAM_ID, "channel": ada.channel("general"), "ts": ts}
        request = make_request(**place)
        store.requests.insert(request, slack_clock.now())
        sender = SlackSender(clients, lambda _: True, store.reminders)
        sender.send(request, passed_on(request, "reminder", slack_clock.now()))
        slack.call(lambda: slack_clock.advance(61))
        # A worker announced the answer and died before it reached Slack.
        store.replies.begin_post(request.id, request.channel)

        replies = SlackReplies(clients, store.replies, slack_clock.now, lambda _: [])
        replies.deliver(request, make_decision(), ANSWER)

        texts = [message["text"] for message in ada.thread("general", request.ts)]
        assert texts[1].startswith("Reminder for <@")
        assert texts[2:] == ["Twenty-five days."]


@pytest.mark.parametrize("code", sorted(PERMANENT_ERRORS))
def test_an_answer_that_slack_will_never_take_is_not_tried_again(
    sandbox, replies, post_request, make_decision, code
):
    _, request = post_request()
    sandbox.inject_fault("refused", on="chat.postMessage", error=code)

    try:
        with pytest.raises(PathError) as caught:
            replies.deliver(request, make_decision(), ANSWER)
    finally:
        sandbox.clear_faults()

    assert (caught.value.retry, code in str(caught.value)) == (False, True)


def test_an_answer_that_slack_may_take_later_is_tried_again(
    sandbox, replies, post_request, make_decision
):
    _, request = post_request()
    sandbox.inject_fault("refused", on="chat.postMessage", error="fatal_error")

    try:
        with pytest.raises(PathError) as caught:
            replies.deliver(request, make_decision(), ANSWER)
    finally:
        sandbox.clear_faults()

    assert caught.value.retry is True


@pytest.fixture
def poster(sandbox, store, clock):
    clients = Clients.single(sandbox.bot_token, sandbox.api_url)
    return AnswerPoster(clients, store.replies, AnswerStreams(clients, store.replies, clock))


def test_the_newest_message_of_ours_that_no_request_owns_is_the_lost_answer(
    sandbox, poster, post_request
):
    _, request = post_request()
    me = Clients.single(sandbox.bot_token, sandbox.api_url).for_team(request.team)
    bot = me.retrying.auth_test()["bot_id"]
    at = [f"{float(request.ts) + number:.6f}" for number in range(1, 6)]

    def find(*messages):
        return poster.find_unrecorded(request, messages)

    assert find() is None
    assert find({"ts": at[0], "bot_id": "B0OTHER"}) is None
    assert find({"ts": at[0], "bot_id": bot}) == at[0]
    assert find({"ts": at[0], "bot_id": bot}, {"ts": at[1], "bot_id": bot}) == at[1]
    assert (
        find(
            {"ts": at[0], "bot_id": bot},
            {"ts": at[1], "bot_id": bot},
            {"ts": at[2], "bot_id": "B0OTHER"},
            {"ts": at[3]},
            {"ts": at[4], "bot_id": bot, "files": [{}]},
        )
        == at[1]
    )
    assert find({"ts": request.ts, "bot_id": bot}) is None


class RecordingSlack:
    """The clients of every workspace, which keep what is posted."""

    def __init__(self):
        self.posts = []

    def for_team(self, team):
        return SimpleNamespace(posting=self, retrying=self)

    def chat_postMessage(self, **message):  # noqa: N802  # Slack's name
        self.posts.append(message)
        return {"ts": "1800000099.000001"}


def test_nothing_in_an_answer_becomes_a_preview_a_link_or_a_mention(
    store, clock, make_request, make_decision
):
    request, slack = make_request(), RecordingSlack()
    store.requests.insert(request, clock())
    poster = AnswerPoster(slack, store.replies, AnswerStreams(slack, store.replies, clock))

    ts = poster.show(
        request, Rendered("See https://intra.example/a.png", []), make_decision(), None
    )

    (post,) = slack.posts
    assert ts == "1800000099.000001"
    assert (post["unfurl_links"], post["unfurl_media"]) == (False, False)
    assert (post["parse"], post["link_names"]) == ("none", False)
    assert (post["channel"], post["thread_ts"]) == (request.channel, request.thread)
