"""Answers from documents and channels, end to end, with each person's access rights."""

from __future__ import annotations

from functools import partial

import pytest

from bot.replies.posting import EVENT_TYPE
from bot.sandbox import seed_data
from router.store.knowledge.sources import Source
from workers.knowledge.refresh import read_source, refresh_key, remove_source
from workers.runtime.processes import wait_until

pytestmark = pytest.mark.chaos
SECONDS = 300.0


@pytest.fixture
def actors(stack):
    return {name: stack.sandbox.actor(name) for name in ("ada", "grace", "linus")}


@pytest.fixture
def travel(stack, tmp_path):
    """A page that the whole workspace may read; a call rewrites it with another amount."""
    page = tmp_path / "travel.md"
    source = Source(
        seed_data.TEAM_ID,
        str(tmp_path),
        "folder",
        (str(tmp_path),),
        "public",
        "https://handbook.example",
    )

    def write(euros: int) -> None:
        page.write_text(
            f"# Travel\n\n## Hotels\n\nA hotel room may cost up to {euros} euros a night.\n",
            "utf-8",
        )
        read_source(stack.store, source, 0.0)

    write(140)
    yield write
    remove_source(stack.store, seed_data.TEAM_ID, source.name)


def ask(actor, channel, text):
    """Asks a question and returns the finished answer."""
    ts = actor.say(channel, text if channel == "dm" else f"@beagle {text}")

    def search():
        said = actor.thread(channel, ts)
        return [m for m in said if (m.get("metadata") or {}).get("event_type") == EVENT_TYPE]

    assert wait_until(search, SECONDS), "no answer came"
    return search()[0]


def whispered(actor, channel, act, word):
    """Returns the new ephemeral message with `word` that this person sees after `act`."""
    seen = {m["ts"]: m["text"] for m in actor.ephemerals(channel)}

    def new():
        return [
            m
            for m in actor.ephemerals(channel)
            if word in m["text"] and seen.get(m["ts"]) != m["text"]
        ]

    act()
    assert wait_until(new, SECONDS), actor.ephemerals(channel)
    return new()[-1]


def typed(actor, channel, text, word):
    return whispered(actor, channel, lambda: actor.slash(channel, "/beagle", text), word)


QUESTION = "!handbook what may a hotel room cost a night?"


def test_an_edited_page_is_in_the_next_answer_with_its_link(actors, travel):
    first = ask(actors["ada"], "general", QUESTION)
    assert "140 euros" in first["text"]
    assert "https://handbook.example/travel#hotels" in str(first["blocks"])
    travel(95)
    assert "95 euros" in ask(actors["ada"], "general", QUESTION)["text"]


def test_a_guest_in_the_channel_keeps_the_workspace_s_pages_out(actors, travel, stack):
    linus = seed_data.user_id("linus")
    stack.sandbox.call(lambda: stack.sandbox.workspace.users[linus].update(is_restricted=True))
    stack.store.access.set_user(seed_data.TEAM_ID, linus, guest=True)

    try:
        assert "euros" not in ask(actors["ada"], "general", QUESTION)["text"]
        assert "euros" not in ask(actors["linus"], "dm", QUESTION)["text"]
        assert "140 euros" in ask(actors["ada"], "dm", QUESTION)["text"]
    finally:
        stack.sandbox.call(lambda: stack.sandbox.workspace.users[linus].pop("is_restricted"))
        stack.store.access.set_user(seed_data.TEAM_ID, linus, guest=False)


def test_a_private_channel_is_read_after_a_notice_and_for_its_members_only(actors, stack):
    ada, grace, linus = (actors[name] for name in ("ada", "grace", "linus"))
    typed(grace, "leads", "knowledge read", "admin")
    typed(ada, "leads", "knowledge read", "From now on")
    assert any("read along here" in m["text"] for m in said_in(stack, "leads"))
    secret = grace.say("leads", "The lighthouse project starts in zanzibar on the ninth of May.")
    index = stack.store.documents
    channel = ada.channel("leads")
    assert wait_until(lambda: index.hashes(seed_data.TEAM_ID, f"slack:{channel}"), SECONDS)
    question = "!handbook where does the lighthouse project start?"
    assert "zanzibar" in ask(ada, "dm", question)["text"]
    assert "zanzibar" not in ask(linus, "dm", question)["text"]
    public = ask(ada, "general", question)
    assert "zanzibar" not in public["text"]
    shared_after_a_private_look(ada, linus, public)
    grace.delete("leads", secret)
    assert wait_until(lambda: not index.hashes(seed_data.TEAM_ID, f"slack:{channel}"), SECONDS)
    assert "zanzibar" not in ask(ada, "dm", question)["text"]
    typed(ada, "leads", "knowledge stop", "no longer read this channel")


def shared_after_a_private_look(ada, linus, public):
    """Only who may read the document finds it with the button, and only they can publish it."""
    whispered(
        linus,
        "general",
        lambda: linus.click("general", public["ts"], "look_alone"),
        "could not find",
    )

    found = whispered(
        ada, "general", lambda: ada.click("general", public["ts"], "look_alone"), "zanzibar"
    )
    assert not any("zanzibar" in m["text"] for m in linus.ephemerals("general"))
    ada.click("general", found["ts"], "share_here")
    assert wait_until(
        lambda: any("zanzibar" in m["text"] for m in ada.thread("general", public["thread_ts"])),
        SECONDS,
    )


def test_who_leaves_a_channel_no_longer_gets_its_content(actors, stack):
    ada, grace = actors["ada"], actors["grace"]
    typed(ada, "leads", "knowledge read", "From now on")
    ada.say("leads", "The submarine cable lands near madagascar in June.")
    channel, index = ada.channel("leads"), stack.store.documents
    assert wait_until(lambda: index.hashes(seed_data.TEAM_ID, f"slack:{channel}"), SECONDS)
    question = "!handbook where does the submarine cable land?"
    assert "madagascar" in ask(grace, "dm", question)["text"]
    grace.leave("leads")
    readers, team = stack.store.access, seed_data.TEAM_ID

    def has_left():
        return channel not in readers.viewer(team, grace.id, "D", "dm", since=0.0).channels

    assert wait_until(has_left, SECONDS)
    assert "madagascar" not in ask(grace, "dm", question)["text"]


def test_a_file_shared_where_beagle_reads_is_quoted_to_members(actors, stack):
    ada = actors["ada"]
    stack.start("worker-compute", "worker", "--queue", "compute")
    typed(ada, "leads", "knowledge read", "From now on")
    ada.upload(
        "leads",
        "catering.md",
        "# Catering\n\nThe summer party is catered by the blue heron for 900 guests.\n",
    )

    index = stack.store.documents

    def there():
        return any(
            ":file:" in key
            for key in index.hashes(seed_data.TEAM_ID, f"slack:{ada.channel('leads')}")
        )

    assert wait_until(there, SECONDS)
    assert "blue heron" in ask(ada, "dm", "!handbook who is catering the summer party?")["text"]
    assert (
        "blue heron"
        not in ask(actors["linus"], "dm", "!handbook who is catering the summer party?")["text"]
    )


def test_an_answer_in_private_can_be_shared_where_the_person_is(actors, travel, stack):
    ada = actors["ada"]
    answer = ask(ada, "dm", QUESTION)
    ada.click("dm", answer["ts"], "share_answer")
    assert wait_until(ada.views, SECONDS)
    view = ada.views()[-1]
    # Beagle is not in #random.
    refused = partial(ada.submit_view, view["id"], {"channel": ada.channel("random")})
    whispered(ada, "dm", refused, "only in a channel that both of us are in")

    ada.click("dm", answer["ts"], "share_answer")
    assert wait_until(lambda: len(ada.views()) > 0, SECONDS)
    view = ada.views()[-1]
    assert not ada.submit_view(view["id"], {"channel": ada.channel("support")})
    assert wait_until(
        lambda: any("shares" in str(m.get("blocks")) for m in said_in(stack, "support")), SECONDS
    )


def test_forget_me_erases_and_proves_it(actors, stack):
    linus = actors["linus"]
    ask(linus, "general", "!rewrite the walrus at gate seventeen wants an umbrella")
    question = typed(linus, "general", "forget me", "cannot be undone")
    done = whispered(
        linus, "general", lambda: linus.click("general", question["ts"], "forget_me"), "Erased"
    )
    assert "nothing is left" in done["text"]
    texts = [
        row for row in (stack.folder / "beagle.db").read_bytes().split(b"walrus at gate") if row
    ]
    assert len(texts) == 1


def test_what_can_be_quoted_is_listed_and_taken_out_by_admins_only(actors, travel, tmp_path):
    grace, ada = actors["grace"], actors["ada"]
    assert not [
        b
        for b in typed(grace, "general", "knowledge", "1 document")["blocks"]
        if b["type"] == "actions"
    ]

    listed = typed(ada, "general", "knowledge", "1 document")
    buttons = [e for b in listed["blocks"] if b["type"] == "actions" for e in b["elements"]]
    # Other tests of this file may have left sources; this page's button names its folder.
    own = refresh_key(seed_data.TEAM_ID, str(tmp_path))
    removes = [e for e in buttons if e["action_id"] == "knowledge_remove"]
    take_out = next(e for e in removes if own in e["value"])
    press = {"action_id": "knowledge_remove", "value": take_out["value"]}
    whispered(ada, "general", lambda: ada.click("general", listed["ts"], **press), "Removed:")
    assert "euros" not in ask(ada, "general", QUESTION)["text"]


def said_in(stack, name):
    channel = seed_data.build_channel(name, [])["id"]
    return stack.sandbox.call(
        lambda: [dict(m) for m in stack.sandbox.workspace.messages[channel].values()]
    )
