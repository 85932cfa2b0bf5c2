"""The demo's handbook: read at the first start, and again as long as nobody removed it."""

from __future__ import annotations

import contextlib

import pytest

from bot.demo.demo import SOURCE, Demo
from bot.sandbox.seed_data import TEAM_ID
from workers.knowledge.refresh import remove_source


class Handbook(Demo):
    """A demo of which only the handbook is there: no process runs, and no vector is made."""

    def __init__(self, folder, store) -> None:
        super().__init__(folder)
        self._store = store

    def ask_for_vectors(self, source: str) -> None:
        """Asks nobody."""


@pytest.fixture
def start(store, short_folder, tmp_path):
    """Starts a demo with a handbook of one page; `keeps` goes on with an earlier one."""
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "office.md").write_text("# Office\n\nThe office opens at eight.", "utf-8")
    with contextlib.ExitStack() as running:

        def run(*, keeps: bool) -> None:
            demo = Handbook(short_folder, store)
            demo.keeps = keeps
            running.enter_context(contextlib.closing(demo._undo))
            demo.read_handbook(pages)

        yield run


def documents(store) -> int:
    return len(store.documents.hashes(TEAM_ID, SOURCE))


def test_what_an_admin_removed_stays_away_until_a_fresh_start(start, store):
    start(keeps=False)
    assert documents(store) == 1

    remove_source(store, TEAM_ID, SOURCE)
    start(keeps=True)
    assert documents(store) == 0

    start(keeps=False)
    assert documents(store) == 1


def test_a_later_start_reads_what_was_edited(start, store, short_folder):
    start(keeps=False)
    (short_folder / "handbook" / "new.md").write_text("# New\n\nA page.", "utf-8")

    start(keeps=True)

    assert documents(store) == 2
