"""Summarises what people asked of the documents: unanswered questions and changing answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from router.store import Store
from router.store.knowledge.gaps import DocumentQuestion
from router.text.scripts import words_of
from router.text.terms import stem
from workers.knowledge.relevance.asking_part import VAGUE_WORDS

SAME_QUESTION = 0.85
"""Cosine similarity from which two questions count as the same one."""
EMPTY_VERBS = frozenset(["get", "give", "have", "know", "need", "tell", "use", "want"])
"""Verbs that say nothing of what is asked: guests use a password, or it is for guests."""
MIN_SUBJECT_WORDS = 2
"""One word alone is a topic, and no question."""


@dataclass(frozen=True, slots=True)
class KnowledgeGap:
    """A question that the documents did not answer.

    `example` is its text, empty where nobody else may see it, and `channel` where it was asked.
    `asked` counts requests, `people` their authors; `last_at` is in unix seconds. The field names
    are keys of the stored digest.
    """

    example: str
    asked: int
    people: int
    last_at: float
    channel: str = ""


@dataclass(frozen=True, slots=True)
class VolatileQuestion:
    """A question whose answer has changed: to be retrieved each time, never to be trained on.

    `asked` counts requests, `answers` how many different answers they got.
    """

    example: str
    asked: int
    answers: int


@dataclass(frozen=True, slots=True)
class KnowledgeSummary:
    """The questions of a period; `served` counts answers by the URL of the passage they cite."""

    gaps: Sequence[KnowledgeGap]
    volatile: Sequence[VolatileQuestion]
    served: Sequence[tuple[str, int]]
    answered: int
    not_found: int


@dataclass(frozen=True, slots=True)
class _Group:
    """Questions that count as the same one; each is compared with the first."""

    questions: list[DocumentQuestion]
    words: str
    subject: frozenset[str]
    vector: NDArray[np.float32] | None

    @property
    def encoder(self) -> str | None:
        return self.questions[0].encoder


def summarise_questions(
    store: Store, team: str, since: float, until: float, top: int = 10
) -> KnowledgeSummary:
    """Returns the summary of `since` (included) to `until`, in unix seconds; lists of up to `top`.

    Questions from private channels and DMs are counted, but their text is never an example.
    """
    questions = store.document_questions.between(team, since, until)
    answered = [question for question in questions if question.answered]
    gaps = []
    volatile = []

    for group in _group(questions):
        gap = _gap([question for question in group if not question.answered])
        if gap is not None:
            gaps.append(gap)

        changing = _volatile([question for question in group if question.answered])
        if changing is not None:
            volatile.append(changing)

    # A question that many people ask comes before one that a single person repeats.
    gaps.sort(key=lambda gap: (-gap.people, -gap.asked))
    volatile.sort(key=lambda question: -question.answers)

    return KnowledgeSummary(
        gaps=gaps[:top],
        volatile=volatile[:top],
        served=_citation_counts(answered).most_common(top),
        answered=len(answered),
        not_found=len(questions) - len(answered),
    )


def _citation_counts(questions: Sequence[DocumentQuestion]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for question in questions:
        for citation in question.citations:
            if citation["url"]:
                counts[citation["url"]] += 1

    return counts


def _group(questions: Sequence[DocumentQuestion]) -> list[list[DocumentQuestion]]:
    """Groups the questions by leader clustering.

    Each joins the first group whose first question has the same words, asks about the same words in
    another order, or is near in meaning.
    """
    groups: list[_Group] = []
    for question in questions:
        words = " ".join(question.text.casefold().split())
        subject, vector = _subject(question.text), None
        if question.vector:
            vector = np.frombuffer(question.vector, dtype=np.float32)

        for group in groups:
            is_same = words == group.words or (subject and subject == group.subject)
            if is_same or _is_near(group, question.encoder, vector):
                group.questions.append(question)
                break
        else:
            groups.append(_Group([question], words, subject, vector))

    return [group.questions for group in groups]


def _subject(text: str) -> frozenset[str]:
    """Returns the stems of the words that say what is asked; empty where they are too few."""
    words = [word for word in words_of(text) if word not in VAGUE_WORDS | EMPTY_VERBS]
    subject = frozenset(stem(word) for word in words)
    return subject if len(subject) >= MIN_SUBJECT_WORDS else frozenset()


def _is_near(group: _Group, encoder: str | None, vector: NDArray[np.float32] | None) -> bool:
    if vector is None or group.vector is None:
        return False

    # Vectors of two models, or of two sizes of one, cannot be compared.
    if group.encoder != encoder or len(group.vector) != len(vector):
        return False

    # Stored vectors have unit length, so their dot product is the cosine.
    return float(group.vector @ vector) >= SAME_QUESTION


def _example(questions: Sequence[DocumentQuestion]) -> DocumentQuestion | None:
    """Returns the first question that everybody may see."""
    for question in questions:
        if question.channel_kind == "public":
            return question

    return None


def _gap(questions: Sequence[DocumentQuestion]) -> KnowledgeGap | None:
    if not questions:
        return None

    example = _example(questions)
    return KnowledgeGap(
        example=example.text if example else "",
        asked=len(questions),
        people=len({question.user for question in questions}),
        last_at=max(question.received_at for question in questions),
        channel=example.channel if example else "",
    )


def _volatile(questions: Sequence[DocumentQuestion]) -> VolatileQuestion | None:
    """Returns the question if its answers quoted different words.

    The same words quoted from another page are the same answer.
    """
    answers = set()
    for question in questions:
        # White space differs between formats of the same page.
        quotes = [" ".join(citation["quote"].split()) for citation in question.citations]
        answers.add(frozenset(quotes))

    if len(answers) < 2:
        return None

    example = _example(questions)
    return VolatileQuestion(example.text if example else "", len(questions), len(answers))
