"""The buttons below an answer."""

from __future__ import annotations

from bot.listeners.answer_actions import reason_question
from bot.sandbox.block_kit import check_message


def test_what_was_wrong_is_one_click():
    assert check_message(reason_question("r1").blocks).details == []
    assert len(reason_question("r1").blocks[1]["elements"]) == 4
