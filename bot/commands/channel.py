"""`/beagle channel`: opens the settings of the channel it is typed in, for admins."""

from __future__ import annotations

from bot.commands import CommandContext, text_reply
from bot.listeners import channel_settings
from bot.ui.blocks import Rendered
from bot.ui.texts import common

HELP = "which messages are read here, which routes may answer, what it may cost"


def run(context: CommandContext) -> Rendered | None:
    """Opens the dialog for an admin; refuses others, and notes that in the audit log."""
    if not context.is_admin:
        context.record("channel", context.channel, applied=False)
        return text_reply(common.ADMINS_ONLY)

    rule = context.store.channel_rules.for_channel(context.team, context.channel)
    routes = context.routing.catalog_of(context.team).routes
    context.open_dialog(channel_settings.settings_dialog(rule, sorted(routes)))
    return None
