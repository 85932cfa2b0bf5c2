"""`/beagle channel`: the settings of the channel it is typed in, for admins."""

from __future__ import annotations

from bot.commands import Asked
from bot.listeners import channel_settings
from bot.ui.blocks import Shown, words
from bot.ui.texts import common as texts

HELP = "admins: which messages are heard here, which routes may answer, what it may cost"


def run(asked: Asked) -> Shown | None:
    """The dialog is open; whoever is no admin is told so, and that is kept."""
    if asked.admins is None or asked.open is None or not asked.admin:
        if asked.admins is not None:
            asked.admins.note((asked.team, asked.user), "channel", asked.channel, "refused")
        return Shown(texts.ADMINS_ONLY, [words(texts.ADMINS_ONLY)])

    rule = asked.store.rules.of(asked.team, asked.channel)
    asked.open(channel_settings.view(rule, sorted(asked.decider.catalog.routes)))
    return None
