"""Both databases order passages by BM25: how often, how rare, in how short a text."""

from __future__ import annotations

import pytest

PAGES = {
    "often_md": "# Page\n\nThe ferry, the ferry and again the ferry.",
    "once_md": "# Page\n\nThe ferry leaves from the harbour at noon.",
    "long_md": "# Page\n\nThe ferry is late. " + " ".join(f"word{n}" for n in range(120)),
    "other_md": "# Page\n\nNothing of it here, only gulls.",
    "more_md": "# Page\n\nA pier of stone and some boats.",
    "last_md": "# Page\n\nAn office above the town.",
    "further_md": "# Page\n\nA map of all streets.",
}


@pytest.fixture
def store(every_store):
    return every_store


@pytest.mark.parametrize(
    ("question", "order"),
    [
        ("ferry", ["again the ferry", "at noon", "is late"]),
        ("harbour ferry", ["at noon", "again the ferry", "is late"]),
        ("gulls ferry ferry", ["only gulls", "again the ferry", "at noon", "is late"]),
    ],
)
def test_both_databases_have_one_order(ingested, index, member, question, order):
    ingested(**PAGES)
    bodies = [hit.body for hit in index.search(question, None, member)]

    assert [part in body for part, body in zip(order, bodies, strict=True)] == [True] * len(order)
