"""The report before anything is installed: readable, self-contained, and nobody's words can break out of it."""

from __future__ import annotations

import json
import re

import pytest
from typer.testing import CliRunner

from bot import report, report_page
from bot.cli import app
from router.config import Settings
from workers.evidence import Prices
from workers.exports import Export
from workers.overview import Entry, Overview, Spot, look_over
from workers.pricing import Price
from workers.roi_check import AS_WORKED_OUT

LISTED = AS_WORKED_OUT | {"gpt-4o-mini": Price(1.5e-7, 7.5e-8, 6e-7)}
EVIL = "<img src=x onerror=alert(1)>\"'&| [x](http://evil.example) `code`"


@pytest.fixture(scope="module")
def seen(encode, asked, chatter):
    rows = (*asked("vpn"), *asked("invoice", count=36), *chatter(400))
    return look_over(Export(rows, frozenset(), 3, "CSV"), encode, Settings(_env_file=None), Prices(LISTED.get))


def evil(entry):
    record = {**entry.record, "examples": [EVIL]}
    return Entry(1, EVIL, EVIL, record)


def test_the_report_says_what_repeats_with_figures_and_money(seen):
    text = report.markdown(seen)
    assert text.startswith("# ")
    assert all(entry.label in text.replace("\\", "") for entry in seen.entries)
    assert "gpt-4o-mini" in text
    assert "3 lines that could not be read" in text


def test_without_a_known_price_nothing_is_claimed(encode, asked, chatter):
    rows = (*asked("vpn"), *chatter(400))
    bare = look_over(Export(rows, frozenset(), 0, "CSV"), encode, Settings(_env_file=None), Prices(lambda _: None))
    assert "nothing is claimed" in report.markdown(bare)
    assert "no price known" in report.markdown(bare)


def test_an_export_in_which_nothing_repeats_says_so(encode, chatter):
    export = Export(tuple(chatter(100)), frozenset(), 0, "CSV")
    empty = look_over(export, encode, Settings(_env_file=None), Prices(LISTED.get))
    assert report.markdown(empty).startswith("# Nothing repeats enough in 100 messages")
    assert "<table" not in report_page.html(empty)


def test_the_page_fetches_nothing_and_runs_nothing(seen):
    page = report_page.html(seen)
    assert "default-src 'none'" in page
    assert not re.findall(r"<(?:script|link|img|iframe|object)\b|url\(|@import|https?://", page)


def test_words_of_people_cannot_break_out(seen):
    hostile = Overview(
        **{name: getattr(seen, name) for name in Overview.__slots__ if name not in ("entries", "spots")},
        entries=[evil(seen.entries[0])],
        spots=[Spot(0.5, 0.5, 1)],
    )
    assert "<img" not in report_page.html(hostile)
    assert not re.search(r"(?<!\\)<img|(?<!\\)\[x|(?<!\\)`", report.markdown(hostile))


def test_every_row_on_the_map_is_inside_it(seen):
    assert seen.spots
    assert all(0 <= spot.x <= 1 and 0 <= spot.y <= 1 for spot in seen.spots)
    assert {spot.number for spot in seen.spots} == {0, *(entry.number for entry in seen.entries)}


def test_the_command_names_what_it_cannot_read(tmp_path):
    told = CliRunner().invoke(app, ["mine", str(tmp_path / "none.zip")])
    assert "no such file or folder" in str(told.exception)


def test_the_command_reads_a_file_and_saves_both_forms(tmp_path, asked, chatter):
    file = tmp_path / "log.jsonl"
    rows = [*asked("vpn"), *chatter(60)]
    file.write_text("\n".join(json.dumps({"text": row.text, "user": row.user, "at": row.at}) for row in rows), "utf-8")
    told = CliRunner().invoke(app, ["mine", str(file), "--out", str(tmp_path / "out"), "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["messages"] == 100
    assert (tmp_path / "out/digest.html").read_text("utf-8").startswith("<!doctype html>")
    assert (tmp_path / "out/digest.md").exists()
