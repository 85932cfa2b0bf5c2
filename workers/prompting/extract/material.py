"""Finds the text that a request wants to have summarised: its own, its files, or its thread.

The order itself is no part of it, and neither is a summary that was given before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from router.text.order import MIN_MATERIAL_WORDS, OrderAndMaterial, split_order
from router.text.scripts import words_of
from workers import texts
from workers.context import Work
from workers.ports import Message
from workers.prompting.missing_text import MIN_MATERIAL_WORDS as MIN_BEHIND_SIGN
from workers.prompting.missing_text import points_at_nothing
from workers.prompting.prompt import speaker_of

MAX_ORDER_WORDS = 25
"""A longer message in which nothing separates an order is a text itself."""
MAX_ORDER_SENTENCE_WORDS = 12
_ORDER = re.compile(
    r"\b(?:summar\w*|sum|tl;? ?dr|recap|gist|(?:key|main) points?|bullets?|short|shorten|shorter|"
    r"in brief|briefly|boil|condense|essence|nutshell|overview|takeaways?|bottom line|digest|"
    r"catch me up|did i miss|to the point|(?:sentence|line|word)s?)\b",
    re.IGNORECASE,
)
_SINGLE_WORD = re.compile(r"\s{0,9}(?:summar(?:i[sz]e|y)|tl;? ?dr|recap|gist|condense)\s?:", re.I)
_SHOWN_QUOTES = (">", "&gt;", "```", "“", "„", "«", '"')
_QUOTE_MARK = re.compile(r"^[^\S\n]{0,9}(?:>|&gt;|```)[^\S\n]?", re.MULTILINE)
_QUOTE_ENDS = '“”„«»"` \n'


def texts_to_summarise(work: Work) -> list[tuple[str, str]]:
    """Returns the texts, oldest first, each behind the name of who said it, which may be empty.

    There is none where the request only speaks of one.
    """
    message = work.request.text
    if work.request.author:
        # Somebody else's message, chosen by its menu: it has no order.
        return [("", message)]

    files = [("", file.text) for file in work.attachments.texts]
    is_beside_others = bool(files or work.history)
    own = own_material(message, MIN_MATERIAL_WORDS if is_beside_others else MIN_BEHIND_SIGN)
    if own:
        return [*files, ("", own)]
    if files:
        return files
    if len(words_of(message)) > MAX_ORDER_WORDS:
        return [("", message)]

    earlier = _earlier_texts(work.history)
    if earlier:
        return earlier

    return [] if _is_order(message) else [("", message)]


def own_material(message: str, min_words: int) -> str:
    """Returns what stands beside the order in a message; empty where nothing does."""
    return without_quote_marks(_divide(message, min_words).material)


def order_in(message: str) -> str:
    """Returns the order of a message without the text beside it; empty where it is a text alone."""
    order = _divide(message, MIN_BEHIND_SIGN).order
    return order or (message if len(words_of(message)) <= MAX_ORDER_WORDS else "")


def _divide(message: str, min_words: int) -> OrderAndMaterial:
    # One word before a colon is mostly a heading; these are orders.
    found = OrderAndMaterial("", "", is_marked=False)
    single = _SINGLE_WORD.match(message)
    if single is not None:
        found = OrderAndMaterial(single.group(), message[single.end() :], is_marked=True)

    for part in split_order(message, min_words):
        is_quoted = part.material.startswith(_SHOWN_QUOTES)
        # The first colon may be that of the text, in a chat where each line has a name before it.
        if not is_quoted and "\n" in part.order:
            continue
        # Two ways to divide it are both right where the text has quotations of its own.
        if _ORDER.search(part.order) is not None and len(part.material) > len(found.material):
            found = part

    return found


def without_quote_marks(text: str) -> str:
    """Returns the text without the marks of a quotation around it and before its lines."""
    text = _QUOTE_MARK.sub("", text)
    return text.strip(_QUOTE_ENDS) if text.startswith(tuple('“„«"`')) else text.strip()


def _earlier_texts(history: Sequence[Message]) -> list[tuple[str, str]]:
    """Returns what was said in the thread, and by whom as prompts show it."""
    found = []
    for turn in history:
        text = turn["content"].strip()
        if turn["role"] == "assistant":
            if not any(line in text for line in (*texts.SUMMARY_INTROS, texts.NO_TEXT)):
                found.append((speaker_of(turn), text))
            continue

        text = own_material(text, MIN_BEHIND_SIGN) or text
        if not _is_order(text):
            found.append((speaker_of(turn), text))

    return found


def _is_order(text: str) -> bool:
    """Returns whether a text is nothing but an order to summarise another one."""
    if points_at_nothing(text):
        return True

    return len(words_of(text)) <= MAX_ORDER_SENTENCE_WORDS and _ORDER.search(text) is not None
