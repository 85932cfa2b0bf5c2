"""`beagle ingest`: several sources at once, a line for each, and clear refusals."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
import typer
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.cli.ingest import PAGES, IngestOptions, ingest, is_fruitless, main, render_summary
from router.config import Settings
from router.errors import InputError
from router.store import open_store
from router.store.knowledge.sources import Source
from router.store.workspace.installations import StoredInstallation
from router.types import Viewer


@pytest.fixture
def settings():
    # A broker's socket path must be short.
    with tempfile.TemporaryDirectory(prefix="bg") as folder:
        yield Settings(_env_file=None, data=Path(folder))


@pytest.fixture
def opened(settings):
    store = open_store(settings.store_url)
    yield store
    store.close()


def find(opened, query, *channels):
    return [
        hit.body
        for hit in opened.documents.search(query, None, Viewer("T1", "U1", frozenset(channels)))
    ]


def test_a_bad_folder_stops_no_other_and_everything_has_its_line(settings, opened, folder):
    good = folder(tide_md="# Tide\n\nThe tide turns at noon.", notes_gif="GIF89a")
    done, failed = ingest(
        settings, IngestOptions((str(good), str(good / "nowhere")), team="T1", wait=False)
    )
    said = render_summary(done, failed)
    assert "1 read, 1 new or changed, 0 gone, 1 passage written" in said
    assert "left out notes.gif: .gif files are not read" in said
    assert "nothing was read: ingesting" in said
    assert find(opened, "tide", "public") == ["The tide turns at noon."]


def test_a_channel_s_documents_are_for_its_members(settings, opened, folder):
    opened.access.set_channel("T1", "C9", name="deals")
    order = IngestOptions(
        (str(folder(deal_md="# Deal\n\nThe harbour deal is signed.")),),
        "T1",
        channel="#deals",
        wait=False,
    )

    ingest(settings, order)
    assert find(opened, "harbour deal", "public") == []
    assert find(opened, "harbour deal", "C9") == ["The harbour deal is signed."]


def test_a_channel_that_nobody_knows_is_refused(settings, folder):
    with pytest.raises(InputError, match="knows no such channel"):
        ingest(
            settings,
            IngestOptions((str(folder(a_md="# A\n\nOne.")),), "T1", channel="#nowhere", wait=False),
        )


def test_a_page_inside_the_network_is_refused_and_listed_pages_add_up(settings, opened):
    opened.sources.upsert(Source("T1", PAGES, "pages", ("http://127.0.0.1/a",), "public"))
    done, _ = ingest(
        settings, IngestOptions(("http://169.254.169.254/latest/meta-data",), "T1", wait=False)
    )
    assert [why.count("not on the open internet") for _, why in done[PAGES].skipped] == [1, 1]
    assert len(opened.sources.get("T1", PAGES).places) == 2


def test_a_broken_export_says_so(settings, tmp_path):
    (tmp_path / "export.zip").write_bytes(b"no zip")
    done, failed = ingest(
        settings, IngestOptions((str(tmp_path / "export.zip"),), "T1", wait=False)
    )
    assert not done
    assert "expected the zip file that Slack made" in render_summary(done, failed)


def test_without_a_workspace_nothing_is_read(settings):
    with pytest.raises(InputError, match="--team"):
        ingest(settings, IngestOptions(("x",)))


@pytest.mark.parametrize(
    ("installed", "named", "found"),
    [
        (["T1"], "", "T1"),
        (["T1", "T2"], "T2", "T2"),
        (["T1", "T2"], "", None),
        (["T1"], "T9", None),
        ([], "", None),
    ],
)
def test_where_workspaces_install_beagle_documents_go_to_one_that_did(
    settings, opened, folder, retries_without_waiting, installed, named, found
):
    key = Fernet.generate_key()
    row = {
        "bot_token": "xoxb-1",
        "bot_id": "B1",
        "bot_user_id": "UB",
        "bot_scopes": "",
        "installed_at": 1.0,
    }

    for team in installed:
        sealed = Fernet(key).encrypt(json.dumps(row | {"team_id": team}).encode()).decode()
        opened.installations.save(StoredInstallation(team, "U1", sealed, 1.0))

    many = settings.model_copy(
        update={
            "slack_client_id": "1.2",
            "slack_client_secret": SecretStr("hush"),
            "token_key": SecretStr(key.decode()),
            "slack_api_url": "http://127.0.0.1:9/api/",
        }
    )

    order = IngestOptions(
        (str(folder(tide_md="# Tide\n\nThe tide turns at noon.")),), named, wait=False
    )
    if found is None:
        with pytest.raises(InputError, match="installed in"):
            ingest(many, order)

        return

    ingest(many, order)
    held = {team: [one.source for one in opened.documents.sources(team)] for team in ("T1", "T2")}
    assert [team for team, sources in held.items() if sources] == [found]


def test_what_would_be_kept_is_shown_and_nothing_is_kept(opened, folder, capsys):
    path = str(folder(tide_md="# Tide\n\n## High\n\nAt noon.", bad_docx="no zip"))

    with pytest.raises(typer.Exit) as shown:
        main([path], show=True, as_json=True)

    answer = json.loads(capsys.readouterr().out)
    assert shown.value.exit_code == 0
    assert answer["documents"] == [
        {"title": "Tide", "pieces": [{"heading": "Tide > High", "text": "At noon."}]}
    ]
    assert [row["path"] for row in answer["skipped"]] == ["bad.docx"]
    assert opened.documents.sources("T1") == []


def test_what_cannot_be_shown_fails(folder, capsys):
    with pytest.raises(typer.Exit) as shown:
        main([str(folder(bad_pdf="no pdf"))], show=True)

    assert shown.value.exit_code == 1
    assert "left out bad.pdf" in capsys.readouterr().out


def test_a_source_of_which_nothing_was_read_fails(settings, opened, folder):
    done, failed = ingest(settings, IngestOptions((str(folder(bad_pdf="x")),), "T1", wait=False))

    assert not failed
    assert all(is_fruitless(summary) for summary in done.values())
