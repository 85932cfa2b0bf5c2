"""Reads a retrieval corpus with its questions and labels, and caches vectors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import typer
from numpy.typing import NDArray

from router.encoder.protocol import Encoder
from router.index import WORKSPACE_ACL, Chunk, Document
from workers.knowledge.chunking import chunk_sections
from workers.knowledge.formats import Section, clean
from workers.knowledge.ingest import DocumentOrigin, read_folder

TEAM = "T-eval"


@dataclass(frozen=True, slots=True)
class Questions:
    """Labelled questions, with the grades of the relevant documents for each."""

    texts: Sequence[str]
    grades: Sequence[Mapping[str, int]]


def read_corpus(path: Path) -> tuple[list[Document], list[str]]:
    """Returns documents whose chunks link to `#row`, and the name of each row.

    A row named `page#section` belongs to the page; a folder's sections are named `path#heading`, as
    links to them end.
    """
    if path.is_dir():
        results = read_folder(path, DocumentOrigin(TEAM, "corpus"))
        return _numbered([result.document for result in results if result.document is not None])

    pages: dict[str, list[Chunk]] = {}
    names: list[str] = []

    for row in json_lines(path, ("_id", "text")):
        key, title = str(row["_id"]), clean(str(row.get("title") or ""))
        section = Section((), str(len(names)), clean(str(row["text"])))
        pages.setdefault(key.split("#", 1)[0], []).extend(chunk_sections(title, [section]))
        names.append(key)

    return [_document(key, chunks) for key, chunks in pages.items()], names


def part_of(questions: Questions, part: str, seed: int) -> Questions:
    """Returns the questions of one half: `dev`, to choose a method on, or `test`, to report it.

    All questions about one page are in one half, drawn by the page's name and the seed; `all` is
    both halves.
    """
    if part == "all":
        return questions

    texts, grades = [], []
    for text, relevant in zip(questions.texts, questions.grades, strict=True):
        page = min(key.split("#", 1)[0] for key, grade in relevant.items() if grade > 0)
        if half_of(page, seed) == part:
            texts.append(text)
            grades.append(relevant)

    return Questions(texts, grades)


def half_of(page: str, seed: int) -> str:
    """Returns `dev` or `test`, drawn by the page's name and the seed."""
    digest = hashlib.sha256(f"{seed}:{page}".encode()).digest()
    return "dev" if digest[0] < 128 else "test"


def read_questions(queries: Path, qrels: Path) -> Questions:
    """Reads the questions in file order, skipping a header line of the labels."""
    grades: dict[str, dict[str, int]] = {}
    for number, line in enumerate(_text(qrels).splitlines(), 1):
        parts = line.rstrip("\r").split("\t")
        if len(parts) != 3 or not parts[2].lstrip("-").isdigit():
            if number > 1 and line.strip():
                raise typer.BadParameter(
                    f"{qrels}, line {number}: expected query, document and grade between tabs"
                )

            continue

        grades.setdefault(parts[0], {})[parts[1]] = int(parts[2])

    rows = [
        row
        for row in json_lines(queries, ("_id", "text"))
        if any(g > 0 for g in grades.get(str(row["_id"]), {}).values())
    ]
    if not rows:
        raise typer.BadParameter(
            f"no question of {queries} has a relevant document in {qrels}; check the ids"
        )

    return Questions([str(row["text"]) for row in rows], [grades[str(row["_id"])] for row in rows])


class VectorCache:
    """Vectors by the hash of their text, for one encoder; not saved without a folder."""

    def __init__(self, folder: Path | None, model: str) -> None:
        self._file = (
            folder / f"rag-{hashlib.sha256(model.encode()).hexdigest()[:12]}.npz"
            if folder
            else None
        )

        self._vectors: dict[str, NDArray[np.float32]] = {}
        self._changed = False
        if self._file is not None and self._file.is_file():
            with np.load(self._file) as saved:
                self._vectors = dict(zip(saved["keys"].tolist(), saved["vectors"], strict=True))

    def vectors(self, texts: Sequence[str], encoder: Encoder) -> tuple[NDArray[np.float32], int]:
        """Returns a row for each text, and how many had to be encoded."""
        keys = [hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() for text in texts]

        missing = {
            key: text for key, text in zip(keys, texts, strict=True) if key not in self._vectors
        }
        if missing:
            self._vectors |= dict(zip(missing, encoder.encode(list(missing.values())), strict=True))
            self._changed = True

        return np.stack([self._vectors[key] for key in keys]), len(missing)

    def save(self) -> None:
        """Saves the vectors for the next run."""
        if self._file is not None and self._changed:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            np.savez(
                self._file,
                keys=np.array(list(self._vectors)),
                vectors=np.stack(list(self._vectors.values())),
            )


def _numbered(documents: Sequence[Document]) -> tuple[list[Document], list[str]]:
    names: dict[str, int] = {}
    documents_out = []

    for document in documents:
        page = document.key.split(":", 1)[1]
        chunks = []

        for chunk in document.chunks:
            row = names.setdefault(f"{page}#{chunk.anchor}", len(names))
            chunks.append(Chunk(chunk.headings, str(row), chunk.body))

        documents_out.append(_document(page, chunks))

    return documents_out, list(names)


def _document(key: str, chunks: Sequence[Chunk]) -> Document:
    title = chunks[0].headings.split(" > ")[0] if chunks else key
    return Document(TEAM, key, "corpus", title, "row:", WORKSPACE_ACL, 0.0, key, chunks)


def json_lines(path: Path, keys: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yields the object of each line. Raises BadParameter where one lacks a key."""
    for number, line in enumerate(_text(path).split("\n"), 1):
        if not line.strip():
            continue

        try:
            row = json.loads(line)
        except ValueError as error:
            raise typer.BadParameter(
                f"{path}, line {number}: {error}; expected one JSON object a line"
            ) from error

        if not isinstance(row, dict) or any(key not in row for key in keys):
            raise typer.BadParameter(
                f"{path}, line {number}: expected an object with {' and '.join(keys)}"
            )

        yield row


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"reading {path}: {error}") from error
