"""`/beagle label`: the messages whose label would teach the router most, one click each."""

from __future__ import annotations

from bot.commands import Asked
from bot.listeners.labelling import to_do
from bot.ui.blocks import Shown, words
from bot.ui.texts import common as texts

HELP = "what the router was least sure of, to label with a click (admins)"


def run(asked: Asked) -> Shown:
    """Unsure messages and contested corrections, for admins: they hold what people wrote."""
    if not asked.admin:
        return Shown(texts.ADMINS_ONLY, [words(texts.ADMINS_ONLY)])
    return to_do(asked.store, asked.decider, asked.team, asked.now())
