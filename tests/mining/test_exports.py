"""Exports in several formats are read, and unreadable parts are named."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from router.errors import InputError
from workers.mining.exports import parse_timestamp, read_export

USERS = [
    {"id": "U1", "name": "ada", "profile": {"real_name": "Ada Lovelace"}},
    {"id": "U2", "name": "deploybot", "is_bot": True},
]
GENERAL = [
    {
        "type": "message",
        "user": "U1",
        "text": "please reset my vpn token",
        "ts": "1790000000.000100",
    },
    {
        "type": "message",
        "subtype": "channel_join",
        "user": "U1",
        "text": "has joined",
        "ts": "1790000001.0",
    },
    {"type": "message", "user": "U2", "text": "deployed", "ts": "1790000002.0"},
    {"type": "message", "bot_id": "B1", "user": "U1", "text": "from a bot", "ts": "1790000003.0"},
    {"type": "message", "user": "U1", "text": "   ", "ts": "1790000004.0"},
    "not an object",
]
FILES = {
    "users.json": USERS,
    "channels.json": [{"id": "C1", "name": "general"}],
    "groups.json": [{"id": "G1", "name": "secret"}],
    "dms.json": [{"id": "D1", "members": ["U1", "U3"]}],
    "general/2026-09-21.json": GENERAL,
    "secret/2026-09-21.json": [
        {"type": "message", "user": "U1", "text": "who gets a raise", "ts": "1790000005.0"}
    ],
    "D1/2026-09-21.json": [
        {"type": "message", "user": "U1", "text": "between us", "ts": "1790000006.0"}
    ],
    "unlisted/2026-09-21.json": [
        {"type": "message", "user": "U1", "text": "where is this", "ts": "1790000007.0"}
    ],
}


def as_folder(tmp_path):
    for name, body in FILES.items():
        file = tmp_path / "export" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(body), "utf-8")

    return tmp_path / "export"


def as_zip(tmp_path, root=""):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in FILES.items():
            archive.writestr(root + name, json.dumps(body))

    return path


def as_zip_in_a_folder(tmp_path):
    return as_zip(tmp_path, "Our workspace/")


@pytest.mark.parametrize("packed", [as_folder, as_zip, as_zip_in_a_folder])
def test_a_slack_export_gives_what_people_said_and_quotes_public_channels_only(tmp_path, packed):
    export = read_export(packed(tmp_path))

    assert {(row.text, row.quotable) for row in export.rows} == {
        ("please reset my vpn token", True),
        ("who gets a raise", False),
        ("between us", False),
        ("where is this", False),
    }

    assert {"Ada Lovelace", "Lovelace"} <= export.names
    assert export.form == "Slack export"


def test_a_table_is_read_by_the_names_of_its_columns(tmp_path):
    file = tmp_path / "log.csv"
    file.write_text(
        "Message;Author;Date\nhello there;u1;2026-09-21T10:00:00Z\n;u2;2026-09-21\nok;u3;never\n",
        "utf-8",
    )

    export = read_export(file)

    assert [(row.text, row.user, row.at) for row in export.rows] == [
        ("hello there", "u1", 1789984800.0)
    ]
    assert export.skipped == 2


def test_lines_that_are_no_objects_are_counted_and_left_out(tmp_path):
    file = tmp_path / "log.jsonl"
    lines = [
        '{"text": "hi all", "user": "u1", "at": 1790000000, "private": true}',
        "broken {",
        "[1]",
        "",
    ]

    file.write_text("\n".join(lines), "utf-8")

    export = read_export(file)

    assert [(row.text, row.quotable) for row in export.rows] == [("hi all", False)]
    assert export.skipped == 2


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("notes.txt", "hello", "it is a .txt file; expected a Slack export"),
        ("log.csv", "words,who\nhi,u1\n", "rename the columns"),
        (
            "log.csv",
            "bar,foo\n1,2\n",
            "found the columns bar, foo; expected one of text, message, ",
        ),
        ("log.jsonl", "\n", "no message of a person"),
        ("log.csv", "", "the file is empty"),
    ],
)
def test_what_cannot_be_read_is_said_with_what_is_expected(tmp_path, name, body, said):
    (tmp_path / name).write_text(body, "utf-8")
    with pytest.raises(InputError, match=said):
        read_export(tmp_path / name)


def test_a_file_that_is_not_there_is_said():
    with pytest.raises(InputError, match="no such file or folder"):
        read_export(Path("nowhere.zip"))


def test_a_zip_without_people_is_not_a_slack_export(tmp_path):
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        archive.writestr("photo.png", b"")

    with pytest.raises(InputError, match=r"no users\.json"):
        read_export(tmp_path / "some.zip")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1790000000.0001", 1790000000.0001),
        (1790000000000, 1790000000.0),
        ("2026-09-21T14:13:20+00:00", 1790000000.0),
    ],
)
def test_times_are_understood_in_the_usual_forms(value, seconds):
    assert parse_timestamp(value) == pytest.approx(seconds)


def test_a_time_that_is_none_is_not_guessed():
    assert parse_timestamp("soon") is None
    assert parse_timestamp(-5) is None


def test_a_folder_that_is_no_export_is_told_as_what_it_is(tmp_path):
    with pytest.raises(InputError, match=r"it is a folder without channels\.json or users\.json"):
        read_export(tmp_path)
