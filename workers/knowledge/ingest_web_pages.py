"""Ingests listed web pages, and deletes those that are no longer listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from urllib.parse import urlsplit

from router.index import Index
from workers.knowledge.formats import SourceError, suffixes
from workers.knowledge.ingest import (
    DocumentOrigin,
    IngestSummary,
    document_hash,
    origin_hash,
    parse_document,
)
from workers.knowledge.parser_process import DocumentReader, ParserProcess
from workers.knowledge.sources.web import FetchedPage, FetchPage, Validators, fetch

PageVersions = Mapping[str, Mapping[str, str]]
"""By the listed address: what tells whether a page has changed since it was stored."""


def ingest_pages(
    index: Index,
    urls: Sequence[str],
    origin: DocumentOrigin,
    reading: PageReading,
    stored: PageVersions | None = None,
) -> tuple[IngestSummary, PageVersions]:
    """Makes the index hold every listed page as it is now, and no others of this source.

    A page that cannot be fetched keeps its stored text; the summary says why. Also returns what to
    give as `stored` the next time, so that pages are sent and parsed only when they have changed.
    """
    with ParserProcess() as parser:
        run = _Run(index, origin, reading, parser, index.hashes(origin.team, origin.source))
        for number, url in enumerate(dict.fromkeys(urls), 1):
            run.read(url, (stored or {}).get(url, {}))
            if reading.progress is not None:
                reading.progress(number, len(urls))

        run.prune()

    return run.summary, run.versions


@dataclass(frozen=True, slots=True)
class PageReading:
    """When pages are read, how they are fetched, and who hears how many are done."""

    now: float
    fetch_page: FetchPage = fetch
    progress: Callable[[int, int], None] | None = None


class _Run:
    """One reading of the listed pages."""

    def __init__(
        self,
        index: Index,
        origin: DocumentOrigin,
        reading: PageReading,
        parser: DocumentReader,
        hashes: Mapping[str, str],
    ) -> None:
        self.summary = IngestSummary()
        self.versions: dict[str, Mapping[str, str]] = {}
        self._index = index
        self._origin = origin
        self._reading = reading
        self._parser = parser
        self._hashes = hashes
        self._listed: set[str] = set()

    def read(self, url: str, version: Mapping[str, str]) -> None:
        """Fetches a page, and stores it where it has changed since it was that version."""
        # Without fetching it is unknown which format the stored page has.
        prefix = f"{self._origin.source}:{page_path(url)}"
        self._listed |= {f"{prefix}{suffix}" for suffix in suffixes()}

        try:
            page = self._reading.fetch_page(url, self._validators(version))
            if page.is_unchanged:
                self.versions[url] = version
            else:
                self._store(url, page)
        except SourceError as error:
            self.summary.skipped.append((url, str(error)))
            self.versions[url] = version
        else:
            self.summary.seen += 1

    def prune(self) -> None:
        """Deletes the documents of pages that are listed no longer."""
        gone = sorted(set(self._hashes) - self._listed)
        self.summary.pruned = self._index.delete(self._origin.team, gone)

    def _validators(self, version: Mapping[str, str]) -> Validators:
        """Returns what to ask with; nothing if the stored page would be another today."""
        is_stored = version.get("document") in self._hashes
        if not is_stored or version.get("origin") != origin_hash(self._origin):
            return Validators()

        return Validators(version["url"], version["etag"], version["last_modified"])

    def _store(self, url: str, page: FetchedPage) -> None:
        path = page_path(url) + page.suffix
        key = f"{self._origin.source}:{path}"
        if self._hashes.get(key) != document_hash(page.data, path, self._origin):
            changed_at = page.changed_at or self._reading.now
            document, left_out = parse_document(
                self._parser, page.data, path, self._origin, changed_at, page.charset
            )
            self.summary.skipped += left_out
            self.summary.chunks += len(document.chunks)
            self.summary.changed += self._index.upsert(replace(document, url=page.url))

        known = {"document": key, "origin": origin_hash(self._origin)}
        self.versions[url] = known | asdict(page.validators)


def page_path(url: str) -> str:
    """Returns a URL as a key: without its scheme, and without a fragment inside the page."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.netloc}{parts.path}{query}"
