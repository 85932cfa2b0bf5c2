"""The dialogs about drafts: edit one, reject one, and wish for a route that nobody has."""

from __future__ import annotations

from bot.payloads import Block
from bot.ui.dialogs import dialog, option, question, text_field
from bot.ui.texts import common
from bot.ui.texts import drafts as texts
from bot.weekly.candidate_view import ids_of
from bot.weekly.drafts.view import style_of
from router.catalog.version import Version
from router.store.versions.drafted_routes import DraftedRoute
from router.types import Candidate

EDIT_VIEW = "draft_edit_view"
REJECT_VIEW = "draft_reject_view"
WISH_VIEW = "route_wish_view"
MAX_DESCRIPTION = 300
MAX_FIELD = 3000
MAX_NAME = 40
MAX_EXAMPLE = 300
MAX_TASK = 1500
REASON_LIMIT = 500


def edit_dialog(candidate: Candidate, drafted: DraftedRoute, version: Version) -> Block:
    """Returns the dialog with what the draft says now."""
    utterances = "\n".join(part.text for part in drafted.utterances if part.text)
    visibility = "asked"
    if isinstance(drafted.visibility, str):
        visibility = drafted.visibility

    options = [option(label, name) for name, label in texts.VISIBILITY.items()]
    chosen = next(one for one in options if one["value"] == visibility)
    blocks = [
        question(
            "description",
            texts.EDIT_DESCRIPTION,
            _filled(drafted.description, MAX_DESCRIPTION, multiline=False),
        ),
        question(
            "prompt",
            texts.EDIT_PROMPT,
            _filled(version.prompt, MAX_FIELD),
            hint=texts.EDIT_PROMPT_HINT,
        ),
        question(
            "utterances",
            texts.EDIT_UTTERANCES,
            _filled(utterances, MAX_FIELD),
            hint=texts.EDIT_UTTERANCES_HINT,
        ),
        question(
            "visibility",
            texts.EDIT_VISIBILITY,
            {"type": "static_select", "options": options, "initial_option": chosen},
        ),
    ]
    buttons = (texts.EDIT_SAVE, common.CANCEL)
    return dialog(EDIT_VIEW, texts.EDIT_TITLE, buttons, ids_of(candidate), blocks)


def reject_dialog(candidate: Candidate, version: Version | None) -> Block:
    """Returns the dialog that asks what is wrong with the draft."""
    style = "" if version is None else style_of(version)
    options = [
        option(label, f"draft_{name}")
        for name, label in texts.REJECT_KINDS.items()
        if name != style
    ]
    options.append(option(texts.REJECT_UNWANTED, "reject"))
    options.append(option(texts.REJECT_SMALL_TALK, "chatter"))

    blocks = [
        question(
            "kind",
            texts.REJECT_WHAT,
            {"type": "radio_buttons", "options": options},
            hint=texts.REJECT_HINT,
        ),
        question("why", texts.REJECT_WHY, text_field(REASON_LIMIT), optional=True),
    ]
    buttons = (texts.REJECT_BUTTON, common.CANCEL)
    return dialog(REJECT_VIEW, texts.REJECT_TITLE, buttons, ids_of(candidate), blocks)


def wish_dialog() -> Block:
    """Returns the dialog in which an admin describes a route."""
    blocks = [
        question(
            "name",
            texts.WISH_NAME,
            text_field(MAX_NAME, multiline=False),
            hint=texts.WISH_NAME_HINT,
        ),
        question("task", texts.WISH_TASK, text_field(MAX_TASK), hint=texts.WISH_TASK_HINT),
        question("first", texts.WISH_EXAMPLE, text_field(MAX_EXAMPLE, multiline=False)),
        question("second", texts.WISH_EXAMPLE_AGAIN, text_field(MAX_EXAMPLE, multiline=False)),
    ]
    return dialog(WISH_VIEW, texts.WISH_TITLE, (texts.WISH_SEND, common.CANCEL), {}, blocks)


def _filled(text: str, limit: int, *, multiline: bool = True) -> Block:
    # Slack refuses an initial value that is longer than the field may be.
    return {**text_field(limit, multiline=multiline), "initial_value": text[:limit]}
