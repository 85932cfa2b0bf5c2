"""Compares a form with the facts of its message: what no field has is named beside the form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from router.speech.acts import speech_act
from router.text.terms import STOP_WORDS
from workers import texts
from workers.ports import Message
from workers.prompting.message_facts import Fact
from workers.prompting.own_words import KnownWords, content_words
from workers.prompting.structured_output import field_label

MAX_NAMED = 3
"""Facts that are named below a form; of more, it is said that there are more."""
SEPARATOR = "; "
MIN_SHARE = 0.5
"""The share of an item's words, in 0-1, from which a sentence is one that says it."""
MAX_ADDED_WORDS = 25
"""A longer follow-up is a request of its own."""
MIN_ADDED_WORDS = 2
"""Words that a follow-up has to say besides those of the form: one alone is a remark on it."""
_SENTENCE_END = re.compile(r"[.!?](?=\s|\Z)|[;\n]")
_PREFIX = texts.NOT_IN_FORM.partition("{")[0]
_SMALL_WORDS = """
all every each whole entire half nobody everybody everyone no one since until till before after back
between next last pm am
"""
_SMALL = STOP_WORDS | set(_SMALL_WORDS.split())
"""Words of a time or a group that a form may lack."""
_POLITE_WORDS = """
thanks thank pls sorry ok okay yes no not btw also oh hi hello hey great perfect good cool nice fine
right wrong exactly correct wait actually too again much more very make add
"""
_POLITE = STOP_WORDS | set(_POLITE_WORDS.split())
"""Words of a follow-up that say nothing of the matter."""


def unplaced_facts(
    facts: Sequence[Fact], message: str, form: Mapping[str, Any], proposed: Mapping[str, Any]
) -> list[Fact]:
    """Returns those `facts` of the message that no value of the form has.

    A list is a choice of its text: of that count what the same sentences say as its items, and
    what the model `proposed` for a field where it does not belong.
    """
    known = _Form(form)
    unplaced = [fact for fact in facts if not known.says(fact)]
    if not any(isinstance(part, list) for part in form.values()):
        return [fact for fact in unplaced if fact.kind != "name"]

    before = _Form(proposed)
    own, open_ones = _item_sentences(message, form)
    return [
        fact
        for fact in unplaced
        if before.says(fact)
        or fact.text in (open_ones if fact.kind in ("person", "name", "time") else own)
    ]


def facts_line(facts: Sequence[str]) -> str:
    """Returns the line that names what is in no field; empty for nothing."""
    named = list(dict.fromkeys(facts))
    if not named:
        return ""

    pattern = texts.NOT_IN_FORM if len(named) <= MAX_NAMED else texts.NOT_IN_FORM_MORE
    return pattern.format(facts=SEPARATOR.join(named[:MAX_NAMED]))


def earlier_facts(history: Sequence[Message], form: Mapping[str, Any]) -> list[str]:
    """Returns what the last form of the thread named as in no field, and this one lacks as well."""
    known = _Form(form)
    for turn in reversed(history):
        if turn["role"] != "assistant":
            continue
        for line in turn["content"].splitlines():
            if line.startswith(_PREFIX):
                named = line.removeprefix(_PREFIX).rstrip(".").split(SEPARATOR)
                return [text for text in named if not known.has_words(text)]
        return []

    return []


def added_text(message: str, earlier: Mapping[str, str], form: Mapping[str, Any]) -> str | None:
    """Returns a follow-up as a quote where it says something and changes nothing in the form.

    None where the form changed, and for a question or a mere remark on the form.
    """
    shown = {name: str(value) for name, value in form.items() if value not in (None, "")}
    if not earlier or shown != earlier or len(message.split()) > MAX_ADDED_WORDS:
        return None
    if speech_act(message) not in ("statement", "order"):
        return None

    labels = " ".join(map(field_label, form))
    known = KnownWords.of_text("\n".join([labels, *_values(form)]))
    news = [word for word in content_words(message) if word not in _POLITE]
    if sum(not known.has_word(word) for word in news) < MIN_ADDED_WORDS:
        return None

    return f"“{' '.join(message.split())}”"


class _Form:
    """The values of a form, to be searched for facts."""

    def __init__(self, form: Mapping[str, Any]) -> None:
        self._text = "\n".join(_values(form)).casefold()
        self._known = KnownWords.of_text(self._text)

    def says(self, fact: Fact) -> bool:
        """Returns whether a value has the fact: its figures, or the words that tell it."""
        if fact.kind == "reference":
            return fact.text.split()[-1].casefold() in self._text
        if fact.kind in ("person", "name"):
            return any(self._known.has_whole_words(word) for word in fact.text.split())

        return self.has_words(fact.text, figures_only=fact.kind == "amount")

    def has_words(self, text: str, *, figures_only: bool = False) -> bool:
        """Returns whether the values have all figures of a text, and all its words that count."""
        if self._known.foreign_numbers(text):
            return False

        words = [word for word in content_words(text) if word not in _SMALL]
        return figures_only or self._known.own_share(" ".join(words)) == 1.0


def _item_sentences(message: str, form: Mapping[str, Any]) -> tuple[str, str]:
    """Returns the sentences of the message that say an item of the form's lists.

    And those of them whose item has an empty field: only there a name or a day may be missing.
    """
    own, open_ones = [], []
    sentences = [" ".join(part.split()) for part in _SENTENCE_END.split(message) if part.strip()]
    known = [KnownWords.of_text(sentence) for sentence in sentences]
    items = [_values(item) for part in form.values() if isinstance(part, list) for item in part]
    for item in filter(None, items):
        shares = [words.own_share(item[0]) for words in known]
        best = max([MIN_SHARE, *shares])
        said = [text for text, share in zip(sentences, shares, strict=True) if share == best]
        own += said
        open_ones += said if "" in item else []

    return "\n".join(own), "\n".join(open_ones)


def _values(value: object) -> list[str]:
    """Returns all the texts and figures in a JSON value."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        return [text for part in value for text in _values(part)]

    return [] if value is None else [str(value)]
