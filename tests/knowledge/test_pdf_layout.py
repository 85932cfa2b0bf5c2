"""A PDF is read in the order of people's eyes: columns, paragraphs, tables, no running heads."""

from __future__ import annotations

import pytest

from tests.fixtures.pdf import PICTURE, make_pdf
from workers.knowledge.formats import SourceError, formats
from workers.knowledge.ingest import DocumentOrigin, parse_document
from workers.knowledge.parser_process import ParserProcess

LEFT = (
    "Travel in business class is never",
    "reimbursed for flights under six",
    "hours. Trains are always paid in",
    "second class, and in first class",
    "when the trip is longer than four",
    "hours or goes abroad.",
)
RIGHT = (
    "Hotels are paid up to 150 euros a",
    "night. Higher prices need approv-",
    "al by the head of the department",
    "before the room is booked, unless",
    "all other hotels of the town are",
    "full on that day.",
)


def column(lines, left, top=700.0):
    return [(left, top - 12 * number, line) for number, line in enumerate(lines)]


def read(pages, title=""):
    return formats()[".pdf"].read(make_pdf(pages, title), "travel.pdf")


def texts(page):
    return [section.text for section in page.sections]


@pytest.mark.parametrize("interleaved", [False, True], ids=["by column", "by row"])
def test_columns_are_read_one_after_the_other(interleaved):
    lines = [*column(LEFT, 60.0), *column(RIGHT, 320.0)]
    if interleaved:
        lines.sort(key=lambda line: -line[1])

    text = texts(read([lines]))[0]

    assert "never reimbursed for flights under six hours." in text
    assert "need approval by the head of the department before the room is booked" in text
    assert text.index("goes abroad.") < text.index("Hotels are paid")


def test_running_heads_and_page_numbers_are_left_out():
    pages = []
    for number, words in enumerate(("First words.", "Second words.", "Third words."), 1):
        head = [(60.0, 760.0, "Acme travel policy"), (300.0, 30.0, f"Page {number} of 3")]
        pages.append([*head, (60.0, 600.0, words)])

    assert texts(read(pages)) == ["First words.", "Second words.", "Third words."]


def test_a_sentence_over_two_pages_is_whole():
    pages = [
        column(["Trips abroad are paid only when they were"], 60.0),
        column(["approved before. Then they are paid."], 60.0),
    ]

    assert texts(read(pages)) == [
        "Trips abroad are paid only when they were approved before.",
        "Then they are paid.",
    ]


def test_a_table_has_one_line_for_each_row():
    rows = [("City", "Limit"), ("Berlin", "150 euros"), ("Oslo", "1,900 kroner")]
    lines = []
    for number, (city, limit) in enumerate(rows):
        lines += [(60.0, 700.0 - 14 * number, city), (300.0, 700.0 - 14 * number, limit)]

    assert texts(read([lines])) == ["City | Limit\nBerlin | 150 euros\nOslo | 1,900 kroner"]


def test_list_items_stay_apart():
    items = ["We pay for:", "• trains in second class", "• hotels up to 150 euros"]

    assert texts(read([column(items, 60.0)])) == ["\n".join(items)]


def test_a_page_that_is_a_picture_is_named_and_a_document_of_such_pages_is_refused():
    with ParserProcess() as parser:
        origin = DocumentOrigin("T1", "s")
        mixed = make_pdf([[(60.0, 700.0, "Words.")], PICTURE])
        _, left_out = parse_document(parser, mixed, "a.pdf", origin, 0.0)

        assert [part for part, _ in left_out] == ["a.pdf, page 2"]
        with pytest.raises(SourceError, match="pages are pictures of text"):
            parse_document(parser, make_pdf([PICTURE, PICTURE]), "b.pdf", origin, 0.0)


@pytest.mark.parametrize("title", ["", "(anonymous)", "Microsoft Word - Document1", "untitled"])
def test_a_title_that_says_nothing_gives_way_to_the_file_s_name(title):
    assert read([[(60.0, 700.0, "Words.")]], title).title == "travel.pdf"
