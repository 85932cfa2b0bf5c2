"""`/beagle forget me`: everything that Beagle keeps of the person who asks is erased, once they confirm it."""

from __future__ import annotations

from bot.commands import Asked
from bot.listeners import erasure as forgetting
from bot.ui.blocks import Shown, button, words
from bot.ui.texts import erasure as texts

HELP = "`me` erase everything I keep of you: messages, answers, feedback, examples, and prove it"


def run(asked: Asked) -> Shown:
    """A question with a button; nothing is erased before it is pressed."""
    if [word.lower() for word in asked.words] != ["me"]:
        return Shown(texts.FORGET_WHOM, [words(texts.FORGET_WHOM)])

    press = button(texts.FORGET, forgetting.ACTION, {"user": asked.user}, style="danger")
    return Shown(
        texts.FORGET_ASK, [words(texts.FORGET_ASK), {"type": "actions", "elements": [press]}]
    )
