"""Collects the lines of a page while it is read: paragraphs, list items, rows and code."""

from __future__ import annotations

from workers.knowledge.formats import clean, clean_code

INDENT = "  "


class LineWriter:
    """Turns pieces of text and breaks between them into lines.

    White space is collapsed as browsers do, except in code. A list item begins with its mark.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._words: list[str] = []
        self._mark = ""
        self._indent = ""
        self._gap = False

    def add(self, text: str) -> None:
        """Adds text to the current line."""
        self._words.append(text)

    def end_line(self) -> None:
        """Ends the current line, if anything is on it."""
        # White space of the page breaks no line; `clean` would keep its line feeds.
        text = clean(" ".join("".join(self._words).split()))
        self._words = []
        if text:
            self._append(f"{self._indent}{self._mark}{text}")
            # Further lines of an item stand under its first.
            self._mark = INDENT if self._mark else ""

    def end_paragraph(self) -> None:
        """Ends the line, with an empty one after it."""
        self.end_line()
        self._gap = True

    def begin_item(self, mark: str, depth: int) -> None:
        """Begins a list item, such as "- " or "3. ", in a list inside `depth` others."""
        self.end_line()
        self._mark = mark
        self._indent = INDENT * depth

    def end_item(self, depth: int) -> None:
        """Ends a list item; what follows at `depth` lists is text again, or the item around it."""
        self.end_line()
        self._mark = INDENT if depth else ""
        self._indent = INDENT * max(0, depth - 1)

    def add_code(self, text: str) -> None:
        """Adds lines of code just as they are."""
        self.end_paragraph()
        for line in clean_code(text).split("\n"):
            self._append(line)

        self._gap = True

    def add_line(self, text: str) -> None:
        """Adds a whole line, such as a row of a table."""
        self.end_line()
        self.add(text)
        self.end_line()

    def take(self) -> str:
        """Returns the text so far and begins a new one."""
        self.end_line()
        text = "\n".join(self._lines).strip()
        self._lines = []
        self._gap = False
        return text

    def _append(self, line: str) -> None:
        if self._gap and self._lines:
            self._lines.append("")

        self._gap = False
        self._lines.append(line)
