"""Progress while a worker runs, streamed answers, and tables in them."""

from __future__ import annotations

import pytest

from bot.replies import streaming as growing
from bot.replies.stream import MAX_STREAMED, escape_markdown
from bot.sandbox.block_kit.blocks import BLOCKS
from bot.sandbox.limits.token_scopes import BOT_SCOPES
from bot.sandbox.web_api import METHODS
from router.errors import NoTokenError
from router.types import Citation, Outcome
from workers.ports import Activity

SOURCE = Citation(1, "Handbook", "https://handbook.example/leave", "")
READ = Activity(
    "read", True, 2, sources=[SOURCE, SOURCE, Citation(2, "A file", "file:///etc/passwd", "")]
)
TABLE = Outcome("Here:\n\n|a|b|\n|-|-|\n|1|2|\n", route="triage", kind="prompt", model="m")


def answers(ada, request):
    return ada.thread("general", request.ts)[1:]


def test_the_growing_answer_shows_the_route_the_passages_and_the_writing(
    replies, post_request, make_decision
):
    ada, request = post_request()
    replies.show_activity(request, make_decision(), READ)
    replies.show_activity(request, make_decision(), Activity("write", False))

    (message,) = answers(ada, request)
    cards = [(block["title"], block["status"]) for block in message["blocks"]]
    assert cards[0][0].startswith("Chose the route")
    assert cards[1:] == [("Read 2 passages", "complete"), ("Writing the answer", "in_progress")]
    assert message["blocks"][1]["sources"] == [
        {"type": "url", "url": "https://handbook.example/leave", "text": "Handbook"}
    ]


def test_the_words_grow_in_the_message_before_the_answer_is_delivered(
    replies, post_request, make_decision, clock
):
    ada, request = post_request()
    replies.show_activity(request, make_decision(), READ)

    for piece in ("Twenty-", "five days"):
        clock.forward(4)
        replies.stream(request, make_decision(), piece)

    (message,) = answers(ada, request)
    assert message["text"] == escape_markdown("Twenty-") + "five days"


@pytest.mark.parametrize("piece", ["so * it & goes, ", "*" * 7, "word "])
def test_more_than_a_call_holds_goes_out_in_parts_and_slack_refuses_none(
    replies, post_request, make_decision, clock, sandbox, piece
):
    ada, request = post_request()
    refused = sandbox.call(lambda: sum(sandbox.context.error_counts.values()))

    # A model that thought for long, or a pause that Slack asked for, brings much at once.
    for _ in range(3):
        replies.stream(request, make_decision(), piece * (15_000 // len(piece)))
        clock.forward(4)

    (message,) = answers(ada, request)
    assert 5_000 < len(message["text"]) <= MAX_STREAMED + 200
    assert sandbox.call(lambda: sum(sandbox.context.error_counts.values())) == refused


def test_what_was_done_gives_way_to_the_one_answer(replies, post_request, make_decision):
    ada, request = post_request()
    replies.show_activity(request, make_decision(), READ)
    replies.stream(request, make_decision(), "Twenty-")
    replies.deliver(
        request, make_decision(), Outcome("Twenty-five days.", route="handbook", kind="rag")
    )

    (message,) = answers(ada, request)
    assert "Twenty-five days." in str(message["blocks"])
    assert "task_card" not in {block["type"] for block in message["blocks"]}


def test_where_nothing_streams_the_status_line_says_it(
    replies, post_request, make_decision, sandbox
):
    ada, request = post_request()
    sandbox.call(
        lambda: sandbox.context.tokens.add(
            sandbox.bot_token, "bot", set(BOT_SCOPES) - {"chat:write"}
        )
    )

    replies.show_activity(request, make_decision(), READ)
    sandbox.call(lambda: sandbox.context.tokens.add(sandbox.bot_token, "bot", BOT_SCOPES))

    statuses = sandbox.call(lambda: dict(sandbox.workspace.statuses))
    assert statuses[(request.channel, request.ts)]["status"] == "Read 2 passages"
    assert answers(ada, request) == []


def test_where_slack_refuses_blocks_the_words_are_shown_with_what_buttons_it_takes(
    replies, post_request, make_decision, monkeypatch
):
    ada, request = post_request()
    for kind in ("context_actions", "rich_text", "context"):
        monkeypatch.delitem(BLOCKS, kind)

    replies.deliver(
        request, make_decision(), Outcome("5 < 6 days", route="triage", kind="prompt", model="m")
    )

    (message,) = answers(ada, request)
    kinds = [block["type"] for block in message["blocks"]]
    assert kinds == ["section", "section", "actions", "actions"]
    assert message["blocks"][0]["text"] == {"type": "plain_text", "text": "5 < 6 days"}
    thumbs = [button["value"][:4] for button in message["blocks"][2]["elements"]]
    assert thumbs == ["up {", "down"]


@pytest.fixture
def old(monkeypatch):
    """A Slack that does not stream."""
    for name in ("chat.startStream", "chat.appendStream", "chat.stopStream"):
        monkeypatch.delitem(METHODS, name)


@pytest.mark.usefixtures("old")
def test_where_slack_has_no_streams_a_message_is_edited_as_it_grows(
    replies, post_request, make_decision, clock
):
    ada, request = post_request()
    replies.show_activity(request, make_decision(), READ)

    for piece in ("Twenty-", "five <!channel> ", "https://evil.example days"):
        clock.forward(4)
        replies.stream(request, make_decision(), piece)

    (message,) = answers(ada, request)
    (block,) = message["blocks"]
    said = ["".join(e["text"] for e in part["elements"]) for part in block["elements"]]
    assert said[0].startswith("Chose the route")
    assert said[1:] == ["Read 2 passages", "Twenty-five <!channel> https://evil.example days"]
    assert {e["type"] for part in block["elements"] for e in part["elements"]} == {"text"}
    assert "<!channel>" not in message["text"]

    replies.deliver(
        request, make_decision(), Outcome("Twenty-five days.", route="handbook", kind="rag")
    )
    (message,) = answers(ada, request)
    assert "Twenty-five days." in message["text"]
    assert "Read 2 passages" not in str(message["blocks"])


@pytest.mark.usefixtures("old")
@pytest.mark.parametrize("error", sorted(growing.NO_STREAM_HERE))
def test_where_slack_does_not_stream_here_a_message_is_edited_as_it_grows(
    replies, post_request, make_decision, sandbox, clock, error
):
    ada, request = post_request()
    sandbox.inject_fault("refused", on="chat.startStream", error=error)
    try:
        for piece in ("Twenty-", "five days"):
            replies.stream(request, make_decision(), piece)
            clock.forward(4)
    finally:
        sandbox.clear_faults()

    (message,) = answers(ada, request)
    assert "Twenty-" in str(message["blocks"])
    replies.deliver(request, make_decision(), Outcome("Twenty-five days.", route="triage"))
    assert len(answers(ada, request)) == 1


def test_without_agent_sessions_answers_come_as_ever(
    replies, post_request, make_decision, monkeypatch
):
    ada, request = post_request()
    for name in [name for name in METHODS if name.startswith(("agents.", "assistant."))]:
        monkeypatch.delitem(METHODS, name)

    replies.show_working(request, make_decision())
    replies.deliver(request, make_decision(), Outcome("Twenty-five days.", route="triage"))
    assert "Twenty-five days." in str(answers(ada, request)[0]["blocks"])


def test_edits_keep_their_distance(replies, post_request, make_decision, sandbox, clock):
    _, request = post_request()
    before = sandbox.call(lambda: sandbox.context.call_counts["chat.update"])

    for _ in range(50):
        clock.forward(0.1)
        replies.stream(request, make_decision(), "word ")

    assert sandbox.call(lambda: sandbox.context.call_counts["chat.update"]) - before <= 5


def test_each_step_has_words_for_its_beginning_and_its_end():
    for name in ("read", "write", "tool"):
        said = [growing.step_text(Activity(name, done, 3, "calculator")) for done in (False, True)]
        assert said[0] != said[1]

    assert growing.step_text(Activity("read", True, 1)) == "Read 1 passage"


@pytest.mark.parametrize("stream", [False, True], ids=["posted", "streamed"])
def test_a_table_of_a_model_is_a_table_in_slack(replies, post_request, make_decision, stream):
    ada, request = post_request()
    if stream:
        replies.stream(request, make_decision(), TABLE.text)

    replies.deliver(request, make_decision(), TABLE)

    (message,) = answers(ada, request)
    assert [block["type"] for block in message["blocks"]][:2] == ["rich_text", "table"]
    assert "1 | 2" in message["text"]


@pytest.mark.parametrize("stream", [False, True], ids=["posted", "streamed"])
def test_where_slack_refuses_tables_the_text_is_laid_out_in_columns(
    replies, post_request, make_decision, monkeypatch, stream
):
    ada, request = post_request()
    monkeypatch.delitem(BLOCKS, "table")
    if stream:
        replies.stream(request, make_decision(), TABLE.text)

    replies.deliver(request, make_decision(), TABLE)

    (message,) = answers(ada, request)
    words = [block["elements"] for block in message["blocks"] if block["type"] == "rich_text"]
    kinds = [element["type"] for elements in words for element in elements]
    assert kinds == ["rich_text_section", "rich_text_preformatted"]


def test_a_revoked_token_is_distinguished_from_a_channel_that_is_gone(
    sandbox, replies, post_request, make_decision
):
    _, request = post_request()
    sandbox.call(lambda: sandbox.context.tokens.revoke(token=sandbox.bot_token))

    try:
        with pytest.raises(NoTokenError, match="token_revoked"):
            replies.deliver(request, make_decision(), Outcome("hello"))
    finally:
        sandbox.call(lambda: sandbox.context.tokens.add(sandbox.bot_token, "bot", BOT_SCOPES))
