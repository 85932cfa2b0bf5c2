"""What people write cannot control a terminal or a spreadsheet."""

from __future__ import annotations

import csv
import io
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.console import CleanConsole, CleanProgress
from router.text.csv_table import csv_table
from router.text.printable import printable

ALLOWED = "\n\t\u200d\u200c"
"""Line ends, and the joiners that emoji and several scripts are written with."""
HARMLESS_FORMATS = frozenset("\u200d\u200c")


def test_every_control_and_format_character_is_written_out():
    for number in range(sys.maxunicode + 1):
        char = chr(number)
        unsafe = unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")
        bidirectional = unicodedata.bidirectional(char) in (
            *("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"),
        )
        if (unsafe or bidirectional) and char not in ALLOWED:
            assert printable(char).isascii(), hex(number)
            assert char not in printable(f"a{char}b")


def test_what_people_write_stays_as_it_is():
    text = "Zoë said: مرحبا, 这是, 👩‍👩‍👧 100 % \\x1b\n\tsecond line"
    assert printable(text) == text


@pytest.mark.parametrize(
    "attack",
    [
        "\x1b]0;title\x07",
        "\x1b[2J\x1b[H",
        "\x9b31m",
        "\x1bP+q\x1b\\",
        "\x1b]52;c;cm0gLXJm\x07",
        "safe\roverwritten",
        "a\x08b",
        "\u202egnp.exe",
        "\u2066hidden\u2069",
        "\U000e0041",
        "\ud800",
    ],
)
def test_no_console_shows_an_attack(attack):
    out = io.StringIO()
    console = CleanConsole(file=out, force_terminal=True, width=200, color_system=None)
    console.print(attack, markup=False)
    shown = out.getvalue()

    assert not [char for char in shown if ord(char) < 32 and char != "\n"]
    assert not set(shown) & set("\x9b\u202e\u2066\u2069\U000e0041\ud800")


def test_a_progress_bars_text_is_one_plain_line():
    bar = CleanProgress()
    task = bar.add_task("reading \x1b[2J[bold]x\r\ny", total=None)
    first = bar.tasks[0].description
    bar.update(task, description="\x1b]0;z\x07")

    assert first == "reading \\x1b\\[2J\\[bold]x\\r y"
    assert bar.tasks[0].description == "\\x1b]0;z\\x07"


@given(st.lists(st.text(max_size=12), min_size=2, max_size=2))
def test_no_cell_of_a_table_is_a_formula_and_no_text_is_lost(row):
    read = list(csv.reader(io.StringIO(csv_table(["a", "b"], [row]), newline="")))

    assert read[0] == ["a", "b"]
    for text, cell in zip(row, read[1], strict=True):
        assert cell in (text, f"'{text}")
        assert cell.lstrip(" \u00a0\ufeff\u200b\x00")[:1] not in tuple("=+-@\t\r\n＝＋－＠|%")


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\ufeff=", "＝", "|"]
)
def test_a_text_that_a_spreadsheet_would_run_is_marked(start):
    (row,) = list(csv.reader(io.StringIO(csv_table([f"{start}1"], []), newline="")))
    assert row == [f"'{start}1"]


def test_numbers_stay_numbers():
    assert csv_table(["a"], [[-5], [-0.5]], line_end="\n") == "a\n-5\n-0.5\n"
