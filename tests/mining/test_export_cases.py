"""Exports as other programs and other Slacks write them are read, or what is wrong is named."""

from __future__ import annotations

import json
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from router.errors import InputError
from workers.mining.exports import read_export
from workers.mining.exports.times import DAY_FIRST, MONTH_FIRST, date_order, parse_timestamp

CASES = Path(__file__).with_name("export_cases")
REQUESTS = 40
"""Messages about the VPN in the larger cases; sixty are chat."""


@pytest.mark.parametrize(
    ("name", "rows", "people"),
    [
        ("c03-utf16.csv", 100, 8),
        ("c05-us-dates.csv", 100, 8),
        ("c07-sep-line.csv", 100, 8),
        ("c09-zendesk.csv", 100, 8),
        ("c10-discord.csv", 100, 8),
        ("c12-cr.csv", 100, 8),
        ("c14-quoted-head.csv", 100, 8),
        ("c15-iso-nano.csv", 100, 8),
        ("i01-ts-number.zip", 3, 1),
        ("i05-blocks-only.zip", 1, 1),
        ("i07-thread-null.zip", 3, 1),
        ("i09-user-list.zip", 1, 1),
        ("i10-canvas-list.zip", 1, 1),
        ("s02-blocks-only.zip", 100, 8),
        ("s03-workflow-forms.zip", 100, 8),
        ("s04-alerts.zip", 60, 8),
        ("s06-mac-zip.zip", 100, 8),
        ("s08-org-teams.zip", 100, 8),
        ("s08b-org-teams-users.zip", 120, 8),
        ("s09-no-users.zip", 100, 8),
        ("s10-slackdump-dump.zip", 100, 8),
        ("s10c-array.json", 100, 8),
        ("s13-ts-number.zip", 95, 8),
        ("s14-subtypes.zip", 8, 5),
        ("s15-extras.zip", 101, 8),
        ("s16-private.zip", 120, 8),
    ],
)
def test_an_export_is_read_whole_and_at_its_time(name, rows, people):
    export = read_export(CASES / name)

    assert len(export.rows) == rows
    assert len({row.user for row in export.rows}) == people
    years = {datetime.fromtimestamp(row.at, UTC).year for row in export.rows}
    assert years <= {2023, 2024}
    assert all(row.text.strip() for row in export.rows)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("c08-no-user.csv", r"found the columns text; .*rename the columns"),
        ("c16-empty.csv", "the file is empty"),
        ("i02-ts-bad.zip", "the time 'not-a-time' is none"),
        ("j02-nested.jsonl", "the field 'message' holds an object with"),
        ("s17-not-slack.zip", r"no users\.json and no channels\.json in it, but Export-abc"),
        ("s18-zip-in-zip.zip", "holds another zip, 'export.zip'; unpack it"),
        ("x01.xlsx", "it is a .xlsx file"),
    ],
)
def test_what_cannot_be_read_is_named(name, said):
    with pytest.raises(InputError, match=said):
        read_export(CASES / name)


def test_what_macos_leaves_in_a_folder_is_no_part_of_the_export(tmp_path):
    with zipfile.ZipFile(CASES / "s06-mac-zip.zip") as archive:
        archive.extractall(tmp_path)

    assert len(read_export(tmp_path).rows) == 100
    assert list(tmp_path.rglob("._*"))


def test_a_submission_of_a_workflow_form_is_the_message_of_its_person():
    export = read_export(CASES / "s03-workflow-forms.zip")
    submitted = [row for row in export.rows if "VPN" in row.text]

    assert export.forms == {"IT help request": REQUESTS}
    assert export.bots == {}
    assert len(submitted) == REQUESTS
    assert {row.user for row in submitted} <= {f"U00{number}" for number in range(1, 9)}
    assert not any("What do you need" in row.text or "<@" in row.text for row in submitted)


def test_bots_are_counted_by_name_and_everything_read_is_accounted_for():
    alerts = read_export(CASES / "s04-alerts.zip")
    assert alerts.bots == {"BAL": REQUESTS}

    odd = read_export(CASES / "s14-subtypes.zip")
    assert odd.bots == {"app": 1}
    read = len(odd.rows) + sum(odd.bots.values()) + odd.events + odd.without_text + odd.skipped
    assert read == messages_in(CASES / "s14-subtypes.zip")


def messages_in(path):
    with zipfile.ZipFile(path) as archive:
        days = [name for name in archive.namelist() if "/20" in name]
        return sum(len(json.loads(archive.read(day))) for day in days)


def test_an_export_of_an_organisation_names_the_workspace_of_each_channel():
    channels = {row.channel for row in read_export(CASES / "s08b-org-teams-users.zip").rows}
    assert {channel.split("/")[0] for channel in channels} == {"alpha", "shared-help"}


def test_a_column_of_times_that_cannot_be_read_is_named_with_what_is_expected(tmp_path):
    file = tmp_path / "log.csv"
    file.write_text("text,user,sent at\nreset it,U1,06/03/2024\nreset it,U2,07/03/2024\n", "utf-8")
    with pytest.raises(InputError, match=r"'sent at' holds '06/03/2024'.*a day over 12"):
        read_export(file)


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["06/03/2024", "25/03/2024"], DAY_FIRST),
        (["06/03/2024", "06/25/2024"], MONTH_FIRST),
        (["06/03/2024 07:33 AM"], MONTH_FIRST),
        (["06.03.2024"], DAY_FIRST),
        (["06/03/2024"], ""),
        (["2024-06-03", None, 5], ""),
    ],
)
def test_the_order_of_a_date_is_told_by_its_whole_column(values, order):
    assert date_order(values) == order


@pytest.mark.parametrize(
    ("value", "order"),
    [
        ("03/06/2024 07:33", DAY_FIRST),
        ("06/03/2024 07:33 AM", MONTH_FIRST),
        ("03.06.24 07:33", DAY_FIRST),
        ("03-Jun-24 07:33 AM", ""),
        ("2024-06-03 07:33:00 UTC", ""),
        ("2024-06-03T07:33:00.0000000Z", ""),
        ("Jun 3, 2024 07:33 AM", ""),
    ],
)
def test_dates_are_read_as_they_are_meant(value, order):
    assert parse_timestamp(value, order) == datetime(2024, 6, 3, 7, 33, tzinfo=UTC).timestamp()


USERS = [
    {"id": "U1", "name": "ada"},
    {"id": "U2", "name": "bo"},
    {"id": "U9", "name": "helper", "real_name": "Helper", "is_bot": True},
]


def said(user, text, ts, thread=None, **more):
    message = {"type": "message", "user": user, "text": text, "ts": f"{ts}.000000", **more}
    return message | ({"thread_ts": f"{thread}.000000"} if thread else {})


def export_of(tmp_path, messages):
    (tmp_path / "help").mkdir()
    (tmp_path / "users.json").write_text(json.dumps(USERS), "utf-8")
    (tmp_path / "channels.json").write_text('[{"id": "C1", "name": "help"}]', "utf-8")
    (tmp_path / "help/2026-09-21.json").write_text(json.dumps(messages), "utf-8")
    return read_export(tmp_path)


def test_the_first_answer_of_somebody_else_in_the_thread_is_known(tmp_path):
    export = export_of(
        tmp_path,
        [
            said("U1", "where is the key", 1_790_000_000),
            said("U1", "anyone?", 1_790_000_060, 1_790_000_000),
            said("U2", "in the drawer", 1_790_000_090, 1_790_000_000),
            said("U2", "still there", 1_790_000_500, 1_790_000_000),
        ],
    )

    assert [(key[1], one.seconds, one.user) for key, one in export.answers.items()] == [
        (1_790_000_000.0, 90.0, "U2")
    ]


def test_requests_to_other_assistants_are_known_by_mention_and_by_thread(tmp_path):
    export = export_of(
        tmp_path,
        [
            said("U1", "<@U9> open a ticket", 1_790_000_000),
            said("U2", "how do I reset my token", 1_790_000_100),
            said("U9", "Like this.", 1_790_000_101, 1_790_000_100, bot_id="B9"),
            said("U2", "morning", 1_790_000_200),
        ],
    )

    assert [(one.bot, one.row.user) for one in export.bot_requests] == [
        ("Helper", "U1"),
        ("Helper", "U2"),
    ]
    assert export.bots == {"Helper": 1}


def test_an_unpacked_export_without_users_is_read(tmp_path):
    with zipfile.ZipFile(CASES / "s09-no-users.zip") as archive:
        archive.extractall(tmp_path)

    export = read_export(tmp_path)
    shutil.rmtree(tmp_path)
    assert len(export.rows) == 100
    assert any("no users.json" in note for note in export.notes)
