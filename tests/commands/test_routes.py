"""`/beagle routes`: live routes, pending edits and, for admins, broken folders."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.commands import routes
from bot.route_watcher import RouteWatcher
from router.config import Settings
from router.publish import publish_catalog
from router.store import Store
from tests.fixtures.command_context import make_command

ROUTE = "---\nname: greet\ndescription: Greet somebody.\nutterances: [say hello]\n---\n{prompt}\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    found = tmp_path / "routes" / "greet"
    found.mkdir(parents=True)
    (found / "route.md").write_text(ROUTE.format(prompt="Say hello."))

    return found


def reply_text(store: Store, folders: RouteWatcher, user: str) -> str:
    settings = Settings(_env_file=None, admins="U1")  # type: ignore[call-arg, arg-type]
    routing: Any = SimpleNamespace(
        catalog_of=lambda _: folders.catalog, hidden_routes=lambda *_: ()
    )
    command = make_command(store, settings, lambda: 1.0, user=user, routing=routing)
    return routes.run(command).text


def test_a_file_that_breaks_shows_at_once_and_its_last_version_stays(
    store: Store, place: Path
) -> None:
    folders = RouteWatcher(place.parent)
    publish_catalog(folders.catalog, store, 1.0)
    (place / "route.md").write_text(ROUTE.format(prompt="x").replace("description", "decription"))

    assert folders.poll()

    assert "decription" in reply_text(store, folders, "U1")
    assert "last good version answers" in reply_text(store, folders, "U1")
    assert "greet (prompt, version" in reply_text(store, folders, "U2")
    assert "1 route folder is broken" in reply_text(store, folders, "U2")
    assert str(place) not in reply_text(store, folders, "U2")


def test_an_edit_that_waits_for_its_judgement_is_named(store: Store, place: Path) -> None:
    folders = RouteWatcher(place.parent)
    publish_catalog(folders.catalog, store, 1.0)
    (place / "route.md").write_text(ROUTE.format(prompt="Say hello, twice."))
    assert folders.poll()
    publish_catalog(folders.catalog, store, 2.0)

    assert "is in a shadow test" in reply_text(store, folders, "U1")
    assert "is in a shadow test" not in reply_text(store, folders, "U2")
