"""The slash command: its first word chooses the file in `bot/commands/` that answers."""

from __future__ import annotations

from slack_bolt import App
from slack_sdk import WebClient

from bot import commands
from bot.admins import Admins
from bot.commands import CommandContext
from bot.payloads import Ack, Respond, SlashCommand
from bot.routing.service import RoutingService
from bot.ui.blocks import refusal
from bot.ui.ephemeral import send_ephemeral, send_text
from router.config import Settings
from router.errors import RateLimitError
from router.log import get_log
from router.store import Store
from router.types import SlackPerson
from workers.ports import Queue


def listen(
    app: App,
    settings: Settings,
    store: Store,
    queue: Queue,
    routing: RoutingService,
    admins: Admins,
) -> None:
    """Answers `/beagle …`, visible only to the person who typed it."""
    log = get_log(part="slash")

    def run(ack: Ack, command: SlashCommand, respond: Respond, client: WebClient) -> None:
        # At once: Slack shows an error after three seconds, and a report may take longer.
        ack()
        try:
            routing.limit.check(SlackPerson(command["team_id"], command["user_id"]))
        except RateLimitError as error:
            send_text(respond, refusal(error))
            return

        word, *words = (command.get("text") or "").split() or [""]
        context = CommandContext(
            words=tuple(words),
            team=command["team_id"],
            user=command["user_id"],
            channel=command["channel_id"],
            settings=settings,
            store=store,
            queue=queue,
            routing=routing,
            now=admins.now,
            admins=admins,
            client=client,
            trigger_id=command["trigger_id"],
        )

        message = commands.answer(word, context)
        # Only known words are logged: people type anything, also secrets.
        log.info("command", word=word if word in commands.names() else "unknown")
        if message is not None:
            send_ephemeral(respond, message)

    app.command("/beagle")(run)
