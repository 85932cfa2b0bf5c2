"""A long answer: its beginning in the message, the whole in one file below it."""

from __future__ import annotations

from bot.replies.replies import SlackReplies
from bot.sandbox import seed_data
from bot.sandbox.server import Sandbox, SandboxConfig
from bot.transport.clients import Clients
from bot.transport.scopes import BOT_SCOPES
from bot.ui.outcome_text import ANSWER_LIMIT
from router.types import Outcome

LONG = Outcome(text="A word. " * (ANSWER_LIMIT // 8 + 50) + "The very end.", route="rewrite")


def files(ada, request):
    return [file for one in ada.thread("general", request.ts) for file in one.get("files", [])]


def test_the_message_says_where_the_rest_is_and_the_file_has_it(
    replies, post_request, make_decision
):
    ada, request = post_request()
    replies.deliver(request, make_decision(), LONG)

    answer = ada.thread("general", request.ts)[1]
    assert "The whole answer is in the file below" in str(answer["blocks"])
    assert "The very end." not in str(answer["blocks"])
    (file,) = files(ada, request)
    assert file["size"] == len(LONG.text)


def test_a_second_try_attaches_nothing_more(replies, post_request, make_decision, store):
    ada, request = post_request()
    replies.deliver(request, make_decision(), LONG)
    replies.deliver(request, make_decision(), LONG)
    store.replies.mark_shown(
        request.id, None
    )  # as if the worker had died before it could note that all was shown
    replies.deliver(request, make_decision(), LONG)

    assert len(files(ada, request)) == 1


def test_a_short_answer_has_no_file(replies, post_request, make_decision):
    ada, request = post_request()
    replies.deliver(request, make_decision(), Outcome(text="Done.", route="rewrite"))

    assert files(ada, request) == []


def test_where_no_file_may_be_sent_the_answer_still_stands(
    store, clock, make_request, make_decision
):
    scopes = [scope for scope in BOT_SCOPES if scope != "files:write"]
    with Sandbox(SandboxConfig(limits=False, scopes=scopes)) as strict:
        ada = strict.actor("ada")
        ts = ada.say("general", "tell me everything")
        request = make_request(ts=ts, channel=ada.channel("general"), user=seed_data.user_id("ada"))
        store.requests.insert(request, clock())
        replies = SlackReplies(
            Clients.single(strict.bot_token, strict.api_url), store.replies, clock, lambda _: []
        )

        replies.deliver(request, make_decision(), LONG)

        assert len(ada.thread("general", ts)) == 2
        assert files(ada, request) == []
