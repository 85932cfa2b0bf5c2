"""A document can neither hold, fill nor crash the ingest: only that document is left out."""

from __future__ import annotations

import contextlib
import io
import zipfile

import pytest

from workers.knowledge import parser_child
from workers.knowledge.formats import SourceError
from workers.knowledge.parser_process import ParserProcess


@pytest.fixture
def parser():
    with ParserProcess() as process:
        yield process


def spreadsheet(rows: int) -> bytes:
    """A workbook with one sheet of so many rows, a few bytes each when packed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", CONTENT_TYPES)
        archive.writestr("xl/_rels/workbook.xml.rels", RELATIONS)
        archive.writestr("_rels/.rels", ROOT)
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{REL}"><sheets>'
            '<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        cells = "".join("<c><v>1</v></c>" for _ in range(50))
        body = "".join(f"<row>{cells}</row>" for _ in range(rows))
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            f'<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData></worksheet>',
        )

    return out.getvalue()


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
CONTENT_TYPES = (
    f'<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{SHEET}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{SHEET}.worksheet+xml"/></Types>'
)
RELATIONS = (
    f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{REL}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
)
ROOT = (
    f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)


def test_one_process_reads_many_documents(parser):
    titles = [parser.read(b"# Tide %d\n\nNoon." % n, "t.md", ".md").title for n in range(20)]

    assert titles == [f"Tide {n}" for n in range(20)]


def test_a_document_that_needs_too_much_memory_is_refused_and_the_next_one_is_read(parser):
    # 4,000,000 cells, 200 kB packed.
    with pytest.raises(SourceError, match=r"memory|too long"):
        parser.read(spreadsheet(80_000), "big.xlsx", ".xlsx")

    assert parser.read(spreadsheet(2), "small.xlsx", ".xlsx").sections


def test_a_document_that_never_ends_is_refused_and_the_next_one_is_read():
    with ParserProcess(wall_seconds=0.0) as parser, pytest.raises(SourceError, match="too long"):
        parser.read(b"# Tide\n\nNoon.", "t.md", ".md")

    with ParserProcess() as parser:
        process = parser._running()
        process.kill()
        process.wait()
        assert parser.read(b"# Tide\n\nNoon.", "t.md", ".md").title == "Tide"


def test_a_crash_while_a_document_is_read_is_that_document_s_reason(parser):
    process = parser._running()
    process.kill()

    # Whether it is noticed before or while the document is handed over, the next one is read.
    with contextlib.suppress(SourceError):
        parser.read(b"# Tide\n\nNoon.", "t.md", ".md")

    assert parser.read(b"# Tide\n\nNoon.", "t.md", ".md").title == "Tide"


def test_the_process_gets_none_of_our_secrets(parser, monkeypatch):
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    process = parser._running()
    parser.read(b"# Tide\n\nNoon.", "t.md", ".md")

    with open(f"/proc/{process.pid}/environ", "rb") as file:  # noqa: PTH123  # a file of the kernel
        assert b"xoxb-secret" not in file.read()


def test_what_a_reader_raises_is_the_document_s_reason():
    class Broken:
        def read(self, data, name, charset):
            raise ZeroDivisionError

    answer = parser_child._answer(Broken(), b"", {"name": "a.md", "charset": ""})

    assert "ZeroDivisionError" in answer["error"]


def test_a_text_without_end_is_refused():
    class Endless:
        def read(self, data, name, charset):
            from workers.knowledge.formats import Parsed, Section

            return Parsed("t", [Section((), "", "x" * 1_000_000)] * 21)

    answer = parser_child._answer(Endless(), b"", {"name": "a.md", "charset": ""})

    assert "unpacks" in answer["error"]
