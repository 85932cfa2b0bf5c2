"""Answers with citations: verbatim quotes, a model's checked answer, or "not found" with links."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from router.encoder.protocol import Encoder
from router.index import Hit
from router.text.scripts import words_of
from router.text.terms import stem
from router.types import Citation, Outcome, Tokens
from workers import texts
from workers.context import Work
from workers.knowledge.people_answers import is_person_answer, with_contradicting
from workers.knowledge.quotes.by_words import Quote
from workers.knowledge.quotes.extractive_answer import PassageReading, read_passages
from workers.knowledge.quotes.mismatch import Mismatch
from workers.knowledge.relevance.asking_part import subject_words
from workers.knowledge.relevance.contradictions import find_contradictions
from workers.knowledge.relevance.work_words import with_words_of
from workers.knowledge.retrieval import (
    follow_up_query,
    format_date,
    goes_on_with,
    new_words,
    search_query,
)
from workers.llm.model_prices import EXTRACTIVE
from workers.paths._quotation import escape_marks, quoted_lines
from workers.ports import ModelReply, QuoteScores

NEAREST = 3
"""Links in an answer that found nothing."""
MIN_QUOTE = 12
"""Characters: a shorter quote is in any passage and proves nothing."""
MAX_PREVIEW = 200
CITATION_MARK = re.compile(r"(?<!\s)\s*+\[(\d++(?:\s*+,\s*+\d++)*+)\]")
PLAIN_FORMS = str.maketrans("“”„‘’‚–—\u00a0", "\"\"\"'''-- ")
"""One form for each quotation mark, dash and blank; one character each, so offsets stay valid."""


def answer_with_quotes(
    work: Work,
    hits: Sequence[Hit],
    follow_up_hits: Sequence[Hit] = (),
    reply: ModelReply | None = None,
    encoder: Encoder | None = None,
    scorer: QuoteScores | None = None,
) -> Outcome:
    """Returns the sentences that answer best, verbatim.

    If `hits` contain no answer, quotes are taken from `follow_up_hits`, the passages found for this
    message read together with the previous question. `reply` is a model's
    discarded reply, for its cost. `encoder` and `scorer` are what the passages are read with.
    """
    question, found = search_query(work), hits
    reading = read_passages(question, found, encoder, scorer)
    follow_up = follow_up_query(work)
    if not reading.quotes and follow_up is not None:
        alone = reading
        question, found = follow_up, follow_up_hits
        reading = read_passages(question, found, encoder, scorer)
        if not reading.quotes and hits:
            reading = alone

    if not reading.quotes:
        return _answer_in_doubt(work, reading, reply)

    if goes_on_with(work, question) and not _name_new_words(work, reading.quotes, found):
        # The words of the question before it found them: "and a cat?" is not answered by the dogs.
        in_doubt = replace(reading, quotes=[], doubtful=reading.quotes[0], near=found)
        return _answer_in_doubt(work, in_doubt, reply)

    quotes, opposed = with_contradicting(question, reading.quotes, found)

    lines = [_quoted(number, quote) for number, quote in enumerate(quotes, 1)]
    text = f"{_intro(quotes)}\n\n" + "\n\n".join(lines)

    # Two documents may contradict each other; the dates tell people which one to believe.
    for quote, other in dict.fromkeys((*find_contradictions(quotes), *opposed)):
        text += "\n\n" + texts.DISAGREE.format(
            first=quotes.index(quote) + 1,
            second=quotes.index(other) + 1,
            first_day=format_date(quote.hit.updated_at),
            second_day=format_date(other.hit.updated_at),
        )

    return _outcome(work, text, citations_of(quotes), answered=True, reply=reply)


def _answer_in_doubt(work: Work, reading: PassageReading, reply: ModelReply | None) -> Outcome:
    """Returns that no answer was found, with the words that may be one, and where to look."""
    if reading.doubtful is None:
        if not reading.near:
            return _outcome(work, texts.NOTHING_NEAR, (), answered=False, reply=reply)

        return answer_not_found(work, reading.near, reply)

    quote = reading.doubtful
    others = [hit for hit in reading.near if hit.document != quote.hit.document]
    places = [quote, *_nearest_places(others)][:NEAREST]
    text = f"{_doubtful_intro(reading.mismatch)}\n\n{_quoted(1, quote)}"
    return _outcome(work, text, citations_of(places), answered=False, reply=reply)


def _doubtful_intro(mismatch: Mismatch | None) -> str:
    """Returns the line that says why what follows may not answer."""
    if mismatch is None or mismatch.kind == "unknown":
        return texts.DOUBTFUL_INTRO

    asked, quoted = escape_marks(mismatch.asked), escape_marks(mismatch.quoted)
    if mismatch.kind == "place":
        return texts.OTHER_PLACE.format(asked=asked, quoted=quoted)
    if mismatch.kind == "people":
        return texts.OTHER_PEOPLE.format(quoted=quoted)
    if mismatch.kind == "thing":
        return texts.OTHER_THING.format(asked=asked)

    return texts.NO_VALUE.format(missing=texts.MISSING_VALUES[mismatch.kind])


def _name_new_words(work: Work, quotes: Sequence[Quote], hits: Sequence[Hit]) -> bool:
    """Returns whether a quote has any word that the message adds to the question before it.

    A message that adds none asks on, and a figure alone may be what a rule is applied to.
    """
    added = set(map(stem, subject_words(with_words_of(hits, new_words(work)))))
    if not added:
        return True

    said = " ".join(f"{quote.hit.title} {quote.lead} {quote.text}" for quote in quotes)
    return not added.isdisjoint(map(stem, words_of(said)))


def _quoted(number: int, quote: Quote) -> str:
    """Returns the quote as a Markdown quotation, line by line, with its number."""
    lead = f"{escape_marks(quote.lead)} … " if quote.lead else ""
    lines = quoted_lines(quote.text.split("\n"))
    return f"> {lead}" + "\n> ".join(lines) + f" [{number}]"


def _intro(quotes: Sequence[Quote]) -> str:
    """Returns the line that says whose words these are."""
    by_people = [is_person_answer(quote.hit) for quote in quotes]
    if all(by_people):
        return texts.PEOPLE_INTRO

    return texts.MIXED_INTRO if any(by_people) else texts.VERBATIM_INTRO


def answer_not_found(work: Work, hits: Sequence[Hit], reply: ModelReply | None = None) -> Outcome:
    """Returns the honest answer with the nearest places to look; the links prove no claim."""
    if not hits:
        return _outcome(work, texts.NOT_MENTIONED, (), answered=False, reply=reply)

    citations = citations_of(_nearest_places(hits)[:NEAREST])
    return _outcome(work, texts.NOT_FOUND, citations, answered=False, reply=reply)


def _nearest_places(hits: Sequence[Hit]) -> list[Quote]:
    """Returns the first passage of each document, with its first line."""
    nearest: dict[str, Quote] = {}
    for hit in hits:
        first_line = hit.body.split("\n", 1)[0]
        nearest.setdefault(hit.document, Quote(hit, first_line[:MAX_PREVIEW], 0.0, 0.0))

    return list(nearest.values())


def checked_answer(
    work: Work, hits: Sequence[Hit], answer: Mapping[str, Any], reply: ModelReply
) -> Outcome:
    """Returns the model's answer with the citations whose quotes are in their passages.

    Without a single valid citation the answer does not count, because nothing proves it.
    """
    quotes: dict[int, Quote] = {}
    for citation in answer["citations"]:
        number = citation["number"]
        if not 1 <= number <= len(hits) or number in quotes:
            continue

        # Models number passages that they never quote; the quote is the proof.
        hit = hits[number - 1]
        text = find_quote(citation["quote"], hit.body)
        if text is not None:
            quotes[number] = Quote(hit, text, 0.0, 1.0)

    if not answer["answered"] or not quotes or not answer["answer"].strip():
        return answer_not_found(work, hits, reply)

    # Citations are numbered again from 1, because some passages are not cited.
    new_numbers = {old: new for new, old in enumerate(quotes, 1)}
    text = CITATION_MARK.sub(lambda mark: _renumber(mark[1], new_numbers), answer["answer"])

    citations = citations_of(list(quotes.values()))
    return _outcome(work, text.strip(), citations, answered=True, reply=reply)


def find_quote(quote: str, body: str) -> str | None:
    """Returns the text of `body` that `quote` repeats; None when it repeats none.

    Only white space, quotation marks, dashes and case may differ.
    """
    words = quote.strip(" \"'“”‘’.…").split()
    if len("".join(words)) < MIN_QUOTE:
        return None

    # Searched as plain text: a pattern of many words would try each of them at each place.
    plain_body, positions = _on_one_line(body)
    plain_quote, _ = _on_one_line(" ".join(words))
    start = plain_body.find(plain_quote)
    if start < 0:
        return None

    return body[positions[start] : positions[start + len(plain_quote) - 1] + 1]


def _on_one_line(text: str) -> tuple[str, list[int]]:
    """Returns the text in lower case with single blanks, and where each character comes from."""
    characters: list[str] = []
    positions: list[int] = []

    for position, character in enumerate(text.translate(PLAIN_FORMS)):
        if character.isspace():
            character = " "
        if character == " " and characters and characters[-1] == " ":
            continue

        lower = character.lower()
        # One character for each, so that a place in this text is a place in the other.
        characters.append(lower if len(lower) == 1 else character)
        positions.append(position)

    return "".join(characters), positions


def citations_of(quotes: Sequence[Quote]) -> tuple[Citation, ...]:
    """Returns the quotes as citations, numbered from 1."""
    citations = []
    for number, quote in enumerate(quotes, 1):
        citations.append(Citation(number, quote.hit.title, quote.hit.url, quote.text))

    return tuple(citations)


def _renumber(mark: str, new_numbers: Mapping[int, int]) -> str:
    """Returns the citation mark with its new numbers; a number without a citation is dropped."""
    numbers = [new_numbers.get(int(number)) for number in mark.split(",")]
    valid = [str(number) for number in numbers if number is not None]
    if not valid:
        return ""

    return f" [{', '.join(valid)}]"


def _outcome(
    work: Work,
    text: str,
    citations: Sequence[Citation],
    *,
    answered: bool,
    reply: ModelReply | None,
) -> Outcome:
    return Outcome(
        text=text,
        data={
            "answered": answered,
            "answer": text,
            "citations": [citation.number for citation in citations],
        },
        citations=tuple(citations),
        tokens=reply.tokens if reply else Tokens(),
        usd=reply.usd if reply else 0.0,
        seconds=reply.seconds if reply else 0.0,
        model=reply.model if reply else EXTRACTIVE,
        route=work.version.route,
        kind="rag",
        version=work.version.id,
    )
