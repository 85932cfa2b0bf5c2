"""What an ingest would keep of folders, files and pages, without an index."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from router.index import Document
from workers.knowledge.formats import SourceError
from workers.knowledge.ingest import DocumentOrigin, list_files, parse_document, read_files
from workers.knowledge.ingest_web_pages import page_path
from workers.knowledge.parser_process import DocumentReader, ParserProcess
from workers.knowledge.sources.web import FetchedPage, FetchPage, Validators, fetch

WEB_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


@dataclass(slots=True)
class Preview:
    """The documents that would be kept, and what would be left out, each with the reason."""

    documents: list[Document] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)


def preview(
    paths: Sequence[str],
    origin: DocumentOrigin,
    fetch_page: FetchPage = fetch,
) -> Preview:
    """Returns what an ingest of these folders, files and web addresses would keep."""
    result = Preview()
    with ParserProcess() as parser:
        for path in paths:
            try:
                if WEB_ADDRESS.match(path):
                    _add_page(result, path, origin, fetch_page(path, Validators()), parser)
                else:
                    _add_files(result, Path(path), origin, parser)
            except SourceError as error:
                result.skipped.append((path, str(error)))

    return result


def _add_files(result: Preview, path: Path, origin: DocumentOrigin, parser: DocumentReader) -> None:
    for file in read_files(list_files(path), origin, parser, {}):
        result.skipped += file.left_out
        if file.document is not None:
            result.documents.append(file.document)


def _add_page(
    result: Preview, url: str, origin: DocumentOrigin, page: FetchedPage, parser: DocumentReader
) -> None:
    document, left_out = parse_document(
        parser, page.data, page_path(url) + page.suffix, origin, 0.0, page.charset
    )
    result.documents.append(document)
    result.skipped += left_out
