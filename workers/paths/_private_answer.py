"""Answers from what one person alone may read, without losing what everybody was shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from router.types import Citation, Outcome
from workers import texts
from workers.paths._cited_answer import CITATION_MARK

NOTHING_FOUND = (texts.NOT_FOUND, texts.NOTHING_NEAR, texts.NOT_MENTIONED)


def with_public_answer(private: Outcome, public: Outcome) -> Outcome:
    """Returns the private answer with what only the public one quotes.

    More passages make it harder for each to be among the best. Where the public answer says more,
    it is the answer.
    """
    if _says(public) > _says(private):
        return public
    if not (_is_answered(private) and _is_answered(public)):
        return private

    known = {citation.quote for citation in private.citations}
    text, citations = private.text, list(private.citations)
    for paragraph in public.text.split("\n\n"):
        marks = {int(mark) for mark in CITATION_MARK.findall(paragraph)}
        quoted = [one for one in public.citations if one.number in marks]
        if len(quoted) == 1 and quoted[0].quote not in known:
            number = len(citations) + 1
            text += "\n\n" + CITATION_MARK.sub(f" [{number}]", paragraph)
            citations.append(replace(quoted[0], number=number))

    return replace(
        private, text=text, citations=tuple(citations), data=_data(private, citations, text)
    )


def _data(outcome: Outcome, citations: list[Citation], text: str) -> dict[str, object]:
    numbers = [citation.number for citation in citations]
    return {**(outcome.data or {}), "answer": text, "citations": numbers}


def _says(outcome: Outcome) -> int:
    """Returns 2 for an answer, 1 for words that may be one, 0 for places to look at most."""
    if _is_answered(outcome):
        return 2

    return 0 if outcome.text in NOTHING_FOUND else 1


def _is_answered(outcome: Outcome) -> bool:
    return isinstance(outcome.data, Mapping) and bool(outcome.data.get("answered"))
