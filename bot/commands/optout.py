"""`/beagle optout [off]`: be answered, but not learned from."""

from __future__ import annotations

from bot.commands import Asked
from bot.ui.blocks import Shown, words
from bot.ui.texts import common as texts

HELP = "`[off]` be answered, but not learned from: no mining, no datasets, no examples, no channel history"


def run(asked: Asked) -> Shown:
    """The person is left out from now on, or takes part again."""
    if asked.words and asked.words[0].lower() == "off":
        asked.store.opt_outs.come_back(asked.team, asked.user)
        return Shown(texts.TAKES_PART, [words(texts.TAKES_PART)])

    asked.store.opt_outs.leave(asked.team, asked.user, asked.now())
    return Shown(texts.LEFT_OUT, [words(texts.LEFT_OUT)])
