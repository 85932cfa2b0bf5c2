"""`beagle ingest`: documents into what Beagle can find and quote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from slack_sdk.errors import SlackApiError

from bot.app import Delivery, encoder, now, open_delivery
from bot.transport.clients import UNREACHABLE, web_client
from bot.transport.workspaces import open_workspaces
from router.config import Settings
from router.errors import QueueError, SettingsError
from router.index import WORKSPACE
from router.store.knowledge.access import Readers
from router.store.knowledge.index import Knowledge
from router.store.knowledge.sources import Source, Sources
from router.store.workspace.installations import Installations
from workers.knowledge.ingest import Summary, embed
from workers.knowledge.refresh import read
from workers.knowledge.sources import SourceError, clean

PAGES = "web pages"
"""The source of listed pages that were given no other name."""


@dataclass(frozen=True, slots=True)
class Order:
    """What was typed. `things` are folders, files, addresses and Slack exports; `channel` narrows who may read them."""

    things: Sequence[str]
    team: str = ""
    base_url: str = ""
    name: str = ""
    channel: str = ""
    wait: bool = True


def bring(settings: Settings, order: Order) -> tuple[dict[str, Summary], dict[str, str]]:
    """What was read of each source, and why others could not be read at all.

    Everything can be found at once by its words. The vectors are made before this returns; without
    `order.wait` a worker makes them. Without a team the documents belong to the workspace of the
    bot token, or to the only one that has installed Beagle.
    """
    delivery = open_delivery(settings)
    done: dict[str, Summary] = {}
    failed: dict[str, str] = {}

    try:
        installed = bool(settings.slack_client_id)
        team, url = (
            _installed(settings, delivery, order.team)
            if installed
            else _workspace(settings, order.team)
        )

        sources = _sources(delivery, order, team, url)
        with Progress(transient=True, console=Console(stderr=True)) as bar:
            for source in sources:
                task = bar.add_task(f"reading {clean(source.name)[-40:]}", total=None)
                try:
                    done[source.name] = read(
                        delivery.store,
                        source,
                        now(),
                        lambda at, total, task=task: bar.update(task, completed=at, total=total),  # type: ignore[misc]
                    )
                except SourceError as error:
                    failed[source.name] = str(error)

            if done:
                _vectors(settings, delivery, order, bar)
    finally:
        delivery.close()

    return done, failed


def told(done: dict[str, Summary], failed: dict[str, str]) -> str:
    """A summary for people; each thing that was left out with its reason."""
    lines = []
    for name, summary in done.items():
        counts = f"{summary.seen} read, {summary.changed} new or changed, {summary.pruned} gone"
        lines.append(f"{clean(name)}: {counts}, {summary.chunks} passages written")
        lines += [f"  left out {one}: {why}" for one, why in summary.skipped]

    lines += [f"{clean(name)}: nothing was read: {why}" for name, why in failed.items()]
    return "\n".join(lines)


def _sources(delivery: Delivery, order: Order, team: str, url: str) -> list[Source]:
    """The sources that the things make; all addresses together are one, and add to what that one had."""
    acl = _acl(delivery, team, order.channel)
    pages = [thing for thing in order.things if re.match(r"https?://", thing, re.IGNORECASE)]
    sources = []

    for thing in order.things:
        path = Path(thing)
        if thing in pages:
            continue

        place = str(path.absolute())
        if path.suffix.casefold() == ".zip":
            # Links lead into the workspace; who may read is each channel's own matter.
            sources.append(
                Source(
                    team, order.name or place, "export", (place,), WORKSPACE, order.base_url or url
                )
            )
        else:
            sources.append(
                Source(team, order.name or place, "folder", (place,), acl, order.base_url)
            )

    if order.name and len(sources) + bool(pages) > 1:
        raise SettingsError(
            "reading documents: one --name cannot stand for several sources; bring them one by one"
        )

    if pages:
        name = order.name or PAGES
        held = Sources(delivery.store.engine).get(team, name)
        places = tuple(dict.fromkeys([*(held.places if held else ()), *pages]))
        sources.append(Source(team, name, "pages", places, acl))

    return sources


def _vectors(settings: Settings, delivery: Delivery, order: Order, bar: Progress) -> None:
    if not order.wait:
        with suppress(QueueError):  # a worker that starts later finds what is missing
            delivery.queue.wake("embed", "ingest")

        return

    index = Knowledge(delivery.store.engine)
    task = bar.add_task("embedding", total=index.count_without_vector())
    embed(index, encoder(settings), progress=lambda done: bar.update(task, completed=done))


def _acl(delivery: Delivery, team: str, channel: str) -> str:
    """Who may read: the workspace, or the members of the channel of that id or name."""
    if not channel:
        return WORKSPACE

    known = Readers(delivery.store.engine).names(team)
    plain = channel.lstrip("#")

    found = [key for key, name in known.items() if plain in (key, name)]
    if len(found) != 1:
        raise SettingsError(
            f"reading documents for {channel!r}: Beagle knows no such channel; mention it there once, or give the "
            "channel's id, which is at the end of its details in Slack"
        )

    return found[0]


def _installed(settings: Settings, delivery: Delivery, team: str) -> tuple[str, str]:
    """The workspace's id and address where workspaces install Beagle; a wrong id would hide the documents from all."""
    known = Installations(delivery.store.engine).teams()

    chosen = team or (known[0] if len(known) == 1 else "")
    if chosen not in known:
        raise SettingsError(
            f"reading documents for workspace {team!r}: Beagle is installed in {', '.join(known) or 'none yet'}; "
            "name one of them with --team"
        )

    try:
        client = open_workspaces(settings, delivery.store, None, now).clients.of(chosen).patient
        return chosen, str(client.auth_test().get("url") or "")
    except (SlackApiError, *UNREACHABLE):
        return chosen, ""


def _workspace(settings: Settings, team: str) -> tuple[str, str]:
    """The workspace's id and address; no address where Slack cannot be asked and the id was given."""
    token = settings.slack_bot_token.get_secret_value()
    if not token and not team:
        raise SettingsError(
            "reading documents: no workspace is known; set SLACK_BOT_TOKEN or name it with --team T…"
        )

    if not token:
        return team, ""

    try:
        about = web_client(token, settings.slack_api_url).auth_test()
    except (SlackApiError, *UNREACHABLE) as error:
        if team:
            return team, ""

        raise SettingsError(
            f"reading documents: Slack did not say which workspace this is ({error}); name it with --team"
        ) from error

    return team or str(about["team_id"]), str(about.get("url") or "")
