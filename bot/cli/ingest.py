"""`beagle ingest`: read documents into the index that Beagle searches and quotes."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress
from slack_sdk.errors import SlackApiError

from bot.app import Backend, encoder, now, open_backend
from bot.cli.terminal import Json, load_data_settings
from bot.console import CleanProgress
from bot.demo.data_folder import DATABASE
from bot.transport.clients import UNREACHABLE, web_client
from bot.transport.workspaces import open_workspaces
from router.config import Settings
from router.errors import InputError, QueueError
from router.index import WORKSPACE_ACL
from router.store.knowledge.sources import Source
from router.text.printable import counted, print_line
from workers.knowledge.formats import SourceError, clean
from workers.knowledge.ingest import DocumentOrigin, IngestSummary, embed_chunks
from workers.knowledge.preview import Preview, preview
from workers.knowledge.refresh import read_source

PAGES = "web pages"
"""The source of listed web pages that have no other name."""
SHOWN_NAME = 40
"""Characters of a source's name on the progress bar."""


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """The command line. `paths` are folders, files, addresses and Slack exports.

    `channel` narrows who may read the documents; `wait` makes the vectors before returning.
    """

    paths: Sequence[str]
    team: str = ""
    base_url: str = ""
    name: str = ""
    channel: str = ""
    wait: bool = True


@dataclass(frozen=True, slots=True)
class IngestTarget:
    """The workspace that the documents belong to; `url` is empty where Slack was not reached."""

    team: str
    url: str = ""


def main(
    paths: Annotated[
        list[str], typer.Argument(help="Folders, files, https:// pages, Slack exports (.zip).")
    ],
    team: Annotated[
        str, typer.Option(help="The workspace they belong to; yours if left out.")
    ] = "",
    base_url: Annotated[
        str, typer.Option(help="Where the pages can be opened; {page} is replaced by the path.")
    ] = "",
    name: Annotated[str, typer.Option(help="The source's name; its path if left out.")] = "",
    channel: Annotated[
        str,
        typer.Option(help="Only members of this channel may read them; else the workspace."),
    ] = "",
    wait: Annotated[
        bool,
        typer.Option("--wait/--no-wait", help="Make the vectors now, or leave it to a worker."),
    ] = True,
    show: Annotated[
        bool, typer.Option("--show", help="Print what would be kept, and keep nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read documents that Beagle may quote; run it again to bring what changed."""
    if show:
        shown = preview(paths, DocumentOrigin("", ""))
        print_line(preview_json(shown) if as_json else render_preview(shown))
        raise typer.Exit(0 if shown.documents else 1)

    options = IngestOptions(paths, team, base_url, name, channel, wait)
    done, failed = ingest(load_data_settings(), options)

    if as_json:
        sources = {source: asdict(summary) for source, summary in done.items()}
        print_line(json.dumps({"sources": sources, "failed": failed}))
    else:
        print_line(render_summary(done, failed))

    raise typer.Exit(1 if failed or any(map(is_fruitless, done.values())) else 0)


def ingest(
    settings: Settings, options: IngestOptions
) -> tuple[dict[str, IngestSummary], dict[str, str]]:
    """Reads the sources; returns each one's summary, or the reason why it could not be read.

    Afterwards everything is found by its words. The vectors are made before this returns; without
    `options.wait` a worker makes them. Without a team the documents belong to the workspace of the
    bot token, or to the only one that installed Beagle or is known.
    """
    _refuse_without_workspace(settings, options)
    backend = open_backend(settings)
    done: dict[str, IngestSummary] = {}
    failed: dict[str, str] = {}

    try:
        if settings.slack_client_id:
            workspace = _installed_workspace(settings, backend, options.team)
        else:
            workspace = _token_workspace(settings, backend, options.team)

        with CleanProgress() as bar:
            for source in _sources(backend, options, workspace):
                try:
                    done[source.name] = _read(backend, source, bar)
                except SourceError as error:
                    failed[source.name] = str(error)

            if done:
                _make_vectors(settings, backend, options, bar)
    finally:
        backend.close()

    return done, failed


def preview_json(shown: Preview) -> str:
    """Returns what would be kept, and what would be left out, as one JSON object."""
    documents = []
    for document in shown.documents:
        pieces = [{"heading": chunk.headings, "text": chunk.body} for chunk in document.chunks]
        documents.append({"title": document.title, "pieces": pieces})

    skipped = [{"path": path, "why": why} for path, why in shown.skipped]
    return json.dumps({"documents": documents, "skipped": skipped})


def render_preview(shown: Preview) -> str:
    """Returns each document with its passages, then what would be left out."""
    lines = []
    for document in shown.documents:
        lines += [f"{document.title} ({document.key.removeprefix(':')})", ""]
        for chunk in document.chunks:
            lines += [f"  [{chunk.headings}]"]
            lines += [f"  {line}" for line in chunk.body.split("\n")]
            lines += [""]

    lines += [f"left out {path}: {why}" for path, why in shown.skipped]
    return "\n".join(lines)


def is_fruitless(summary: IngestSummary) -> bool:
    """Returns whether nothing could be read."""
    return not summary.seen


def render_summary(done: dict[str, IngestSummary], failed: dict[str, str]) -> str:
    """Returns a line for each source, then one for each file left out, with its reason."""
    lines = []
    for name, summary in done.items():
        lines.append(
            f"{clean(name)}: {summary.seen} read, {summary.changed} new or changed, "
            f"{summary.pruned} gone, {counted(summary.chunks, 'passage')} written"
        )
        lines += [f"  left out {file}: {reason}" for file, reason in summary.skipped]

    lines += [f"{clean(name)}: nothing was read: {reason}" for name, reason in failed.items()]
    return "\n".join(lines)


def _read(backend: Backend, source: Source, bar: Progress) -> IngestSummary:
    task = bar.add_task(f"reading {clean(source.name)[-SHOWN_NAME:]}", total=None)

    def report(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)

    return read_source(backend.store, source, now(), report)


def _sources(backend: Backend, options: IngestOptions, workspace: IngestTarget) -> list[Source]:
    """Returns the sources to read. All addresses together are one source, added to what it had."""
    acl = _acl(backend, workspace.team, options.channel)
    pages = []
    sources = []

    for path in options.paths:
        if re.match(r"https?://", path, re.IGNORECASE):
            pages.append(path)
            continue

        place = str(Path(path).absolute())
        name = options.name or place
        if Path(path).suffix.casefold() == ".zip":
            # Links lead into the workspace; each channel of the export has its own readers.
            link = options.base_url or workspace.url
            export = Source(workspace.team, name, "export", (place,), WORKSPACE_ACL, link)
            sources.append(export)
        else:
            folder = Source(workspace.team, name, "folder", (place,), acl, options.base_url)
            sources.append(folder)

    if options.name and len(sources) + bool(pages) > 1:
        raise InputError(
            "reading documents: one --name cannot stand for several sources; ingest them one by one"
        )

    if pages:
        sources.append(_page_source(backend, options, workspace.team, acl, pages))

    return sources


def _page_source(
    backend: Backend, options: IngestOptions, team: str, acl: str, pages: Sequence[str]
) -> Source:
    name = options.name or PAGES
    stored = backend.store.sources.get(team, name)
    # Under the name of a folder nothing is added: `read_source` then refuses the name.
    before = stored.places if stored is not None and stored.kind == "pages" else ()

    # A dict keeps the order and drops what was listed before.
    places = tuple(dict.fromkeys([*before, *pages]))
    return Source(team, name, "pages", places, acl)


def _make_vectors(
    settings: Settings, backend: Backend, options: IngestOptions, bar: Progress
) -> None:
    if not options.wait:
        # A worker that starts later finds what is missing, so a queue that is down loses nothing.
        with suppress(QueueError):
            backend.queue.enqueue("embed", "ingest")

        return

    index = backend.store.documents
    task = bar.add_task("embedding", total=index.count_chunks_without_vector())
    embed_chunks(index, encoder(settings), progress=lambda done: bar.update(task, completed=done))


def _acl(backend: Backend, team: str, channel: str) -> str:
    """Returns who may read: the workspace, or the members of the channel of that id or name."""
    if not channel:
        return WORKSPACE_ACL

    wanted = channel.lstrip("#")
    matches = []
    for key, name in backend.store.access.channel_names(team).items():
        if wanted in (key, name):
            matches.append(key)

    if len(matches) != 1:
        raise InputError(
            f"reading documents for {channel!r}: Beagle knows no such channel; mention it there "
            "once, or give the channel's id, which is at the end of its details in Slack"
        )

    return matches[0]


def _installed_workspace(settings: Settings, backend: Backend, team: str) -> IngestTarget:
    """Returns the workspace of that id, where workspaces install Beagle themselves."""
    installed = backend.store.installations.teams()
    chosen = team or (installed[0] if len(installed) == 1 else "")
    if chosen not in installed:
        raise InputError(
            f"reading documents for workspace {team!r}: Beagle is installed in "
            f"{', '.join(installed) or 'none yet'}; name one of them with --team"
        )

    try:
        workspaces = open_workspaces(settings, backend.store, None, now)
        client = workspaces.clients.for_team(chosen).retrying
        return IngestTarget(chosen, str(client.auth_test().get("url") or ""))
    except (SlackApiError, *UNREACHABLE):
        return IngestTarget(chosen)


def _token_workspace(settings: Settings, backend: Backend, team: str) -> IngestTarget:
    """Returns the workspace of the bot token, or `team` where Slack cannot be asked.

    Without a token it is the only workspace that anything is stored of.
    """
    token = settings.slack_bot_token.get_secret_value()
    if not token:
        return IngestTarget(team or _only_known_team(backend))

    try:
        about = web_client(token, settings.slack_api_url).auth_test()
    except (SlackApiError, *UNREACHABLE) as error:
        if team:
            return IngestTarget(team)

        raise InputError(
            f"reading documents: Slack did not say which workspace this is ({error}); "
            "name it with --team"
        ) from error

    return IngestTarget(team or str(about["team_id"]), str(about.get("url") or ""))


def _only_known_team(backend: Backend) -> str:
    known = backend.store.known_teams.all()
    if not known:
        raise _unknown_workspace(backend.folder)
    if len(known) == 1:
        return known[0]

    raise InputError(
        f"reading documents: several workspaces are known ({', '.join(known)}); "
        "set SLACK_BOT_TOKEN, or name one with --team T…"
    )


def _refuse_without_workspace(settings: Settings, options: IngestOptions) -> None:
    """Raises InputError where nothing is stored and nothing says whose the documents are.

    It is told before anything is opened: a refused command must leave no database behind.
    """
    secrets = (settings.slack_bot_token, settings.database_url)
    says_where = options.team or settings.slack_client_id
    if says_where or any(secret.get_secret_value() for secret in secrets):
        return
    if not (settings.data / DATABASE).exists():
        raise _unknown_workspace(settings.data)


def _unknown_workspace(folder: Path) -> InputError:
    return InputError(
        f"reading documents: no workspace is known in the data folder {folder}; beside a demo with "
        "a folder of its own (beagle demo --data FOLDER), type BEAGLE_DATA=FOLDER before the "
        "command; else set SLACK_BOT_TOKEN, or name the workspace with --team T…"
    )
