"""An answer that a person gave is marked, reviewed and saved, in front of the loopback Slack."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pytest

from bot.admins import Admins
from bot.routing.service import RoutingService
from bot.sandbox import seed_data
from bot.sandbox.clock import ManualClock
from bot.sandbox.server import Sandbox
from bot.slack_app import SlackApp
from bot.transport.directory import SlackDirectory
from bot.transport.workspaces import open_workspaces
from router.catalog.catalog import load_routes
from router.config import Settings
from router.learning.learner import Learner
from router.store.workspace.channel_rules import ChannelRule
from router.types import SlackPerson
from tests.fixtures.help_desk import write_routes
from tests.fixtures.router import TrigramEncoder
from tests.fixtures.slack import slack_config
from workers.fakes import MemoryQueue
from workers.jobs import queue_of_job
from workers.knowledge.membership import ReadingRights
from workers.privacy.erasure import erase_person, prove_erased
from workers.runtime.processes import wait_until

TEAM = seed_data.TEAM_ID
ADA, GRACE, LINUS = (seed_data.user_id(name) for name in ("ada", "grace", "linus"))
QUESTION = "Where do I find the zanzibar budget template?"
ANSWER = "The zanzibar budget template is in the drawer of the blue cabinet."
DAY = 86_400.0
SECONDS = 120.0
"""Only a failure waits so long."""


@dataclass
class Desk:
    """A bot that answers nothing by itself, in front of a workspace of people."""

    sandbox: Sandbox
    app: SlackApp
    store: Any
    rights: ReadingRights
    clock: Any

    def person(self, name):
        return self.sandbox.actor(name)

    def thread(self, channel="general", question=QUESTION, answer=ANSWER):
        """Linus asks Beagle, Grace answers; returns both timestamps once Beagle has both."""
        ts = self.person("linus").say(channel, f"@beagle {question}")
        place = self.person("linus").channel(channel)
        self.until(lambda: self.store.requests.find(TEAM, place, ts))
        reply = self.person("grace").say(channel, answer, thread_ts=ts)
        return ts, reply

    def until(self, predicate):
        found = []

        def is_so():
            found[:] = [predicate()]
            return bool(found[0])

        assert wait_until(is_so, SECONDS)
        return found[0]

    def offered(self, name, channel="general"):
        """The offer that the person alone sees."""
        actor = self.person(name)
        return self.until(
            lambda: next(
                (m for m in actor.ephemerals(channel) if "review_answer" in str(m["blocks"])), None
            )
        )

    def review(self, name, channel="general"):
        """Presses the offer's button; returns the dialog."""
        actor = self.person(name)
        actor.click(channel, self.offered(name, channel)["ts"], "review_answer")
        return self.dialog(name)

    def dialog(self, name, words="initial_value"):
        """The person's dialog, once it shows these words; until then the thread is being read."""
        actor = self.person(name)
        return self.until(
            lambda: next((view for view in actor.views() if words in str(view["blocks"])), None)
        )

    def save(self, name, channel="general", **values):
        view = self.review(name, channel)
        assert self.person(name).submit_view(view["id"], values) == {}
        return self.until(lambda: self.store.captured_answers.for_channel(TEAM, view_channel(view)))

    def saved_note(self, name, channel="general"):
        """The note that tells the reviewer; it follows the row in the store."""
        return self.person(name).wait_for_ephemeral(channel, "Saved:", SECONDS)

    def found(self, user, question=QUESTION):
        """What the person finds in a direct message with Beagle."""
        person = SlackPerson(TEAM, user)
        acls = self.rights.readable(person, self.store.documents.acls(TEAM))
        viewer = self.store.access.viewer(TEAM, user, "D1", "dm", since=self.rights.since)
        hits = self.store.documents.search(question, None, viewer, 6)
        return [hit.body for hit in hits if hit.acl in acls]


def view_channel(view):
    return view["private_metadata"].split('"channel":"')[1].split('"')[0]


@pytest.fixture
def desk(tmp_path, store, clock):
    # Slack's clock stands still: a dialog opens within Slack's three seconds on any machine.
    with Sandbox(slack_config(clock=ManualClock())) as sandbox:
        settings = Settings(
            _env_file=None,
            SLACK_API_URL=sandbox.api_url,
            SLACK_BOT_TOKEN=sandbox.bot_token,
            SLACK_APP_TOKEN=sandbox.app_token,
            port=0,
            health_port=0,
            admins=(ADA,),
        )
        write_routes(tmp_path / "routes")
        workspaces = open_workspaces(settings, store, None, clock)
        admins = Admins(settings, store.audit, clock)
        directory = SlackDirectory(lambda team: workspaces.clients.for_team(team).retrying)
        queue = MemoryQueue(queue_of_job())
        routing = RoutingService(
            load_routes(tmp_path / "routes"),
            Learner(TrigramEncoder(), tmp_path / "router"),
            store,
            queue,
            admins,
            directory,
        )
        ids = itertools.count(1)
        app = SlackApp(settings, store, queue, routing, workspaces, lambda: f"r{next(ids)}")
        app.start()
        assert wait_until(lambda: app.socket_age() >= 0, SECONDS)
        yield Desk(sandbox, app, store, routing.rights, clock)
        app.stop()


def test_an_answer_with_a_check_mark_is_reviewed_and_found_by_the_next_who_asks(desk):
    ts, reply = desk.thread()

    desk.person("ada").react("general", reply, "white_check_mark")
    (answer,) = desk.save("ada")

    assert (answer.author, answer.asker, answer.owner, answer.reviewer) == (GRACE, LINUS, ADA, ADA)
    request = desk.store.requests.find(TEAM, answer.channel, ts)
    assert (answer.ts, answer.question_ts, answer.request) == (reply, ts, request.id)
    assert desk.found(LINUS) == [ANSWER]
    viewer = desk.store.access.viewer(TEAM, ADA, "D1", "dm", since=0.0)
    (hit,) = desk.store.documents.search(QUESTION, None, viewer)
    assert "answered by grace on " in hit.title
    assert hit.title.startswith(QUESTION)
    assert f"p{reply.replace('.', '')}" in hit.url
    desk.saved_note("ada")


def test_the_dialog_shows_the_masked_words_and_what_they_contradict(desk, page):
    desk.store.documents.upsert(page("A hotel room may cost up to 140 euros a night.", team=TEAM))
    desk.thread(
        question="What may a hotel room cost a night?",
        answer="A hotel room may cost up to 90 euros a night, ask grace@example.com.",
    )
    reply = desk.person("grace").thread("general", desk_threads(desk))[1]["ts"]
    desk.person("ada").react("general", reply, "white_check_mark")

    view = desk.review("ada")

    texts = str(view["blocks"])
    assert "[email]" in texts
    assert "grace@example.com" not in texts
    assert "140 euros" in texts
    assert "may read #general" in texts


def desk_threads(desk):
    """The timestamp of the newest request."""
    channel = desk.person("ada").channel("general")
    messages = desk.sandbox.call(
        lambda: [
            m for m in desk.sandbox.workspace.messages[channel].values() if m.get("user") == LINUS
        ]
    )
    return messages[-1]["ts"]


def test_a_reviewer_edits_the_words_and_names_an_owner_and_a_time(desk):
    _, reply = desk.thread()
    desk.person("ada").react("general", reply, "white_check_mark")

    (answer,) = desk.save(
        "ada",
        answer="It is in the blue zanzibar cabinet. Call grace@example.com.",
        days="30",
        owner=GRACE,
    )

    assert answer.owner == GRACE
    assert answer.valid_until == answer.at + 30 * DAY
    assert desk.found(LINUS) == ["It is in the blue zanzibar cabinet. Call [email]."]


def test_an_app_cannot_be_asked_whether_an_answer_still_holds(desk):
    _, reply = desk.thread()
    desk.person("ada").react("general", reply, "white_check_mark")

    (answer,) = desk.save("ada", owner=seed_data.BOT_USER_ID)

    assert answer.owner == ADA


def test_nobody_without_the_right_is_offered_or_may_use_the_shortcut(desk):
    _, reply = desk.thread()
    omar = desk.person("omar")

    omar.react("general", reply, "white_check_mark")
    omar.shortcut("save_answer", "general", reply)

    told = desk.until(lambda: omar.ephemerals("general"))
    assert [message["text"][:16] for message in told] == ["Only an admin of"]
    assert omar.views() == []


def test_an_owner_whom_an_admin_named_for_the_channel_has_the_right_there_alone(desk):
    channel = desk.person("omar").channel("general")
    omar = seed_data.user_id("omar")
    desk.store.channel_rules.upsert(ChannelRule(TEAM, channel, owners=(omar,)))
    _, reply = desk.thread()
    _, elsewhere = desk.thread("support", answer="Somewhere else.")

    desk.person("omar").react("support", elsewhere, "white_check_mark")
    desk.person("omar").react("general", reply, "white_check_mark")

    assert len(desk.save("omar")) == 1
    assert desk.person("omar").ephemerals("support") == []


def test_the_shortcut_saves_where_beagle_was_not_asked(desk):
    grace = desk.person("grace")
    ts = desk.person("linus").say("general", QUESTION)
    reply = grace.say("general", ANSWER, thread_ts=ts)

    desk.person("ada").shortcut("save_answer", "general", reply)
    view = desk.dialog("ada")
    desk.person("ada").submit_view(view["id"], {})

    (answer,) = desk.until(
        lambda: desk.store.captured_answers.for_channel(TEAM, view_channel(view))
    )
    assert (answer.question_ts, answer.request, answer.route) == (ts, "", "")
    assert desk.found(LINUS) == [ANSWER]


def test_the_review_opens_although_slack_is_slow_to_show_the_thread(desk):
    _, reply = desk.thread()
    # Two calls take longer than a trigger id lives.
    desk.sandbox.context.call_seconds = 2.0

    desk.person("ada").shortcut("save_answer", "general", reply)

    assert ANSWER in str(desk.dialog("ada")["blocks"])


def test_only_members_of_a_private_channel_find_what_was_answered_there(desk):
    desk.person("ada").invite_bot("leads")
    ts = desk.person("ada").say("leads", f"@beagle {QUESTION}")
    reply = desk.person("grace").say("leads", ANSWER, thread_ts=ts)
    desk.person("ada").shortcut("save_answer", "leads", reply)
    view = desk.dialog("ada")
    desk.person("ada").submit_view(view["id"], {})
    desk.until(lambda: desk.store.captured_answers.for_channel(TEAM, view_channel(view)))

    assert desk.found(GRACE) == [ANSWER]
    assert desk.found(LINUS) == []


@pytest.mark.parametrize("which", ["answer", "question"])
def test_deleting_either_message_removes_the_answer(desk, which):
    ts, reply = desk.thread()
    desk.person("ada").react("general", reply, "white_check_mark")
    (answer,) = desk.save("ada")

    if which == "answer":
        desk.person("grace").delete("general", reply)
    else:
        desk.person("linus").delete("general", ts)

    desk.until(lambda: not desk.store.captured_answers.for_channel(TEAM, answer.channel))
    assert desk.found(ADA) == []


def test_an_edited_answer_is_quoted_no_more_and_its_owner_is_told(desk):
    _, reply = desk.thread()
    desk.person("ada").react("general", reply, "white_check_mark")
    (answer,) = desk.save("ada")

    desk.person("grace").edit("general", reply, "The template moved to the red cabinet.")

    desk.until(lambda: not desk.store.captured_answers.for_channel(TEAM, answer.channel))
    assert desk.found(ADA) == []
    told = desk.until(lambda: in_dm(desk, "ada"))
    assert "edited the message behind an answer" in told[-1]["text"]


def in_dm(desk, name):
    """What Beagle wrote to the person in their direct message."""
    channel = desk.person(name).channel("dm")
    return desk.sandbox.call(
        lambda: [
            m for m in desk.sandbox.workspace.messages.get(channel, {}).values() if m.get("bot_id")
        ]
    )


@pytest.mark.parametrize("user", [GRACE, LINUS], ids=["who answered", "who asked"])
def test_forgetting_a_person_removes_the_answers_of_theirs_and_to_them(desk, user, tmp_path):
    _, reply = desk.thread()
    desk.person("ada").react("general", reply, "white_check_mark")
    (answer,) = desk.save("ada")

    erased = erase_person(desk.store, desk.store.documents, TEAM, user, desk.clock())

    assert erased.rows["captured"] == 1
    assert erased.remaining == {}
    assert desk.store.captured_answers.for_channel(TEAM, answer.channel) == []
    assert desk.found(ADA) == []
    files = [path for path in tmp_path.iterdir() if path.name.startswith("beagle.db")]
    assert prove_erased(desk.store, files, erased.terms) == []


@pytest.mark.parametrize("user", [GRACE, LINUS], ids=["who answered", "who asked"])
def test_words_of_somebody_who_opted_out_are_not_saved(desk, user):
    desk.store.opt_outs.add(TEAM, user, desk.clock())
    _, reply = desk.thread()

    desk.person("ada").react("general", reply, "white_check_mark")
    desk.person("ada").shortcut("save_answer", "general", reply)

    view = desk.dialog("ada", "not to use their words")
    assert view["submit"] is None
    assert desk.person("ada").ephemerals("general") == []


def test_an_owner_is_asked_once_before_an_answer_lapses_and_can_keep_it(desk):
    _, reply = desk.thread()
    desk.person("ada").react("general", reply, "white_check_mark")
    (answer,) = desk.save("ada", days="30")
    # What comes before the note looks at the thread once more, by the clock of that moment.
    desk.saved_note("ada")

    desk.clock.forward(24 * DAY)
    desk.app.answer_expiry.tick()
    desk.app.answer_expiry.tick()

    (asked,) = in_dm(desk, "ada")
    assert "Does it still hold?" in asked["text"]
    desk.person("ada").click("dm", asked["ts"], "keep_answer")
    desk.until(
        lambda: (
            desk.store.captured_answers.get(TEAM, answer.channel, reply).valid_until
            > answer.valid_until
        )
    )


def test_an_answer_that_nobody_keeps_lapses(desk):
    _, reply = desk.thread()
    desk.person("ada").react("general", reply, "white_check_mark")
    (answer,) = desk.save("ada", days="30")

    desk.clock.forward(31 * DAY)
    desk.app.answer_expiry.tick()

    assert desk.store.captured_answers.for_channel(TEAM, answer.channel) == []
    assert desk.found(ADA) == []


def test_an_answer_can_be_taken_back_at_once(desk):
    _, reply = desk.thread()
    desk.person("ada").react("general", reply, "white_check_mark")
    (answer,) = desk.save("ada")
    saved = desk.saved_note("ada")

    desk.person("ada").click("general", saved["ts"], "drop_answer")

    desk.until(lambda: not desk.store.captured_answers.for_channel(TEAM, answer.channel))


def test_replies_of_people_are_counted_once_a_request_and_never_read(desk):
    ts, _ = desk.thread()
    desk.person("grace").say("general", "And one more thing.", thread_ts=ts)
    desk.person("linus").say("general", "thanks", thread_ts=ts)
    # Replies are counted before they are acknowledged.
    desk.sandbox.settle()

    assert desk.store.people_replies.count(TEAM, 0.0, desk.clock() + 1) == 1


def test_a_reply_that_arrives_late_counts_for_the_request_that_it_followed(store, make_request):
    place = ("C1", "1.0")
    for number, (ts, user) in enumerate((("1.0", LINUS), ("3.0", LINUS))):
        asked = make_request(id=f"r{number}", team=TEAM, ts=ts, thread_ts="1.0", user=user)
        store.requests.insert(asked, wake_at=0.0)

    assert store.people_replies.note(TEAM, place, GRACE, "2.0", 10.0)
    assert not store.people_replies.note(TEAM, place, GRACE, "2.5", 11.0)
    assert store.people_replies.note(TEAM, place, GRACE, "4.0", 12.0)
    assert not store.people_replies.note(TEAM, place, GRACE, "0.5", 13.0)


def test_a_deletion_that_overtakes_the_review_wins(desk):
    """Nothing is kept of a message that was deleted while its review was open."""
    _, reply = desk.thread()
    desk.person("ada").react("general", reply, "white_check_mark")
    view = desk.review("ada")
    desk.person("grace").delete("general", reply)

    desk.person("ada").submit_view(view["id"], {})

    told = desk.until(
        lambda: [m for m in desk.person("ada").ephemerals("general") if "deleted" in m["text"]]
    )
    assert told
    assert desk.store.captured_answers.for_channel(TEAM, view_channel(view)) == []
