"""*Send to…*: shown first, sent once, by whom it may be, and told to whoever pressed."""

from __future__ import annotations

import hashlib
import hmac
import json
from html import unescape

import pytest

from bot.listeners.people_answers.thread import AnswerThreads
from bot.sandbox import seed_data
from bot.ui.sent_message import EVENT_TYPE, sent_message, written_reply
from bot.ui.texts import sending as texts
from tests.sending.conftest import ADA, GRACE, MAE, OMAR
from workers.jobs import send_answer
from workers.knowledge.membership import ReadingRights
from workers.sending.content import MAX_TEXT
from workers.texts import CUT

CHANNEL = {"type": "conversations_select"}


def random_of(desk):
    return {"selected_conversation": desk.sandbox.actor("ada").channel("random")}


def test_a_channel_gets_what_was_shown_once(desk) -> None:
    view = desk.pick("A channel")
    assert "The printer jams" in json.dumps(view["blocks"])

    desk.submit(view, channel=random_of(desk), note={"value": "please look"})
    assert desk.passed_on("random") == []
    desk.work()

    (message,) = desk.passed_on("random")
    shown = json.dumps(message["blocks"])
    for words in ("The printer jams", "hardware", "<!here> & smokes", "please look"):
        assert words in shown
    assert "<!here>" not in message["text"]
    assert desk.told()[-1].startswith("Sent: it is posted in <#")

    desk.submit(view, channel=random_of(desk))
    desk.work()
    assert len(desk.passed_on("random")) == 1
    assert desk.told()[-1] == texts.REPEATED.format(user=ADA)


def test_a_person_gets_it_and_their_answer_comes_back(desk) -> None:
    view = desk.pick("A person")
    desk.submit(view, person={"selected_user": GRACE})
    desk.work()

    (message,) = desk.passed_on("dm", "grace")
    button = message["blocks"][-2]["elements"][0]
    assert button["text"]["text"] == texts.ANSWER

    value = json.loads(button["value"])
    assert desk._click(desk.replies.ask, value, MAE) is None
    assert desk.said == [texts.NOT_ANSWERED]

    dialog = desk._click(desk.replies.ask, value, GRACE)
    body = desk._body(GRACE)
    answer = {"answer": {"answer": {"value": "Switch it off and on."}}}
    sent = {"private_metadata": dialog["private_metadata"], "state": {"values": answer}}
    for _ in range(2):
        desk.replies.post(desk.ack, body, sent)
        desk.work()

    thread = desk.sandbox.actor("ada").thread("general", desk.request.ts)
    replies = [m for m in thread if "Switch it off and on." in json.dumps(m)]
    assert len(replies) == 1
    assert f"<@{GRACE}>" in replies[0]["text"]

    rights = ReadingRights(desk.store.access, desk.actions._directory, desk.clock, 3600.0)
    threads = AnswerThreads(desk.store, rights, lambda _: seed_data.BOT_USER_ID)
    request = desk.request
    found = threads.find(desk.client, request.team, request.channel, replies[0]["ts"])
    assert (found.message["user"], found.message["text"]) == (GRACE, "Switch it off and on.")
    assert found.request.id == request.id


def test_a_reminder_is_scheduled_in_the_thread(desk) -> None:
    view = desk.pick("Remind me here")
    chosen = {"selected_option": {"value": "In three hours"}}
    for _ in range(2):
        desk.submit(view, when=chosen)
        desk.work()

    scheduled = desk.client.chat_scheduledMessages_list(channel=desk.request.channel)
    (mine,) = [m for m in scheduled["scheduled_messages"] if "printer" in m["text"]]
    assert mine["post_at"] == int(desk.clock() + 3 * 3600)
    assert f"<@{ADA}>" in mine["text"]
    assert any(f"<!date^{mine['post_at']}^" in text for text in desk.told())
    (kept,) = desk.store.sendings.passed_on(desk.request.id, 0)
    assert (kept.kind, int(kept.post_at)) == ("reminder", mine["post_at"])


def test_a_webhook_is_signed_and_has_the_form_of_the_route(desk, receiver) -> None:
    view = desk.pick("Desk")
    shown = json.dumps(view["blocks"])
    assert "127.0.0.1" in shown
    summary = f"The printer jams {desk.request.ts}"
    assert rf"\"title\": \"{summary}\"" in shown

    desk.submit(view)
    desk.work()
    ((headers, body),) = receiver.got
    assert json.loads(body) == {
        "title": summary,
        "all": {"summary": summary, "queue": "hardware", "urgency": "high"},
    }
    signed = b"v1:" + headers["X-Beagle-Timestamp"].encode() + b":" + body
    expected = hmac.new(b"correct-horse", signed, hashlib.sha256).hexdigest()
    assert headers["X-Beagle-Signature"] == f"v1={expected}"
    assert headers["Idempotency-Key"]
    assert desk.told()[-1] == "Sent: Desk has taken it."


def test_a_receiver_without_time_is_asked_again_and_a_refusal_is_told(desk, receiver) -> None:
    receiver.statuses = [503, 429]
    desk.submit(desk.pick("Desk"))
    for _ in range(3):
        desk.work()
        desk.clock.forward(4000)
        for key in desk.store.sendings.overdue(desk.clock()):
            send_answer.run(desk.context, key)

    assert len(receiver.got) == 1
    assert desk.told()[-1] == "Sent: Desk has taken it."

    receiver.statuses = [404]
    desk.submit(desk.pick("Flow"))
    desk.work()
    assert desk.told()[-1] == texts.NOT_SENT.format(
        where=" to Flow", reason=texts.REASONS["refused"]
    )


def test_what_may_have_arrived_is_not_repeated_but_by_the_person(desk, receiver) -> None:
    receiver.statuses = [0]
    desk.submit(desk.pick("Desk"))
    desk.work()
    desk.clock.forward(100_000)
    assert desk.store.sendings.overdue(desk.clock()) == []
    assert len(receiver.got) == 1
    assert texts.REASONS["unknown"] in desk.told()[-1]

    desk.submit(desk.pick("Desk"))
    desk.work()
    assert len(receiver.got) == 2


def test_private_addresses_are_refused_unless_allowed(desk, receiver) -> None:
    object.__setattr__(desk.context.settings, "webhook_private_hosts", ())
    desk.submit(desk.pick("Desk"))
    desk.work()

    assert receiver.got == []
    assert texts.REASONS["set_up"] in desk.told()[-1]


def test_a_webhook_may_bring_its_authorization(desk, receiver) -> None:
    desk.submit(desk.pick("Flow"))
    desk.work()

    ((headers, body),) = receiver.got
    assert headers["Authorization"] == "Basic YTpi"
    assert "X-Beagle-Signature" not in headers
    assert json.loads(body)["data"]["queue"] == "hardware"


def labels(view) -> list[str]:
    return [button["text"]["text"] for button in view["blocks"][-1]["elements"]]


def test_a_route_may_let_anyone_pass_it_on(desk, receiver) -> None:
    assert labels(desk.press(MAE)) == ["Flow"]

    desk.usable.discard(MAE)
    assert desk.press(MAE) is None
    assert desk.said == [texts.NOT_YOURS]


def test_the_route_s_owner_is_suggested(desk) -> None:
    view = desk.pick("A person")
    (picker,) = [b for b in view["blocks"] if b.get("block_id") == "person"]
    assert picker["element"]["initial_user"] == GRACE


@pytest.mark.parametrize(("user", "home"), [(OMAR, "T9"), (ADA, "T9")], ids=str)
def test_people_of_other_companies_pass_nothing_on(desk, user: str, home: str) -> None:
    assert desk.press(user, home) is None
    assert desk.said == [texts.NOT_YOURS]


def test_the_asker_and_admins_have_all_of_them(desk) -> None:
    everything = ["A channel", "A person", "Remind me here", "Desk", "Flow"]
    assert labels(desk.press(ADA)) == labels(desk.press(OMAR)) == everything


def test_a_dialog_that_is_out_of_date_sends_nothing(desk) -> None:
    view = desk.pick("A channel")
    with desk.store.begin() as connection:
        connection.exec_driver_sql('UPDATE outcome SET data = \'{"summary": "else"}\'')

    desk.submit(view, channel=random_of(desk))
    desk.work()
    assert desk.passed_on("random") == []
    assert texts.CHANGED in json.dumps(desk.acked[-1], ensure_ascii=False)


def test_only_where_both_are_and_only_to_colleagues(desk) -> None:
    desk.submit(desk.pick("A channel"), channel={"selected_conversation": "C0NOWHERE00"})
    assert desk.told()[-1] == texts.NOT_MEMBER

    for nobody in ("U0NOBODY000", seed_data.BOT_USER_ID):
        desk.submit(desk.pick("A person"), person={"selected_user": nobody})
        assert desk.told()[-1] == texts.NOT_A_COLLEAGUE

    desk.work()
    assert desk.store.sendings.overdue(desk.clock() + 10) == []


NOTE = {"value": "See <!here> the *second* line."}
SHOWN_NOTE = texts.KEPT_NOTE.format(note="See &lt;!here&gt; the *second* line.")


def test_a_note_is_given_back_where_nothing_was_sent(desk) -> None:
    desk.submit(desk.pick("A channel"), channel={"selected_conversation": "C0NOWHERE00"}, note=NOTE)

    assert desk.told()[-1] == texts.NOT_MEMBER + SHOWN_NOTE


def test_a_note_for_a_channel_without_beagle_is_given_back(desk) -> None:
    workspace, channel = desk.sandbox.workspace, desk.sandbox.actor("ada").channel("support")
    members = desk.sandbox.call(lambda: list(workspace.channels[channel]["members"]))
    without = [user for user in members if user != seed_data.BOT_USER_ID]
    desk.sandbox.call(lambda: workspace.set_members(channel, without))

    desk.submit(desk.pick("A channel"), channel={"selected_conversation": channel}, note=NOTE)
    desk.work()
    desk.sandbox.call(lambda: workspace.set_members(channel, members))

    assert desk.passed_on("support") == []
    assert texts.REASONS["not_in_channel"] in desk.told()[-1]
    assert desk.told()[-1].endswith(SHOWN_NOTE)


def test_the_message_says_how_to_answer_the_thread(desk) -> None:
    desk.submit(desk.pick("A person"), person={"selected_user": GRACE})
    desk.work()

    (message,) = desk.passed_on("dm", "grace")
    assert texts.ANSWER_HOW in json.dumps(message["blocks"][-1], ensure_ascii=False)


def test_words_that_were_deleted_are_not_sent(desk) -> None:
    desk.submit(desk.pick("A channel"), channel=random_of(desk))
    desk.store.personal_data.expire_texts(desk.clock() + 1)
    desk.work()

    assert desk.passed_on("random") == []
    assert texts.REASONS["gone"] in desk.told()[-1]


@pytest.mark.parametrize("acls", ["'[\"CSECRET\"]'", "NULL"], ids=["private", "unknown"])
def test_answers_from_documents_that_not_everybody_may_read_stay(desk, acls: str) -> None:
    with desk.store.begin() as connection:
        connection.exec_driver_sql(f"UPDATE outcome SET acls = {acls}")

    assert desk.press() is None
    assert desk.said == [texts.PRIVATE]


LONG = "The lift is stuck. " * 500


def answer_at_length(desk) -> None:
    with desk.store.begin() as connection:
        change = "UPDATE outcome SET data = NULL, text = ?"
        connection.exec_driver_sql(change, (f"{LONG}{desk.request.ts}",))


def test_what_is_cut_says_so_in_the_dialog_and_where_it_arrives(desk) -> None:
    answer_at_length(desk)

    view = desk.pick("A channel")
    desk.submit(view, channel=random_of(desk))
    desk.work()

    message = next(m for m in desk.passed_on("random") if LONG[:1000] in json.dumps(m["blocks"]))
    for shown in (view["blocks"], message["blocks"]):
        assert CUT in json.dumps(shown, ensure_ascii=False)


def test_a_webhook_gets_the_mark_too(desk, receiver) -> None:
    answer_at_length(desk)

    desk.submit(desk.pick("Flow"))
    desk.work()

    ((_, body),) = receiver.got
    assert json.loads(body)["text"].endswith(CUT)
    assert len(json.loads(body)["text"]) <= MAX_TEXT


def test_a_reminder_that_is_cut_says_so_in_the_dialog_and_at_its_end(desk) -> None:
    answer_at_length(desk)

    view = desk.pick("Remind me here")
    desk.submit(view, when={"selected_option": {"value": "In a week"}})
    desk.work()

    assert texts.CUT in json.dumps(view["blocks"])
    listed = desk.client.chat_scheduledMessages_list(channel=desk.request.channel, limit=1000)
    at = int(desk.clock() + 7 * 86_400)
    (mine,) = [m for m in listed["scheduled_messages"] if m["post_at"] == at]
    assert mine["text"].endswith(CUT)


def test_a_long_reply_is_read_again_whole() -> None:
    words = "Use <b> & “quotes”. " * 140
    shown = sent_message("reply", {"user": GRACE, "text": words})
    marked = {"event_type": EVENT_TYPE, "event_payload": {"kind": "reply", "author": GRACE}}
    message = {"user": "UBEAGLE", "ts": "1.0", "text": shown.text, "metadata": marked}

    assert unescape(written_reply(message, "UBEAGLE")["text"]).strip() == words.strip()
