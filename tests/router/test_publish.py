"""Publishing routes: files define versions, the store decides which one answers."""

from __future__ import annotations

import pytest

from router.catalog.catalog import load_routes
from router.publish import publish_catalog

ROUTE = """---
name: greet
description: Greet somebody.
utterances: [say hello to my colleague]
kind: prompt
---
{prompt}
"""


@pytest.fixture
def write(tmp_path):
    def write(prompt):
        folder = tmp_path / "routes" / "greet"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "route.md").write_text(ROUTE.format(prompt=prompt))

        return load_routes(folder.parent)

    return write


def test_a_routes_first_version_answers_at_once(store, write, clock):
    catalog = write("Say hello.")
    assert publish_catalog(catalog, store, clock()).live == ["greet"]
    assert store.versions.live("", "greet").id == catalog.routes["greet"].version.id


def test_an_edited_route_waits_until_it_was_judged(store, write, clock):
    first = write("Say hello.").routes["greet"].version.id
    publish_catalog(write("Say hello."), store, clock())
    edited = write("Say hello twice.")
    published = publish_catalog(edited, store, clock())
    assert published.pending_evaluation == [f"greet/{edited.routes['greet'].version.id}"]
    assert store.versions.live("", "greet").id == first


def test_an_edit_that_was_taken_back_answers_again(store, write, clock):
    first = write("Say hello.").routes["greet"].version.id
    publish_catalog(write("Say hello."), store, clock())
    publish_catalog(write("Say hello twice."), store, clock())
    store.versions.go_live("", "greet", write("Say hello twice.").routes["greet"].version.id)
    assert publish_catalog(write("Say hello."), store, clock()).live == ["greet"]
    assert store.versions.live("", "greet").id == first


def test_publishing_twice_changes_nothing(store, write, clock):
    publish_catalog(write("Say hello."), store, clock())
    again = publish_catalog(write("Say hello."), store, clock())
    assert (again.live, again.pending_evaluation) == ([], [])
