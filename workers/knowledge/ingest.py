"""Ingests a folder into the index: writes only what changed and deletes what is gone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from router.encoder.protocol import Encoder
from router.index import WORKSPACE_ACL, ChunkShard, Document, Index
from workers.knowledge.chunking import chunk_sections
from workers.knowledge.copies import FormatCopies, format_order
from workers.knowledge.formats import Parsed, SourceError, clean, suffixes
from workers.knowledge.parser_process import DocumentReader, ParserProcess

MAX_TITLE_CHARS = 200
MAX_FILE_BYTES = 20 * 1024 * 1024
"""A larger file is a data set or a film, not a page."""
BATCH = 64
"""Documents in one transaction; an ingest that is stopped loses at most this many."""
PARSER_VERSION = "2"
"""Part of every document's hash: a change makes the next ingest parse everything again."""


_OLD_OFFICE = "open it and save it in today's format (.docx, .xlsx, .pptx), or as PDF"
_OTHER_OFFICE = "save it as .docx, .xlsx or .pptx, or as PDF"
_PICTURE = "what is written in pictures is not recognised; put it into a document"
OTHER_FORMATS = {
    **dict.fromkeys((".doc", ".dot", ".xls", ".ppt", ".rtf"), _OLD_OFFICE),
    **dict.fromkeys((".odt", ".ods", ".odp", ".pages", ".numbers", ".key"), _OTHER_OFFICE),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".tif", ".tiff", ".heic"), _PICTURE),
    **dict.fromkeys((".zip", ".7z", ".rar", ".tar", ".gz"), "unpack it into the folder"),
    **dict.fromkeys((".eml", ".msg"), "save what it says as a document"),
}
"""Formats that people try, and what to do instead."""


@dataclass(slots=True)
class IngestSummary:
    """What an ingest did, in documents and chunks.

    `seen` counts the readable ones, `changed` those that were written, `pruned` those that were
    deleted. `skipped` lists each one that was left out, with the reason in one line.
    """

    seen: int = 0
    changed: int = 0
    pruned: int = 0
    chunks: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file; `document` is None where it is stored already, or unreadable."""

    path: str
    is_readable: bool
    document: Document | None = None
    left_out: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DocumentOrigin:
    """Where documents come from and who may read them.

    `base_url` makes their links: `{page}` is the path without its suffix, `{path}` the whole path;
    without either the page is appended. An empty one makes no links.
    """

    team: str
    source: str
    acl: str = WORKSPACE_ACL
    base_url: str = ""

    def url(self, path: str) -> str:
        """Returns the link of the page at `path`, relative to the folder; empty without links."""
        if not self.base_url:
            return ""

        page = path
        if "." in PurePosixPath(path).name:
            page = path.rsplit(".", 1)[0]

        if "{" not in self.base_url:
            return f"{self.base_url.rstrip('/')}/{quote(page)}"

        return self.base_url.replace("{page}", quote(page)).replace("{path}", quote(path))


def ingest_folder(
    index: Index,
    folder: Path,
    origin: DocumentOrigin,
    progress: Callable[[int, int], None] | None = None,
    parser: DocumentReader | None = None,
) -> IngestSummary:
    """Makes the index hold every readable file under `folder`, or the one file, and no others.

    "Others" means other documents of the same source. New text is found by its words at once;
    `embed_chunks` adds the vectors. Files that cannot be read are listed in the summary. Raises
    SourceError when the folder does not exist, or is empty although it was not before.
    """
    files = list_files(folder)
    stored_hashes = index.hashes(origin.team, origin.source)
    if not files and stored_hashes:
        raise SourceError(
            f"ingesting {str(folder)!r}: it is empty, although {len(stored_hashes)} documents were "
            "read from it before, so they are kept; check whether its drive is mounted, or remove "
            "the source in Slack"
        )

    summary = IngestSummary()
    batch: list[Document] = []
    keys: set[str] = set()

    with _parser(parser) as reader:
        reading = read_files(files, origin, reader, stored_hashes)
        for number, result in enumerate(reading, 1):
            summary.skipped += result.left_out
            if result.is_readable:
                # Only now: a file that cannot be read any more must not keep its old text.
                keys.add(f"{origin.source}:{result.path}")
                summary.seen += 1
            if result.document is not None:
                batch.append(result.document)

            if len(batch) >= BATCH:
                _write(index, batch, summary)
            if progress is not None:
                progress(number, len(files))

    # Deleted last: until then a renamed file is found twice instead of not at all.
    _write(index, batch, summary)
    summary.pruned = index.delete(origin.team, sorted(set(stored_hashes) - keys))
    return summary


def embed_chunks(
    index: Index,
    encoder: Encoder,
    batch: int = 64,
    progress: Callable[[int], None] | None = None,
    limit: int | None = None,
    shard: ChunkShard | None = None,
) -> int:
    """Stores a vector of this encoder for every chunk that has none; returns how many.

    With `shard` it leaves out the chunks of other shards, and with `limit` it stops once there are
    as many. May be stopped at any time and run again. `progress` gets the number of vectors so far.
    """
    done = 0
    while limit is None or done < limit:
        pending = index.chunks_without_vector(encoder.model_id, batch, shard)
        if not pending:
            break

        vectors = encoder.encode([chunk.text for chunk in pending])
        index.store_vectors(encoder.model_id, [chunk.chunk for chunk in pending], vectors)
        done += len(pending)

        if progress is not None:
            progress(done)

    return done


def read_folder(
    folder: Path, origin: DocumentOrigin, parser: DocumentReader | None = None
) -> Iterator[FileResult]:
    """Yields what each file below a folder holds, without an index."""
    with _parser(parser) as reader:
        yield from read_files(list_files(folder), origin, reader, {})


def read_files(
    files: Sequence[tuple[Path, str]],
    origin: DocumentOrigin,
    parser: DocumentReader,
    stored_hashes: Mapping[str, str],
) -> Iterator[FileResult]:
    """Yields what each file holds, in order; of files that have not changed nothing is parsed.

    A file with the same name and text as one before it, in another format, is left out.
    """
    copies = FormatCopies(path for _, path in files)
    for file, path in files:
        try:
            data, changed_at = _read_file(file, path)
            stored = stored_hashes.get(f"{origin.source}:{path}")
            is_stored = stored == document_hash(data, path, origin)
            if is_stored and not copies.may_exist(path):
                yield FileResult(path, is_readable=True)
                continue

            document, left_out = parse_document(parser, data, path, origin, changed_at)
            copies.check(path, document)
        except SourceError as error:
            yield FileResult(path, is_readable=False, left_out=[(clean(path), str(error))])
        else:
            yield FileResult(path, True, None if is_stored else document, left_out)


def parse_document(
    parser: DocumentReader,
    data: bytes,
    path: str,
    origin: DocumentOrigin,
    changed_at: float,
    charset: str = "",
) -> tuple[Document, list[tuple[str, str]]]:
    """Returns the document that the bytes hold, in the format that the path's suffix names.

    Also returns the parts that could not be read, each with the reason. `changed_at` (unix seconds)
    counts where the format has no date of its own; `charset` is the label that came with the bytes.
    Raises SourceError when the format is unknown, the bytes do not follow it, or there is no text
    in them.
    """
    suffix = _suffix(path)
    if not data.strip():
        raise SourceError("the file is empty")

    parsed = parser.read(data, PurePosixPath(path).name, suffix, charset)
    title = clean(parsed.title).replace("\n", " ")[:MAX_TITLE_CHARS]
    chunks = chunk_sections(title, parsed.sections)
    if not chunks:
        raise SourceError(_no_text(parsed, suffix))

    document = Document(
        team=origin.team,
        key=f"{origin.source}:{path}",
        source=origin.source,
        title=title,
        url=origin.url(path),
        acl=origin.acl,
        updated_at=parsed.updated_at or changed_at,
        hash=document_hash(data, path, origin),
        chunks=chunks,
    )
    return document, [(f"{clean(path)}, {part}", why) for part, why in parsed.left_out]


def origin_hash(origin: DocumentOrigin) -> str:
    """Returns a hash of all that makes a source's documents, apart from their own bytes."""
    return document_hash(b"", "", origin)


def list_files(folder: Path) -> list[tuple[Path, str]]:
    """Returns the files below a folder, or the one file, each with its path below the folder.

    By name; of one name the format that says most of the text's structure comes first. Hidden files
    are left out. Raises SourceError when there is no such folder.
    """
    if not folder.exists():
        raise SourceError(f"ingesting {str(folder)!r}: no such folder or file; check the path")

    return sorted(_files(folder), key=lambda item: format_order(item[1]))


def _no_text(parsed: Parsed, suffix: str) -> str:
    if parsed.left_out:
        count = len(parsed.left_out)
        pages = "its page is a picture" if count == 1 else f"its {count} pages are pictures"
        return f"{pages} of text; have the text recognised (OCR) and save it with the document"
    if suffix in (".html", ".htm", ".xhtml"):
        return "it holds no text; what scripts add in a browser is not in the file"

    return "it holds no text"


@contextmanager
def _parser(parser: DocumentReader | None) -> Iterator[DocumentReader]:
    """Hands on a parser that others use too, or starts one and ends it."""
    if parser is not None:
        yield parser
        return

    with ParserProcess() as process:
        yield process


def _suffix(path: str) -> str:
    """Returns the path's suffix. Raises SourceError when no format has it."""
    # Bytes of a file name that are no UTF-8 come as surrogates, which no database stores.
    if any("\ud800" <= char <= "\udfff" for char in path):
        raise SourceError("its name is not written in UTF-8; rename it")

    suffix = PurePosixPath(path).suffix.casefold()
    if suffix in OTHER_FORMATS:
        raise SourceError(f"{suffix} files are not read; {OTHER_FORMATS[suffix]}")
    if suffix not in suffixes():
        raise SourceError(f"unknown format {suffix!r}; known: {', '.join(sorted(suffixes()))}")

    return suffix


def document_hash(data: bytes, path: str, origin: DocumentOrigin) -> str:
    """Returns a hash of all that makes the document, so that a new link or acl is written, too."""
    metadata = (PARSER_VERSION, path, origin.url(path), origin.acl)
    header = "\0".join(metadata).encode("utf-8", "replace")
    return hashlib.sha256(header + b"\0" + data).hexdigest()


def _read_file(file: Path, path: str) -> tuple[bytes, float]:
    """Returns the file's bytes and when it was changed (unix seconds).

    Raises SourceError, before anything is read, when the format is unknown or the file too large.
    """
    _suffix(path)
    try:
        status = file.stat()
        if status.st_size > MAX_FILE_BYTES:
            raise SourceError(
                f"{status.st_size / 2**20:.0f} MB; at most {MAX_FILE_BYTES // 2**20} MB are read: "
                "split it"
            )

        return file.read_bytes(), status.st_mtime
    except OSError as error:
        raise SourceError(f"cannot be opened: {error.strerror}; check its rights") from error


def _write(index: Index, batch: list[Document], summary: IngestSummary) -> None:
    """Writes the batch in one transaction and empties it."""
    summary.changed += index.upsert(*batch)
    summary.chunks += sum(len(document.chunks) for document in batch)
    batch.clear()


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yields files, each with its path below the folder; hidden files are left out."""
    if folder.is_file():
        yield folder, folder.name
        return

    root = folder.resolve()
    for file in folder.rglob("*"):
        path = file.relative_to(folder)
        if any(part.startswith(".") for part in path.parts):
            continue

        # A link could lead to files that nobody meant to publish, also by way of a folder.
        is_inside = not file.is_symlink() and file.resolve().is_relative_to(root)
        if is_inside and file.is_file():
            yield file, path.as_posix()
