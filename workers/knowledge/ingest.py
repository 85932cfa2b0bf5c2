"""Brings a folder's documents into the index: only what changed is written, what is gone is pruned."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from router.encoder.factory import Encoder
from router.index import WORKSPACE, Document
from router.store.knowledge.index import Knowledge
from workers.knowledge.chunking import chunk
from workers.knowledge.sources import SourceError, clean, formats

LONGEST_TITLE = 200
LARGEST = 20 * 1024 * 1024
"""Bytes of one file; a larger one is a data set or a film, not a page."""
BATCH = 64
"""Documents written in one transaction; a stopped ingest loses at most this many and goes on
from there."""
PARSER = "1"
"""Part of every document's hash: a better parser reads everything again."""


@dataclass(slots=True)
class Summary:
    """What an ingest did. `skipped` says of each file that was left out why, in one line."""

    seen: int = 0
    changed: int = 0
    pruned: int = 0
    chunks: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where documents come from and who may read them.

    `base_url` makes their links: `{page}` is the path without its suffix, `{path}` the whole path;
    without either the page is appended. An empty one makes no links.
    """

    team: str
    source: str
    acl: str = WORKSPACE
    base_url: str = ""

    def url(self, path: str) -> str:
        """The link of the page at `path`, relative to the folder."""
        page = path.rsplit(".", 1)[0] if "." in PurePosixPath(path).name else path
        if not self.base_url:
            return ""
        if "{" not in self.base_url:
            return f"{self.base_url.rstrip('/')}/{quote(page)}"

        return self.base_url.replace("{page}", quote(page)).replace("{path}", quote(path))


def ingest(
    index: Knowledge,
    folder: Path,
    origin: Origin,
    progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Every readable file under `folder` (or the one file) stands in the index, and nothing else of its source.

    What it writes can be found at once by its words; `embed` adds the vectors. Files that cannot be
    read are named in the summary, and the rest goes on. Raises SourceError when there is no such
    folder.
    """
    if not folder.exists():
        raise SourceError(f"ingesting {str(folder)!r}: no such folder or file; check the path")

    files = list(_files(folder))
    known = index.hashes(origin.team, origin.source)
    summary, batch, keys = Summary(), [], set()

    for number, (file, path) in enumerate(files, 1):
        key = f"{origin.source}:{path}"
        try:
            data, changed_at = _bytes(file, path)
            if known.get(key) != _hash(data, path, origin):
                batch.append(page(data, path, origin, changed_at))

            keys.add(key)
            summary.seen += 1
        except SourceError as error:
            summary.skipped.append((clean(path), str(error)))

        if len(batch) >= BATCH:
            _write(index, batch, summary)
        if progress is not None:
            progress(number, len(files))

    _write(index, batch, summary)
    summary.pruned = index.delete(origin.team, sorted(set(known) - keys))
    return summary


def embed(
    index: Knowledge,
    encoder: Encoder,
    batch: int = 64,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Every piece has a vector of this encoder; returns how many were made. May be stopped and run again."""
    done = 0
    while pending := index.without_vector(encoder.model_id, batch):
        vectors = encoder.encode([piece.text for piece in pending])
        index.give_vectors(encoder.model_id, [piece.chunk for piece in pending], vectors)
        done += len(pending)

        if progress is not None:
            progress(done)

    return done


def read_folder(folder: Path, origin: Origin) -> Iterator[Document]:
    """Every readable page below a folder, without an index; what cannot be read is left out."""
    for file, path in _files(folder):
        try:
            data, changed_at = _bytes(file, path)
            yield page(data, path, origin, changed_at)
        except SourceError:
            continue


def page(data: bytes, path: str, origin: Origin, changed_at: float) -> Document:
    """Bytes as a document, by the format that the path's suffix names. Raises SourceError when they are none."""
    parsed = formats()[_suffix(path)].read(data, PurePosixPath(path).name)
    title = clean(parsed.title).replace("\n", " ")[:LONGEST_TITLE]

    pieces = chunk(title, parsed.sections)
    if not pieces:
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
        pieces=pieces,
    )


def _suffix(path: str) -> str:
    if any("\ud800" <= char <= "\udfff" for char in path):
        raise SourceError("its name is not written in UTF-8; rename it")

    suffix = PurePosixPath(path).suffix.casefold()
    if suffix not in formats():
        raise SourceError(f"unknown format {suffix!r}; known: {', '.join(sorted(formats()))}")

    return suffix


def _hash(data: bytes, path: str, origin: Origin) -> str:
    about = "\0".join((PARSER, path, origin.url(path), origin.acl)).encode("utf-8", "replace")
    return hashlib.sha256(about + b"\0" + data).hexdigest()


def _bytes(file: Path, path: str) -> tuple[bytes, float]:
    """The file's bytes and when it was changed; nothing is read of a file that is too large or of no known format."""
    _suffix(path)
    try:
        about = file.stat()
        if about.st_size > LARGEST:
            raise SourceError(
                f"{about.st_size / 2**20:.0f} MB; at most {LARGEST // 2**20} MB are read: split it"
            )

        return file.read_bytes(), about.st_mtime
    except OSError as error:
        raise SourceError(f"cannot be opened: {error.strerror}; check its rights") from error


def _write(index: Knowledge, batch: list[Document], summary: Summary) -> None:
    summary.changed += index.upsert(*batch)
    summary.chunks += sum(len(document.pieces) for document in batch)
    batch.clear()


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Files in the order of their names, each with its path below the folder; hidden ones and links are left out."""
    if folder.is_file():
        yield folder, folder.name
        return

    root = folder.resolve()
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder)

        hidden = any(part.startswith(".") for part in path.parts)
        if (
            not hidden
            and not file.is_symlink()
            and file.is_file()
            and file.resolve().is_relative_to(root)
        ):
            yield file, path.as_posix()
