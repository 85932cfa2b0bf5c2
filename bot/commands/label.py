"""`/beagle label`: the messages whose labels would teach the router most, one click each."""

from __future__ import annotations

from bot.commands import CommandContext, text_reply
from bot.listeners.labelling import render_tasks
from bot.ui.blocks import Rendered
from bot.ui.texts import common

HELP = "what the router was least sure of, to label with a click"


def run(context: CommandContext) -> Rendered:
    """Shows unsure messages and contested corrections. For admins: they hold what people wrote."""
    if not context.is_admin:
        return text_reply(common.ADMINS_ONLY)

    return render_tasks(context.store, context.routing, context.person)
