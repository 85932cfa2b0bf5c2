"""Channel history as a source: opted-in channels only, current text, members only."""

from __future__ import annotations

import json
import zipfile

import pytest

from workers.knowledge.channel_history import ChannelHistory
from workers.knowledge.formats import SourceError
from workers.knowledge.ingest_slack_export import NOT_ALLOWED, ingest_export
from workers.knowledge.sources.slack_export import read_channels
from workers.knowledge.sources.slack_message import permalink_builder, plain_text
from workers.ports import ChannelInfo

LINK = permalink_builder("https://acme.example")


@pytest.fixture
def readers(store):
    made = store.access
    for user in ("U1", "U2", "U9"):
        made.set_user("T1", user, guest=False)

    return made


@pytest.fixture
def history(index, readers):
    heard = ChannelHistory(index, readers, LINK)
    heard.allow("T1", ChannelInfo("C1", "harbour", public=False, shared=False), ["U1"], 0.0)
    return heard


def message(text, ts="1700000000.000100", **over):
    return {"type": "message", "channel": "C1", "user": "U1", "text": text, "ts": ts} | over


def search(index, readers, query, user="U1"):
    viewer = readers.viewer("T1", user, "D1", "dm", since=0.0)
    return [hit.body for hit in index.search(query, None, viewer)]


def test_what_is_said_is_found_with_its_permalink(history, index, readers):
    history.apply(
        "T1", message("The tide table is in the <https://x.example/a|red binder> &amp; the app.")
    )
    hit = index.search("tide table", None, readers.viewer("T1", "U1", "D1", "dm", since=0.0))[0]
    assert hit.body == "The tide table is in the red binder & the app."
    assert hit.url == "https://acme.example/archives/C1/p1700000000000100"


def test_only_members_find_it(history, index, readers):
    history.apply("T1", message("The harbour code is 4711."))
    assert search(index, readers, "harbour code")
    assert not search(index, readers, "harbour code", user="U2")
    history.apply("T1", {"type": "member_joined_channel", "channel": "C1", "user": "U2"})
    assert search(index, readers, "harbour code", user="U2")
    history.apply("T1", {"type": "member_left_channel", "channel": "C1", "user": "U2"})
    assert not search(index, readers, "harbour code", user="U2")


def test_an_edit_replaces_what_was_said(history, index, readers):
    history.apply("T1", message("Lunch is at noon."))
    history.apply("T1", message("", subtype="message_changed", message=message("Lunch is at one.")))
    assert search(index, readers, "lunch") == ["Lunch is at one."]
    assert not search(index, readers, "noon")


def test_a_deleted_message_is_gone(history, index, readers):
    history.apply("T1", message("Lunch is at noon."))
    gone = {
        "type": "message",
        "subtype": "message_deleted",
        "channel": "C1",
        "deleted_ts": "1700000000.000100",
    }

    history.apply("T1", gone)
    assert not search(index, readers, "lunch")


def test_a_reply_belongs_to_its_thread(history, index, readers):
    history.apply("T1", message("Where is the pilot boat?"))
    reply = message("At pier four.", ts="1700000009.000100", thread_ts="1700000000.000100")
    history.apply("T1", reply)
    hit = index.search("pier four", None, readers.viewer("T1", "U1", "D1", "dm", since=0.0))[0]
    assert hit.title == "#harbour: Where is the pilot boat?"
    history.apply("T1", reply)
    assert len(search(index, readers, "pier pilot boat")) == 2


def test_a_root_deleted_under_its_replies_is_gone_alone(history, index, readers):
    history.apply("T1", message("Where is the pilot boat?"))
    history.apply(
        "T1", message("At pier four.", ts="1700000009.000100", thread_ts="1700000000.000100")
    )
    tomb = message("This message was deleted.", subtype="tombstone", thread_ts="1700000000.000100")
    history.apply("T1", message("", subtype="message_changed", message=tomb))
    assert not search(index, readers, "pilot boat")
    assert search(index, readers, "pier")


def test_nothing_is_kept_of_a_channel_nobody_allowed(history, index, readers):
    readers.set_channel("T1", "C2", public=True)
    history.apply("T1", message("The harbour code is 4711.", channel="C2"))
    assert not search(index, readers, "harbour code")


@pytest.mark.parametrize(
    "over",
    [
        {"bot_id": "B1"},
        {"subtype": "channel_join"},
        {"user": None},
        {"text": ""},
        {"text": "\u200b"},
    ],
)
def test_only_what_people_say_is_kept(history, index, readers, over):
    history.apply(
        "T1",
        message("The harbour code is 4711.", **over) if "text" not in over else message(**over),
    )
    assert not search(index, readers, "harbour code 4711 \u200b")


def test_a_channel_made_private_is_closed_at_once(history, index, readers):
    readers.set_channel("T1", "C1", public=True)
    history.apply("T1", message("The harbour code is 4711."))
    assert search(index, readers, "harbour code", user="U9")
    history.apply("T1", message("made this private", subtype="channel_convert_to_private"))
    assert not search(index, readers, "harbour code", user="U9")
    assert search(index, readers, "harbour code")


@pytest.mark.parametrize("kind", ["channel_deleted", "group_deleted", "channel_left"])
def test_a_channel_that_is_gone_takes_its_words_along(history, index, readers, kind):
    history.apply("T1", message("The harbour code is 4711."))
    history.apply("T1", {"type": kind, "channel": "C1"})
    assert index.sources("T1") == []
    assert not readers.may_read_history("T1", "C1")


def test_what_is_no_longer_allowed_is_deleted(history, index):
    history.apply("T1", message("The harbour code is 4711."))
    assert history.forbid("T1", "C1") == 1
    history.apply("T1", message("The harbour code is 4712."))
    assert index.sources("T1") == []


def test_a_guest_is_known_by_slack_s_flags(history, readers):
    history.apply(
        "T1",
        {"type": "user_change", "user": {"id": "U7", "team_id": "T1", "is_ultra_restricted": True}},
    )
    history.apply("T1", {"type": "team_join", "user": {"id": "U8", "team_id": "T2"}})

    for user in ("U7", "U8"):
        assert readers.viewer("T1", user, "D1", "dm", since=0.0).channels == frozenset()


def test_what_somebody_says_who_opted_out_is_not_kept(index, readers):
    heard = ChannelHistory(index, readers, LINK, lambda team, user, _home: user == "U2")
    heard.allow("T1", ChannelInfo("C1", "harbour", public=True, shared=False), ["U1", "U2"], 0.0)
    heard.apply("T1", message("The harbour code is 4711.", user="U2"))
    assert index.sources("T1") == []


def test_a_deleted_file_is_found_no_longer(history, index, page):
    index.upsert(page("The pilot's table.", key="slack:C1:file:F1", source="slack:C1", acl="C1"))
    index.upsert(page("Another table.", key="slack:C1:file:F2", source="slack:C1", acl="C1"))
    history.apply("T1", {"type": "file_deleted", "file_id": "F1"})
    assert list(index.hashes("T1", "slack:C1")) == ["slack:C1:file:F2"]
    gone = {"ts": "1.0", "files": [{"id": "F2"}]}
    history.apply(
        "T1", message("", subtype="message_deleted", deleted_ts="1.0", previous_message=gone)
    )
    assert index.sources("T1") == []


def test_ids_in_a_message_become_words():
    assert plain_text("<@U1|ada> see <#C1|harbour> <!here> <http://a.b> &lt;b&gt; <@U2>") == (
        "@ada see #harbour @here http://a.b <b> @somebody"
    )


def export(tmp_path, **files):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(
                name.replace("__", "/") + ".json",
                content if isinstance(content, str) else json.dumps(content),
            )

    return path


def test_an_export_s_threads_are_found_by_members(tmp_path, index, readers, history):
    day = [
        {
            "type": "message",
            "user": "U1",
            "text": "Where is the pilot boat?",
            "ts": "1700000000.000100",
        },
        {
            "type": "message",
            "user": "U2",
            "text": "Pier four.",
            "ts": "1700000009.000100",
            "thread_ts": "1700000000.000100",
        },
        {
            "type": "message",
            "subtype": "channel_join",
            "user": "U2",
            "text": "joined",
            "ts": "1700000001.000100",
        },
        {
            "type": "message",
            "user": "U3",
            "text": "The pilot boat is late.",
            "ts": "1700000002.000100",
        },
    ]

    path = export(
        tmp_path, groups=[{"id": "C1", "name": "harbour", "members": ["U2"]}], harbour__2023=day
    )
    summary = ingest_export(index, readers, path, "T1", LINK, opted_out={"U3"})
    assert (summary.seen, summary.chunks, summary.skipped) == (1, 2, [])
    assert sorted(search(index, readers, "pilot boat pier")) == [
        "Pier four.",
        "Where is the pilot boat?",
    ]
    assert not search(index, readers, "pilot boat", user="U2"), (
        "who may read is what Slack says, not the export"
    )


def test_an_export_adds_to_a_thread_and_does_not_undo_its_edits(tmp_path, index, readers, history):
    history.apply("T1", message("The pilot boat leaves at nine."))
    day = [
        {
            "type": "message",
            "user": "U1",
            "text": "The pilot boat leaves at eight.",
            "ts": "1700000000.000100",
        },
        message("From pier four.", ts="1700000009.000100", thread_ts="1700000000.000100"),
    ]

    path = export(tmp_path, channels=[{"id": "C1", "name": "harbour"}], harbour__2023=day)
    ingest_export(index, readers, path, "T1", LINK)
    assert sorted(search(index, readers, "pilot boat pier")) == [
        "From pier four.",
        "The pilot boat leaves at nine.",
    ]


def test_a_channel_of_an_export_that_was_not_allowed_is_named_and_not_read(
    tmp_path, index, readers
):
    day = [
        {
            "type": "message",
            "user": "U1",
            "text": "The harbour code is 4711.",
            "ts": "1700000000.000100",
        }
    ]

    path = export(
        tmp_path, channels=[{"id": "C1", "name": "harbour", "members": ["U1"]}], harbour__2023=day
    )
    summary = ingest_export(index, readers, path, "T1", LINK)
    assert (summary.seen, summary.skipped) == (0, [("#harbour", NOT_ALLOWED)])
    assert index.sources("T1") == []


@pytest.mark.parametrize("content", ["{", "{}", "\xff"])
def test_a_damaged_export_is_refused(tmp_path, content):
    with pytest.raises(SourceError):
        read_channels(export(tmp_path, channels=content))


def test_a_file_that_is_no_export_is_refused(tmp_path):
    (tmp_path / "x.zip").write_bytes(b"no zip")
    with pytest.raises(SourceError, match="expected the zip file"):
        read_channels(tmp_path / "x.zip")
