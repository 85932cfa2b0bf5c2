"""Ingests listed web pages, and deletes those that are no longer listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from router.index import Index
from workers.knowledge.formats import SourceError, suffixes
from workers.knowledge.ingest import DocumentOrigin, IngestSummary, parse_document
from workers.knowledge.parser_process import DocumentReader, ParserProcess
from workers.knowledge.sources.web import FetchedPage, fetch


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
    with ParserProcess() as parser:
        return _ingest_pages(index, urls, origin, PageReading(now, fetch_page, progress, parser))


@dataclass(frozen=True, slots=True)
class PageReading:
    """How pages are fetched and parsed, and who hears how many are done."""

    now: float
    fetch_page: Callable[[str], FetchedPage]
    progress: Callable[[int, int], None] | None
    parser: DocumentReader


def _ingest_pages(
    index: Index, urls: Sequence[str], origin: DocumentOrigin, reading: PageReading
) -> IngestSummary:
    stored_hashes = index.hashes(origin.team, origin.source)
    summary = IngestSummary()
    listed: set[str] = set()

    for number, url in enumerate(dict.fromkeys(urls), 1):
        path = page_path(url)
        # Without fetching it is unknown which format the stored page has.
        listed |= {f"{origin.source}:{path}{suffix}" for suffix in suffixes()}

        try:
            page = reading.fetch_page(url)
            changed_at = page.changed_at or reading.now
            document, left_out = parse_document(
                reading.parser, page.data, path + page.suffix, origin, changed_at, page.charset
            )
        except SourceError as error:
            summary.skipped.append((url, str(error)))
        else:
            summary.seen += 1
            summary.skipped += left_out
            summary.chunks += len(document.chunks)
            if stored_hashes.get(document.key) != document.hash:
                summary.changed += index.upsert(replace(document, url=page.url))

        if reading.progress is not None:
            reading.progress(number, len(urls))

    summary.pruned = index.delete(origin.team, sorted(set(stored_hashes) - listed))
    return summary


def page_path(url: str) -> str:
    """Returns a URL as a key: without its scheme, and without a fragment inside the page."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.netloc}{parts.path}{query}"
