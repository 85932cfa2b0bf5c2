"""`/beagle help`: what people can ask for and type."""

from __future__ import annotations

from bot import commands
from bot.commands import CommandContext
from bot.ui.blocks import Rendered, menu_block, paragraph
from bot.ui.texts import common

HELP = "this list"


def run(context: CommandContext) -> Rendered:
    """Shows the routes of this workspace with an example each, then the sub-commands."""
    lines = [f"`/beagle {name}` {commands.load(name).HELP}" for name in commands.names()]
    listing = "\n".join(lines)
    # Only routes that this person may use in this channel.
    menu = menu_block(context.routing.offers(context.person, context.channel))

    return Rendered(f"{common.META}\n{listing}", [paragraph(common.META), menu, paragraph(listing)])
