"""`beagle ask`: answer a question from documents in the terminal, and say why so."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bot.app import encoder
from bot.cli.team_option import Team, choose_team
from bot.cli.terminal import Json, load_data_settings
from router.config import Settings
from router.encoder.lazy import LazyEncoder
from router.errors import InputError
from router.index import WORKSPACE_ACL, Hit, Index
from router.store import open_store
from router.text.printable import print_line
from router.types import Viewer
from workers.knowledge.ingest import DocumentOrigin, embed_chunks, ingest_folder
from workers.knowledge.quotes.by_words import Quote
from workers.knowledge.quotes.extractive_answer import (
    ANSWER_PASSAGES,
    PassageReading,
    read_passages,
)
from workers.knowledge.relevance.line_meaning import reads_meaning
from workers.knowledge.relevance.quote_scorer import QuoteScorer
from workers.knowledge.relevance.ranking import RANKED, rank_passages

MAX_EMBEDDED_CHUNKS = 400
"""A folder with more passages is searched by words only: embedding them would take minutes."""
FOLDER_TEAM = "T-folder"
PREVIEW_CHARS = 300


def main(
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    docs: Annotated[
        Path | None,
        typer.Option(help="A folder or file to ask, instead of what Beagle has read."),
    ] = None,
    team: Team = None,
    as_json: Json = False,
) -> None:
    """Answer a question from the documents that the whole workspace may read, with quotes."""
    if not question.strip():
        raise InputError("asking the documents: the question is empty; write what you want to know")

    settings = load_data_settings()
    text_encoder = LazyEncoder(lambda: encoder(settings))
    if docs is not None:
        with _folder_index(settings, docs, quiet=as_json) as index:
            hits = find_passages(text_encoder, index, FOLDER_TEAM, question)
    else:
        store = open_store(settings.store_url)
        try:
            hits = find_passages(text_encoder, store.documents, choose_team(store, team), question)
        finally:
            store.close()

    reading = read_passages(question, hits, text_encoder, QuoteScorer(settings.encoder_cache))
    render = answer_json if as_json else render_answer
    print_line(render(hits, reading, text_encoder))


def find_passages(text_encoder: LazyEncoder, index: Index, team: str, question: str) -> list[Hit]:
    """Returns the best passages for the question, by words and, with vectors, by meaning."""
    viewer = Viewer(team, "terminal", frozenset({WORKSPACE_ACL}))
    has_vectors = any(
        summary.chunks > summary.without_vector for summary in index.sources(team, [WORKSPACE_ACL])
    )
    vector = None
    if has_vectors:
        vector = text_encoder.model_id, text_encoder.encode([question])[0]

    hits = index.search(question, vector, viewer, RANKED)
    return rank_passages(question, hits)[:ANSWER_PASSAGES]


def answer_json(hits: Sequence[Hit], reading: PassageReading, text_encoder: LazyEncoder) -> str:
    """Returns the quotes and the passages as one JSON object."""
    passages = []
    for hit in hits:
        passages.append(
            {
                "title": hit.title,
                "text": hit.body,
                "url": hit.url,
                "document": hit.document,
                "score": round(hit.score, 4),
            }
        )

    return json.dumps(
        {
            "found": bool(reading.quotes),
            "quotes": [quote_text(quote) for quote in reading.quotes],
            "doubtful": quote_text(reading.doubtful) if reading.doubtful is not None else None,
            "passages": passages,
            "reason": explain(hits, reading, text_encoder),
        }
    )


def render_answer(hits: Sequence[Hit], reading: PassageReading, text_encoder: LazyEncoder) -> str:
    """Returns the answer, the reason for it, and the passages with their scores."""
    lines = []
    for quote in reading.quotes:
        lines += _quoted(quote)

    if reading.doubtful is not None:
        lines += ["Not found in the documents. What comes nearest may not be the answer:", ""]
        lines += _quoted(reading.doubtful)
    elif not reading.quotes:
        lines += ["Not found in the documents.", ""]

    lines += [explain(hits, reading, text_encoder), ""]
    for number, hit in enumerate(hits, 1):
        places = f"words {hit.lexical or '–'}, meaning {hit.semantic or '–'}"
        lines += [f"[{number}] {hit.score:.2f} ({places})  {hit.title}"]
        preview = " ".join(hit.body.split())
        lines += [f"    {preview[:PREVIEW_CHARS]}{'…' if len(preview) > PREVIEW_CHARS else ''}"]

    return "\n".join(lines)


def _quoted(quote: Quote) -> list[str]:
    source = f" ({quote.hit.url})" if quote.hit.url else ""
    return [
        *(f"> {line}" for line in quote_text(quote).split("\n")),
        f"  — {quote.hit.title}{source}",
        "",
    ]


def quote_text(quote: Quote) -> str:
    """Returns the quote below the line that it is read under, such as a table's heads."""
    return f"{quote.lead}\n{quote.text}" if quote.lead else quote.text


def explain(hits: Sequence[Hit], reading: PassageReading, text_encoder: LazyEncoder) -> str:
    """Returns why the question was answered so, or why not, in one sentence."""
    if not hits:
        return "No passage holds a word of the question."

    what = "the best quote answers" if reads_meaning(text_encoder) else "these passages answer"
    sure = f"The chance that {what} is put at {reading.chance:.0%}; {reading.needed:.0%} is needed."
    if reading.mismatch is not None:
        return f"{sure} But it lacks what the question names."
    if not reading.quotes and reading.chance >= reading.needed:
        return f"{sure} But none of their lines can be quoted."

    return sure


@contextmanager
def _folder_index(settings: Settings, docs: Path, *, quiet: bool) -> Iterator[Index]:
    """Hands out an index of the folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="beagle-ask-") as place:
        store = open_store(f"sqlite:///{place}/ask.db")
        try:
            index = store.documents
            summary = ingest_folder(index, docs, DocumentOrigin(FOLDER_TEAM, str(docs)))
            if not quiet:
                for path, why in summary.skipped:
                    print_line(f"left out {path}: {why}")

            if summary.chunks <= MAX_EMBEDDED_CHUNKS:
                embed_chunks(index, encoder(settings))

            yield index
        finally:
            store.close()
