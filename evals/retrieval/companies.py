"""Quoted answers for people who had not read the pages: made-up companies' handbooks.

The pages of sixteen companies were written by one author, 150 questions by another who knew only
what the company does and what its pages are about; a third copied out the words that answer each
question, or none. Of nine more one author did all three, the questions before the pages: they
are nearer to the pages than people's, and more of them are answered.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from evals.retrieval.answer_figures import (
    GoldQuestion,
    Judgement,
    judge_by_words,
    read_gold_questions,
    separation,
    shares,
    write_misses,
)
from evals.retrieval.rag import VIEWER, fill_index
from evals.retrieval.rag_data import VectorCache, read_corpus
from router.config import read_settings
from router.encoder.factory import open_encoder
from router.encoder.protocol import Encoder
from router.index import Hit
from router.log import set_up_logs
from router.store import open_store
from router.text.printable import print_line
from workers.knowledge.relevance.quote_scorer import QuoteScorer
from workers.knowledge.relevance.ranking import RANKED, rank_passages
from workers.ports import QuoteScores

FOLDER = Path(__file__).parents[1] / "companies"
PARTS: Mapping[str, Collection[str]] = {
    "dev": (
        *("bakery", "biotech", "charity", "coop", "council", "hospital", "hotel", "insurer"),
        *("museum", "software", "studio", "telecom", "university", "warehouse"),
    ),
    "test": ("school", "shipyard"),
    "one-author": (
        *("airport", "brewery", "callcentre", "consulting", "games", "lawfirm", "pharmacy"),
        *("railway", "winery"),
    ),
}
"""A method is chosen on the companies of `dev`; nothing may be chosen on the others."""


def main(
    company: Annotated[str, typer.Option(help="Only this one.")] = "",
    part: Annotated[str, typer.Option(help=f"One of {', '.join(PARTS)}.")] = "test",
    misses: Annotated[
        Path | None, typer.Option(help="A Markdown page to write every missed question to.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure answers quoted to people who ask in words of their own."""
    set_up_logs("auto", "warning")
    names = [company] if company else companies(part)
    settings = read_settings()
    encoder = open_encoder("fast", settings.encoder_cache)
    scorer = QuoteScorer(settings.encoder_cache)

    judgements: list[Judgement] = []
    for name in names:
        judgements += judge_company(name, encoder, scorer)

    if misses is not None:
        write_misses(misses, judgements)

    figures = {"companies": len(names), **shares(judgements), "auroc": separation(judgements)}
    lines = [f"{name.replace('_', ' ')}: {value}" for name, value in figures.items()]
    print_line(json.dumps(figures) if as_json else "\n".join(lines))


def companies(part: str) -> list[str]:
    """Returns the companies of one part, in order. Raises BadParameter for an unknown part."""
    if part not in PARTS:
        raise typer.BadParameter(f"--part {part!r}; allowed: {', '.join(PARTS)}")

    return sorted(PARTS[part])


def judge_company(
    name: str, encoder: Encoder, scorer: QuoteScores | None = None
) -> Sequence[Judgement]:
    """Returns what its people get. Raises BadParameter if there is no such company."""
    asked = ranked_for(name, encoder)
    hits = {question.text: found for question, found in asked}
    return judge_by_words([question for question, _ in asked], hits.__getitem__, encoder, scorer)


def ranked_for(name: str, encoder: Encoder) -> list[tuple[GoldQuestion, list[Hit]]]:
    """Returns each question of a company's people with its passages, the best first.

    Raises BadParameter if there is no such company.
    """
    every = [one for names in PARTS.values() for one in names]
    if name not in every:
        raise typer.BadParameter(f"--company {name!r}; allowed: {', '.join(sorted(every))}")

    questions = read_gold_questions(FOLDER / f"{name}.jsonl")
    return ranked_from(FOLDER / name, questions, encoder)


def ranked_from(
    corpus: Path, questions: Sequence[GoldQuestion], encoder: Encoder
) -> list[tuple[GoldQuestion, list[Hit]]]:
    """Returns each question with its passages of the corpus, the best first."""
    documents, _ = read_corpus(corpus)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/company.db")
        try:
            index = store.documents
            fill_index(index, documents, encoder, VectorCache(None, encoder.model_id))

            def find(text: str) -> list[Hit]:
                vector = encoder.model_id, encoder.encode([text])[0]
                return rank_passages(text, index.search(text, vector, VIEWER, RANKED))

            return [(question, find(question.text)) for question in questions]
        finally:
            store.close()
