"""Significant words of a text and their stems, for lexical search and extractive answers."""

from __future__ import annotations

from router.text.scripts import words_of

MAX_TERMS = 48
"""A longer question says no more about what is searched for, and each term costs a look-up in the
full-text index."""
MAX_STEMMED_CHARS = 4000

_STOP_WORDS = """
a about an and any are as at be been but by can could did do does for from get had has have how i if
in into is it its may me my of on or our please shall she should so tell than that the their them
then there these they this those to up us was we were what when where which who whom why will with
would you your
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""English function words, which say nothing about the topic of a question."""

_SUFFIXES = "ements ement ations ation ments ment ings ing als al ies ied ed es s"
SUFFIXES = tuple(_SUFFIXES.split())
MIN_STEM_LETTERS = 3


def extract_terms(text: str) -> list[str]:
    """Returns the distinct words of a text in order, case-folded and without stop words.

    A text of stop words alone keeps them. Of scripts without blanks they are n-grams. Terms consist
    of letters, marks and digits only, so they are safe inside the quotes of a full-text query.
    """
    words = list(dict.fromkeys(words_of(text)))
    terms = [word for word in words if word not in STOP_WORDS]
    return (terms or words)[:MAX_TERMS]


def stems_of(text: str) -> set[str]:
    """Returns the stems of a text's words that say what it is about."""
    return {stem(word) for word in extract_terms(text[:MAX_STEMMED_CHARS])}


def extract_words(text: str) -> list[str]:
    """Returns all words of a text in order, case-folded."""
    return words_of(text)


def stem(word: str) -> str:
    """Returns a word without the commonest English suffix: `reimbursed` meets `reimbursement`.

    A light stemmer in the manner of Lovins (1968): one pass, the longest suffixes first. It is
    enough to compare words with each other; the stems themselves are not always words.
    """
    for suffix in SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= MIN_STEM_LETTERS:
            word = word[: -len(suffix)]
            if suffix in ("ies", "ied"):
                word += "y"
            break

    # "planned" leaves "plann"; "missed" leaves "miss", which is a word.
    if len(word) > MIN_STEM_LETTERS and word[-1] == word[-2] and word[-1] not in "aeious":
        word = word[:-1]

    if word.endswith("e") and len(word) > MIN_STEM_LETTERS:
        word = word[:-1]

    return word
