"""Reads a knowledge source, for the first time or again, and stores how to repeat it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from router.store import Store
from router.store.knowledge.captured_answers import KEY_PREFIX
from router.store.knowledge.sources import Source
from workers.knowledge.formats import SourceError
from workers.knowledge.ingest import DocumentOrigin, IngestSummary, ingest_folder
from workers.knowledge.ingest_slack_export import ingest_export
from workers.knowledge.ingest_web_pages import PageReading, PageVersions, ingest_pages
from workers.knowledge.sources.slack_message import permalink_builder
from workers.knowledge.sources.web import FetchPage, fetch
from workers.runtime.job_key import job_key

DIGEST_CHARS = 24
Progress = Callable[[int, int], None]
"""Gets how many items are done, and of how many."""


def read_source(
    store: Store,
    source: Source,
    now: float,
    progress: Progress | None = None,
    fetch_page: FetchPage = fetch,
) -> IngestSummary:
    """Ingests the source and stores it, so that it can be read again.

    What is gone from the source is deleted; new text is found by its words at once. Raises
    SourceError, and changes nothing, when nothing of the source can be read, or when its name is
    another source's.
    """
    stored = store.sources.get(source.team, source.name)
    if stored is not None:
        _check_name(stored, source)
        source = replace(source, page_versions=stored.page_versions)

    # Stored last: a source that could not be read at all is not remembered.
    reading = PageReading(now, fetch_page, progress)
    summary, versions = _ingest(store, source, reading)
    left_out = len(summary.skipped)
    store.sources.upsert(replace(source, read_at=now, left_out=left_out, page_versions=versions))
    return summary


def remove_source(store: Store, team: str, name: str) -> int:
    """Deletes the source with its documents; returns how many documents there were."""
    if name.startswith(KEY_PREFIX):
        return store.captured_answers.remove_for_channel(team, name.removeprefix(KEY_PREFIX))

    index = store.documents
    count = index.delete(team, index.hashes(team, name))
    store.sources.remove(team, name)

    return count


def refresh_key(team: str, name: str) -> str:
    """Returns the key of the source's job; hashed, because a job's key is limited in length."""
    return job_key(team, source_digest(name))


def source_digest(name: str) -> str:
    """Returns a short, stable id for a source's name."""
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:DIGEST_CHARS]


def _check_name(stored: Source, source: Source) -> None:
    """Raises SourceError if another place has this name: each would delete the other's pages."""
    # Listed pages are added to one source.
    is_same = stored.kind == source.kind and (
        source.kind == "pages" or tuple(stored.places) == tuple(source.places)
    )
    if not is_same:
        raise SourceError(
            f"ingesting {source.places[0]!r}: the name {source.name!r} is that of "
            f"{stored.places[0]!r}; give another --name, or remove that source in Slack first"
        )


def _ingest(
    store: Store, source: Source, reading: PageReading
) -> tuple[IngestSummary, PageVersions]:
    origin = DocumentOrigin(source.team, source.name, source.acl, source.base_url)
    if source.kind == "pages":
        index = store.documents
        return ingest_pages(index, source.places, origin, reading, source.page_versions)

    path = Path(source.places[0])
    if source.kind == "folder":
        return ingest_folder(store.documents, path, origin, reading.progress), {}

    summary = ingest_export(
        store.documents,
        store.access,
        path,
        source.team,
        permalink_builder(source.base_url),
        reading.progress,
        store.opt_outs.for_team(source.team),
    )
    return summary, {}
