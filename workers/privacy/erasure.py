"""Erases a person's data, expires old texts and checks that no bytes of deleted texts remain.

A deleted row's bytes stay in the database file until something overwrites them
(`router.store.privacy.overwriting`), so every deletion here is followed by `overwrite_deleted`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from router.errors import StoreError
from router.index import Index
from router.log import get_log
from router.store import Store
from router.store.privacy.erasures import Erasure
from router.store.privacy.sentences import Sentences, WrittenText, raw_sentences
from router.text.normalise import normalise
from router.text.redact import redact
from workers.knowledge.sources.slack_message import without_author
from workers.mining.requests import text_hash

KEY_BYTES = 16
SHOWN_CHARACTERS = 80
"""Characters of a message that an explanation shows."""
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")
"""SQLite stores text in one of these; which one is set when a database is created."""


@dataclass(frozen=True, slots=True)
class ErasureResult:
    """What was removed of a person: rows by table, and what was made from their words.

    `datasets` are the ids of those that lost rows. `retrain` names the versions (`route@id`) that
    were trained on them. `terms` are the person's sentences that nobody else wrote, as they wrote
    them, for `find_remaining` to search for: they must never be stored or logged. `sentences` are
    the same as digests. `shared` counts the sentences that somebody else wrote, too. `remaining`
    counts the rows that still repeat a sentence, by column. Without `overwritten` the bytes of what
    was deleted are still in the database's files, and the next housekeeping tries again.
    """

    rows: Mapping[str, int]
    datasets: Sequence[str] = ()
    retrain: Sequence[str] = field(default_factory=tuple)
    terms: Sequence[str] = field(default=(), repr=False)
    sentences: Sentences = field(default_factory=lambda: Sentences(b""), repr=False)
    shared: int = 0
    remaining: Mapping[str, int] = field(default_factory=dict)
    overwritten: bool = True


def erase_person(store: Store, index: Index, team: str, user: str, now: float) -> ErasureResult:
    """Deletes everything the person wrote and every copy of it, and overwrites the bytes.

    Copies are answers that repeat the person, others' shortcuts on their messages, notes,
    examples in candidates and digests, and rows of datasets. What somebody else wrote
    independently stays. Versions trained on such a dataset are listed for retraining
    (`router.store.retrain`), because weights cannot forget. Calling it twice is safe.
    """
    written = store.personal_data.texts_by_user(team, user)
    sentences = Sentences(secrets.token_bytes(KEY_BYTES), _variants(written))

    # Mining identifies a request by the hash of its normalised, redacted text.
    hashes = [text_hash(normalise(redact(text.text))) for text in written]
    erased = store.personal_data.erase_user(team, user, sentences, hashes)

    # After the copies: a run that was killed in between finds the words once more.
    threads = index.documents_by_author(team, user)
    for owner, key in threads:
        index.edit(owner, key, lambda thread: without_author(thread, (team, user)))

    for route, version in erased.versions:
        store.retrain.insert(team, route, version, "a person in its data was forgotten", now)

    # After all deletions, and last: it is slow and may fail while a reader holds the log.
    overwritten = _try_to_overwrite(store)
    return ErasureResult(
        rows={"thread": len(threads), **erased.rows},
        datasets=tuple(erased.datasets),
        retrain=tuple("@".join(version) for version in erased.versions),
        terms=_terms(written, erased.own),
        sentences=erased.own,
        shared=erased.shared,
        remaining=store.personal_data.count_rows_with(team, erased.own),
        overwritten=overwritten,
    )


def erase_copies(store: Store, erasure: Erasure) -> Mapping[str, int]:
    """Erases copies that were stored while the person was being erased.

    Returns how many rows still repeat a sentence, by column.
    """
    sentences = erasure.sentences
    erased = store.personal_data.erase_user(erasure.team, erasure.user, sentences, ())
    if any(erased.rows.values()):
        _try_to_overwrite(store)

    return store.personal_data.count_rows_with(erasure.team, erased.own)


def _try_to_overwrite(store: Store) -> bool:
    try:
        store.personal_data.overwrite_deleted()
    except StoreError as error:
        get_log(part="forget").warning("bytes_not_erased", error=str(error))
        return False

    return True


def _variants(written: Iterable[WrittenText]) -> Iterator[WrittenText]:
    """Yields each text as it was written, masked, and cut as other rows may show it."""
    for text in written:
        masked = redact(text.text)
        for variant in {text.text, masked, text.text[:SHOWN_CHARACTERS], masked[:SHOWN_CHARACTERS]}:
            yield WrittenText(variant, text.at)


def _terms(written: Iterable[WrittenText], own: Sentences) -> tuple[str, ...]:
    """Returns the sentences that nobody else wrote, as they were written."""
    terms = set()
    for text in written:
        for sentence in raw_sentences(text.text):
            if own.found_in(sentence):
                terms.add(sentence)

    return tuple(sorted(terms))


def overwrite_deleted(store: Store) -> None:
    """Overwrites the bytes of everything deleted so far. Calling it again is safe.

    Raises StoreError when a reader held the write-ahead log for too long.
    """
    store.personal_data.overwrite_deleted()


def prove_erased(store: Store, paths: Sequence[Path], terms: Sequence[str]) -> list[str]:
    """Returns the files that still contain one of `terms`, after all that can be done about it.

    Where the database's own file has some, in a gap that a row left when it was moved, the file is
    rewritten and searched again.
    """
    remaining = find_own_remaining(store, paths, terms)
    if not remaining or not store.is_embedded:
        return remaining

    try:
        store.personal_data.rewrite_file()
    except StoreError as error:
        get_log(part="forget").warning("bytes_not_erased", error=str(error))
        return remaining

    return find_own_remaining(store, paths, terms)


def find_own_remaining(store: Store, paths: Sequence[Path], terms: Sequence[str]) -> list[str]:
    """Returns the files that contain one of `terms`, unless as a part of what others wrote.

    "My desk is in room 1" is found in somebody else's "My desk is in room 12", byte for byte.
    """
    remaining = find_remaining(paths, terms)
    if not remaining:
        return []

    in_others = store.personal_data.terms_within_texts(terms)
    return find_remaining(paths, [term for term in terms if term not in in_others])


def find_remaining(paths: Iterable[Path], terms: Iterable[str]) -> list[str]:
    """Returns the files under `paths` whose bytes contain one of `terms`, whatever the case.

    An empty list proves the erasure, as far as files are uncompressed. A path may be a file or a
    folder; missing ones are skipped.
    """
    patterns: set[bytes] = set()
    for term in terms:
        # JSON in the database escapes quotation marks and letters beyond ASCII.
        for spelling in (term, term.lower(), json.dumps(term)[1:-1]):
            for encoding in ENCODINGS:
                # `bytes.lower` changes the bytes of ASCII capitals alone, in UTF-16 also inside
                # other letters. So the patterns are lowered as bytes, too.
                patterns.add(spelling.encode(encoding, "replace").lower())

    return [str(file) for file in _files(paths) if _contains_any(file, patterns)]


def _files(paths: Iterable[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(path.rglob("*"))
        else:
            files.append(path)

    return [file for file in files if file.is_file()]


def _contains_any(file: Path, patterns: Iterable[bytes]) -> bool:
    data = file.read_bytes().lower()
    return any(pattern in data for pattern in patterns)
