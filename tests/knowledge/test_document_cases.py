"""Documents that readers often get wrong are read as people see them, or refused and named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workers.knowledge.formats import SourceError, formats, suffixes
from workers.knowledge.ingest import DocumentOrigin, ingest_folder, parse_document
from workers.knowledge.parser_process import ParserProcess

FOLDER = Path(__file__).parent / "cases"
RIGHT = json.loads((FOLDER / "right_values.json").read_text("utf-8"))
LONG = 60
"""Of a long page the right values hold so many characters of each text."""


@pytest.fixture(scope="module")
def parser():
    with ParserProcess() as process:
        yield process


@pytest.mark.parametrize("name", sorted(RIGHT))
def test_a_document_says_what_people_see_in_it(parser, name):
    right = RIGHT[name]
    data = (FOLDER / name).read_bytes()
    origin = DocumentOrigin("T1", "cases")
    if "why" in right:
        with pytest.raises(SourceError) as refused:
            parse_document(parser, data, name, origin, 0.0)

        assert str(refused.value) == right["why"]
        return

    document, _ = parse_document(parser, data, name, origin, 0.0)

    pieces = [[chunk.headings, chunk.body] for chunk in document.chunks]
    if pieces != right["pieces"]:
        pieces = [[part[:LONG] for part in piece] for piece in pieces[: len(right["pieces"])]]

    assert document.title[:LONG] == right["title"]
    assert pieces == right["pieces"]


def test_every_case_has_its_right_value():
    files = {file.name for file in FOLDER.iterdir()} - {"right_values.json"}

    assert files == set(RIGHT)


def test_one_bad_document_stops_no_other(index, origin, member):
    summary = ingest_folder(index, FOLDER, origin)

    refused = {name for name, value in RIGHT.items() if "why" in value}
    # The wrapped text is there as PDF and as text: one of them is enough.
    assert {name for name, _ in summary.skipped} == {
        *refused,
        "right_values.json",
        "p01-wrapped.txt",
    }
    assert index.search("canteen", None, member)[0].body.endswith("The canteen opens at noon.")


def test_the_suffixes_are_those_that_the_readers_name():
    assert suffixes() == set(formats())
