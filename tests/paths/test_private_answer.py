"""What one person reads alone has what everybody was shown."""

from __future__ import annotations

from router.types import Citation, Outcome
from workers import texts
from workers.paths._private_answer import with_public_answer

PLACES = (Citation(1, "Places", "", "Near."),)


def quoting(*quotes: str, answered: bool = True) -> Outcome:
    lines = [f"> {quote} [{number}]" for number, quote in enumerate(quotes, 1)]
    intro = texts.VERBATIM_INTRO if answered else texts.DOUBTFUL_INTRO
    text = "\n\n".join([intro, *lines])
    citations = tuple(
        Citation(number, "Rules", "", quote) for number, quote in enumerate(quotes, 1)
    )
    numbers = list(range(1, len(quotes) + 1))
    data = {"answered": answered, "answer": text, "citations": numbers}
    return Outcome(text, data=data, citations=citations)


def nothing() -> Outcome:
    data = {"answered": False, "answer": texts.NOT_FOUND, "citations": [1]}
    return Outcome(texts.NOT_FOUND, data=data, citations=PLACES)


def test_a_quote_that_only_the_public_answer_has_comes_below_with_the_next_number():
    joined = with_public_answer(quoting("Mine.", "Both."), quoting("Both.", "Theirs."))

    assert joined.text.endswith("> Mine. [1]\n\n> Both. [2]\n\n> Theirs. [3]")
    assert [one.quote for one in joined.citations] == ["Mine.", "Both.", "Theirs."]
    assert [one.number for one in joined.citations] == joined.data["citations"] == [1, 2, 3]
    assert joined.data["answer"] == joined.text


def test_where_the_public_answer_says_more_it_is_the_answer():
    doubtful, answer = quoting("Perhaps.", answered=False), quoting("Surely.")

    assert with_public_answer(nothing(), doubtful) == doubtful
    assert with_public_answer(doubtful, answer) == answer
    assert with_public_answer(answer, doubtful) == answer
    assert with_public_answer(doubtful, nothing()) == doubtful
