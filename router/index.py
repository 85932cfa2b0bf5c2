"""The document index: documents in chunks, search hits, and the port that every index fulfils."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from router.types import Viewer

Vector = tuple[str, NDArray[np.float32]]
"""An encoder's id and its vector of a text, one row of unit length. Vectors of two encoders are
never compared."""

WORKSPACE_ACL = "public"
"""The acl of a document that every full member of the workspace may read. Any other acl is a
channel's id."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a document, about 180 words.

    `headings` is the path to it, `Page > Heading`, and `anchor` ends its link. `author` is the
    person who wrote it, where it was one person: they can ask to have it erased. `author_team` is
    their workspace where it is another one (Slack Connect).
    """

    headings: str
    anchor: str
    body: str
    author: str = ""
    author_team: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """One page, file or thread. `(team, key)` is unique; `source` is what it is pruned with.

    `acl` says who may read it: `WORKSPACE_ACL` or a channel's id. `hash` changes when its content
    does. `updated_at` is when its authors changed it, as far as the source can tell. `{anchor}` in
    `url` is replaced by a chunk's anchor.
    """

    team: str
    key: str
    source: str
    title: str
    url: str
    acl: str
    updated_at: float
    hash: str
    chunks: Sequence[Chunk]


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that its viewer may read. `url` leads to its heading; `score` only orders one search.

    `lexical` and `semantic` are its ranks in the two result lists, from 1; None where it is not
    among the first. `acl` is its document's. `similarity` is the cosine of its vector and the
    question's, None where `semantic` is.
    """

    chunk: int
    document: str
    title: str
    url: str
    body: str
    updated_at: float
    score: float
    lexical: int | None = None
    semantic: int | None = None
    acl: str = ""
    similarity: float | None = None


@dataclass(frozen=True, slots=True)
class PendingChunk:
    """A chunk that one encoder has not encoded yet; `text` is what to encode."""

    chunk: int
    text: str


@dataclass(frozen=True, slots=True)
class ChunkShard:
    """The chunks whose id leaves the remainder `number`, 0 to `of` - 1, when divided by `of`."""

    number: int
    of: int


@dataclass(frozen=True, slots=True)
class SourceSummary:
    """The size of a source; `updated_at` is that of its newest document.

    `without_vector` counts the chunks that no encoder has encoded yet.
    """

    source: str
    documents: int
    chunks: int
    without_vector: int
    updated_at: float


class PassageSearch(Protocol):
    """Finds passages."""

    def search(self, query: str, vector: Vector | None, viewer: Viewer, top: int = 6) -> list[Hit]:
        """Returns the best passages among those that `viewer` may read, best first.

        Without a vector of the chunks' own encoder, the words alone decide.
        """
        ...


class NullIndex:
    """A `PassageSearch` for processes where nothing is indexed: finds nothing."""

    def search(self, query: str, vector: Vector | None, viewer: Viewer, top: int = 6) -> list[Hit]:
        """Returns no passages."""
        return []


class Index(PassageSearch, Protocol):
    """Stores documents and finds passages: the contract for any other vector store.

    The next search finds whatever was written, and nothing that was deleted. Safe for many threads
    and processes.
    """

    def upsert(self, *documents: Document) -> int:
        """Stores the documents as given, in one transaction; returns how many had changed.

        Chunks whose text did not change keep their vectors.
        """
        ...

    def delete(self, team: str, keys: Iterable[str]) -> int:
        """Deletes the documents; returns how many there were."""
        ...

    def edit(
        self, team: str, key: str, change: Callable[[Document | None], Document | None]
    ) -> bool:
        """Replaces the document by what `change` returns for it; None deletes it.

        Nobody else writes in between. Returns whether anything changed.
        """
        ...

    def set_acl(self, team: str, source: str, acl: str) -> int:
        """Restricts every document of the source to the readers of `acl`.

        Returns how many had another acl.
        """
        ...

    def hashes(self, team: str, source: str) -> dict[str, str]:
        """Returns the hash of every document of a source, by key."""
        ...

    def documents_by_author(self, team: str, user: str) -> list[tuple[str, str]]:
        """Returns workspace and key of the documents that hold a chunk by this person.

        With Slack Connect a document may belong to another workspace than the person's, `team`.
        """
        ...

    def keys_with_suffix(self, team: str, suffix: str) -> list[str]:
        """Returns the keys of the documents whose key ends so."""
        ...

    def keys_with_acl(self, team: str, acl: str) -> list[str]:
        """Returns the keys of the documents that exactly the readers of `acl` may read."""
        ...

    def acls(self, team: str) -> list[str]:
        """Returns every acl that a document of the workspace has."""
        ...

    def sources(self, team: str, acls: Sequence[str] | None = None) -> list[SourceSummary]:
        """Returns what a workspace has, by source; with `acls` only what one of them may read."""
        ...

    def chunks_without_vector(
        self, encoder: str, limit: int = 256, shard: ChunkShard | None = None
    ) -> list[PendingChunk]:
        """Returns at most `limit` chunks that have no vector of this encoder, all or of one shard.

        Each workspace that waits gets an equal share of them, its oldest first: a large handbook
        does not hold up another workspace's page. There may be more where fewer are returned.
        """
        ...

    def count_chunks_without_vector(self) -> int:
        """Returns how many chunks have no vector of any encoder yet."""
        ...

    def store_vectors(
        self, encoder: str, chunks: Sequence[int], vectors: NDArray[np.float32]
    ) -> int:
        """Stores one vector for each chunk, rows of unit length.

        Returns how many of the chunks still exist.
        """
        ...

    def newest_deletion(self, seq: int) -> int:
        """Returns the newest change after `seq` that deleted text, 0 if there was none.

        The bytes of what it deleted are still on disk.
        """
        ...


def readable_acls(viewer: Viewer) -> list[str]:
    """Returns the acls that a viewer's answers may draw on.

    Nothing is implied: the workspace's own acl must be among the viewer's channels too.
    """
    return sorted(viewer.channels)
