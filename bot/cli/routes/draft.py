"""`beagle routes draft`: a candidate's draft as files, and edited files back as the draft."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from bot.admins import Admins
from bot.app import catalog, local_model, now
from bot.cli.job_context import terminal_context
from bot.cli.team_option import Team, choose_team
from bot.cli.terminal import Json, load_data_settings
from bot.typed_name import typed_name
from router.config import Settings
from router.errors import InputError
from router.lifecycle_evidence import ApprovalEvidence, DraftedEvidence
from router.store import Store, open_store
from router.store.versions.drafted_routes import DraftedRoute
from router.text.printable import print_line
from router.types import Candidate, SlackPerson
from workers.context import Context
from workers.drafting.files import read_files, write_files
from workers.drafting.store_draft import save_draft
from workers.jobs import advance
from workers.privacy.exports import record_exports
from workers.rollout.approval import PROMPT_ONLY

EDITED = "an admin edited its files"


def main(
    candidate: Annotated[str, typer.Argument(help="The candidate's id, as its card shows it.")],
    to: Annotated[Path, typer.Option(help="The folder to write into.")] = Path("drafts"),
    read: Annotated[
        Path | None, typer.Option(help="Read the draft back from this edited route folder.")
    ] = None,
    by: Annotated[
        str, typer.Option(help="Your Slack user id, one of BEAGLE_ADMINS: to draft or to read.")
    ] = "",
    team: Team = None,
    as_json: Json = False,
) -> None:
    """Write a candidate's drafted route as files, or read edited files back.

    Without a draft yet, `--by` an admin has it drafted, as the button *Draft a route* does.
    """
    result = draft_files(load_data_settings(), candidate, to, read, by, team)
    print_line(json.dumps(result) if as_json else str(result["text"]))


def draft_files(
    settings: Settings, key: str, to: Path, read: Path | None, by: str, team: str | None = None
) -> dict[str, object]:
    """Writes or reads the draft; returns what was done, by name. Raises BeagleError."""
    store = open_store(settings.store_url)
    local = None
    try:
        team = choose_team(store, team)
        candidate = store.candidates.get(key)
        if candidate is None or candidate.team != team:
            raise InputError(
                f"drafting a route: there is no candidate {key!r}; /beagle candidates and "
                "/beagle rollout show them"
            )

        if read is not None or candidate.state == "digested":
            _check_admin(settings, store, team, by)
        if candidate.state == "digested":
            local = local_model(settings, catalog(settings), store)
        context = terminal_context(settings, store, local, "draft")
        if candidate.state == "digested":
            candidate = _draft(context, candidate, by)

        drafted = store.drafted_routes.for_candidate(team, candidate.id)
        if drafted is None:
            raise InputError(
                f"drafting a route for {candidate.label!r}: it is {candidate.state} and has no "
                "draft; only a candidate that no route serves gets one"
            )

        if read is not None:
            return _read(context, candidate, drafted, read, by)

        return _write(settings, context, drafted, to)
    finally:
        if local is not None:
            local.stop()

        store.close()


def _draft(context: Context, candidate: Candidate, by: str) -> Candidate:
    """Approves the candidate and drafts its route, in this process."""
    evidence = ApprovalEvidence(verdict="approve", base=PROMPT_ONLY)
    context.store.candidates.advance(
        candidate.id, evidence, actor=by, at=now(), version=candidate.version
    )
    advance.run(context, candidate.id)
    return context.store.candidates.get(candidate.id) or candidate


def _write(
    settings: Settings, context: Context, drafted: DraftedRoute, folder: Path
) -> dict[str, object]:
    version = context.exact_version(drafted.team, drafted.name, drafted.version)
    path = write_files(drafted, version, folder)
    record_exports(settings.data, [path / "route.md", path / "examples.jsonl"])
    text = (
        f"wrote the draft of {drafted.name!r} to {path}; edit it, then run "
        f"{typed_name()} routes draft {drafted.candidate} --read {path} --by YOUR_USER_ID"
    )
    return {"route": drafted.name, "version": version.id, "folder": str(path), "text": text}


def _read(
    context: Context, candidate: Candidate, drafted: DraftedRoute, folder: Path, by: str
) -> dict[str, object]:
    if candidate.state != "drafted":
        raise InputError(
            f"reading the draft of {drafted.name!r}: its candidate is {candidate.state}; a route "
            "that was started is edited as a file of BEAGLE_ROUTES (beagle routes export)"
        )

    draft = read_files(drafted, folder, by, now())
    save_draft(context, draft)
    evidence = DraftedEvidence(route=drafted.name, version=draft.version.id, explanation=EDITED)
    context.store.candidates.advance(
        candidate.id, evidence, actor=by, at=now(), version=candidate.version
    )
    text = (
        f"read the draft of {drafted.name!r} from {folder}: version {draft.version.id}; a worker "
        "tries it, then its card in Slack has the button to start it"
    )
    return {"route": drafted.name, "version": draft.version.id, "folder": str(folder), "text": text}


def _check_admin(settings: Settings, store: Store, team: str, by: str) -> None:
    if not Admins(settings, store.audit, now).includes(SlackPerson(team, by)):
        found = f"{by!r} is no admin of this workspace" if by else "this takes an admin"
        known = f", such as {settings.admins[0]}" if settings.admins else ""
        raise InputError(f"drafting a route: {found}; name one of BEAGLE_ADMINS{known}, with --by")
