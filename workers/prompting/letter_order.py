"""Tells a pasted mail from the order of how to answer it, wherever the order stands.

People write it before the mail, after it, or both: `"Dear team, …" – tell her that it left`.
A model that reads on behind a mail writes the order into its draft.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from router.text.order import MAX_CHARS, MAX_ORDER_CHARS, MAX_ORDER_WORDS
from router.text.scripts import words_of

MIN_LETTER_WORDS = 3
MIN_ORDER_WORDS = 2
MIN_REPEATED_WORDS = 4
"""Words at the beginning of an order that no draft has by chance: `tell her politely that`."""

_QUOTE_SIGNS = '“”„«»"'
_QUOTE_SIGN = re.compile(f"[{_QUOTE_SIGNS}]")
_BEFORE_QUOTATION = ("", "(", ":")
_FENCE = re.compile(r"```(?P<text>.*?)(?:```|\Z)", re.DOTALL)
_QUOTED_LINE = re.compile(r"[^\S\n]{0,9}(?:>|&gt;)[^\S\n]?")
_LABEL = re.compile(
    r"(?:^|(?<=[.!?:;,] )|(?<=[.!?:;,]\n))[^\S\n]{0,9}(?:(?:the|her|his|their|this|original) ){0,2}"
    r"(?:e-?mails?|mails?|messages?|letters?|complaints?|questions?|texts?)\s?:(?=\s)",
    re.IGNORECASE | re.MULTILINE,
)
_COLON = re.compile(r"(?<=\w)[ ]?:(?=\s)")
_PARAGRAPH_END = re.compile(r"\n\s{0,9}\n")
_ORDER_VERB = re.compile(
    r"\W{0,9}(?:(?:please|pls|and|now|then|can you|could you|kindly|i want to|i would like to|"
    r"i need to) ){0,3}"
    r"(?:tell|say|answer|reply|respond|write|draft|compose|ask|let (?:him|her|them)|thank|decline|"
    r"apologi[sz]e|explain|confirm|offer|promise|refuse|accept|make it|keep it|sign|mention)\b"
    r"(?! (?:me|us)\b)",
    re.IGNORECASE,
)
_SIGN_OFF = re.compile(
    r"^[^\S\n]{0,9}(?:(?:kind|best|warm|many) )?(?:regards|wishes|best|cheers|sincerely|thanks|"
    r"thank you|greetings|yours(?: \w+)?)\b[^\n]{0,60}$",
    re.IGNORECASE | re.MULTILINE,
)
_EDGES = " \t\n:;,–—-"


@dataclass(frozen=True, slots=True)
class LetterOrder:
    """A message in its parts; `parts` are what was ordered before and after the letter."""

    parts: tuple[str, ...]
    letter: str

    @property
    def order(self) -> str:
        """The whole order in one line."""
        return "; ".join(part.rstrip(".") for part in self.parts)


def divide_letter(message: str) -> LetterOrder:
    """Returns the order and the letter without its quotation marks.

    A message in which nothing marks a letter is all letter, with an empty order.
    """
    text = message.strip()
    whole = LetterOrder((), text)
    if len(text) > MAX_CHARS:
        return whole

    for start, end, letter in (*_marked(text), *_behind_sign(text)):
        parts = tuple(part for part in map(_one_line, (text[:start], text[end:])) if part)
        words = words_of(" ".join(parts))
        is_order = len(words) >= MIN_ORDER_WORDS and len(" ".join(parts)) <= MAX_ORDER_CHARS
        if is_order and len(words_of(letter)) >= MIN_LETTER_WORDS:
            return LetterOrder(parts, letter.strip())

    return whole


def repeats_order(draft: str, parts: tuple[str, ...]) -> bool:
    """Returns whether the draft has the beginning of an order: `tell her politely that`."""
    written = f" {' '.join(words_of(draft))} "
    for part in parts:
        words = words_of(part)[:MIN_REPEATED_WORDS]
        is_order = _ORDER_VERB.match(part) is not None and len(words) == MIN_REPEATED_WORDS
        if is_order and f" {' '.join(words)} " in written:
            return True

    return False


def _marked(text: str) -> list[tuple[int, int, str]]:
    """Returns where a letter in code, quoted lines or quotation marks is, and its words."""
    found = [(*match.span(), match["text"]) for match in _FENCE.finditer(text)]
    if not found:
        found = _quoted_lines(text)
    is_quotation = not found
    if is_quotation:
        found = _quotations(text)
    if not found:
        return []

    # What is to be written in the answer may be quoted too; it is shorter.
    longest = max(found, key=lambda span: len(span[2]))
    return [longest] if not is_quotation or _is_letter(text, longest) else []


def _quoted_lines(text: str) -> list[tuple[int, int, str]]:
    """Returns the runs of quoted lines; a blank line does not end one."""
    runs: list[tuple[int, int, str]] = []
    lines: list[str] = []
    place = start = end = 0
    for line in text.splitlines(keepends=True):
        mark = _QUOTED_LINE.match(line)
        if mark is not None:
            start = start if lines else place
            lines.append(line[mark.end() :])
            end = place + len(line)
        elif line.strip() and lines:
            runs.append((start, end, "".join(lines)))
            lines = []
        place += len(line)

    if lines:
        runs.append((start, end, "".join(lines)))

    return runs


def _quotations(text: str) -> list[tuple[int, int, str]]:
    """Returns the outermost quotations; one that is not closed ends with the message."""
    found: list[tuple[int, int, str]] = []
    depth = start = 0
    for match in _QUOTE_SIGN.finditer(text):
        place = match.start()
        # Which sign opens differs between languages; a word begins behind one that does.
        before = text[max(0, place - 1) : place].strip()
        behind = text[place + 1 : place + 2].strip()
        if before in _BEFORE_QUOTATION and behind:
            start = start if depth else place
            depth += 1
        elif depth:
            depth -= 1
            if not depth:
                found.append((start, place + 1, text[start + 1 : place]))

    if depth:
        found.append((start, len(text), text[start + 1 :].rstrip(_QUOTE_SIGNS)))

    return found


def _is_letter(text: str, span: tuple[int, int, str]) -> bool:
    """Returns whether a quotation is what is to be answered, and no words within a letter."""
    start, end, quoted = span
    rest = words_of(text[:start] + " " + text[end:])
    return len(words_of(quoted)) >= len(rest) or (
        len(rest) <= MAX_ORDER_WORDS and text[:start].rstrip()[-1:] in ("", ":")
    )


def _behind_sign(text: str) -> list[tuple[int, int, str]]:
    """Returns where a letter may be that begins behind a label, a colon or a line with an order."""
    starts = [match.span() for match in _LABEL.finditer(text[:MAX_ORDER_CHARS])][:1]
    colon = _COLON.search(text[:MAX_ORDER_CHARS])
    if colon is not None and len(words_of(text[: colon.start()])) >= MIN_ORDER_WORDS:
        starts.append(colon.span())

    paragraph = _PARAGRAPH_END.search(text)
    line = paragraph.start() if paragraph is not None else text.find("\n")
    if line > 0 and _ORDER_VERB.match(text[:line]):
        starts.append((line, line))

    # Without a sign before it, only what stands below the sender's name is an order.
    starts.append((0, 0))
    spans = []
    for start, begin in starts:
        end = _end_of_letter(text, begin, is_marked=bool(start or begin))
        spans.append((start, end, text[begin:end]))

    return spans


def _end_of_letter(text: str, begin: int, *, is_marked: bool) -> int:
    """Returns where the last lines begin that tell what to answer; the text's end without any."""
    breaks = [match.end() for match in _SIGN_OFF.finditer(text, begin)][-1:]
    if is_marked or breaks:
        breaks += [match.end() for match in _PARAGRAPH_END.finditer(text, begin)][-1:]

    for place in breaks:
        tail = text[place:]
        if _ORDER_VERB.match(tail) and len(words_of(tail)) <= MAX_ORDER_WORDS:
            return place

    return len(text)


def _one_line(part: str) -> str:
    return " ".join(part.split()).strip(_EDGES)
