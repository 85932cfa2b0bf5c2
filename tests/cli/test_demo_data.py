"""At a terminal without an installation, commands about stored data mean the demo's."""

import pytest
import typer

from bot.cli import ingest
from bot.cli.terminal import load_data_settings
from bot.demo import data_folder
from bot.sandbox.seed_data import TEAM_ID
from router.config import Settings
from router.errors import InputError
from router.index import WORKSPACE_ACL
from router.store import open_store
from router.types import Viewer
from tests.fixtures.demo_data import store_request


def find(data, team, query):
    store = open_store(Settings(_env_file=None, data=data).store_url)
    hits = store.documents.search(query, None, Viewer(team, "U1", frozenset({WORKSPACE_ACL})))
    store.close()
    return [hit.body for hit in hits]


def test_documents_reach_the_demo_by_the_line_of_the_readme(demo, folder, capsys):
    documents = folder(tide_md="# Tide\n\nThe tide turns at noon.")
    with pytest.raises(typer.Exit) as ended:
        ingest.main([str(documents)], wait=False)

    assert ended.value.exit_code == 0
    assert f"the demo in {demo}" in capsys.readouterr().err
    assert find(demo, TEAM_ID, "tide") == ["The tide turns at noon."]


def test_the_demos_encoder_is_not_made_a_second_time(demo, short_folder):
    assert load_data_settings().encoder_cache == short_folder / "encoder"


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "DATABASE_URL"])
def test_an_installation_that_is_set_up_is_meant_before_the_demo(
    demo, short_folder, monkeypatch, capsys, name
):
    values = {"SLACK_BOT_TOKEN": "xoxb-1", "DATABASE_URL": f"sqlite:///{short_folder}/own.db"}
    monkeypatch.setenv(name, values[name])

    assert load_data_settings().data == short_folder
    assert capsys.readouterr().err == ""


def test_an_installation_with_data_of_its_own_is_meant_before_the_demo(
    demo, short_folder, make_request
):
    store_request(short_folder, make_request())
    assert load_data_settings().data == short_folder


def test_the_empty_database_that_a_command_left_behind_is_no_installation(demo, short_folder):
    open_store(Settings(_env_file=None, data=short_folder).store_url).close()
    assert load_data_settings().data == demo


def test_a_demo_that_never_finished_its_first_start_is_not_meant(demo, short_folder):
    (demo / data_folder.FILLED_FILE).unlink()
    assert load_data_settings().data == short_folder


def test_of_several_known_workspaces_one_has_to_be_named(demo, folder, make_request):
    store_request(demo, make_request(id="r2", team="T2", event_id="Ev2"))
    with pytest.raises(InputError, match=f"{TEAM_ID}.*T2|T2.*{TEAM_ID}"):
        ingest.main([str(folder(a_md="# A\n\nOne."))], wait=False)


def test_beside_a_demo_elsewhere_the_remedy_is_named_and_nothing_is_left(
    short_folder, folder, monkeypatch
):
    for name in ("SLACK_BOT_TOKEN", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(short_folder)
    data = short_folder / "new"
    monkeypatch.setenv("BEAGLE_DATA", str(data))

    with pytest.raises(InputError) as refused:
        ingest.main([str(folder(a_md="# A\n\nOne."))], wait=False)

    assert str(data) in str(refused.value)
    assert "BEAGLE_DATA=FOLDER" in str(refused.value)
    assert not data.exists()
