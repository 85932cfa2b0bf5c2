"""Brings listed web pages into the index, and takes those out that are listed no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from router.store.knowledge.index import Knowledge
from workers.knowledge.ingest import Origin, Summary, page
from workers.knowledge.sources import SourceError
from workers.knowledge.sources.web import Fetched, fetch


def ingest_pages(
    index: Knowledge,
    urls: Sequence[str],
    origin: Origin,
    now: float,
    get: Callable[[str], Fetched] = fetch,
    progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Every page of the list stands in the index as it is now, and no other of this source.

    A page that cannot be had today stays as it was; the summary says why.
    """
    known = index.hashes(origin.team, origin.source)
    summary, listed = Summary(), set()

    for number, url in enumerate(dict.fromkeys(urls), 1):
        path = _path(url)
        listed |= {f"{origin.source}:{path}{suffix}" for suffix in (".html", ".md", ".txt", ".pdf")}

        try:
            got = get(url)
            made = replace(page(got.data, path + got.suffix, origin, now), url=got.url)
        except SourceError as error:
            summary.skipped.append((url, str(error)))
        else:
            summary.seen += 1
            summary.chunks += len(made.pieces)
            if known.get(made.key) != made.hash:
                summary.changed += index.upsert(made)

        if progress is not None:
            progress(number, len(urls))

    summary.pruned = index.delete(origin.team, sorted(set(known) - listed))
    return summary


def _path(url: str) -> str:
    """A URL as a key: without its scheme and without what only leads inside the page."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}{'?' if parts.query else ''}{parts.query}"
