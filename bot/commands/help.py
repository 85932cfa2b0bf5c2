"""`/beagle help`: what people can ask for and type."""

from __future__ import annotations

from bot import commands
from bot.commands import CommandContext
from bot.ui.blocks import Rendered, menu_block, paragraph
from bot.ui.texts import common

HELP = "this list"


def run(context: CommandContext) -> Rendered:
    """Shows the workspace's routes with an example each, the sub-commands, and who is an admin."""
    lines = [f"`/beagle {name}` {commands.load(name).HELP}" for name in commands.names()]
    listing = "\n".join(lines)
    # Only routes that this person may use in this channel.
    menu = menu_block(context.routing.offers(context.person, context.channel))

    people = ", ".join(f"<@{user}>" for user in context.admins.names(context.team))
    admins = common.ADMINS_ARE.format(names=people) if people else common.NO_ADMINS

    return Rendered(
        f"{common.META}\n{listing}\n{admins}",
        [paragraph(common.META), menu, paragraph(listing), paragraph(admins)],
    )
