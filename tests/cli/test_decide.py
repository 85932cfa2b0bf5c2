"""`beagle decide` without Slack."""

import json

import pytest

from bot import offline
from bot.cli import decide
from bot.demo.ambiguous import ambiguous_messages
from router.catalog.catalog import load_routes
from router.config import read_settings
from router.errors import InputError
from tests.fixtures.help_desk import write_routes
from tests.fixtures.router import TrigramEncoder


@pytest.fixture
def settings(tmp_path, monkeypatch):
    write_routes(tmp_path / "routes")
    monkeypatch.setattr(offline, "catalog", lambda _: load_routes(tmp_path / "routes"))
    monkeypatch.setattr(offline, "encoder", lambda _: TrigramEncoder())

    return read_settings(_env_file=None, data=tmp_path / "data")


def test_a_file_is_decided_row_by_row_and_its_labels_are_counted(settings, tmp_path, capsys):
    file = tmp_path / "asked.csv"
    file.write_text("text,label\nwhere is my parcel,delivery\nreset my password,refund\n", "utf-8")

    table = decide.decide_file(settings, file, as_json=False)
    found = json.loads(decide.decide_file(settings, file, as_json=True))

    assert table.splitlines()[0].startswith("text,verb,route,confidence")
    assert [row["text"] for row in found["rows"]] == ["where is my parcel", "reset my password"]
    assert found["accuracy"] == 0.5
    assert "accuracy 50.0% of 2 rows" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "message\nhello\n", "\x00"])
def test_a_file_without_texts_is_refused_in_words(settings, tmp_path, content):
    file = tmp_path / "asked.csv"
    file.write_text(content, "utf-8")

    with pytest.raises(InputError, match=r"column `text`|expected a CSV"):
        decide.decide_file(settings, file, as_json=True)


def test_one_message_is_explained(settings):
    said = decide.decide_text(settings, "where is my parcel", as_json=False)

    assert "delivery" in said
    assert "Decided by router" in said


def test_the_router_really_asks_back_about_ambiguous_messages(settings):
    router, _ = offline.installed_router(settings)

    assert all(router.decide(text)[0].verb == "ask" for text in ambiguous_messages(settings))
