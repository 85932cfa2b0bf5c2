"""`/beagle help`: what can be asked and typed."""

from __future__ import annotations

from bot import commands
from bot.commands import Asked
from bot.ui.blocks import Shown, menu_block, words
from bot.ui.texts import common as texts

HELP = "this list"


def run(asked: Asked) -> Shown:
    """The routes of this workspace with an example each, and the sub-commands."""
    lines = [f"`/beagle {name}` {commands.load(name).HELP}" for name in commands.names()]
    listed = "\n".join(lines)
    return Shown(
        f"{texts.META}\n{listed}",
        [words(texts.META), menu_block(asked.decider.offers()), words(listed)],
    )
