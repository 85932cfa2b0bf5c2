"""Tells what a message asks for from the material that was pasted with it.

`Summarise this:` and a mail of a hundred words is about summarising, whatever the mail is about.
People mark the border in a few ways: a colon, a line break, quotation marks, quoted lines, code.
"""

from __future__ import annotations

import re
from bisect import bisect_right, insort
from dataclasses import dataclass

from router.text.normalise import EMOJI_CODE, normalise

MAX_ORDER_WORDS = 25
"""Words that an order has at most; whatever is longer is material itself."""
MIN_MATERIAL_WORDS = 20
"""Words from which material outweighs its order. With fewer, the whole message is read first."""
SHORT_MATERIAL_WORDS = 3
"""Words of material behind an order where the whole message made no sense."""
MIN_ORDER_WORDS = 2
"""Words of an order; before a colon, one is a heading more often (`Update:`)."""
MAX_ORDER_CHARS = 400
MAX_SENTENCE_WORDS = 12
"""Words of a first sentence that is taken for an order where no sign separates it."""
MAX_CHARS = 5_000
"""A longer text is material as a whole."""
MIN_MATERIAL_PER_ORDER = 2
"""Without a sign between them, the material has at least this many words for each of the order."""

_QUOTE_SIGNS = (">", "&gt;", "```", "\u201c", "\u201e", "\u00ab", '"')
_WORD = re.compile(r"\w+")
_NOT_BLANK = re.compile(r"\S")
_PARAGRAPH_END = re.compile(r"\n[^\S\n]*+\n")
_COLON = re.compile(r"(?<=\w)[ ]?:(?=\s)")
_SENTENCE_END = re.compile(r"[.!?](?=\s)")
_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_QUOTED_LINE = re.compile(r"^[^\S\n]*+(?:>|&gt;).*$", re.MULTILINE)
_QUOTATION = re.compile(
    '[\u201c\u201e\u00ab"][^\u201c\u201d\u201e\u00ab\u00bb"]*[\u201d\u201c\u00bb"]'
    # Within a word, a single sign is an apostrophe.
    "|(?<![^\\s(:])['\u2018\u201a](?:[^'\u2018\u2019\u201a]|(?<=\\w)['\u2019](?=\\w))*+['\u2019\u2018](?!\\w)"
)


@dataclass(frozen=True, slots=True)
class OrderAndMaterial:
    """The two parts of a message; `is_marked` says that a sign separates them."""

    order: str
    material: str
    is_marked: bool


def quoted_orders(text: str, min_material: int = SHORT_MATERIAL_WORDS) -> list[OrderAndMaterial]:
    """Returns the ways of `split_order` in which a colon, quotation marks or code are the border.

    A line's end also separates two sentences of one report, so it says too little about a short
    message.
    """
    text = text.strip()
    found = []
    for order, material, is_marked in (
        _around(text, _CODE),
        _around(text, _QUOTED_LINE),
        _around(text, _QUOTATION),
        _before_colon(text),
    ):
        split = OrderAndMaterial(order.strip(), material.strip(), is_marked)
        if _is_sized(split, min_material):
            found.append(split)

    return found


def split_order(text: str, min_material: int = MIN_MATERIAL_WORDS) -> list[OrderAndMaterial]:
    """Returns the ways in which the message may be an order with material, the surest first.

    The list is empty for a message without at least `min_material` words of material. Whether an
    order is one is for the caller to find out: `just so you know:` is none.
    """
    text = text.strip()
    found: list[OrderAndMaterial] = []
    if _word_count(text) < min_material + MIN_ORDER_WORDS:
        return found

    for order, material, is_marked in (
        _around(text, _CODE),
        _around(text, _QUOTED_LINE),
        _around(text, _QUOTATION),
        _before_colon(text),
        _first_line(text),
        _last_line(text),
        _first_sentence(text),
    ):
        split = OrderAndMaterial(order.strip(), material.strip(), is_marked)
        if _is_sized(split, min_material):
            found.append(split)

    return found


def material_spans(text: str, start: int = 0) -> list[tuple[int, int]]:
    """Returns where pasted material begins and ends, in order, from `start` on.

    That is code, quoted lines, quotations, and what follows a colon up to the end of its paragraph.
    A colon right before a quotation has that alone behind it. A text of more than `MAX_CHARS` is
    not taken apart.
    """
    if len(text) > MAX_CHARS:
        return []

    spans: list[tuple[int, int]] = []
    for pattern in (_CODE, _QUOTED_LINE, _QUOTATION):
        found = _merged(spans)
        for match in pattern.finditer(text, start):
            if not _is_within(match.start(), found):
                spans.append(match.span())

    marked = _merged(spans)
    begun = {first for first, _ in marked}
    codes = [match.span() for match in EMOJI_CODE.finditer(text, start)]
    for match in _COLON.finditer(text, start):
        place = match.end() - 1
        is_taken = _is_within(place, marked) or _is_within(place, codes)
        word = _NOT_BLANK.search(text, match.end())
        if is_taken or word is None or word.start() in begun:
            continue

        end = _PARAGRAPH_END.search(text, word.start())
        span = word.start(), end.start() if end is not None else len(text)
        before = max((last for _, last in marked if last <= match.start()), default=start)
        is_order = _word_count(text[before : match.start()]) >= MIN_ORDER_WORDS
        if is_order and _word_count(text[slice(*span)]) >= SHORT_MATERIAL_WORDS:
            marked = [one for one in marked if not span[0] <= one[0] < span[1]]
            insort(marked, span)

    return marked


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Returns the spans in order, with those that overlap as one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))

    return merged


def _is_within(place: int, spans: list[tuple[int, int]]) -> bool:
    """Returns whether one of the spans, which are in order, holds the place."""
    index = bisect_right(spans, place, key=lambda span: span[0])
    return index > 0 and place < spans[index - 1][1]


def _is_sized(split: OrderAndMaterial, min_material: int) -> bool:
    """Returns whether the two have the sizes of an order and its material."""
    # What somebody else wrote is no order.
    if len(split.order) > MAX_ORDER_CHARS or split.order.startswith(_QUOTE_SIGNS):
        return False

    # A greeting is no word of an order, and neither is what Slack writes for a mention.
    order_words = _word_count(normalise(split.order))
    material_words = _word_count(split.material)
    if not MIN_ORDER_WORDS <= order_words <= MAX_ORDER_WORDS or material_words < min_material:
        return False

    return split.is_marked or material_words >= MIN_MATERIAL_PER_ORDER * order_words


def _around(text: str, marked: re.Pattern[str]) -> tuple[str, str, bool]:
    """Returns what is left without the marked parts, and these parts."""
    parts = [match.group() for match in marked.finditer(text)]
    return marked.sub(" ", text), "\n".join(parts), True


def _before_colon(text: str) -> tuple[str, str, bool]:
    """Returns the two sides of the first colon; one in a time or an address is no such colon."""
    match = _COLON.search(text[: MAX_ORDER_CHARS + 2])
    if match is None:
        return "", "", True

    return text[: match.start()], text[match.end() :], True


def _first_line(text: str) -> tuple[str, str, bool]:
    line, _, rest = text.partition("\n")
    return line, rest, True


def _last_line(text: str) -> tuple[str, str, bool]:
    """Returns the last line as the order, where a blank line is before it."""
    rest, _, line = text.rpartition("\n\n")
    return line, rest, True


def _first_sentence(text: str) -> tuple[str, str, bool]:
    match = _SENTENCE_END.search(text[:MAX_ORDER_CHARS])
    if match is None or _word_count(text[: match.start()]) > MAX_SENTENCE_WORDS:
        return "", "", False

    return text[: match.start()], text[match.end() :], False


def _word_count(text: str) -> int:
    return len(_WORD.findall(text))
