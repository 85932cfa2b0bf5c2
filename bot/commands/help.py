"""`/beagle help`: what people can ask for and type."""

from __future__ import annotations

from bot import commands
from bot.commands import CommandContext
from bot.ui.blocks import Rendered, menu_block, paragraph
from bot.ui.texts import common

HELP = "this list"
EVERYBODY = ("why", "knowledge", "budget", "optout", "forget")
"""What people who are no admins read of; the other commands are there for them, too."""


def run(context: CommandContext) -> Rendered:
    """Shows the workspace's routes with an example each, the sub-commands, and who is an admin.

    Of the sub-commands people read what concerns them, and admins all of them.
    """
    lines = [f"`/beagle {name}` {commands.load(name).HELP}" for name in EVERYBODY]
    if context.is_admin:
        lines += [common.HELP_ADMINS, *_admin_lines()]

    listing = "\n".join(lines)
    # Only routes that this person may use in this channel.
    menu = menu_block(context.routing.offers(context.person, context.channel))

    people = ", ".join(f"<@{user}>" for user in context.admins.names(context.team))
    admins = common.ADMINS_ARE.format(names=people) if people else common.NO_ADMINS

    return Rendered(
        f"{common.META}\n{listing}\n{admins}",
        [paragraph(common.META), menu, paragraph(listing), paragraph(admins)],
    )


def _admin_lines() -> list[str]:
    """Returns the lines of the other sub-commands, and what more of the first ones admins have."""
    lines = []
    for name in commands.names():
        command = commands.load(name)
        if name not in EVERYBODY:
            lines.append(f"`/beagle {name}` {command.HELP}")

        more = getattr(command, "ADMIN_HELP", "")
        if more:
            lines.append(f"`/beagle {name}` {more}")

    return lines
