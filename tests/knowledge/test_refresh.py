"""Sources are refreshed on schedule and removed completely."""

from __future__ import annotations

import shutil

import pytest

from router.config import Settings
from router.index import WORKSPACE_ACL, Chunk, Document
from router.store.knowledge.sources import Source
from workers.context import Context
from workers.fakes import MemoryDirectory, MemoryQueue, MemoryReplies
from workers.jobs import refresh_source
from workers.knowledge import refresh
from workers.knowledge.formats import SourceError
from workers.knowledge.sources.web import FetchedPage, Validators
from workers.runtime.leases import Leases


@pytest.fixture
def context(store, index, clock):
    return Context(
        settings=Settings(_env_file=None),
        store=store,
        queue=MemoryQueue({"embed": "compute"}),
        model=None,
        replies=MemoryReplies(),
        leases=Leases(store.requests, "w1", clock, 20.0),
        now=clock,
        random=lambda: 0.5,
        index=index,
        directory=MemoryDirectory(),
    )


@pytest.fixture
def order(folder):
    return Source(
        "T1",
        "handbook",
        "folder",
        (str(folder(tide_md="# Tide\n\nThe tide turns at noon.")),),
        WORKSPACE_ACL,
    )


def test_a_source_is_remembered_with_what_was_left_out(store, order, folder, clock):
    folder(photo_gif="x")
    summary = refresh.read_source(store, order, clock())
    kept = store.sources.get("T1", "handbook")
    assert (summary.seen, kept.left_out, kept.read_at) == (1, 1, clock())
    assert store.sources.for_team("T1") == [kept]


def test_a_step_reads_it_again_and_asks_for_vectors(context, store, order, folder, index, member):
    refresh.read_source(store, order, 0.0)
    folder(tide_md="# Tide\n\nThe tide turns at four.")
    refresh_source.run(context, refresh.refresh_key("T1", "handbook"))
    assert [hit.body for hit in index.search("tide", None, member)] == ["The tide turns at four."]
    assert list(context.queue.jobs) == [("embed", "T1")]


@pytest.mark.parametrize("key", ["T1 abc", refresh.refresh_key("T2", "handbook")])
def test_a_step_for_a_source_that_is_gone_does_nothing(context, store, order, key):
    refresh.read_source(store, order, 0.0)
    refresh_source.run(context, key)
    assert not context.queue.jobs


def test_a_folder_that_cannot_be_read_changes_nothing(store, order, index, member):
    refresh.read_source(store, order, 0.0)
    shutil.rmtree(order.places[0])

    with pytest.raises(SourceError, match="no such folder"):
        refresh.read_source(store, order, 1.0)

    assert index.search("tide", None, member)
    assert store.sources.get("T1", "handbook").places == order.places


def test_listed_pages_are_read_again(store, index, member, clock):
    said = {"https://a.example/x": b"<h1>X</h1><p>The tide turns at noon.</p>"}
    pages = Source("T1", "web pages", "pages", tuple(said), WORKSPACE_ACL)

    for body in (
        b"<h1>X</h1><p>The tide turns at noon.</p>",
        b"<h1>X</h1><p>The tide turns at four.</p>",
    ):
        said["https://a.example/x"] = body
        refresh.read_source(
            store,
            pages,
            clock(),
            fetch_page=lambda url, known: FetchedPage(url, said[url], ".html"),
        )

    assert [hit.body for hit in index.search("tide", None, member)] == ["The tide turns at four."]


def test_a_page_is_sent_again_only_when_it_has_changed_or_would_be_stored_otherwise(store, clock):
    url = "https://a.example/x"
    first = Validators(url, '"v1"', "")
    asked = []

    def fetch_page(_, known):
        asked.append(known)
        body = b"<h1>X</h1><p>The tide turns at noon.</p>"
        is_unchanged = known == first
        return FetchedPage(
            url, b"" if is_unchanged else body, ".html", "", None, first, is_unchanged
        )

    def read(acl=WORKSPACE_ACL):
        source = Source("T1", "web pages", "pages", (url,), acl)
        return refresh.read_source(store, source, clock(), fetch_page=fetch_page)

    counts = [(s.seen, s.changed) for s in (read(), read(), read("C1"), read("C1"))]
    store.documents.delete("T1", store.documents.hashes("T1", "web pages"))
    counts.append((read("C1").seen, len(store.documents.hashes("T1", "web pages"))))

    assert counts == [(1, 1), (1, 0), (1, 1), (1, 0), (1, 1)]
    assert asked == [Validators(), first, Validators(), first, Validators()]


def test_a_source_is_taken_out_whole(store, order, index, member):
    refresh.read_source(store, order, 0.0)
    other = Document(
        "T1", "o", "other", "O", "", WORKSPACE_ACL, 0.0, "h", [Chunk("O", "", "The tide is high.")]
    )
    index.upsert(other)
    assert refresh.remove_source(store, "T1", "handbook") == 1
    assert store.sources.for_team("T1") == []
    assert [hit.body for hit in index.search("tide", None, member)] == ["The tide is high."]


def test_a_version_is_due_until_it_was_trained_again(store):
    kept = store.retrain
    kept.insert("T1", "triage", "v2", "somebody was forgotten", 5.0)
    kept.insert("T1", "triage", "v2", "again", 9.0)
    assert [(one.version, one.at) for one in kept.pending("T1")] == [("v2", 5.0)]
    kept.remove("T1", "triage", "v2")
    assert kept.pending("T1") == []


def test_another_folder_under_a_known_name_is_refused(store, order, index, member, tmp_path):
    refresh.read_source(store, order, 0.0)
    other = Source("T1", "handbook", "folder", (str(tmp_path),), WORKSPACE_ACL)

    with pytest.raises(SourceError, match="give another --name"):
        refresh.read_source(store, other, 1.0)

    assert index.search("tide", None, member)
