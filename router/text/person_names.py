"""Masks names of people: names handed in, common given names, introductions and greetings."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path

from router.text.known_names import index_names

_NAME_WORD = r"[A-Z][^\W\d_]{1,40}(?:['’-][^\W\d_]{1,40}){0,3}"
_CAPITALISED = re.compile(rf"(?<![\w@\[]){_NAME_WORD}(?![\w\]])")
_CAPITAL_LETTER = re.compile("[A-Z]")
_SURNAMES = re.compile(
    r"(?:\s{1,9}(?:(?:van|von|de|der|den|di|da|del|al|bin|la|le)\s{1,9}){0,3}"
    rf"(?:[A-Z]\.|{_NAME_WORD})(?![\w\]]))+"
)
# Two or three capitalised words in the middle of a sentence.
_CAPITALISED_ROW = re.compile(
    rf"(?<=[^\W_] )(?<![.!?:] ){_NAME_WORD}(?: {_NAME_WORD}){{1,2}}(?![\w\]])"
)
_INTRODUCTION = re.compile(
    r"\b((?:my name is|my name's|name is|name:|named|called|this is|i am|i'm"
    r"|regards,?|cheers,?|thanks,?|signed,?)\s+)"
    r"((?-i:[A-Z][\w'’-]+)(?:\s+(?-i:[A-Z][\w'’-]+)){0,2})",
    re.IGNORECASE,
)
_GREETING_PATTERN = (
    r"\b((?:hi|hey|hello|hiya|dear|good (?:morning|afternoon|evening))(?: there)?,? )"
    r"((?-i:[A-Z][^\W\d_]{1,40})(?:['’ -](?-i:[A-Z][^\W\d_]{1,40})){0,2})(?![\w\]])"
)
_GREETING = re.compile(_GREETING_PATTERN, re.IGNORECASE)
# The greeting of a person ends there: "Hi Zbynek, …" but not "Hey Jira is down".
_CLOSED_GREETING = re.compile(
    rf"{_GREETING_PATTERN}(?=\s*(?:[,!.:;\u2013\u2014]|$))", re.IGNORECASE | re.MULTILINE
)

_EVERYBODY_WORDS = (
    "Team All Everyone Everybody Folks There Guys Friends People Support World Again Beagle"
)
_EVERYBODY = frozenset(_EVERYBODY_WORDS.split())
_ALSO_WORDS = """
Will Mark May Rose Bill Grace Hope Art Frank Jack Drew Chase Pat Rob Sue June April August
Summer Autumn Joy Faith Guy Dean Max Ray Gene Grant Miles Pierce Reed Wade Dale Cliff Clay Glen
Heath Iris Ivy Jasmine Lily Olive Pearl Ruby Amber Crystal Dawn Eve Christian Jordan Chelsea
Paris London Sydney Austin Dallas Houston Madison Charlotte Virginia Georgia Carolina Florence
Victoria Israel Chad China India Holly Daisy Violet Sage Carol Melody Robin Jay Rich Don Sky
Angel Major Duke Earl King Prince Mercy Honor Star Skip Buck Buddy Chance Chip Colt Dusty Ford
Hunter Lane Lance
"""
_AMBIGUOUS = frozenset(_ALSO_WORDS.split())
"""Given names that are also everyday words or places: alone they are not taken for a person."""


def mask_names(text: str, names: frozenset[str]) -> str:
    """Returns the text with names of people replaced by `[person]`.

    Masked are the `names` handed in, common given names with the surnames that follow them, people
    who introduce themselves, and people who are greeted ("Hi …,").
    """
    for index in index_names(names, _AMBIGUOUS):
        text = index.mask(text)

    # Most chat has no capital letter left here, and all that follows looks for one.
    if not _CAPITAL_LETTER.search(text):
        return text

    text = _INTRODUCTION.sub(_mask_introduction, text)
    text = _CLOSED_GREETING.sub(_mask_greeting, text)
    return _mask_given_names(text)


def mask_likely_names(text: str) -> str:
    """Masks capitalised words in a row, or after any greeting: stricter than `mask_names`."""
    return _CAPITALISED_ROW.sub("[person]", _GREETING.sub(_mask_greeting, text))


@functools.cache
def given_names() -> frozenset[str]:
    """Returns common given names of many languages, capitalised, from the file beside this one."""
    names = json.loads(Path(__file__).with_name("given_names.json").read_text("utf-8"))
    return frozenset(str(name) for name in names)


def find_people(text: str) -> Iterator[tuple[int, int]]:
    """Yields where each common given name begins, and where it ends with the surnames after it."""
    end = 0
    for match in _CAPITALISED.finditer(text):
        # A surname that was taken with the given name before it is skipped.
        if match.start() < end or not _is_given_name(match, text):
            continue

        surnames = _SURNAMES.match(text, match.end())
        end = surnames.end() if surnames else match.end()
        yield match.start(), end


def _mask_given_names(text: str) -> str:
    """Masks each common given name together with the surnames that follow it."""
    parts: list[str] = []
    end = 0

    for start, name_end in find_people(text):
        parts += [text[end:start], "[person]"]
        end = name_end

    return "".join([*parts, text[end:]])


def _is_given_name(match: re.Match[str], text: str) -> bool:
    """Returns whether the capitalised word is a name; ambiguous ones need a surname after them."""
    word = match.group().removesuffix("'s").removesuffix("’s")
    if word not in given_names():
        return False

    has_surname = _SURNAMES.match(text, match.end()) is not None
    return has_surname or word not in _AMBIGUOUS


def _mask_introduction(match: re.Match[str]) -> str:
    """Masks any capitalised word after "my name is", only a known name after "this is"."""
    phrase, name = match.groups()
    if "name" in phrase.lower() or name.split()[0] in given_names():
        return f"{phrase}[person]"

    return match.group()


def _mask_greeting(match: re.Match[str]) -> str:
    """Masks who is greeted, unless that is everybody or a word in capitals ("IT")."""
    greeting, name = match.groups()
    if name in _EVERYBODY or name.isupper():
        return match.group()

    return f"{greeting}[person]"
