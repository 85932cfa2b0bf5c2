"""What the emulator does beyond the table of blocks, and how each of it is known.

`docs/slack-emulator.md` lists these rows. A row that is `assumed` names the test of what the bot
does where Slack turns out to be different.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox.block_kit.rules import Evidence

DOCS = "https://docs.slack.dev/"
SDK_CAPTURES = "slackapi/bolt-python, tests/slack_bolt/request/test_internals.py"
SCREENS = "tests/ui/test_every_screen.py"
CALLS = "tests/transport/test_plainer_calls.py"
STREAMING = "tests/replies/test_streaming.py"
REFUSED = f"{SCREENS}::test_with_each_kind_refused_in_turn_every_screen_shows_all_that_people_need"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One thing that the emulator does. `fallback` is `file::test`, needed where it is assumed."""

    area: str
    text: str
    evidence: Evidence
    source: str
    fallback: str = ""


BEHAVIOURS = (
    # Messages.
    Behaviour(
        "Messages",
        "`chat.postMessage` cuts a text at 40,000 characters and says `message_truncated`; "
        "`chat.update` refuses one of more than 4,000 with `msg_too_long`.",
        "documented",
        f"{DOCS}reference/methods/chat.update",
        f"{CALLS}::test_a_text_that_is_too_long_is_cut",
    ),
    Behaviour(
        "Messages",
        "The sum of all `markdown` blocks has a limit: `msg_blocks_too_long`.",
        "measured",
        "slackapi/bolt-js issue 2509",
    ),
    Behaviour(
        "Messages",
        "A refusal of blocks names the place (`[json-pointer:/blocks/0/…]`) in "
        "`response_metadata.messages`.",
        "captured",
        "slackapi/java-slack-sdk issue 1017",
        f"{SCREENS}::test_where_slack_does_not_say_what_it_refuses_the_newest_blocks_go_first",
    ),
    Behaviour(
        "Messages",
        "Newer blocks are accepted in ephemeral messages and through a response URL.",
        "assumed",
        "",
        f"{SCREENS}::test_ephemeral_messages_and_responses_fall_back_too_whatever_status_slack_gives",
    ),
    Behaviour(
        "Messages",
        "`plain_text` is accepted in the texts of a card.",
        "assumed",
        "",
        REFUSED,
    ),
    Behaviour(
        "Messages",
        "A message holds one table; a `data_table` counts as one.",
        "assumed",
        "",
        REFUSED,
    ),
    Behaviour(
        "Messages",
        "Deleting the root of a thread with replies leaves a `tombstone` (`message_changed`); only "
        "a message without replies gives `message_deleted`.",
        "captured",
        "payloads in public test fixtures of Slack apps",
    ),
    # Calls.
    Behaviour(
        "Calls",
        "A method that only reads, and `files.getUploadURLExternal`, look at no JSON body: what it "
        "holds is missing (`invalid_arguments`).",
        "measured",
        f"{DOCS}apis/web-api; Octember/earshot pull request 10",
    ),
    Behaviour(
        "Calls",
        "A token in the address is refused; in a JSON body it is not looked for. A JSON body "
        "without a charset gets the warning `missing_charset`.",
        "documented",
        f"{DOCS}apis/web-api",
    ),
    Behaviour(
        "Calls",
        "Cursors are opaque, and a page may hold fewer than were asked for though more follow: the "
        "emulator's hold one fewer.",
        "documented",
        f"{DOCS}apis/web-api/pagination",
        "tests/replies/test_one_answer.py::"
        "test_a_lost_answer_is_found_behind_a_full_page_of_replies",
    ),
    Behaviour(
        "Calls",
        "Other apps write in threads: their messages have a `bot_id`, too, and can be neither "
        "updated (`cant_update_message`) nor deleted.",
        "documented",
        f"{DOCS}reference/methods/chat.update",
        "tests/replies/test_one_answer.py::"
        "test_a_message_of_another_app_is_not_taken_for_a_lost_answer",
    ),
    # The socket.
    Behaviour(
        "The socket",
        "A pong takes up to some five seconds (`pong_seconds`).",
        "assumed",
        "",
        "tests/transport/test_socket_mode.py::test_a_pong_may_take_as_long_as_slack_s_do",
    ),
    # Response URLs.
    Behaviour(
        "Response URLs",
        "They live for 30 minutes and five uses.",
        "documented",
        f"{DOCS}interactivity/handling-user-interaction",
        f"{CALLS}::test_a_response_url_that_is_used_up_is_not_tried_again",
    ),
    Behaviour(
        "Response URLs",
        "Refused blocks are answered with status 400 and the bare error code, as webhooks do.",
        "assumed",
        "webhooks: louislam/uptime-kuma issue 941",
        f"{CALLS}::test_a_refused_response_is_posted_again",
    ),
    # Dialogs and App Home.
    Behaviour(
        "Dialogs and App Home",
        "A trigger id works once and for three seconds.",
        "documented",
        f"{DOCS}surfaces/modals",
    ),
    Behaviour(
        "Dialogs and App Home",
        "A refused dialog does not use up its trigger id.",
        "assumed",
        "",
        f"{CALLS}::test_where_a_refused_dialog_spends_its_trigger_the_next_click_opens_it",
    ),
    Behaviour(
        "Dialogs and App Home",
        "A refused view is `invalid_arguments` with the place in `response_metadata.messages`.",
        "assumed",
        "as for messages",
        f"{SCREENS}::test_where_slack_does_not_say_what_it_refuses_the_newest_blocks_go_first",
    ),
    Behaviour(
        "Dialogs and App Home",
        "Every client shows an `alert` in a dialog.",
        "assumed",
        "",
        REFUSED,
    ),
    Behaviour(
        "Dialogs and App Home",
        "The App Home shows a `table`.",
        "assumed",
        f"{DOCS}reference/block-kit/blocks, against a third party's tests",
        REFUSED,
    ),
    # Streams.
    Behaviour(
        "Streams",
        "A stream is locked to its first form: the other one gets `streaming_mode_mismatch`.",
        "measured",
        "ten public code bases name the error; slack_sdk web/chat_stream.py",
    ),
    Behaviour(
        "Streams",
        "An open stream refuses `chat.update` with `streaming_state_conflict`; after *Stop* an "
        "append is `stopped_by_user`.",
        "documented",
        f"{DOCS}reference/methods/chat.update, chat.appendStream",
    ),
    Behaviour(
        "Streams",
        "An open stream refuses `chat.delete` with `cant_delete_message`.",
        "measured",
        "measured by others in September 2026",
    ),
    Behaviour(
        "Streams",
        "A stream ends five minutes after it was opened.",
        "measured",
        "vercel/chat issue 607",
    ),
    Behaviour(
        "Streams",
        "Every app may stream in channels of which it is a member.",
        "assumed",
        "one source saw streams in direct messages only",
        f"{STREAMING}::test_where_slack_does_not_stream_here_a_message_is_edited_as_it_grows",
    ),
    Behaviour(
        "Streams",
        "Tasks and Markdown are accepted as chunks.",
        "documented",
        f"{DOCS}reference/methods/chat.appendStream",
        f"{CALLS}::test_a_stream_without_tasks_shows_them_as_text",
    ),
    # Assistant.
    Behaviour(
        "Assistant",
        "`agents.sessions.*` has no rate limit that a busy workspace reaches.",
        "assumed",
        "",
        f"{STREAMING}::test_without_agent_sessions_answers_come_as_ever",
    ),
    Behaviour(
        "Assistant",
        "`agent_view` works on every plan.",
        "assumed",
        "",
        f"{STREAMING}::test_without_agent_sessions_answers_come_as_ever",
    ),
    Behaviour(
        "Assistant",
        "A status is cleared after two minutes without a message.",
        "documented",
        f"{DOCS}reference/methods/assistant.threads.setStatus",
    ),
    # Events.
    Behaviour(
        "Events",
        "An event that is not acknowledged comes again at once, after a minute and after five, "
        "with `X-Slack-Retry-Num`.",
        "documented",
        f"{DOCS}apis/events-api",
    ),
    Behaviour(
        "Events",
        "Beyond 30,000 events an hour in a workspace events are dropped, with one "
        "`app_rate_limited` for each such minute.",
        "documented",
        f"{DOCS}apis/events-api/#rate-limiting",
    ),
    Behaviour(
        "Events",
        "Over HTTP each request is signed (`v0` HMAC); an answer takes three seconds at most.",
        "documented",
        f"{DOCS}authentication/verifying-requests-from-slack",
    ),
    Behaviour(
        "Events",
        "A forwarded message has no text; its words are in an attachment with `is_share`.",
        "captured",
        "payloads in public test fixtures of Slack apps",
    ),
    Behaviour(
        "Events",
        "A mention is two events (`app_mention` and `message`) with one `ts`.",
        "captured",
        "payloads in public test fixtures of Slack apps",
    ),
    # People of other companies, Grid and guests.
    Behaviour(
        "Slack Connect, Grid and guests",
        "A message of somebody of another company carries their workspace in `team` and in the "
        "envelope's `team_id`; the channel's host is its `context_team_id`.",
        "captured",
        SDK_CAPTURES,
    ),
    Behaviour(
        "Slack Connect, Grid and guests",
        "A mention carries the other side's workspace in `team` and the author's own in "
        "`user_team`, `source_team` and `user_profile.team`: of Grid the organisation alone.",
        "captured",
        SDK_CAPTURES,
    ),
    Behaviour(
        "Slack Connect, Grid and guests",
        "Who joins or leaves a shared channel is said by its host; whoever leaves may be of an "
        "organisation only.",
        "captured",
        SDK_CAPTURES,
    ),
    Behaviour(
        "Slack Connect, Grid and guests",
        "A reaction does not say where whoever reacted belongs.",
        "captured",
        SDK_CAPTURES,
    ),
    Behaviour(
        "Slack Connect, Grid and guests",
        "An edit and a deletion name the author's workspace in the message within, and come in the "
        "author's envelope.",
        "assumed",
        "as for messages",
        "tests/intake/test_event_places.py::test_every_event_of_every_place_is_applied_once_and_to_its_team",
    ),
    Behaviour(
        "Slack Connect, Grid and guests",
        "Whoever clicks is named with their own workspace, `team` is the app's.",
        "captured",
        "slackapi/java-slack-sdk issue 1041",
    ),
    Behaviour(
        "Slack Connect, Grid and guests",
        "A dialog of somebody of another company names theirs as `team`; the view's "
        "`app_installed_team_id` is the app's.",
        "documented",
        "slack_bolt request/internals.py",
    ),
    Behaviour(
        "Slack Connect, Grid and guests",
        "People of other companies press buttons, and have no commands, shortcuts, Home or direct "
        "messages of the app.",
        "assumed",
        "",
        "tests/commands/test_other_companies.py::"
        "test_a_command_from_another_company_reaches_nothing_of_this_workspace",
    ),
    Behaviour(
        "Slack Connect, Grid and guests",
        "`users.list` has the workspace's own people. `users.info` knows everybody; only who is in "
        "no channel with the app is a stranger (`is_stranger`), so `team_id` tells others apart.",
        "documented",
        f"{DOCS}reference/objects/user-object",
    ),
    Behaviour(
        "Slack Connect, Grid and guests",
        "A stream's recipient has to be of the company whose workspace is named as theirs.",
        "assumed",
        f"{DOCS}reference/methods/chat.startStream has `user_not_found`, and does not say when",
        f"{STREAMING}::test_where_slack_does_not_stream_here_a_message_is_edited_as_it_grows",
    ),
    Behaviour(
        "Slack Connect, Grid and guests",
        "A file in a channel that another company shares comes as an id to ask for "
        "(`check_file_info`).",
        "documented",
        f"{DOCS}apis/slack-connect",
    ),
    Behaviour(
        "Slack Connect, Grid and guests",
        "A guest has `is_restricted`, one of a single channel `is_ultra_restricted` as well; both "
        "see the channels that they were invited to.",
        "documented",
        f"{DOCS}reference/objects/user-object",
    ),
    # Limits.
    Behaviour(
        "Limits",
        "Posts: one a second in a channel in the long run. The burst before that is ten.",
        "assumed",
        f"{DOCS}apis/web-api/rate-limits names no size",
        "tests/runtime/test_rate_limit.py::test_retry_after_holds_for_all_processes",
    ),
    Behaviour(
        "Limits",
        "An app outside the Marketplace that many workspaces install reads one page of 15 messages "
        "a minute (`unlisted`).",
        "documented",
        f"{DOCS}apis/web-api/rate-limits",
    ),
    Behaviour(
        "Limits",
        "A call beyond a tier gets 429 with `Retry-After`; a refused call costs nothing.",
        "documented",
        f"{DOCS}apis/web-api/rate-limits",
    ),
    Behaviour(
        "Limits",
        "The token has the scopes of the manifest; another method gets `missing_scope`.",
        "documented",
        f"{DOCS}authentication/installing-with-oauth",
    ),
)
