"""Removes personal data and secrets from texts before they are embedded, stored or displayed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from router.text.person_names import mask_likely_names, mask_names
from router.text.redaction_rules import MARKS, apply_rules

_TOKEN = re.compile(r"\[[^\]\s]{1,12}\]|[^\W_]+(?:['’][^\W_]+)*")
_HIDDEN = "[…]"
MAX_ROUNDS = 6
MAX_MASKED_CHARACTERS = 16_000
"""Characters of a text that are masked; what follows is left out. Nobody mines, shows or trains on
more of one text."""
MAX_WORD_CHARACTERS = 500
"""A text is cut between two words if the last one is not longer than this."""
_HIDDEN_ROW = re.compile(r"(?:\[…\][\s,.'’/-]*){2,}")


def redact(text: str, names: Iterable[str] = ()) -> str:
    """Returns the text with personal data and secrets replaced by marks such as `[email]`.

    Masked are: e-mail and IP addresses, phone, card and bank account numbers, keys and passwords in
    their usual shapes, credentials inside links, Slack mentions, and names of people: the `names`
    handed in, common given names with what follows them, whoever introduces themselves, and whoever
    is greeted ("Hi …,"). Doing it twice changes nothing.

    A rare name elsewhere can stay: use `redact_for_display` for what people other than the author
    will read.
    """
    known_names = frozenset(names)
    return _until_stable(text, lambda part: mask_names(apply_rules(part), known_names))


def redact_for_display(
    text: str, names: Iterable[str] = (), *, usual: frozenset[str] | None = None
) -> str:
    """Returns the text as `redact` does, with likely names masked as well.

    Capitalised words in a row or after a greeting are taken for a name. With `usual` (lower-case
    words that enough different people wrote) each other word and each number becomes `[…]`, so that
    nothing in an example points at one person.
    """
    known_names = frozenset(names)
    redacted = _until_stable(
        text, lambda part: mask_likely_names(mask_names(apply_rules(part), known_names))
    )
    if usual is None:
        return redacted

    return _hide_unusual(redacted, usual)


def plain_words(text: str) -> list[str]:
    """Returns the words and numbers of a text in lower case, without marks.

    `usual` of `redact_for_display` is counted in these.
    """
    return [word.lower() for word in _TOKEN.findall(text) if word[0] != "["]


def _hide_unusual(text: str, usual: frozenset[str]) -> str:
    def hide(match: re.Match[str]) -> str:
        word = match.group()
        if word in MARKS or word == _HIDDEN or word.lower() in usual:
            return word

        return _HIDDEN

    return _HIDDEN_ROW.sub(f"{_HIDDEN} ", _TOKEN.sub(hide, text)).strip()


def _until_stable(text: str, step: Callable[[str], str]) -> str:
    """Applies `step` until it changes nothing more, `MAX_ROUNDS` times at most.

    A mark can uncover what was not masked before. People's texts need two rounds or three; one that
    needs more was made for that, and is hidden from the first place that still changes.
    """
    text = _cut(text)
    for _ in range(MAX_ROUNDS):
        after = step(text)
        if after == text:
            return _cut(text)

        text, before = after, text

    return _cut(f"{before[: _first_difference(before, text)]}{_HIDDEN}")


def _cut(text: str) -> str:
    """Returns the start of a long text, and a mark in place of the rest.

    It is cut between two words: half an address or key would not be recognised as one.
    """
    if len(text) <= MAX_MASKED_CHARACTERS:
        return text

    end = MAX_MASKED_CHARACTERS - len(_HIDDEN)
    blanks = [text.rfind(blank, end - MAX_WORD_CHARACTERS, end) for blank in (" ", "\n")]
    if max(blanks) >= 0:
        end = max(blanks)

    return text[:end] + _HIDDEN


def _first_difference(first: str, second: str) -> int:
    """Returns the first position at which two texts differ."""
    for position, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return position

    return min(len(first), len(second))
