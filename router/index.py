"""What can be found: documents in pieces, hits with their place, and the port that every index fulfils."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from router.types import Viewer

Vector = tuple[str, NDArray[np.float32]]
"""An encoder's id and what it made of a text: one row of length 1. Vectors of two encoders are
never compared."""

WORKSPACE = "public"
"""The acl of a document that every full member of the workspace may read; any other acl is a
channel's id."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a document, about 180 words. `headings` is the way to it, `Page > Heading`; `anchor` ends its link.

    `author` is the person whose words it holds, where it is one person's: what they can ask to be
    forgotten.
    """

    headings: str
    anchor: str
    body: str
    author: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """One page, file or thread. `(team, key)` is unique; `source` is what it is pruned with.

    `acl` says who may read it: `WORKSPACE` or a channel's id. `hash` changes when its content does,
    `updated_at` is when its authors changed it, as far as the source can tell. `{anchor}` in `url`
    stands for a piece's anchor.
    """

    team: str
    key: str
    source: str
    title: str
    url: str
    acl: str
    updated_at: float
    hash: str
    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that its viewer may read. `url` leads to its heading; `score` only orders hits of one search.

    `lexical` and `semantic` are its places in the two lists, from 1, None where it is not among the
    first.
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


@dataclass(frozen=True, slots=True)
class Pending:
    """A piece without a vector of the asked encoder; `text` is what to encode."""

    chunk: int
    text: str


class Index(Protocol):
    """Keeps documents and finds passages. What is upserted can be found by the next search."""

    def upsert(self, *documents: Document) -> int:
        """The documents stand as given, in one transaction; returns how many had changed."""
        ...

    def delete(self, team: str, keys: Iterable[str]) -> int:
        """The documents are gone; returns how many there were."""
        ...

    def search(self, query: str, vector: Vector | None, viewer: Viewer, top: int = 6) -> list[Hit]:
        """The best passages among those that `viewer` may read, best first."""
        ...


def may_read(viewer: Viewer) -> list[str]:
    """The acls that a viewer's answers may draw on: nothing is implied, the workspace's own must be named too."""
    return sorted(viewer.channels)
