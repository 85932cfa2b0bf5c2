"""`/beagle routes` says what answers, which edits wait and, to admins, what is broken."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.commands import Asked, routes
from bot.route_watcher import Folders
from router.config import Settings
from router.publish import publish
from router.store import Store

ROUTE = "---\nname: greet\ndescription: Greet somebody.\nutterances: [say hello]\n---\n{prompt}\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    found = tmp_path / "routes" / "greet"
    found.mkdir(parents=True)
    (found / "route.md").write_text(ROUTE.format(prompt="Say hello."))

    return found


def said(store: Store, folders: Folders, user: str) -> str:
    settings = Settings(_env_file=None, admins="U1")  # type: ignore[call-arg, arg-type]
    decider: Any = SimpleNamespace(catalog=folders.catalog)
    return routes.run(Asked((), "T1", user, "C1", settings, store, decider, lambda: 1.0)).text


def test_a_file_that_breaks_shows_at_once_and_its_last_version_stays(
    store: Store, place: Path
) -> None:
    folders = Folders(place.parent)
    publish(folders.catalog, store, 1.0)
    (place / "route.md").write_text(ROUTE.format(prompt="x").replace("description", "decription"))

    assert folders.changed()

    assert "decription" in said(store, folders, "U1")
    assert "last good version answers" in said(store, folders, "U1")
    assert "greet (prompt, version" in said(store, folders, "U2")
    assert "1 route folders are broken" in said(store, folders, "U2")
    assert str(place) not in said(store, folders, "U2")


def test_an_edit_that_waits_for_its_judgement_is_named(store: Store, place: Path) -> None:
    folders = Folders(place.parent)
    publish(folders.catalog, store, 1.0)
    (place / "route.md").write_text(ROUTE.format(prompt="Say hello, twice."))
    assert folders.changed()
    publish(folders.catalog, store, 2.0)

    assert "is in shadow" in said(store, folders, "U1")
    assert "is in shadow" not in said(store, folders, "U2")
