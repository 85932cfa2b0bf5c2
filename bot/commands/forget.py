"""`/beagle forget me`: erases everything that Beagle keeps of the person, after they confirm it."""

from __future__ import annotations

from bot.commands import CommandContext, text_reply
from bot.listeners import erasure
from bot.ui.blocks import Rendered, actions, button, paragraph
from bot.ui.texts import erasure as texts

HELP = "`me` erases everything I keep of you: messages, answers, feedback, examples; with proof"


def run(context: CommandContext) -> Rendered:
    """Asks for confirmation; nothing is erased before the button is pressed."""
    if [word.lower() for word in context.words] != ["me"]:
        return text_reply(texts.FORGET_WHOM)

    confirm = button(texts.FORGET, erasure.ACTION, {"user": context.user}, style="danger")
    return Rendered(texts.FORGET_ASK, [paragraph(texts.FORGET_ASK), actions([confirm])])
