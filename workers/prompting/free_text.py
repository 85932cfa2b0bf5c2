"""Checks of a free text against what it was made from, which tell whether it is an answer.

The checks refuse only what is plainly none; a fluent text may still be wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from router.speech.language import guess_language
from router.text.order import split_order
from router.text.scripts import words_of
from workers.ports import Message
from workers.prompting.own_words import KnownWords, content_words
from workers.prompting.prompt import Prompt

MIN_OWN_SHARE = 0.25
"""The least share of an answer's content words that its material has. A rewording keeps some."""
MIN_OWN_WORDS = 6
"""Words of an answer from which the share says something."""
MAX_FOREIGN_SENTENCES = 0.34
"""The share of sentences that may have hardly a word of the material."""
ECHO_NGRAM = 5
MAX_ECHO = 0.5
"""The share of an answer's n-grams that are those of the instructions and of no material."""
MAX_LEAK = 0.25
"""The share of an answer's n-grams that are those of sentences which belong to an example alone."""
_FENCE = re.compile(
    r"</?(?:thread|message|passage|tool)\b|^(?:Person|Beagle|User|Assistant): ", re.M
)
_LANGUAGES = {
    "english": "en",
    "german": "de",
    "deutsch": "de",
    "french": "fr",
    "spanish": "es",
    "italian": "it",
    "portuguese": "pt",
    "dutch": "nl",
    "polish": "pl",
}
_TARGET = re.compile(
    rf"\b(?:in|into|to|auf|as)(?: plain| simple| good)? (?P<language>{'|'.join(_LANGUAGES)})\b",
    re.IGNORECASE,
)
MAX_ORDER_WORDS = 8
"""Words of a follow-up that only orders a change of the answer before it."""
_SHORTER = re.compile(
    r"\b(?:short(?:er|en)?|briefer|more concise|more brief|half as long|too long|condense|"
    r"cut it|fewer words|less text|trim|(?:\d|one|two|three|four|five) (?:short )?"
    r"(?:sentences?|lines?|words))\b",
    re.IGNORECASE,
)
MAX_NOTE_SHARE = 0.1
"""The share of a stored answer that may be a note behind it; a shorter text is a cut."""
_SIGN_ORDER = re.compile(
    r"\bsign(?:ed)?(?: it| off| this| the \w+)?(?: with| as| by|:)|\bsign(?:ed)? [A-Z]\w+"
)
_SIGNER = re.compile(r"\b(?:from|as|by) ")
_SIGNATURE = re.compile(
    r"\b(?:[Rr]egards|[Ww]ishes|[Bb]est|[Cc]heers|[Ss]incerely|[Tt]hanks|[Tt]hank you|[Gg]reetings|"
    r"[Yy]ours)[,.!]? {0,3}\n? {0,3}"
    r"(?P<name>[A-Z][\w-]{1,30})['\"\u2019\u201d.!)]{0,3}\Z"
)
_DECLINE = re.compile(
    r"\b(?:unable to|not able to|can['\u2019]t|cannot|can not) "
    r"(?:assist|help|fulfil|comply|do (?:that|this)|answer (?:that|this)|"
    r"provide (?:that|this|you|the))\b|\bas an ai\b",
    re.IGNORECASE,
)
DECLINE_CHARS = 120
"""Characters of a text in which it declines, if it does."""
_SENTENCE_END = re.compile(r"[.!?:](?=\s|\Z)|\n")
_WORD = re.compile(r"\w+")


def echoes_prompt(text: str, prompt: Prompt, material: str) -> bool:
    """Returns whether the text repeats marks, orders or examples of its prompt as the answer."""
    if _FENCE.search(text) is not None and _FENCE.search(material) is None:
        return True
    if _repeats_order(text, prompt.parts.get("query", "")):
        return True

    own = _ngrams(text)
    instructions = own & _ngrams(prompt.parts.get("system", ""))
    leaked = own & _leaking_ngrams(prompt, material)
    known = _ngrams(material)
    return bool(own) and (
        len(instructions - known) > MAX_ECHO * len(own) or len(leaked - known) > MAX_LEAK * len(own)
    )


def declines(text: str, material: str) -> bool:
    """Returns whether the text begins with a refusal to help that its material does not speak of.

    "I'm unable to assist with that" is no friendlier wording of somebody's reminder. Where the
    message itself says that somebody cannot help, so may a draft.
    """
    is_refusal = _DECLINE.search(text[:DECLINE_CHARS]) is not None
    return is_refusal and _DECLINE.search(material) is None


def invents(text: str, material: str) -> bool:
    """Returns whether the text has a figure, a day or a month that its material does not have."""
    known = KnownWords.of_text(material)
    return bool(known.foreign_numbers(text) or known.foreign_times(text))


def is_about(text: str, material: str) -> bool:
    """Returns whether the text, and most of its sentences, have words of the material.

    A small model likes to add what it thinks of its own answer. A short text is always taken for
    one about the material.
    """
    if len(_WORD.findall(text)) < MIN_OWN_WORDS:
        return True

    known = KnownWords.of_text(material)
    if known.own_share(text) < MIN_OWN_SHARE:
        return False

    sentences = [part for part in _SENTENCE_END.split(text) if part.strip()]
    foreign = 0
    for sentence in sentences:
        is_long = len(_WORD.findall(sentence)) >= MIN_OWN_WORDS
        foreign += is_long and known.own_share(sentence) < MIN_OWN_SHARE

    # One may be a polite closing.
    return foreign < 2 or foreign <= MAX_FOREIGN_SENTENCES * len(sentences)


def is_unchanged(text: str, order: str, history: Sequence[Message]) -> bool:
    """Returns whether the text is the answer before it again, or no shorter where it shall be.

    A follow-up of a few words, such as "shorter please", wants something else than it has got.
    """
    if not history or history[-1]["role"] != "assistant" or len(order.split()) > MAX_ORDER_WORDS:
        return False

    words, before = words_of(text), words_of(history[-1]["content"])
    if wants_shorter(order):
        return len(words) >= len(before)

    # What is stored of an answer may have a note behind it.
    is_opening = bool(words) and before[: len(words)] == words
    return is_opening and len(before) - len(words) <= MAX_NOTE_SHARE * len(before)


def wants_shorter(order: str) -> bool:
    """Returns whether the order asks for fewer words, or for a number of them."""
    # What stands behind a colon or on the next line is text to work on, and orders nothing.
    return _SHORTER.search(re.split(r"[:\n]", order, maxsplit=1)[0]) is not None


def signs_as_sender(text: str, material: str, order: str = "") -> bool:
    """Returns whether the text ends with the name that its material is signed with.

    An order that says how to sign, or from whom, is followed.
    """
    sender, signed = _SIGNATURE.search(material.strip()), _SIGNATURE.search(text.strip())
    if sender is None or signed is None or sender["name"] != signed["name"]:
        return False

    signers = [order[word.end() :] for word in _SIGNER.finditer(order)]
    is_named = any(signer.startswith(signed["name"]) for signer in signers)
    return not is_named and _SIGN_ORDER.search(order) is None


def target_language(order: str) -> str | None:
    """Returns the language that the order asks for, as its two-letter code; None without one."""
    target = _TARGET.search(order[:200])
    return _LANGUAGES[target.group("language").lower()] if target is not None else None


def is_in_language(text: str, language: str) -> bool:
    """Returns whether the text is in the language; a few words may not show in which they are."""
    guess = guess_language(text)
    if guess is None:
        return len(_WORD.findall(text)) < MIN_OWN_WORDS

    return guess == language


def _repeats_order(text: str, query: str) -> bool:
    """Returns whether the text begins with the order that came before the material."""
    for part in split_order(query, 1):
        if part.is_marked and not query.strip().startswith(part.material):
            order = part.order.casefold().rstrip(" :")
            opening = text.strip().casefold()
            return bool(order) and opening.startswith(order) and opening[len(order) :][:1] in ":\n"

    return False


def _leaking_ngrams(prompt: Prompt, material: str) -> set[tuple[str, ...]]:
    """Returns the n-grams of the examples' sentences that are about their own messages.

    "Thank you for asking" may be copied, that is what an example is for. What names the example's
    parcel or Thursday is about nothing that this person wrote.
    """
    known = KnownWords.of_text(material)
    ngrams: set[tuple[str, ...]] = set()
    for asked, answered in prompt.examples:
        foreign = KnownWords.of_text(
            " ".join(word for word in content_words(asked) if not known.has_word(word))
        )
        for sentence in _SENTENCE_END.split(answered):
            if any(word in foreign.words for word in content_words(sentence)):
                ngrams |= _ngrams(sentence)

    return ngrams


def _ngrams(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return {tuple(words[i : i + ECHO_NGRAM]) for i in range(len(words) - ECHO_NGRAM + 1)}
