"""`/beagle knowledge [read|stop]`: what Beagle can quote, and whether it reads this channel."""

from __future__ import annotations

from bot.commands import CommandContext, text_reply
from bot.listeners.channel_reading import ChannelReading
from bot.listeners.knowledge_view import render_sources
from bot.transport.directory import SlackDirectory
from bot.ui.blocks import Rendered
from bot.ui.texts import common
from bot.ui.texts import knowledge as texts

HELP = "what I can quote and how fresh it is"
ADMIN_HELP = "`read` this channel for quotes, or `stop` reading it"


def run(context: CommandContext) -> Rendered:
    """Shows the sources that the person may read; admins see all, and choose channels to read."""
    word = context.words[0].lower() if context.words else ""
    if word not in ("", "read", "stop"):
        return text_reply(texts.KNOWLEDGE_WORDS)

    if word:
        return _change(context, word)

    # An admin sees every source, with buttons; others only what a search would quote to them here.
    acls = None
    if not context.is_admin:
        stored = context.store.documents.acls(context.team)
        acls = sorted(context.routing.rights.readable(context.person, stored))

    return render_sources(context.store, context.team, acls, admin=context.is_admin)


def _change(context: CommandContext, word: str) -> Rendered:
    """Starts or stops reading along in the channel."""
    if not context.is_admin:
        context.record(f"knowledge {word}", context.channel, applied=False)
        return text_reply(common.ADMINS_ONLY)

    reading = ChannelReading(context.store, context.client, _directory(context), context.now)
    change = reading.start if word == "read" else reading.stop
    text = change(context.team, context.user, context.channel)

    context.record(f"knowledge {word}", context.channel, applied=True)
    return text_reply(text)


def _directory(context: CommandContext) -> SlackDirectory:
    return SlackDirectory(lambda _: context.client)
