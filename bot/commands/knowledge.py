"""`/beagle knowledge [read|stop]`: what can be quoted, how fresh it is, and whether this channel is read."""

from __future__ import annotations

from slack_sdk import WebClient

from bot.commands import Asked
from bot.listeners import knowledge as panel
from bot.transport.directory import SlackDirectory
from bot.ui.blocks import Shown, words
from bot.ui.texts import common as texts
from router.store.knowledge.access import Readers
from router.store.knowledge.index import Knowledge
from workers.knowledge.channel_history import History

HELP = "what I can quote and how fresh it is; admins: `read` or `stop` what is said in this channel"


def run(asked: Asked) -> Shown:
    """The sources that the person may read; an admin sees all, with buttons, and says which channels are read."""
    word = asked.words[0].lower() if asked.words else ""
    if word not in ("", "read", "stop"):
        return _said(texts.KNOWLEDGE_WORDS)

    if word and not asked.admin:
        if asked.admins is not None:
            asked.admins.note(
                (asked.team, asked.user), f"knowledge {word}", asked.channel, "refused"
            )

        return _said(texts.ADMINS_ONLY)

    if word and asked.client is not None:
        return _said(_change(asked, asked.client, word))

    readers = Readers(asked.store.engine)
    viewer = readers.viewer(asked.team, asked.user, asked.channel, "dm")
    return panel.shown(
        asked.store, asked.team, None if asked.admin else sorted(viewer.channels), admin=asked.admin
    )


def _change(asked: Asked, client: WebClient, word: str) -> str:
    store = asked.store
    history = History(Knowledge(store.engine), Readers(store.engine), lambda _: "")

    if word == "read":
        told = panel.start_reading(
            history, client, SlackDirectory(lambda _: client), (asked.team, asked.user), asked
        )
    else:
        told = panel.stop_reading(history, client, (asked.team, asked.user), asked.channel)

    if asked.admins is not None:
        asked.admins.note((asked.team, asked.user), f"knowledge {word}", asked.channel, "applied")

    return told


def _said(text: str) -> Shown:
    return Shown(text, [words(text)])
