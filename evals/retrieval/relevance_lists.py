"""Training lists for the ranking of passages, made from the headings of documents.

A heading asks for its section: the heading is taken out of the index, and the section must be found
without it. People also ask with some of a heading's words, so a second kind of question keeps the
heading and mixes its words with some of the section's.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from evals.retrieval.rag_data import TEAM
from router.index import WORKSPACE_ACL, Chunk, Document, Hit
from router.text.terms import extract_terms
from router.types import Viewer
from workers.knowledge.relevance.ranking import RANKED
from workers.knowledge.sentences import split_sentences

VIEWER = Viewer(TEAM, "U-eval", frozenset({WORKSPACE_ACL}))
MAX_SAME_HEADING = 2
"""A heading that more sections share, such as “Overview”, asks for none of them."""
MIN_HEADING_TERMS = 2
MIN_WORDS = 8


@dataclass(frozen=True, slots=True)
class RankedList:
    """A question and what the index found for it; `right` says which passages are its section's."""

    question: str
    hits: Sequence[Hit]
    right: Sequence[bool]


def without_headings(documents: Sequence[Document]) -> tuple[list[Document], dict[str, str]]:
    """Returns the documents without the headings that ask for one section, and these by anchor.

    An anchor is the name of a section's row (`rag_data.read_corpus`).
    """
    counts: Counter[str] = Counter()
    for document in documents:
        sections = {(chunk.anchor, _last(chunk.headings)) for chunk in document.chunks}
        counts.update(heading.casefold() for _, heading in sections)

    headings: dict[str, str] = {}
    changed = []
    for document in documents:
        chunks = []
        for chunk in document.chunks:
            if _asks_for_one_section(chunk, counts):
                headings[chunk.anchor] = _last(chunk.headings)
                chunk = replace(chunk, headings=chunk.headings.rsplit(" > ", 1)[0])
            chunks.append(chunk)

        changed.append(replace(document, chunks=chunks))

    return changed, headings


def mixed_questions(
    documents: Sequence[Document], headings: Mapping[str, str], rng: random.Random
) -> dict[str, str]:
    """Returns questions of some words of a heading and some of a sentence below it, by anchor."""
    questions = {}
    for document in documents:
        for chunk in document.chunks:
            heading = headings.get(chunk.anchor)
            if heading is None or chunk.anchor in questions:
                continue

            of_heading = extract_terms(heading)
            share = rng.uniform(0.4, 1.0)
            words = rng.sample(of_heading, max(1, round(share * len(of_heading))))
            sentence = rng.choice(split_sentences(chunk.body) or [chunk.body])
            others = [word for word in extract_terms(sentence) if word not in of_heading]
            words += rng.sample(others, min(len(others), rng.choice((1, 1, 2, 3))))
            rng.shuffle(words)
            questions[chunk.anchor] = " ".join(words)

    return questions


def ranked_lists(
    questions: Mapping[str, str], search: Callable[[str], list[Hit]]
) -> list[RankedList]:
    """Returns what the index finds for each question, in order."""
    lists = []
    for anchor, question in questions.items():
        hits = search(question)[:RANKED]
        right = [hit.url.rsplit("#", 1)[-1] == anchor for hit in hits]
        lists.append(RankedList(question, hits, right))

    return lists


def _asks_for_one_section(chunk: Chunk, counts: Mapping[str, int]) -> bool:
    heading = _last(chunk.headings)
    return (
        " > " in chunk.headings
        and counts[heading.casefold()] <= MAX_SAME_HEADING
        and len(extract_terms(heading)) >= MIN_HEADING_TERMS
        and len(chunk.body.split()) >= MIN_WORDS
    )


def _last(headings: str) -> str:
    return headings.rsplit(" > ", 1)[-1]
