"""Applies an admin's edit to a draft, from a dialog or from files, by the rules of route files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from router.catalog.route_file import Visibility
from router.catalog.version import Version
from router.errors import InputError
from router.store.versions.drafted_routes import DraftedRoute, DraftText
from router.text.templates import check_template
from workers.drafting.draft import Draft

MAX_DESCRIPTION = 300
MAX_UTTERANCE = 300
MIN_UTTERANCES = 3
ASKED = "asked"
"""The visibility of a route that only the channels may use where it was asked."""


@dataclass(frozen=True, slots=True)
class DraftEdit:
    """What an admin wrote. `visibility` is `everyone`, `admins`, or `asked`."""

    description: str
    prompt: str
    utterances: Sequence[str]
    visibility: str
    by: str


class EditError(InputError):
    """An edit that cannot be used; `field` names the part that is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def edit_draft(drafted: DraftedRoute, version: Version, edit: DraftEdit, now: float) -> Draft:
    """Returns the edited draft, with another version where the instructions changed.

    Texts that were there before keep their authors; new ones are the admin's. Raises EditError.
    """
    description = " ".join(edit.description.split())
    if not description or len(description) > MAX_DESCRIPTION:
        raise EditError(
            "description", f"write one sentence of at most {MAX_DESCRIPTION} characters"
        )

    prompt = edit.prompt.strip()
    if not prompt:
        raise EditError("prompt", "write what the model is to do")
    try:
        check_template(prompt)
    except ValueError as error:
        raise EditError("prompt", f"{error}"[:MAX_DESCRIPTION]) from error

    edited = replace(
        drafted,
        description=description,
        utterances=_utterances(drafted, edit),
        visibility=_visibility(drafted, edit.visibility),
        previews=(),
        at=now,
    )
    new = version if prompt == version.prompt else version.with_changes(prompt=prompt)
    return Draft(replace(edited, version=new.id), new)


def _utterances(drafted: DraftedRoute, edit: DraftEdit) -> tuple[DraftText, ...]:
    known = {part.text: part for part in drafted.utterances}
    utterances: dict[str, DraftText] = {}
    for line in edit.utterances:
        text = " ".join(line.split())
        if len(text) > MAX_UTTERANCE:
            raise EditError(
                "utterances", f"a request may have at most {MAX_UTTERANCE} characters: {text:.40}…"
            )
        if text:
            utterances.setdefault(text, known.get(text, DraftText(text, edit.by)))

    if len(utterances) < MIN_UTTERANCES:
        raise EditError("utterances", f"write at least {MIN_UTTERANCES} requests, one a line")

    return tuple(utterances.values())


def _visibility(drafted: DraftedRoute, chosen: str) -> Visibility:
    if chosen == "admins":
        return "admins"
    if chosen != ASKED:
        return "everyone"

    if not isinstance(drafted.visibility, str):
        return drafted.visibility

    texts = (*drafted.utterances, *drafted.rows)
    channels = sorted({part.channel for part in texts if part.channel})
    if not channels:
        raise EditError("visibility", "it was not asked in any channel; choose another answer")

    return tuple(channels)
