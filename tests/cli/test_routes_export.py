"""`beagle routes export`: any version of the store becomes files, the adapter's among them."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from bot.app import catalog
from bot.cli import __main__ as command_line
from bot.cli.routes.export import export_version
from router.catalog.catalog import read_route
from router.config import Settings
from router.errors import RouteError
from router.publish import publish_catalog
from router.store import open_store
from router.store.versions.versions import StoredVersion
from tests.fixtures.stores import open_sqlite


@pytest.fixture
def settings(tmp_path):
    """An installation whose built-in routes are live."""
    made = Settings(_env_file=None, data=tmp_path / "data")
    opened = open_sqlite(tmp_path / "data" / "beagle.db")
    publish_catalog(catalog(made), opened, 1.0)
    opened.close()

    return made


def add_version(settings, name, **changes):
    """Stores a changed version of a route, in shadow."""
    version = catalog(settings).routes[name].version.with_changes(**changes)
    opened = open_store(settings.store_url)
    body = version.model_dump(mode="json")
    opened.versions.insert(StoredVersion("T1", name, version.id, version.kind, "shadow", body, 2.0))
    opened.close()

    return version


def test_a_version_in_shadow_is_written_where_it_is_named(settings, tmp_path):
    rewritten = add_version(settings, "reply", prompt="Answer in one short sentence.")

    text = export_version(settings, "reply", rewritten.id, tmp_path / "out")

    assert text == f"wrote version {rewritten.id} of 'reply' to {tmp_path / 'out' / 'reply'}"
    assert read_route(tmp_path / "out" / "reply").version == rewritten


def test_a_trained_route_takes_its_adapter_along(settings, tmp_path):
    live = catalog(settings).routes["leave"]
    assert live.adapter is not None

    export_version(settings, "leave", "", tmp_path / "out")

    exported = read_route(tmp_path / "out" / "leave")
    assert exported.version == live.version
    assert exported.adapter.read_bytes() == live.adapter.read_bytes()


def test_an_adapter_that_only_the_store_has_is_fetched_from_it(settings, tmp_path):
    file = tmp_path / "adapter.gguf"
    file.write_bytes(b"GGUF of another training")
    opened = open_store(settings.store_url)
    digest = opened.artefacts.insert("T1", "leave", file, 2.0)
    opened.close()
    retrained = add_version(settings, "leave", adapter=digest)

    export_version(settings, "leave", retrained.id, tmp_path / "out")

    exported = read_route(tmp_path / "out" / "leave")
    assert exported.adapter.read_bytes() == b"GGUF of another training"


@pytest.mark.parametrize(
    ("name", "version", "words"),
    [
        ("nothing", "", "there is none; known: "),
        ("reply", "abc", r"no version 'abc'; known: (?=.*\(tier\))(?=.*\(live\))"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(settings, tmp_path, name, version, words):
    with pytest.raises(RouteError, match=words):
        export_version(settings, name, version, tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_the_command_says_where_it_wrote(settings, tmp_path, monkeypatch):
    monkeypatch.setattr("bot.cli.routes.export.load_data_settings", lambda: settings)

    result = CliRunner().invoke(
        command_line.app, ["routes", "export", "reply", "--to", str(tmp_path / "out")]
    )

    assert result.exit_code == 0
    assert "of 'reply' to" in result.stdout
    assert (tmp_path / "out" / "reply" / "route.md").is_file()
