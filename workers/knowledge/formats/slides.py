"""Reads PowerPoint presentations: a section for each slide that is shown, with its notes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

from workers.knowledge.formats import Parsed, Section, SourceError, clean, document_title
from workers.knowledge.formats._tables import table_texts
from workers.knowledge.formats._zip_parts import BROKEN, core_properties, open_archive

SUFFIXES = (".pptx", ".pptm")
MAX_GROUPS = 20
"""Groups of shapes inside each other."""


def read(data: bytes, name: str, _charset: str = "") -> Parsed:
    """Returns the presentation. Raises SourceError when it is broken, locked or far too large."""
    try:
        with open_archive(data, name) as archive:
            title, changed_at = core_properties(archive, name)
            sections = list(_sections(data))
    except SourceError:
        raise
    except Exception as error:  # a damaged file can make the library fail in any way
        kind = "" if isinstance(error, BROKEN) else f"{type(error).__name__}: "
        raise SourceError(
            f"reading {name!r}: {kind}{error}; it is no whole presentation, save it again as .pptx"
        ) from error

    heading = sections[0].headings[0] if sections else ""
    return Parsed(document_title(title, heading, name), sections, changed_at)


def _sections(data: bytes) -> Iterator[Section]:
    import pptx

    presentation = pptx.Presentation(io.BytesIO(data))
    for number, slide in enumerate(presentation.slides, 1):
        if slide.element.get("show") == "0":
            continue

        title_shape = slide.shapes.title
        title = clean(title_shape.text_frame.text).replace("\n", " ") if title_shape else ""
        blocks = list(_blocks(_others(slide.shapes, title_shape), 0))
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            blocks.append(clean(slide.notes_slide.notes_text_frame.text))

        text = "\n\n".join(block for block in blocks if block)
        if text or title:
            yield Section((title or f"Slide {number}",), f"slide={number}", text or title)


def _others(shapes: Any, title: Any) -> Iterator[Any]:
    for shape in shapes:
        if title is None or shape.shape_id != title.shape_id:
            yield shape


def _blocks(shapes: Iterable[Any], depth: int) -> Iterator[str]:
    """Yields the text of each shape: paragraphs, rows of tables, and descriptions of pictures."""
    for shape in shapes:
        if shape.is_placeholder and "SLIDE_NUMBER" in str(shape.placeholder_format.type):
            continue

        if shape.shape_type == 6 and depth < MAX_GROUPS:  # a group
            yield from _blocks(shape.shapes, depth + 1)
        elif getattr(shape, "has_table", False):
            rows = [[cell.text for cell in row.cells] for row in shape.table.rows]
            yield "\n".join(table_texts(rows))
        elif shape.has_text_frame:
            yield "\n".join(_paragraphs(shape.text_frame))
        elif shape.shape_type == 13:  # a picture
            properties = shape._element._nvXxPr.cNvPr  # noqa: SLF001  # no accessor
            yield clean(properties.get("descr") or "")


def _paragraphs(frame: Any) -> Iterator[str]:
    for paragraph in frame.paragraphs:
        text = clean("".join(run.text for run in paragraph.runs)) or clean(paragraph.text)
        if text:
            yield f"{'  ' * paragraph.level}{'- ' if paragraph.level else ''}{text}"
