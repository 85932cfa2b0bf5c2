"""People of other companies and guests play whole requests through the real stack."""

from __future__ import annotations

import pytest

from bot.replies.posting import EVENT_TYPE
from bot.sandbox.companies import Company
from bot.sandbox.element_values import ActionError
from bot.sandbox.seed_data import TEAM_ID
from workers.runtime.processes import wait_until

pytestmark = pytest.mark.chaos
SECONDS = 300.0
SMALL = Company("T0OTHER0001", "Small Partner")
GRID = Company("T0OTHER0002", "Grid Partner", "E0OTHER")
SISTER = Company("T0OTHER0003", "Grid Sister", "E0OTHER")
ANSWER = "A clearer sentence"


@pytest.fixture(scope="module")
def shared(stack):
    """#support is shared: with a company's workspace, and with two of an organisation."""
    ada = stack.sandbox.actor("ada")
    for company, name in ((SMALL, "nils"), (GRID, "wilma"), (SISTER, "walt")):
        stack.sandbox.add_company(company)
        stack.sandbox.add_person(name, company)
        ada.share_channel("support", company.team)
        ada.invite("support", name)

    return stack


@pytest.fixture(params=["nils", "wilma", "walt"])
def outsider(shared, request):
    return shared.sandbox.actor(request.param)


def answers(actor, ts, channel="support"):
    found = []
    for message in actor.thread(channel, ts):
        if (message.get("metadata") or {}).get("event_type") == EVENT_TYPE:
            found.append(message)

    return found


def wait_for_answer(actor, ts, words=ANSWER, channel="support"):
    def complete():
        return [m for m in answers(actor, ts, channel) if words in m["text"]]

    assert wait_until(complete, SECONDS), [m["text"] for m in actor.thread(channel, ts)]
    return complete()[0]


def ask(actor, words="a plain sentence", channel="support"):
    ts = actor.say(channel, f"@beagle !rewrite {words}")
    return ts, wait_for_answer(actor, ts, channel=channel)


def stored(stack, actor, ts, channel="support"):
    return stack.store.requests.find(TEAM_ID, actor.channel(channel), ts)


def element(message, action_id):
    for block in message["blocks"]:
        for part in [*block.get("elements", []), block.get("accessory") or {}]:
            if part.get("action_id") == action_id:
                return part

    return None


def streams(stack):
    return stack.sandbox.call(lambda: stack.sandbox.context.call_counts["chat.startStream"])


def test_a_request_of_another_company_is_answered_once_and_as_a_stream(shared, outsider):
    before = streams(shared)
    ts, _ = ask(outsider)

    assert len(answers(outsider, ts)) == 1
    assert streams(shared) == before + 1
    errors = shared.sandbox.call(lambda: dict(shared.sandbox.context.error_counts))
    assert "user_not_found" not in errors
    assert stored(shared, outsider, ts).user_team not in ("", "unknown")


def test_they_press_the_buttons_below_their_own_answer(shared, outsider):
    ts, message = ask(outsider, "for a thumb")
    up = element(message, "thumb")["positive_button"]["value"]

    assert outsider.click("support", message["ts"], "thumb", up)

    request = stored(shared, outsider, ts)
    assert wait_until(
        lambda: [f.value for f in shared.store.feedback.for_request(request.id)] == ["up"], SECONDS
    )


def test_they_edit_their_question_and_have_it_answered_again(shared, outsider):
    ts, _ = ask(outsider, "before the edit")
    outsider.edit("support", ts, "@beagle !rewrite after the edit")

    def offer():
        return [m for m in outsider.ephemerals("support") if element(m, "run_new")]

    assert wait_until(offer, SECONDS)
    outsider.click("support", offer()[-1]["ts"], "run_new")
    assert wait_until(lambda: stored(shared, outsider, ts).text.endswith("the edit"), SECONDS)
    assert wait_until(
        lambda: shared.store.decisions.newest(stored(shared, outsider, ts).id).revision == 1,
        SECONDS,
    )
    assert wait_until(lambda: not offer(), SECONDS)


def test_they_delete_their_question_and_nothing_of_it_is_left(shared, outsider):
    ts, _ = ask(outsider, "words-of-theirs to delete")

    outsider.delete("support", ts)

    def gone():
        request = stored(shared, outsider, ts)
        return not answers(outsider, ts) and (request is None or "theirs" not in request.text)

    assert wait_until(gone, SECONDS)


def test_they_say_in_a_dialog_which_route_was_right(shared, outsider):
    ts, message = ask(outsider, "for another route")
    request = stored(shared, outsider, ts)
    assert outsider.click("support", message["ts"], "wrong_route")
    assert wait_until(outsider.views, SECONDS)
    view = outsider.views()[-1]
    inputs = {block.get("block_id"): block.get("element") for block in view["blocks"]}
    values = {"route": inputs["route"]["options"][0]["value"], "again": ["yes"]}
    assert outsider.submit_view(view["id"], values) == {}

    def corrected():
        newest = shared.store.decisions.newest(request.id)
        return newest.revision == 1 and newest

    assert wait_until(corrected, SECONDS)
    person = corrected()
    assert (person.asked_by, person.asked_by_team) == (outsider.id, request.user_team)
    assert not outsider.views()


def test_a_mention_that_arrives_long_before_its_message_is_streamed_all_the_same(shared):
    shared.sandbox.inject_fault("delay", on="message", seconds=5.0, times=1)
    walt = shared.sandbox.actor("walt")
    before = streams(shared)

    ts, _ = ask(walt, "by a mention alone")

    assert streams(shared) == before + 1
    assert stored(shared, walt, ts).user_team == SISTER.team


def test_people_of_one_organisation_are_two_people(shared):
    wilma, walt = (shared.sandbox.actor(name) for name in ("wilma", "walt"))
    theirs = [stored(shared, person, ask(person)[0]).asker for person in (wilma, walt)]
    assert [person.home for person in theirs] == [GRID.team, SISTER.team]


@pytest.mark.parametrize("single_channel", [False, True])
def test_guests_of_both_kinds_are_answered_where_they_are(shared, single_channel):
    ada, mae = shared.sandbox.actor("ada"), shared.sandbox.actor("mae")
    ada.set_guest("mae", guest=True, single_channel=single_channel)
    try:
        ts, message = ask(mae, "of a guest")
        assert stored(shared, mae, ts).user_team == ""
        up = element(message, "thumb")["positive_button"]["value"]
        assert mae.click("support", message["ts"], "thumb", up)
        with pytest.raises(ActionError):
            mae.join("random")
    finally:
        ada.set_guest("mae", guest=False)


def test_a_group_dm_is_answered(shared):
    ada = shared.sandbox.actor("ada")
    group = ada.open_group(["grace"])
    ts, _ = ask(ada, "in a group", channel=group)
    assert stored(shared, ada, ts, group).channel_kind == "private"


def test_every_event_of_the_story_was_acknowledged(shared):
    counts = shared.sandbox.call(lambda: dict(shared.sandbox.context.dispatcher.counts))
    assert counts.get("given_up", 0) == counts.get("retries", 0) == 0
