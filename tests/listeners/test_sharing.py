"""Sharing an answer from private documents: rights are checked at each click."""

from __future__ import annotations

import json

import pytest

from bot.listeners.sharing import SharingActions
from bot.ui import blocks
from bot.ui.texts import common as texts
from router.catalog.version import PromptStep, RetrieveStep, Version
from router.index import WORKSPACE_ACL, Chunk, Document
from router.store.versions.versions import StoredVersion
from router.types import Citation, Outcome, SlackPerson
from workers.fakes import MemoryDirectory
from workers.knowledge.membership import ReadingRights

HOUR = 3600.0
WORDS = ("lighthouse", "project", "start")
SECRET = "The lighthouse project starts in zanzibar."


class Slack:
    """Keeps the posts and their recipients."""

    def __init__(self) -> None:
        self.whispers, self.posts, self.views = [], [], []
        self.chat_postEphemeral = lambda **message: self.whispers.append(message)
        self.chat_postMessage = lambda **message: self.posts.append(message)
        self.views_open = lambda **view: self.views.append(view)


@pytest.fixture
def slack():
    return Slack()


@pytest.fixture
def people():
    made = MemoryDirectory()
    made.member_ids |= {"CSECRET": ["UIN"], "C1": ["UIN", "UOUT"]}
    return made


@pytest.fixture
def add_question(store, index, clock, make_request, make_decision, people):
    """A question in C1 whose answer is in CSECRET."""
    readers = store.access
    readers.set_channel("T1", "CSECRET", at=clock(), name="secret", public=False, read=True)
    readers.set_members("T1", "CSECRET", ["UIN"], clock())
    index.upsert(
        Document(
            "T1",
            "k",
            "slack:CSECRET",
            "#secret",
            "",
            "CSECRET",
            0.0,
            "h",
            [Chunk("#s", "", SECRET)],
        )
    )

    version = Version(
        route="handbook", kind="rag", prompt="A.", steps=(RetrieveStep(do="retrieve"), PromptStep())
    )
    store.versions.insert(
        StoredVersion(
            "", "handbook", version.id, "rag", "shadow", version.model_dump(mode="json"), clock()
        )
    )
    store.versions.go_live("", "handbook", version.id)

    def ask(**over):
        request = make_request("where does the lighthouse project start?", user="UIN", **over)
        store.requests.insert(request, clock())
        store.decisions.insert_first(request.id, make_decision("handbook"), clock())

        return request

    return ask


@pytest.fixture
def press(store, people, clock, slack):
    rights = ReadingRights(store.access, people, clock, HOUR)
    sharing = SharingActions(store, people, rights, lambda *_: {"handbook"})

    def click(what, request, user, channel=None):
        body = {
            "team": {"id": "T1"},
            "user": {"id": user},
            "channel": {"id": channel or request.channel},
        }

        body["trigger_id"] = "t"
        action = {"value": json.dumps({"request": request.id})}
        extra = {"respond": lambda **_: None} if what == "share_here" else {}
        getattr(sharing, what)(
            ack=lambda **_: None, body=body, action=action, client=slack, **extra
        )

    return click


@pytest.fixture
def submit(store, people, clock, slack):
    rights = ReadingRights(store.access, people, clock, HOUR)
    sharing = SharingActions(store, people, rights, lambda *_: {"handbook"})

    def submit(request, user):
        """Submits the dialog that shares an answer in C1; returns what the person is told."""
        answer = {"channel": {"channel": {"selected_conversation": "C1"}}}
        metadata = json.dumps({"request": request.id})
        view = {"private_metadata": metadata, "state": {"values": answer}}
        body = {"team": {"id": "T1"}, "user": {"id": user}, "view": view}
        done = []
        sharing.share(lambda **_: done.append(list(slack.posts)), body, view, slack)
        assert done == [[]], "acknowledged once, before anything is posted"
        return [message["text"] for message in slack.whispers]

    return submit


@pytest.fixture
def add_answer(add_question, store, clock):
    """A question in a DM, and its answer from CSECRET."""

    def add(acls=("CSECRET",)):
        request = add_question(channel="D1", channel_kind="dm")
        outcome = Outcome(SECRET, {"answered": True}, route="handbook", kind="rag", acls=acls)
        store.decisions.insert_outcome(request.id, 0, outcome, clock())
        return request

    return add


def test_an_answer_of_one_s_own_is_shared_where_one_is(add_answer, submit, slack):
    assert submit(add_answer(), "UIN") == []
    (post,) = slack.posts
    assert "zanzibar" in post["text"]


def test_who_lost_the_right_since_the_answer_shares_nothing(
    add_answer, submit, slack, people, clock
):
    request = add_answer()
    people.member_ids["CSECRET"] = []
    clock.forward(HOUR + 1)

    assert submit(request, "UIN")
    assert slack.posts == []


def test_whose_channel_slack_does_not_describe_shares_nothing(
    add_answer, submit, slack, people, clock
):
    request = add_answer()
    clock.forward(HOUR + 1)
    people.channels.clear()
    people.silent_channels.add("CSECRET")

    assert submit(request, "UIN")
    assert slack.posts == []


def test_an_answer_without_a_record_of_its_sources_is_not_shared(add_answer, submit, slack):
    assert submit(add_answer(acls=None), "UIN")
    assert slack.posts == []


def test_an_answer_of_a_route_that_is_no_longer_one_s_own_is_not_shared(
    add_answer, store, people, clock, slack
):
    rights = ReadingRights(store.access, people, clock, HOUR)
    sharing = SharingActions(store, people, rights, lambda *_: set())

    assert sharing._own_outcome(add_answer(), SlackPerson("T1", "UIN")) is None


def test_who_may_read_it_is_shown_it_alone(add_question, press, slack):
    press("search_privately", add_question(), "UIN")
    (whisper,) = slack.whispers
    assert "zanzibar" in whisper["text"]
    assert (whisper["user"], slack.posts) == ("UIN", [])


def test_what_everybody_was_shown_is_found_for_one_person_too(
    add_question, press, slack, index, store, clock
):
    """Passages that only one person may read have the words more often, and push nothing out."""
    store.access.set_channel("T1", "C1", at=clock(), name="general", public=False, read=True)
    store.access.set_members("T1", "C1", ["UIN", "UOUT"], clock())
    answer = "The lighthouse project starts at the pier of Ostend."
    notes = " ".join(
        f"We painted the {word} green for the people of the harbour." for word in WORDS * 6
    )
    index.upsert(_document("rules", "C1", answer))
    for number in range(20):
        index.upsert(_document(f"note-{number}", "CSECRET", notes))

    press("search_privately", add_question(), "UIN")

    (whisper,) = slack.whispers
    assert "Ostend" in whisper["text"]
    assert "zanzibar" in whisper["text"]


def _document(key, acl, body):
    return Document("T1", key, "docs", key, "", acl, 0.0, key, [Chunk("#s", "", body)])


def test_who_may_not_is_shown_nothing(add_question, press, slack):
    press("search_privately", add_question(), "UOUT")
    assert "zanzibar" not in str(slack.whispers)
    press("share_here", add_question(), "UOUT")
    assert slack.posts == []


def test_sharing_publishes_it_in_the_name_of_the_person(add_question, press, slack):
    press("share_here", add_question(), "UIN")
    (post,) = slack.posts
    assert "zanzibar" in post["text"]
    assert "<@UIN>" in post["blocks"][0]["text"]["text"]
    assert post["unfurl_links"] is post["unfurl_media"] is False
    # Else it might be taken for an answer whose posting was not recorded.
    assert post["metadata"]["event_type"]


def test_who_lost_the_right_between_two_clicks_shares_nothing(
    add_question, press, slack, store, people
):
    request = add_question()
    press("search_privately", request, "UIN")
    people.member_ids["CSECRET"] = []
    store.access.remove_member("T1", "CSECRET", "UIN")
    press("share_here", request, "UIN")
    assert slack.posts == []


def test_a_button_counts_only_where_it_stands(add_question, press, slack):
    press("search_privately", add_question(), "UIN", channel="C9")
    assert slack.whispers == []


def test_another_person_s_answer_is_not_theirs_to_share(add_question, press, slack):
    request = add_question(channel="D1", channel_kind="dm")
    press("ask_channel", request, "UOUT")
    assert slack.views == []
    press("ask_channel", request, "UIN")
    assert len(slack.views) == 1


@pytest.mark.parametrize(
    ("acls", "said"),
    [
        (("CSECRET",), texts.ALONE),
        ((WORKSPACE_ACL, "CSECRET"), texts.ALONE),
        (None, texts.ALONE),
        ((WORKSPACE_ACL,), texts.OPEN_TO_ALL),
    ],
    ids=str,
)
def test_the_dialog_says_who_may_read_the_documents(add_answer, press, slack, acls, said):
    press("ask_channel", add_answer(acls), "UIN")

    (view,) = slack.views
    assert said in json.dumps(view)


def test_what_one_may_read_alone_is_said_to_be_so(add_question, press, slack):
    press("search_privately", add_question(), "UIN")

    assert texts.ALONE in json.dumps(slack.whispers[0]["blocks"])


@pytest.mark.parametrize(
    ("kind", "found", "offered"),
    [
        ("public", True, None),
        ("public", False, "look_alone"),
        ("dm", True, "share_answer"),
        ("dm", False, None),
    ],
)
def test_the_buttons_are_shown_where_they_help(make_request, make_decision, kind, found, offered):
    cited = (Citation(1, "t", "", "q"),) if found else ()
    outcome = Outcome(
        text="x", kind="rag", route="handbook", data={"answered": found}, citations=cited
    )
    shown = blocks.answer(make_request(channel_kind=kind), make_decision("handbook"), outcome, ())
    names = {e.get("action_id") for block in shown.blocks for e in block.get("elements", [])}
    assert names & {"look_alone", "share_answer"} == ({offered} if offered else set())
