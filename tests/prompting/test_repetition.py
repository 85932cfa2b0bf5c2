"""A text that repeats itself is recognised, at its end or while it arrives."""

from __future__ import annotations

import pytest

from workers.prompting.repetition import TAIL_CHARS, LoopError, LoopWatch, is_degenerate


@pytest.mark.parametrize(
    "text",
    [
        "We regret this. " * 20,
        "Marta, Marta, Marta, Marta, Marta",
        "2.2.2.2.2.2.2",
        "B: Many thanks, many thanks.\n" * 6,
        "The disk may be full. Free some space. The disk may be full.",
        "10% of 90 = 10% of 90 = 10% of 90 = 10% of 90 = 10% of 90 = 10% of 90 =",
    ],
)
def test_a_loop_is_recognised(text):
    assert is_degenerate(text)


@pytest.mark.parametrize(
    "text",
    [
        "Could you send the offer today? Thank you!",
        "Thanks. Thanks a lot for the quick help, it was very, very kind.",
        "- Ana sends the offer by Friday\n- Ben books the room\n- Cleo calls the hotel by Monday",
        "The server was moved on Sunday. Nobody noticed. The old one is switched off on 1 July.",
        "",
    ],
)
def test_prose_and_lists_are_none(text):
    assert not is_degenerate(text)


def test_what_the_material_repeats_may_be_repeated():
    log = "worker 3 was restarted by the system\n" * 4

    assert not is_degenerate(log, material=log)
    assert is_degenerate(log)


def test_a_loop_is_stopped_while_it_arrives():
    with pytest.raises(LoopError) as stopped:
        _read(LoopWatch(""), ["We are sorry for the delay. "] * 1000)

    assert len(stopped.value.text) < TAIL_CHARS


def test_a_long_text_without_a_loop_arrives_whole():
    _read(LoopWatch(""), [f"Shelf {n * 7} of hall {n * 3} has part {n}. " for n in range(400)])


def _read(watch: LoopWatch, pieces: list[str]) -> None:
    for piece in pieces:
        watch.add(piece)
