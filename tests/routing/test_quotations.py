"""Words of similar messages are quoted to those who can read them now, and to nobody else."""

from __future__ import annotations

import pytest

from bot.routing.quotations import ExampleQuotes
from router.catalog.catalog import load_routes
from router.store.privacy.sentences import Sentences, WrittenText
from router.types import SlackPerson
from tests.fixtures.help_desk import write_routes
from workers.fakes import MemoryDirectory
from workers.knowledge.membership import ReadingRights
from workers.ports import ChannelInfo

HOUR = 3600.0
WORDS = "where is my secret parcel"


@pytest.fixture
def directory():
    """What Slack says of UGUEST, and of C1 and CROOM, where U2 is alone."""
    directory = MemoryDirectory()
    directory.guest_ids.add("UGUEST")
    directory.unknown_ids.add("USTRANGER")
    directory.channels["C1"] = ChannelInfo("C1", "general", public=True, shared=False)
    directory.member_ids["CROOM"] = ["U2"]
    return directory


@pytest.fixture
def quotes(tmp_path, store, clock, directory):
    write_routes(tmp_path / "routes")
    rights = ReadingRights(store.access, directory, clock, HOUR)
    return ExampleQuotes(load_routes(tmp_path / "routes"), store, rights)


@pytest.fixture
def said(store, make_request, clock):
    """Stores a request of U1 in C1 of T1; returns the entry that a decision has for it."""

    def say(**over):
        request = make_request(WORDS, **over)
        store.requests.insert(request, clock())
        return {"route": "delivery", "request": request.id}

    return say


@pytest.mark.parametrize(
    ("place", "reader", "readable"),
    [
        ({}, ("T1", "U2"), True),
        ({}, ("T1", "UGUEST"), False),
        ({}, ("T1", "USTRANGER"), False),
        ({}, ("T2", "U2"), False),
        ({}, ("T2", "U1"), False),
        ({"channel": "CROOM"}, ("T1", "U2"), True),
        ({"channel": "CROOM", "user": "U9"}, ("T1", "U1"), False),
        ({"channel": "D1"}, ("T1", "U2"), False),
        ({"channel": "D1"}, ("T1", "U1"), True),
        ({"channel": "CUNKNOWN"}, ("T1", "U2"), False),
    ],
)
def test_a_message_is_quoted_to_those_who_can_read_it(quotes, said, place, reader, readable):
    quote = quotes.for_reader(SlackPerson(*reader))(said(**place))

    assert quote == (WORDS if readable else "")


def test_words_that_are_gone_are_quoted_to_nobody(quotes, said, store, clock):
    entry = said()

    store.personal_data.expire_texts(clock() + 1)
    assert quotes.for_reader(SlackPerson("T1", "U1"))(entry) == ""

    store.personal_data.erase_user("T1", "U1", Sentences(b"key", [WrittenText(WORDS)]), [])
    assert quotes.for_reader(SlackPerson("T1", "U2"))(entry) == ""


def test_who_opted_out_is_quoted_to_nobody(quotes, said, store, clock):
    entry = said()
    store.opt_outs.add("T1", "U1", clock())

    assert quotes.for_reader(SlackPerson("T1", "U2"))(entry) == ""


def test_a_channel_that_became_private_is_quoted_to_its_members_only(
    quotes, said, directory, clock
):
    entry = said()
    assert quotes.for_reader(SlackPerson("T1", "U2"))(entry) == WORDS

    # Nobody was told: the event is lost.
    directory.channels["C1"] = ChannelInfo("C1", "general", public=False, shared=False)
    directory.member_ids["C1"] = ["U7"]
    clock.forward(HOUR + 1)

    assert quotes.for_reader(SlackPerson("T1", "U2"))(entry) == ""
    assert quotes.for_reader(SlackPerson("T1", "U7"))(entry) == WORDS


def test_while_slack_is_silent_old_rights_quote_nothing(quotes, said, directory, clock):
    entry = said()
    assert quotes.for_reader(SlackPerson("T1", "U2"))(entry) == WORDS

    directory.down = True
    clock.forward(HOUR + 1)
    assert quotes.for_reader(SlackPerson("T1", "U2"))(entry) == ""


def test_texts_of_route_files_are_quoted_and_other_entries_are_not(quotes, tmp_path):
    examples = load_routes(tmp_path / "routes").training_examples()
    quote = quotes.for_reader(SlackPerson("T1", "USTRANGER"))

    assert quote({"example": examples[0].id}) == examples[0].text
    assert quote({"example": "unknown"}) == ""
    assert quote({"text": "words of an older release", "route": "delivery"}) == ""
    assert quote({}) == ""
