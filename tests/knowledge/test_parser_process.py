"""A document can neither hold, fill nor crash the ingest: only that document is left out."""

from __future__ import annotations

import contextlib
import io
import resource
import subprocess
import sys
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
    # Letters of four bytes, each of which is twelve in the answer.
    big = "\U0001f30a".encode() * (5 * 2**20)

    with pytest.raises(SourceError, match="memory"):
        parser.read(big, "big.txt", ".txt")

    # At once: the process that was full may not have ended yet.
    assert parser.read(b"# Tide\n\nNoon.", "t.md", ".md").title == "Tide"


@pytest.mark.fuzz
def test_a_workbook_that_unpacks_to_too_much_is_refused_and_the_next_one_is_read(parser):
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


def test_what_reading_took_is_that_of_its_own_processes(parser):
    hundred_mb = "held = b'x' * 100_000_000"
    subprocess.run([sys.executable, "-c", hundred_mb], check=True)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss > 90_000

    parser.read(b"# Tide\n\nNoon.", "t.md", ".md")
    first = parser.usage()
    parser.close()
    parser.read(b"# Tide\n\nNoon.", "t.md", ".md")
    both = parser.usage()

    assert 1_000 < first.peak_kb < 90_000
    assert 1_000 < both.peak_kb < 90_000
    assert both.cpu_seconds >= first.cpu_seconds


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
