"""The slash command: one word chooses the file in `bot/commands/` that answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_bolt import App

from bot import commands
from bot.commands import Asked
from bot.decider import Decider
from router.config import Settings
from router.log import get_log
from router.store import Store


def listen(app: App, settings: Settings, store: Store, decider: Decider, now: Callable[[], float]) -> None:
    """`/beagle …` is answered, for the person who typed it only."""
    log = get_log(part="slash")

    def run(ack: Any, command: dict[str, Any], respond: Any) -> None:
        ack()
        word, *rest = (command.get("text") or "").split() or [""]
        asked = Asked(
            words=tuple(rest),
            team=command["team_id"],
            user=command["user_id"],
            channel=command["channel_id"],
            settings=settings,
            store=store,
            decider=decider,
            now=now,
        )
        shown = commands.answer(word, asked)
        log.info("command", word=word if word in commands.names() else "unknown")
        respond(text=shown.text, blocks=shown.blocks, response_type="ephemeral")

    app.command("/beagle")(run)
