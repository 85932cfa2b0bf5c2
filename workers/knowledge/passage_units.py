"""What can be quoted from a passage: whole sentences, list items, rows of tables, short lines.

A quote that begins or ends inside a thought can say the opposite: "reimbursed for flights" without
the "never" before it, a rule without the "unless" of the next sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from workers.knowledge.sentences import sentence_spans

CELL = " | "
ITEM = re.compile(r"\s{0,20}(?:[-*•‣▪◦·–○●☐☑]|\(?[0-9]{1,3}[.)]|\(?[a-zA-Z][.)])\s")
_EXCEPTIONS = """
however except unless but only otherwise exceptions exception provided nevertheless instead
jedoch aber außer nur ausnahme ausnahmen sonst allerdings
sauf mais cependant toutefois sinon
"""
EXCEPTIONS = frozenset(_EXCEPTIONS.split())
EXCEPTION_PHRASES = ("this does not", "that does not", "these do not", "this excludes", "not ",
                     "this is not", "this only", "the exception", "dies gilt nicht", "但", "ただし",
                     "除外", "不过", "لا ")  # fmt: skip
"""How a sentence begins that takes back a part of the one before it."""
_REFERENCES = """
this these that those they it he she then there otherwise instead also such both however but and
diese dieser dieses sie es dann dort sonst
"""
REFERENCES = frozenset(_REFERENCES.split())
"""How a sentence begins that is only understood after the one before it."""
MIN_LETTERS = 2
FIRST_WORD = re.compile(r"[\"'“‘(]{0,2}([^\W\d_]{1,20})")


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of a passage that may be quoted.

    `start` and `end` are its place in the passage. `lead` is the line that it is read under: the
    line before a list, or the heads of a table; empty for other text.
    """

    text: str
    start: int
    end: int
    lead: str = ""
    kind: str = "sentence"


def passage_units(body: str) -> list[Unit]:
    """Returns the parts of a passage that may be quoted, in order."""
    units: list[Unit] = []
    for start, end in _blocks(body):
        lines = list(_lines(body, start, end))
        if _is_table(body, lines):
            units += _rows(body, lines)
        else:
            units += _block_units(body, lines, units)

    return units


def whole_thought(body: str, units: Sequence[Unit], place: int) -> tuple[int, int]:
    """Returns where a quote of that unit begins and ends: with what it needs to be understood.

    The sentence before it is added if the unit refers to it, the one after it if that names an
    exception; only within one paragraph.
    """
    first = last = place
    if units[place].kind != "sentence":
        return units[place].start, units[place].end

    if _begins_with(units[place].text, REFERENCES) and _is_same_paragraph(body, units, place - 1):
        first -= 1
    if _is_same_paragraph(body, units, place) and _is_exception(units[place + 1].text):
        last += 1

    return units[first].start, units[last].end


def with_neighbours(
    body: str, units: Sequence[Unit], place: int, nearness: Mapping[int, float], max_chars: int
) -> tuple[int, int]:
    """Returns where a quote of that unit begins and ends, with what stands beside it.

    It grows by the unit before or after it, whichever is nearer to the question (`nearness` by
    place), as long as it has at most `max_chars`: what one sentence says is often completed or
    limited by the next, and the best line often stands beside the one that answers.
    """
    first = last = place
    span = whole_thought(body, units, place)
    while True:
        larger = []
        for new, ends in ((first - 1, (first - 1, last)), (last + 1, (first, last + 1))):
            if 0 <= new < len(units):
                start, end = whole_thought(body, units, new)
                wider = min(start, span[0]), max(end, span[1])
                if wider[1] - wider[0] <= max_chars:
                    larger.append((nearness.get(new, 0.0), ends, wider))
        if not larger:
            return span

        _, (first, last), span = max(larger)


def is_statement(unit: Unit) -> bool:
    """Returns whether a unit can answer: questions do not, and a row of numbers says nothing."""
    text = unit.text.rstrip("\"'”’」")
    if text.endswith(("?", "？", "؟", ":", "：")):
        return False

    letters = re.findall(r"[^\W\d_]", text[:200])
    return len(letters) >= MIN_LETTERS


def _blocks(body: str) -> Iterator[tuple[int, int]]:
    """Yields where the paragraphs begin and end: what empty lines separate."""
    start = 0
    for match in re.finditer(r"\n[^\S\n]{0,9}\n", body):
        if match.start() > start:
            yield start, match.start()
        start = match.end()

    if start < len(body):
        yield start, len(body)


def _lines(body: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    position = start
    for line in body[start:end].split("\n"):
        if line.strip():
            indent = len(line) - len(line.lstrip())
            yield position + indent, position + len(line.rstrip())

        position += len(line) + 1


def _is_table(body: str, lines: list[tuple[int, int]]) -> bool:
    return len(lines) > 1 and all(CELL in body[start:end] for start, end in lines[:2])


def _rows(body: str, lines: list[tuple[int, int]]) -> Iterator[Unit]:
    heads = body[slice(*lines[0])]
    for start, end in lines[1:]:
        yield Unit(body[start:end], start, end, heads, "row")


def _block_units(body: str, lines: list[tuple[int, int]], before: list[Unit]) -> list[Unit]:
    """Returns the sentences and list items of a block; `before` are the units above it."""
    units: list[Unit] = []
    # A list after an empty line is still introduced by the line above it.
    last = before[-1] if before else None
    lead = last.lead if last is not None and last.kind == "item" else ""
    if last is not None and last.text.rstrip().endswith((":", "：")):
        lead = last.text

    for start, end in lines:
        text = body[start:end]
        if ITEM.match(body[start:end] + " "):
            units.append(Unit(text, start, end, lead, "item"))
            continue

        for sentence_start, sentence_end in sentence_spans(body, start, end):
            sentence = body[sentence_start:sentence_end]
            units.append(Unit(sentence, sentence_start, sentence_end))

        lead = units[-1].text if units and units[-1].text.endswith((":", "：")) else ""

    return units


def _is_same_paragraph(body: str, units: Sequence[Unit], place: int) -> bool:
    """Returns whether that unit and the next are sentences with no empty line between them."""
    if place < 0 or place + 1 >= len(units):
        return False

    first, second = units[place], units[place + 1]
    return first.kind == second.kind == "sentence" and "\n\n" not in body[first.end : second.start]


def _is_exception(text: str) -> bool:
    lower = text.casefold()
    return _begins_with(text, EXCEPTIONS) or lower.startswith(EXCEPTION_PHRASES)


def _begins_with(text: str, words: frozenset[str]) -> bool:
    match = FIRST_WORD.match(text)
    return match is not None and match[1].casefold() in words
