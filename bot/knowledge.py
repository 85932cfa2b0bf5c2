"""`beagle ingest`: documents into what Beagle can find and quote."""

from __future__ import annotations

from pathlib import Path

from rich.progress import Progress
from slack_sdk.errors import SlackApiError

from bot.app import encoder, open_delivery
from bot.slack import UNREACHABLE, web_client
from router.config import Settings
from router.errors import SettingsError
from router.store.knowledge import Knowledge
from workers.ingest import Origin, Summary, embed, ingest


def bring(settings: Settings, path: Path, team: str, base_url: str) -> str:
    """What was read, in words. The pages can be found at once; their vectors are made before this returns.

    Without a `team` they belong to the workspace of the bot token.
    """
    team = team or _own_team(settings)
    delivery = open_delivery(settings)
    try:
        index = Knowledge(delivery.store.engine)
        origin = Origin(team, str(path.absolute()), base_url=base_url)
        with Progress(transient=True) as bar:
            reading = bar.add_task("reading", total=None)
            summary = ingest(index, path, origin, lambda done, total: bar.update(reading, completed=done, total=total))
            embedding = bar.add_task("embedding", total=summary.chunks)
            embed(index, encoder(settings), progress=lambda done: bar.update(embedding, completed=done))
    finally:
        delivery.close()
    return told(summary)


def _own_team(settings: Settings) -> str:
    token = settings.slack_bot_token.get_secret_value()
    if not token:
        raise SettingsError("reading documents: no workspace is known; set SLACK_BOT_TOKEN or name it with --team T…")
    try:
        return str(web_client(token, settings.slack_api_url).auth_test()["team_id"])
    except (SlackApiError, *UNREACHABLE) as error:
        raise SettingsError(
            f"reading documents: Slack did not say which workspace this is ({error}); name it with --team"
        ) from error


def told(summary: Summary) -> str:
    """A summary for people; each file that was left out with its reason."""
    lines = [
        f"{summary.seen} files, {summary.changed} new or changed, {summary.pruned} gone, {summary.chunks} passages"
    ]
    lines += [f"  left out {name}: {why}" for name, why in summary.skipped]
    return "\n".join(lines)
