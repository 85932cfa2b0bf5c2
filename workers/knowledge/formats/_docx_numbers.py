"""The numbers of Word's paragraphs, such as `2.1` or `(b)`: the file holds only how to count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
VALUE = f"{WORD}val"
MAX_LEVEL = 8
ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
         (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
MAX_NUMBER = 3999


@dataclass(frozen=True, slots=True)
class _Level:
    start: int = 1
    kind: str = "decimal"
    text: str = ""
    style: str = ""


@dataclass(slots=True)
class ParagraphNumbers:
    """Counts the numbered paragraphs of one document, in order."""

    levels: Mapping[str, Mapping[int, _Level]]
    abstract: Mapping[str, str]
    restarts: Mapping[tuple[str, int], int]
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)
    _begun: set[str] = field(default_factory=set)

    def next_label(self, number: str, level: int) -> str | None:
        """Returns the label of the next paragraph of this list; None for a bullet or no list."""
        levels = self.levels.get(self.abstract.get(number, ""))
        if levels is None or level not in levels:
            return None

        counts = self._counts.setdefault(self.abstract[number], {})
        if number not in self._begun:
            self._begun.add(number)
            for deeper in range(MAX_LEVEL + 1):
                if (number, deeper) in self.restarts:
                    counts[deeper] = self.restarts[number, deeper] - 1

        counts[level] = counts.get(level, levels[level].start - 1) + 1
        for deeper in [key for key in counts if key > level]:
            del counts[deeper]

        return _label(levels, counts, level)

    def level_of_style(self, number: str, style: str) -> int:
        """Returns the level of a list that a paragraph style is linked to, 0 if none is."""
        for level, settings in self.levels.get(self.abstract.get(number, ""), {}).items():
            if settings.style == style:
                return level

        return 0


def read_numbers(root: ET.Element | None) -> ParagraphNumbers:
    """Returns the counters that a document's numbering part describes; None counts nothing."""
    levels: dict[str, dict[int, _Level]] = {}
    abstract: dict[str, str] = {}
    restarts: dict[tuple[str, int], int] = {}

    for element in () if root is None else root.iter(f"{WORD}abstractNum"):
        levels[element.get(f"{WORD}abstractNumId", "")] = {
            _integer(level.get(f"{WORD}ilvl")): _read_level(level)
            for level in element.iter(f"{WORD}lvl")
        }

    for element in () if root is None else root.iter(f"{WORD}num"):
        number = element.get(f"{WORD}numId", "")
        abstract[number] = _value(element, "abstractNumId")
        for override in element.iter(f"{WORD}lvlOverride"):
            start = _value(override, "startOverride")
            if start:
                restarts[number, _integer(override.get(f"{WORD}ilvl"))] = _integer(start)

    return ParagraphNumbers(levels, abstract, restarts)


def _read_level(level: ET.Element) -> _Level:
    start = _value(level, "start")
    return _Level(
        _integer(start) if start else 1,
        _value(level, "numFmt") or "decimal",
        _value(level, "lvlText"),
        _value(level, "pStyle"),
    )


def _label(levels: Mapping[int, _Level], counts: Mapping[int, int], level: int) -> str | None:
    if levels[level].kind == "bullet":
        return None

    label = levels[level].text
    for place in range(level + 1):
        settings = levels.get(place, _Level())
        number = _formatted(counts.get(place, settings.start), settings.kind)
        label = label.replace(f"%{place + 1}", number)

    return "" if levels[level].kind == "none" else label.strip()


def _formatted(number: int, kind: str) -> str:
    if kind in ("lowerRoman", "upperRoman") and 0 < number <= MAX_NUMBER:
        text = ""
        for value, letters in ROMAN:
            text += letters * (number // value)
            number %= value

        return text.upper() if kind == "upperRoman" else text

    if kind in ("lowerLetter", "upperLetter") and number > 0:
        # Word writes the 27th as "aa", the 28th as "bb".
        letter = chr(ord("a") + (number - 1) % 26) * min(9, (number - 1) // 26 + 1)
        return letter.upper() if kind == "upperLetter" else letter

    return f"{number:02d}" if kind == "decimalZero" else str(number)


def _value(element: ET.Element, name: str) -> str:
    found = element.find(f"{WORD}{name}")
    return found.get(VALUE, "") if found is not None else ""


def _integer(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else 0
