"""The slash command: one word chooses the file in `bot/commands/` that answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient

from bot import commands
from bot.admins import Admins
from bot.commands import Asked
from bot.routing.service import Decider
from bot.ui.blocks import Shown
from router.config import Settings
from router.log import get_log
from router.store import Store


def listen(app: App, settings: Settings, store: Store, decider: Decider, admins: Admins) -> None:
    """`/beagle …` is answered, for the person who typed it only."""
    log = get_log(part="slash")

    def run(ack: Any, command: dict[str, Any], respond: Any, client: WebClient) -> None:
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
            now=admins.now,
            admins=admins,
            open=lambda view: _open(client, command["trigger_id"], view),
            client=client,
        )

        shown = commands.answer(word, asked)
        log.info("command", word=word if word in commands.names() else "unknown")
        if shown is not None:
            tell(respond, shown)

    app.command("/beagle")(run)


def tell(respond: Callable[..., Any], shown: Shown, *, instead: bool = False) -> None:
    """The person alone sees it, in plainer blocks where Slack refuses these; with `instead` in a message's place."""
    answer = respond(
        text=shown.text, blocks=shown.blocks, response_type="ephemeral", replace_original=instead
    )
    if getattr(answer, "status_code", 200) != 200 and shown.plainer is not None:
        get_log(part="slash").info("plainer_blocks", error=str(getattr(answer, "body", ""))[:40])
        tell(respond, shown.plainer, instead=instead)


def _open(client: WebClient, trigger_id: str, view: dict[str, Any]) -> None:
    client.views_open(trigger_id=trigger_id, view=view)
