"""A drafted route as it will behave: what it learns, what it would answer, and what was checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.payloads import Block
from bot.typed_name import typed_name
from bot.ui import rich_text
from bot.ui.blocks import actions, button
from bot.ui.rich_text import Element
from bot.ui.texts import drafts as texts
from bot.weekly.candidate_view import ids_of
from router.catalog.version import Version
from router.lifecycle_evidence import DraftedEvidence
from router.store.versions.drafted_routes import DraftedRoute
from router.text.printable import shorten
from router.types import Candidate
from workers.readiness.money_text import format_usd

SHOWN_REQUESTS = 4
REQUEST_LIMIT = 160
ANSWER_LIMIT = 300
PROMPT_LIMIT = 700
LINE_LIMIT = 300
MAX_OPEN_POINTS = 3
MIN_OVERLAP = 0.1
"""Share of the draft's requests from which another route that takes them is named."""


def draft_card(
    candidate: Candidate, drafted: DraftedRoute, version: Version, evidence: DraftedEvidence
) -> list[Block]:
    """Returns the blocks of a candidate whose draft waits for a person, with its buttons."""
    blocks = [rich_text.block(_what(drafted, version)), rich_text.block(_learns(drafted))]
    if not evidence.evaluated:
        blocks.append(rich_text.lines_block([texts.BEING_TRIED]))
        return [*blocks, actions(_buttons(candidate, can_start=False))]

    if drafted.previews:
        blocks.append(rich_text.block(_previews(drafted)))

    blocks.append(rich_text.lines_block(_findings(candidate, evidence)))
    can_start = bool(evidence.passed)
    return [*blocks, actions(_buttons(candidate, can_start=can_start))]


def style_of(version: Version) -> str:
    """Returns the kind of draft: `rag`, `structured` or `prompt`."""
    if version.traits.retrieves:
        return "rag"

    return "prompt" if version.output is None else "structured"


def _what(drafted: DraftedRoute, version: Version) -> list[Element]:
    head = texts.HEAD.format(name=drafted.name, description=drafted.description)
    properties = (version.output or {}).get("properties")
    fields = ", ".join(properties) if isinstance(properties, dict) else ""
    kind = texts.KINDS[style_of(version)].format(fields=fields)
    why = texts.WHY.format(notes="; ".join(drafted.notes))
    prompt = shorten(version.prompt, PROMPT_LIMIT)

    return [
        rich_text.section(rich_text.text(shorten(head, LINE_LIMIT), bold=True)),
        rich_text.bullets(
            [
                rich_text.text(kind),
                rich_text.text(shorten(why, LINE_LIMIT)),
                [*rich_text.text(texts.INSTRUCTIONS, bold=True), *rich_text.text(prompt)],
            ]
        ),
    ]


def _learns(drafted: DraftedRoute) -> list[Element]:
    rows = [part for part in drafted.rows if part.split == "train"]
    known = {part.text: part for part in (*drafted.utterances, *rows) if part.text}
    # People's own words first: the reader recognises these.
    theirs = [part.text for part in drafted.utterances if part.user and part.text]
    shown = list(dict.fromkeys([*theirs, *known]))[:SHOWN_REQUESTS]
    worded = sum(not part.user for part in known.values())
    title = texts.LEARNS_WORDED if worded else texts.LEARNS

    return [
        rich_text.section(rich_text.text(title.format(count=len(known), worded=worded), bold=True)),
        rich_text.bullets(rich_text.text(shorten(text, REQUEST_LIMIT)) for text in shown),
    ]


def _previews(drafted: DraftedRoute) -> list[Element]:
    elements = [rich_text.section(rich_text.text(texts.PREVIEWS, bold=True))]
    for part in drafted.previews:
        if not part.text:
            continue

        answer = shorten(str(part.answer or texts.PREVIEW_FAILED), ANSWER_LIMIT)
        quote = rich_text.text(shorten(part.text, REQUEST_LIMIT))
        elements.append({"type": "rich_text_quote", "elements": quote})
        arrow = rich_text.text(texts.PREVIEW_ARROW)
        elements.append(rich_text.section([*arrow, *rich_text.text(answer)]))
        if part.doubts:
            doubts = texts.PREVIEW_DOUBTS.format(doubts=part.doubts)
            elements.append(rich_text.section(rich_text.text(doubts, bold=True)))

    return elements


def _findings(candidate: Candidate, evidence: DraftedEvidence) -> Sequence[str]:
    lines = [f"{reason}." for reason in evidence.reasons]
    usd = float(evidence.monthly.get("usd", 0.0))
    requests = int(evidence.monthly.get("requests", 0))
    if requests:
        lines.append(texts.MONTHLY.format(requests=requests, usd=format_usd(usd)))

    lines += _overlap(evidence.routing)
    for warning in evidence.open_points[:MAX_OPEN_POINTS]:
        lines.append(texts.OPEN_POINT.format(warning=shorten(warning, LINE_LIMIT)))
    if not evidence.passed:
        advice = " ".join(texts.ADVICE[kind] for kind in _failures(evidence))
        lines.append(texts.CANNOT_START.format(advice=advice))

    lines.append(texts.FILES.format(beagle=typed_name(), candidate=candidate.id))
    return lines


def _overlap(routing: Mapping[str, Any]) -> Sequence[str]:
    """Returns which existing routes take such requests, and what an admin can decide."""
    asked, held_out = routing.get("asked", 0), routing.get("own_count", 0)
    claimed = _large(routing.get("claimed", {}), asked)
    kept = _large(routing.get("kept", {}), held_out)
    lines = []
    for route, count in claimed.items():
        lines.append(texts.CLAIMED.format(route=route, count=count, asked=asked))
    for route, count in kept.items():
        lines.append(texts.KEPT.format(route=route, count=count, asked=held_out))
    if lines:
        most = max({**kept, **claimed}, key=lambda name: claimed.get(name, 0) + kept.get(name, 0))
        lines.append(texts.CLAIMED_CHOICE.format(route=most))

    return lines


def _large(counts: Mapping[str, int], whole: int) -> dict[str, int]:
    """Returns the counts that are a share of the whole worth a line."""
    return {name: count for name, count in counts.items() if count >= MIN_OVERLAP * whole}


def _failures(evidence: DraftedEvidence) -> Sequence[str]:
    """Returns the kinds of what the draft did not pass."""
    # Drafts of an earlier release say it of the other routes alone.
    earlier = "format" if evidence.routing.get("passed") else "routing"
    return [kind for kind in evidence.failures if kind in texts.ADVICE] or [earlier]


def _buttons(candidate: Candidate, *, can_start: bool) -> list[Block]:
    ids = ids_of(candidate)
    buttons = [
        button(texts.EDIT, "draft_edit", ids),
        button(texts.REJECT, "draft_reject", ids),
    ]
    if can_start:
        # No colour that advises it: whether the answers are right is the reader's to say.
        start = button(texts.START, "rollout_shadow", ids)
        buttons.insert(0, start)

    return buttons
