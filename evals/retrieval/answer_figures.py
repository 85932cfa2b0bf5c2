"""What quoted answers are worth to the person who asked: figures, and a page of every miss."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import typer

from evals.retrieval.rag_data import json_lines
from router.encoder.protocol import Encoder
from router.index import Hit
from workers.knowledge.quotes.by_words import Quote
from workers.knowledge.quotes.extractive_answer import (
    ANSWER_PASSAGES,
    PassageReading,
    read_passages,
)
from workers.ports import QuoteScores

Verdict = Literal["answers", "contains", "misleads", "false_not_found", "honest", "made_up"]
"""What an answer was worth. If the documents hold the answer: the first quote answers, a further
one does, none does, or it said "not found". If they do not: it said so, or it quoted something."""


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question and what an answer must contain one of; nothing if no document answers it."""

    text: str
    answers: Sequence[str]


@dataclass(frozen=True, slots=True)
class Judgement:
    """An answer and what it was worth; `expected` says what would have been right.

    `support` is the chance that the passages answer. `is_right_in_doubt` says whether the
    quote that is shown as a doubtful one is right; None where none is shown.
    """

    question: str
    expected: str
    verdict: Verdict
    quotes: Sequence[Quote]
    support: float = 0.0
    is_right_in_doubt: bool | None = None


def read_gold_questions(path: Path, part: str = "all") -> list[GoldQuestion]:
    """Reads JSON lines of `question` and `answers`, the words of the documents that answer it.

    A question that names another `part` than this one, `dev` or `test`, is left out.
    """
    questions = []
    for row in json_lines(path, ("question", "answers")):
        if not isinstance(row["answers"], list):
            raise typer.BadParameter(f"{path}: `answers` of {row['question']!r} is not a list")

        if part != "all" and row.get("part", part) != part:
            continue

        questions.append(GoldQuestion(str(row["question"]), [str(text) for text in row["answers"]]))

    return questions


def judge(
    question: str, expected: str, quotes: Sequence[Quote], is_right: Callable[[Quote], bool] | None
) -> Judgement:
    """Returns what the quotes are worth; without `is_right` no document answers the question."""
    verdict: Verdict
    if is_right is None:
        verdict = "made_up" if quotes else "honest"
    elif not quotes:
        verdict = "false_not_found"
    elif is_right(quotes[0]):
        verdict = "answers"
    else:
        verdict = "contains" if any(is_right(quote) for quote in quotes[1:]) else "misleads"

    return Judgement(question, expected, verdict, quotes)


def judge_by_words(
    questions: Sequence[GoldQuestion],
    find: Callable[[str], list[Hit]],
    encoder: Encoder | None,
    scorer: QuoteScores | None = None,
) -> list[Judgement]:
    """Returns a judgement of each question: a quote is right if it contains a right answer."""
    judgements = []
    for question in questions:
        answers = question.answers

        def is_right(quote: Quote, answers: Sequence[str] = answers) -> bool:
            return contains_answer(quote, answers)

        expected = " / ".join(question.answers) or "not found"
        found = find(question.text)
        reading = read_passages(question.text, found[:ANSWER_PASSAGES], encoder, scorer)
        judgements.append(
            _judge_reading(question.text, expected, reading, is_right if answers else None)
        )

    return judgements


def contains_answer(quote: Quote, answers: Iterable[str]) -> bool:
    """Returns whether any of the answers stands in the quote; blanks and case may differ."""
    return holds_answer(f"{quote.lead} {quote.text}", answers)


def holds_answer(text: str, answers: Iterable[str]) -> bool:
    """Returns whether any of the answers stands in the text; blanks and case may differ."""
    plain = _plain(text)
    return any(_plain(answer) in plain for answer in answers)


def judge_by_passages(
    texts: Sequence[str],
    hits: Sequence[Sequence[Hit]],
    relevant: Sequence[set[str]],
    name_of: Callable[[Hit], str],
    encoder: Encoder | None,
    scorer: QuoteScores | None = None,
) -> tuple[list[Judgement], list[Judgement]]:
    """Returns judgements of each question as it is, and with the right sections removed.

    A quote is right if it is from a right section.
    """
    present, removed = [], []
    for text, found, names in zip(texts, hits, relevant, strict=True):

        def is_right(quote: Quote, names: set[str] = names) -> bool:
            return name_of(quote.hit) in names

        expected = ", ".join(sorted(names))
        reading = read_passages(text, found[:ANSWER_PASSAGES], encoder, scorer)
        present.append(_judge_reading(text, expected, reading, is_right))

        others = [hit for hit in found if name_of(hit) not in names]
        expected = f"not found ({expected} was removed)"
        reading = read_passages(text, others[:ANSWER_PASSAGES], encoder, scorer)
        removed.append(_judge_reading(text, expected, reading, None))

    return present, removed


def _judge_reading(
    question: str,
    expected: str,
    reading: PassageReading,
    is_right: Callable[[Quote], bool] | None,
) -> Judgement:
    """Returns what it is worth what people get, in doubt or not."""
    judgement = judge(question, expected, reading.quotes, is_right)
    shown = reading.doubtful
    if shown is None:
        return replace(judgement, support=reading.chance)

    is_right_in_doubt = is_right is not None and is_right(shown)
    return replace(judgement, support=reading.chance, is_right_in_doubt=is_right_in_doubt)


def shares(judgements: Iterable[Judgement]) -> dict[str, float | int]:
    """Returns the share (0-1) of each verdict among the questions that could have it.

    Questions for which something is shown in doubt count as "not found", and are shares of their
    own besides.
    """
    judgements = list(judgements)
    counts = Counter(judgement.verdict for judgement in judgements)
    figures: dict[str, float | int] = {}
    groups: Mapping[str, Sequence[Verdict]] = {
        "answerable": ("answers", "contains", "misleads", "false_not_found"),
        "unanswerable": ("honest", "made_up"),
    }
    for group, verdicts in groups.items():
        total = sum(counts[verdict] for verdict in verdicts)
        if total:
            figures[group] = total
            for verdict in verdicts:
                figures[verdict] = round(counts[verdict] / total, 4)

            of_group = [j.is_right_in_doubt for j in judgements if j.verdict in verdicts]
            figures[f"in_doubt_{group}"] = round(
                len([x for x in of_group if x is not None]) / total, 4
            )
            if group == "answerable":
                figures["right_in_doubt"] = round(of_group.count(True) / total, 4)

    return figures


def separation(judgements: Iterable[Judgement]) -> float | None:
    """Returns the AUROC of the support: how well it tells which questions documents answer.

    None if all are answered, or none is.
    """
    from sklearn.metrics import roc_auc_score

    answered, support = [], []
    for judgement in judgements:
        answered.append(judgement.verdict not in ("honest", "made_up"))
        support.append(judgement.support)

    return round(float(roc_auc_score(answered, support)), 4) if len(set(answered)) > 1 else None


def write_misses(path: Path, judgements: Iterable[Judgement]) -> None:
    """Writes a Markdown page of every question whose first quote is not right."""
    lines = ["# Answers that missed", ""]
    for judgement in judgements:
        if judgement.verdict in ("answers", "honest"):
            continue

        lines += [f"## {judgement.question}", "", f"- verdict: {judgement.verdict}"]
        lines += [f"- right: {judgement.expected}"]
        for quote in judgement.quotes:
            text = " ".join(f"{quote.lead} {quote.text}".split())
            lines.append(f"- quoted: {text} ({quote.hit.title}; coverage {quote.coverage:.2f})")
        lines.append("")

    path.write_text("\n".join(lines), "utf-8")


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
