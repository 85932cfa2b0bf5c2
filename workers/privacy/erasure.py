"""Erases a person's data, expires old texts and checks that no bytes of deleted texts remain.

A deleted row's bytes stay in the database file until something overwrites them
(`router.store.privacy.overwriting`), so every deletion here is followed by `overwrite_deleted`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from router.index import Document, Index
from router.store import Store
from router.store.privacy.quotations import MIN_QUOTED_WORDS
from router.text.normalise import normalise
from router.text.redact import redact
from workers.knowledge.sources.slack_message import is_author, without_author
from workers.mining.requests import text_hash

DAY = 86_400.0
MIN_SEARCH_CHARS = 16
"""A shorter text may occur in any file by chance."""
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")
"""SQLite stores text in one of these; which one is set when a database is created."""


@dataclass(frozen=True, slots=True)
class ErasureResult:
    """What was removed of a person: rows by table, and what was made from their words.

    `datasets` are the ids of those that lost rows. `retrain` names the versions (`route@id`) that
    were trained on them. `texts` are the person's words, for `find_remaining` to search for; they
    must never be stored or logged.
    """

    rows: Mapping[str, int]
    datasets: Sequence[str] = ()
    retrain: Sequence[str] = field(default_factory=tuple)
    texts: Sequence[str] = field(default=(), repr=False)


def erase_person(store: Store, index: Index, team: str, user: str, now: float) -> ErasureResult:
    """Deletes everything the person wrote, and the answers to it, and overwrites the bytes.

    Datasets lose the person's rows; candidates and digests lose their words. Versions trained on
    such a dataset are listed for retraining (`router.store.retrain`), because weights cannot
    forget. Calling it twice is safe. Raises StoreError when the bytes could not be overwritten yet.
    """
    threads = index.documents_by_author(team, user)
    texts = store.personal_data.texts_by_user(team, user)
    for owner, key in threads:
        texts += _erase_author(index, owner, key, (team, user))

    # Mining identifies a request by the hash of its normalised, redacted text.
    hashes = [text_hash(normalise(redact(text))) for text in texts]
    erased = store.personal_data.erase_user(team, user, texts, hashes)
    for route, version in erased.versions:
        store.retrain.insert(route, version, "a person in its data was forgotten", now)

    # After all deletions, and last: it is slow and may fail while a reader holds the log.
    store.personal_data.overwrite_deleted()
    return ErasureResult(
        rows={"thread": len(threads), **erased.rows},
        datasets=tuple(erased.datasets),
        retrain=tuple("@".join(version) for version in erased.versions),
        texts=tuple(text for text in texts if text),
    )


def expire_texts(store: Store, now: float, days: float) -> int:
    """Blanks texts older than `days`, with their vectors, and overwrites their bytes.

    Counts, times and costs stay. Captured channel messages are deleted whole. Returns how many
    requests and messages it were.
    """
    expired = store.personal_data.expire_texts(now - days * DAY)
    if expired:
        store.personal_data.overwrite_deleted()

    return expired


def overwrite_deleted(store: Store) -> None:
    """Overwrites the bytes of everything deleted so far. Calling it again is safe.

    Raises StoreError when a reader held the write-ahead log for too long.
    """
    store.personal_data.overwrite_deleted()


def search_terms(store: Store, texts: Sequence[str]) -> list[str]:
    """Returns the texts that would identify their author if they were found in a file.

    Short ones prove nothing. A text that somebody else also wrote, and that is still stored, would
    be found although its author's copy is gone.
    """
    identifying = set()
    for text in texts:
        if len(text) >= MIN_SEARCH_CHARS and len(text.split()) >= MIN_QUOTED_WORDS:
            identifying.add(text)

    stored = "\0".join(store.personal_data.all_texts()).casefold()
    return [text for text in sorted(identifying) if text.casefold() not in stored]


def find_remaining(paths: Iterable[Path], terms: Iterable[str]) -> list[str]:
    """Returns the files under `paths` whose bytes contain one of `terms`, whatever the case.

    An empty list proves the erasure, as far as files are uncompressed. A path may be a file or a
    folder; missing ones are skipped.
    """
    patterns: list[bytes] = []
    for term in terms:
        for encoding in ENCODINGS:
            # `bytes.lower` changes the bytes of ASCII capitals alone, in UTF-16 also inside other
            # letters. So the patterns are lowered as bytes, too, and "Ä" is searched in both cases.
            patterns += {text.encode(encoding).lower() for text in (term, term.lower())}

    return [str(file) for file in _files(paths) if _contains_any(file, patterns)]


def _files(paths: Iterable[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(path.rglob("*"))
        else:
            files.append(path)

    return [file for file in files if file.is_file()]


def _contains_any(file: Path, patterns: Sequence[bytes]) -> bool:
    data = file.read_bytes().lower()
    return any(pattern in data for pattern in patterns)


def _erase_author(index: Index, owner: str, key: str, person: tuple[str, str]) -> list[str]:
    """Removes the person's messages from a thread; returns the texts that were in them.

    `owner` is the thread's workspace, `person` workspace and user.
    """
    erased: list[str] = []

    def edit(thread: Document | None) -> Document | None:
        if thread is not None:
            erased.extend(chunk.body for chunk in thread.chunks if is_author(thread, chunk, person))

        return without_author(thread, person)

    index.edit(owner, key, edit)
    return erased
