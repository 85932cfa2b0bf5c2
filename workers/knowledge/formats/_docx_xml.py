"""Rewrites a Word document's XML so that its converter sees what Word shows.

Mammoth reads paragraphs, tables, notes, text boxes and accepted changes. Word computes the rest
when it opens the file: numbers of paragraphs, formulas, which styles are headings, what is hidden.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from workers.knowledge.formats._docx_numbers import VALUE, WORD, ParagraphNumbers

MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
STRICT = (
    ("http://purl.oclc.org/ooxml/officeDocument/math",
     "http://schemas.openxmlformats.org/officeDocument/2006/math"),
    ("http://purl.oclc.org/ooxml/officeDocument/relationships",
     "http://schemas.openxmlformats.org/officeDocument/2006/relationships"),
    ("http://purl.oclc.org/ooxml/wordprocessingml/main",
     "http://schemas.openxmlformats.org/wordprocessingml/2006/main"),
    ("http://purl.oclc.org/ooxml/drawingml/", "http://schemas.openxmlformats.org/drawingml/2006/"),
)  # fmt: skip
"""The namespaces of the strict form of the standard, and what everybody reads."""
_NAMES = (
    r"heading|überschrift|titre|título|titolo|encabezado|intestazione|kop|rubrik|nagłówek|заголовок"
)
HEADING = re.compile(rf"(?:{_NAMES}|标题|見出し)\s{{0,3}}([1-6])", re.IGNORECASE)
MAX_HEADING_LEVEL = 6
OFF = frozenset({"0", "false", "off"})
MATH_PARTS = {"f": ("num", "den", "/"), "sSup": ("e", "sup", "^"), "sSub": ("e", "sub", "_")}


@dataclass(frozen=True, slots=True)
class Style:
    """What a style says: its heading level (0 for none), list, and whether it hides text."""

    level: int = 0
    number: str = ""
    number_level: int = -1
    is_hidden: bool = False
    name: str = ""


def read_styles(root: ET.Element | None) -> dict[str, Style]:
    """Returns the styles by id, each with what it inherits."""
    elements = {}
    for element in () if root is None else root.iter(f"{WORD}style"):
        elements[element.get(f"{WORD}styleId", "")] = element

    return {key: _style(key, elements) for key in elements}


def rename_heading_styles(root: ET.Element, styles: dict[str, Style]) -> None:
    """Gives every style that is a heading the English name that the converter knows."""
    for element in root.iter(f"{WORD}style"):
        style = styles[element.get(f"{WORD}styleId", "")]
        name = element.find(f"{WORD}name")
        if style.level and name is not None:
            name.set(VALUE, f"heading {style.level}")


def rewrite(root: ET.Element, styles: dict[str, Style], numbers: ParagraphNumbers) -> None:
    """Makes a part's XML say what Word shows: numbers, formulas, hyphens, nothing hidden."""
    for parent in list(root.iter()):
        for place, child in enumerate(list(parent)):
            _rewrite_child(parent, child, place, styles)

    for paragraph in root.iter(f"{WORD}p"):
        _number(paragraph, styles, numbers)


def _rewrite_child(
    parent: ET.Element, child: ET.Element, place: int, styles: dict[str, Style]
) -> None:
    if child.tag == f"{WORD}r" and _is_hidden(child, styles):
        child.clear()
    elif child.tag == f"{WORD}cr":
        child.tag = f"{WORD}br"
    elif child.tag == f"{WORD}noBreakHyphen":
        child.tag = f"{WORD}t"
        child.text = "-"
    elif child.tag in (f"{MATH}oMath", f"{MATH}oMathPara"):
        parent[place] = _run(f" {_formula(child)} ")


def _number(paragraph: ET.Element, styles: dict[str, Style], numbers: ParagraphNumbers) -> None:
    """Writes the paragraph's number into its text; bullets are left to the converter."""
    properties = paragraph.find(f"{WORD}pPr")
    if properties is None:
        return

    outline = properties.find(f"{WORD}outlineLvl")
    style = properties.find(f"{WORD}pStyle")
    style_id = style.get(VALUE, "") if style is not None else ""
    settings = styles.get(style_id, Style())
    if outline is not None and not settings.level:
        _make_heading(properties, style, _integer(outline.get(VALUE), 9))

    own = properties.find(f"{WORD}numPr")
    number, level = settings.number, settings.number_level
    if own is not None:
        found = own.find(f"{WORD}numId")
        number = found.get(VALUE, "") if found is not None else number
        depth = own.find(f"{WORD}ilvl")
        level = _integer(depth.get(VALUE), 0) if depth is not None else max(0, level)
    if not number or number == "0":
        return
    if level < 0:
        level = numbers.level_of_style(number, style_id)

    label = numbers.next_label(number, level)
    if label is not None:
        if own is not None:
            properties.remove(own)
        if label:
            paragraph.insert(list(paragraph).index(properties) + 1, _run(f"{label} "))


def _make_heading(properties: ET.Element, style: ET.Element | None, outline: int) -> None:
    if outline >= MAX_HEADING_LEVEL:
        return
    if style is None:
        style = ET.SubElement(properties, f"{WORD}pStyle")

    # The converter takes an id of this form for the heading where no such style is defined.
    style.set(VALUE, f"Heading{outline + 1}")


def _style(key: str, elements: dict[str, ET.Element]) -> Style:
    level = 0
    number = ""
    number_level = -1
    is_hidden = False
    first_name = ""
    visited: set[str] = set()

    # The nearest style that says something wins; a style may wrongly inherit from itself.
    while key in elements and key not in visited:
        visited.add(key)
        element = elements[key]
        name = _attribute(element, "name")
        first_name = first_name or name
        match = HEADING.fullmatch(name)
        outline = _integer(_attribute(element, "pPr", "outlineLvl"), 9)
        if not level and match is not None:
            level = int(match[1])
        elif not level and outline < MAX_HEADING_LEVEL and not name.casefold().startswith("toc"):
            level = outline + 1

        number = number or _attribute(element, "pPr", "numPr", "numId")
        if number_level < 0:
            number_level = _integer(_attribute(element, "pPr", "numPr", "ilvl"), -1)

        vanish = element.find(f"{WORD}rPr/{WORD}vanish")
        is_hidden = is_hidden or (vanish is not None and vanish.get(VALUE, "") not in OFF)
        key = _attribute(element, "basedOn")

    return Style(level, number, number_level, is_hidden, first_name)


def _is_hidden(run: ET.Element, styles: dict[str, Style]) -> bool:
    properties = run.find(f"{WORD}rPr")
    if properties is None:
        return False

    vanish = properties.find(f"{WORD}vanish")
    if vanish is not None:
        return vanish.get(VALUE, "") not in OFF

    style = properties.find(f"{WORD}rStyle")
    return style is not None and styles.get(style.get(VALUE, ""), Style()).is_hidden


def _run(text: str) -> ET.Element:
    run = ET.Element(f"{WORD}r")
    ET.SubElement(
        run, f"{WORD}t", {"{http://www.w3.org/XML/1998/namespace}space": "preserve"}
    ).text = text
    return run


def _formula(element: ET.Element) -> str:
    """Returns an Office formula on one line, such as `(a + b)/2`."""
    tag = element.tag.removeprefix(MATH)
    if tag == "t":
        return element.text or ""
    if tag in MATH_PARTS:
        first, second, sign = MATH_PARTS[tag]
        return sign.join(_grouped(element.find(f"{MATH}{part}")) for part in (first, second))
    if tag == "rad":
        return f"√({_formula_of(element.find(f'{MATH}e'))})"
    if tag == "d":
        return f"({', '.join(_formula(part) for part in element.findall(f'{MATH}e'))})"
    if tag == "nary":
        operator = element.find(f"{MATH}naryPr/{MATH}chr")
        symbol = operator.get(f"{MATH}val", "∫") if operator is not None else "∫"
        return f"{symbol} {_children(element)}"

    return _children(element)


def _children(element: ET.Element) -> str:
    return "".join(_formula(child) for child in element)


def _formula_of(element: ET.Element | None) -> str:
    return _formula(element) if element is not None else ""


def _grouped(element: ET.Element | None) -> str:
    text = _formula_of(element).strip()
    return text if re.fullmatch(r"[\w.,]{1,99}", text) else f"({text})"


def _attribute(element: ET.Element, *path: str) -> str:
    found = element.find("/".join(f"{WORD}{name}" for name in path))
    return found.get(VALUE, "") if found is not None else ""


def _integer(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else default
