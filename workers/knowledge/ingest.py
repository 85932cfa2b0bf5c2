"""Ingests a folder into the index: writes only what changed and deletes what is gone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from router.encoder.protocol import Encoder
from router.index import WORKSPACE_ACL, Document, Index
from workers.knowledge.chunking import chunk_sections
from workers.knowledge.sources import SourceError, clean, formats

MAX_TITLE_CHARS = 200
MAX_FILE_BYTES = 20 * 1024 * 1024
"""A larger file is a data set or a film, not a page."""
BATCH = 64
"""Documents in one transaction; an ingest that is stopped loses at most this many."""
PARSER_VERSION = "1"
"""Part of every document's hash: a change makes the next ingest parse everything again."""


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
) -> IngestSummary:
    """Makes the index hold every readable file under `folder`, or the one file, and no others.

    "Others" means other documents of the same source. New text is found by its words at once;
    `embed_chunks` adds the vectors. Files that cannot be read are listed in the summary. Raises
    SourceError when the folder does not exist.
    """
    if not folder.exists():
        raise SourceError(f"ingesting {str(folder)!r}: no such folder or file; check the path")

    files = list(_files(folder))
    stored_hashes = index.hashes(origin.team, origin.source)
    summary = IngestSummary()
    batch: list[Document] = []
    keys: set[str] = set()

    for number, (file, path) in enumerate(files, 1):
        key = f"{origin.source}:{path}"
        try:
            data, changed_at = _read_file(file, path)
            if stored_hashes.get(key) != _hash(data, path, origin):
                batch.append(parse_document(data, path, origin, changed_at))

            # Only now: a file that cannot be read any more must not keep its old text in the index.
            keys.add(key)
            summary.seen += 1
        except SourceError as error:
            summary.skipped.append((clean(path), str(error)))

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
) -> int:
    """Stores a vector of this encoder for every chunk that has none; returns how many.

    May be stopped at any time and run again. `progress` gets the number of vectors so far.
    """
    done = 0
    while pending := index.chunks_without_vector(encoder.model_id, batch):
        vectors = encoder.encode([chunk.text for chunk in pending])
        index.store_vectors(encoder.model_id, [chunk.chunk for chunk in pending], vectors)
        done += len(pending)

        if progress is not None:
            progress(done)

    return done


def read_folder(folder: Path, origin: DocumentOrigin) -> Iterator[Document]:
    """Yields every readable document below a folder, without an index; skips unreadable files."""
    for file, path in _files(folder):
        try:
            data, changed_at = _read_file(file, path)
            yield parse_document(data, path, origin, changed_at)
        except SourceError:
            continue


def parse_document(data: bytes, path: str, origin: DocumentOrigin, changed_at: float) -> Document:
    """Returns the document that the bytes hold, in the format that the path's suffix names.

    `changed_at` (unix seconds) counts where the format has no date of its own. Raises SourceError
    when the format is unknown, the bytes do not follow it, or there is no text in them.
    """
    parsed = formats()[_suffix(path)].read(data, PurePosixPath(path).name)
    title = clean(parsed.title).replace("\n", " ")[:MAX_TITLE_CHARS]

    chunks = chunk_sections(title, parsed.sections)
    if not chunks:
        raise SourceError("it holds no text; pictures of text would have to be recognised first")

    return Document(
        team=origin.team,
        key=f"{origin.source}:{path}",
        source=origin.source,
        title=title,
        url=origin.url(path),
        acl=origin.acl,
        updated_at=parsed.updated_at or changed_at,
        hash=_hash(data, path, origin),
        chunks=chunks,
    )


def _suffix(path: str) -> str:
    """Returns the path's suffix. Raises SourceError when no format has it."""
    # Bytes of a file name that are no UTF-8 come as surrogates, which no database stores.
    if any("\ud800" <= char <= "\udfff" for char in path):
        raise SourceError("its name is not written in UTF-8; rename it")

    suffix = PurePosixPath(path).suffix.casefold()
    if suffix not in formats():
        raise SourceError(f"unknown format {suffix!r}; known: {', '.join(sorted(formats()))}")

    return suffix


def _hash(data: bytes, path: str, origin: DocumentOrigin) -> str:
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
    """Yields files by name, each with its path below the folder; hidden files are left out."""
    if folder.is_file():
        yield folder, folder.name
        return

    root = folder.resolve()
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder)
        if any(part.startswith(".") for part in path.parts):
            continue

        # A link could lead to files that nobody meant to publish, also by way of a folder.
        is_inside = not file.is_symlink() and file.resolve().is_relative_to(root)
        if is_inside and file.is_file():
            yield file, path.as_posix()
