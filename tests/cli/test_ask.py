"""`beagle ask`: quotes from a folder or from what was ingested, with the reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.cli.ask import main
from tests.fixtures.router import trigrams

__all__ = ["trigrams"]
from workers.knowledge.formats import SourceError

PARKING = """# Parking

Permits are for staff. This does not apply to visitors.

- Monthly permit: €20
- Day ticket: €3
"""
LIMITS = (
    "# Hotels\n\n| City | Limit |\n|---|---|\n| Berlin | 150 euros |\n| Oslo | 1,900 kroner |\n"
)


@pytest.fixture
def ask(folder, tmp_path, monkeypatch, capsys, trigrams):
    monkeypatch.setenv("BEAGLE_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("bot.cli.ask.encoder", lambda settings: trigrams)
    docs: Path = folder(parking_md=PARKING, hotels_md=LIMITS)

    def run(question: str) -> dict[str, object]:
        main(question, docs=docs, as_json=True)
        return json.loads(capsys.readouterr().out)

    return run


def test_a_price_in_a_list_is_quoted(ask):
    answer = ask("How much is a day parking ticket?")

    assert answer["found"]
    assert answer["quotes"] == ["- Day ticket: €3"]
    assert answer["passages"][0]["title"] == "Parking"


def test_a_row_is_quoted_with_the_heads_of_its_table(ask):
    assert ask("What is the hotel limit in Oslo?")["quotes"] == [
        "City | Limit\nOslo | 1,900 kroner"
    ]


def test_a_sentence_is_quoted_with_its_exception(ask):
    assert ask("Who are permits for?")["quotes"][0] == (
        "Permits are for staff. This does not apply to visitors."
    )


def test_what_no_document_says_is_not_found_and_the_reason_is_given(ask):
    answer = ask("What is the hotel limit in Madrid?")

    assert (answer["found"], answer["quotes"]) == (False, [])
    assert "is needed" in str(answer["reason"])


def test_a_folder_that_is_not_there_is_said_so(ask, tmp_path):
    with pytest.raises(SourceError, match="no such folder"):
        main("anything", docs=tmp_path / "nowhere", as_json=True)
