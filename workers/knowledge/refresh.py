"""Reads a source of knowledge, for the first time or again, and remembers how."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from router.store import Store
from router.store.knowledge.access import Readers
from router.store.knowledge.index import Knowledge
from router.store.knowledge.sources import Source, Sources
from workers.knowledge.ingest import Origin, Summary, ingest
from workers.knowledge.ingest_slack_export import ingest_export
from workers.knowledge.ingest_web_pages import ingest_pages
from workers.knowledge.sources.slack_message import permalinks
from workers.knowledge.sources.web import Fetched, fetch

Progress = Callable[[int, int], None]


def read(
    store: Store,
    told: Source,
    now: float,
    progress: Progress | None = None,
    get: Callable[[str], Fetched] = fetch,
) -> Summary:
    """Everything of the source can be found by its words, what is gone from it cannot, and it can be read again.

    Raises SourceError when nothing of it can be read, and then changes nothing.
    """
    index = Knowledge(store.engine)
    origin = Origin(told.team, told.name, told.acl, told.base_url)

    if told.kind == "pages":
        summary = ingest_pages(index, told.places, origin, now, get, progress)
    elif told.kind == "export":
        link = permalinks(told.base_url)
        readers, out = Readers(store.engine), store.opt_outs.of(told.team)
        summary = ingest_export(
            index, readers, Path(told.places[0]), told.team, link, progress, out
        )
    else:
        summary = ingest(index, Path(told.places[0]), origin, progress)

    Sources(store.engine).put(replace(told, read_at=now, left_out=len(summary.skipped)))
    return summary


def remove(store: Store, team: str, name: str) -> int:
    """Nothing of the source can be found any more; returns how many documents there were."""
    index = Knowledge(store.engine)
    count = index.delete(team, index.hashes(team, name))
    Sources(store.engine).remove(team, name)

    return count


def refresh_key(team: str, name: str) -> str:
    """The key of the step for this source: a job's key is short, a source's name may be a long path."""
    return f"{team} {source_digest(name)}"


def source_digest(name: str) -> str:
    """A short, stable id of a source's name."""
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:24]
