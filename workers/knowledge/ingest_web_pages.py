"""Ingests listed web pages, and deletes those that are no longer listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from router.index import Index
from workers.knowledge.ingest import DocumentOrigin, IngestSummary, parse_document
from workers.knowledge.sources import SourceError
from workers.knowledge.sources.web import FetchedPage, fetch

SUFFIXES = (".html", ".md", ".txt", ".pdf")
"""Of the formats that a web page may have; a document's key ends with one."""


def ingest_pages(
    index: Index,
    urls: Sequence[str],
    origin: DocumentOrigin,
    now: float,
    fetch_page: Callable[[str], FetchedPage] = fetch,
    progress: Callable[[int, int], None] | None = None,
) -> IngestSummary:
    """Makes the index hold every listed page as it is now, and no others of this source.

    A page that cannot be fetched keeps its stored text; the summary says why.
    """
    stored_hashes = index.hashes(origin.team, origin.source)
    summary = IngestSummary()
    listed: set[str] = set()

    for number, url in enumerate(dict.fromkeys(urls), 1):
        path = _path(url)
        # Without fetching it is unknown which format the stored page has.
        listed |= {f"{origin.source}:{path}{suffix}" for suffix in SUFFIXES}

        try:
            page = fetch_page(url)
            document = parse_document(page.data, path + page.suffix, origin, now)
        except SourceError as error:
            summary.skipped.append((url, str(error)))
        else:
            summary.seen += 1
            summary.chunks += len(document.chunks)
            if stored_hashes.get(document.key) != document.hash:
                summary.changed += index.upsert(replace(document, url=page.url))

        if progress is not None:
            progress(number, len(urls))

    summary.pruned = index.delete(origin.team, sorted(set(stored_hashes) - listed))
    return summary


def _path(url: str) -> str:
    """Returns a URL as a key: without its scheme, and without a fragment inside the page."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.netloc}{parts.path}{query}"
