"""A digest as a message. Pure functions: it shows the state that it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, TypeAlias

from bot.payloads import Block
from bot.ui import rich_text
from bot.ui import stats as figures
from bot.ui.blocks import Rendered, paragraph
from bot.ui.texts import common
from bot.ui.texts import stats as stats_texts
from bot.ui.texts import weekly as texts
from bot.weekly.candidate_view import candidate_card
from router.lifecycle_evidence import SnoozeEvidence
from router.store.weekly.digests import Digest
from router.text.printable import shorten
from router.types import Candidate
from workers.readiness.money_text import format_usd

DigestBody: TypeAlias = Mapping[str, Any]
"""The JSON that the weekly job stores (`workers/jobs/digest.py`)."""
NO_SNOOZES: Mapping[str, SnoozeEvidence] = {}
LINE_LIMIT = 300
EXAMPLE_LIMIT = 150
MAX_BLOCKS = 50
"""Blocks that Slack takes in a message."""


def render(
    digest: Digest,
    candidates: Sequence[Candidate],
    decided_by: Mapping[str, str],
    failures: Sequence[Block] = (),
    snoozes: Mapping[str, SnoozeEvidence] = NO_SNOOZES,
) -> Rendered:
    """Returns the digest's message.

    `candidates` are in its order; `decided_by` has, by candidate id, the person who decided, and
    `snoozes` until when those are away that are snoozed.
    `failures` is the part about what keeps going wrong, as far as there is room for it.
    """
    body = digest.body
    text = _summary_text(body, candidates)

    # A quiet week gets one line and no empty tables, but a drifting version is still reported.
    if not body["numbers"]["requests"] and not candidates:
        return Rendered(text, [paragraph(text), *_drift(body)])

    head = [
        figures.header(_title(body)),
        *_bottom_line(body),
        figures.fields(_numbers(body)),
        *figures.simulated_note(body["numbers"].get("simulated", 0)),
    ]
    tail = [
        *_drift(body),
        *_gaps(body),
        *_people(body),
        *_decided(body),
        *_mined_channels(body),
        *_included_model(body),
        _note(body),
    ]

    cards = _cards(candidates, decided_by, snoozes)
    blocks = [*head, *_chart(body), *cards]
    room = max(0, MAX_BLOCKS - len(blocks) - len(tail))
    return Rendered(text, [*blocks, *failures[:room], *tail])


def _title(body: DigestBody) -> str:
    """Returns the week and the days of its figures, which end when the digest is made."""
    if "since" not in body:
        return texts.DIGEST_TITLE.format(week=texts.week_name(body["week"]))

    first, last = texts.day(body["since"]), texts.day(body["until"])
    return texts.DIGEST_TITLE_PERIOD.format(
        week=texts.week_name(body["week"]), first=first, last=last
    )


def _cards(
    candidates: Sequence[Candidate],
    decided_by: Mapping[str, str],
    snoozes: Mapping[str, SnoozeEvidence],
) -> list[Block]:
    blocks: list[Block] = []
    for candidate in candidates:
        key = candidate.id
        blocks += candidate_card(candidate, decided_by.get(key, ""), snoozes.get(key))

    return blocks or [paragraph(texts.DIGEST_NOTHING)]


def _bottom_line(body: DigestBody) -> list[Block]:
    """Returns what the repeated requests deserve; nothing for a digest of an older release."""
    advice = body.get("advice")
    return [paragraph(texts.bottom_line(advice))] if advice and advice["repeated"] else []


def _numbers(body: DigestBody) -> dict[str, str]:
    numbers = body["numbers"]
    cost = format_usd(numbers["usd"])
    if body["cap_usd"]:
        cost = texts.COST_OF_CAP.format(spent=cost, cap=format_usd(body["cap_usd"]))

    return {
        texts.NUMBER_REQUESTS: f"{numbers['requests']:,}",
        texts.NUMBER_ANSWERED: f"{numbers['answered']:,}",
        texts.NUMBER_CORRECTED: figures.share(numbers["corrected"], numbers["requests"]),
        texts.NUMBER_FAILED: f"{numbers['failed']:,}",
        stats_texts.NO_ROUTE: figures.without_route(
            numbers["asked"],
            numbers.get("asked_answered", 0),
            numbers["out_of_scope"],
            numbers.get("other", 0),
        ),
        texts.NUMBER_COST: cost,
        texts.NUMBER_LATENCY: texts.SECONDS.format(seconds=numbers["p50_seconds"]),
    }


def _chart(body: DigestBody) -> list[Block]:
    """Returns the requests by route, as bars."""
    routes = body["routes"]
    if not routes:
        return []

    labels = figures.unique_labels([name for name, _ in routes])
    points = [
        {"label": label, "value": count} for label, (_, count) in zip(labels, routes, strict=True)
    ]
    chart = {
        "type": "bar",
        "series": [{"name": texts.NUMBER_REQUESTS, "data": points}],
        "axis_config": {"categories": labels},
    }

    return [{"type": "data_visualization", "title": texts.DIGEST_CHART, "chart": chart}]


def _gaps(body: DigestBody) -> list[Block]:
    """Returns the questions that documents did not answer; those of one person are never shown."""
    lines = []
    for gap in body["gaps"]:
        # One person's question could tell who asked it.
        if gap["people"] > 1 and gap["example"]:
            count = texts.DIGEST_GAP_COUNT.format(asked=gap["asked"], people=gap["people"])
            example = shorten(gap["example"], EXAMPLE_LIMIT)
            lines.append([*rich_text.text(example), *rich_text.text(count)])

    if not lines:
        return []

    return [paragraph(texts.DIGEST_GAPS), rich_text.block([rich_text.bullets(lines)])]


def _people(body: DigestBody) -> list[Block]:
    """Returns how often people answered, and how many of their answers were saved."""
    people = body.get("people") or {"answered": 0, "captured": 0}
    if not people["answered"] and not people["captured"]:
        return []

    text = texts.DIGEST_PEOPLE.format(**people)
    return [paragraph(text if people["captured"] else text + texts.DIGEST_PEOPLE_HINT)]


def _drift(body: DigestBody) -> list[Block]:
    """Returns the live versions that have become worse, and models that are switched off."""
    lines = [shorten(line, LINE_LIMIT) for line in body.get("drift", ())]
    if not lines:
        return []

    return [paragraph(texts.DIGEST_DRIFT), rich_text.lines_block(lines)]


def _decided(body: DigestBody) -> list[Block]:
    lines = []
    for decision in body["decided"]:
        state = texts.STATES[decision["state"]].label
        since = texts.DECIDED_SINCE.format(day=texts.day(decision["at"]))
        lines.append(
            [
                *rich_text.text(decision["label"], bold=True),
                *rich_text.text(texts.DECIDED_STATE.format(state=state)),
                *rich_text.text(texts.DECIDED_BY),
                rich_text.user(decision["by"]),
                *rich_text.text(since),
            ]
        )

    if not lines:
        return []

    return [paragraph(texts.DIGEST_DECIDED), rich_text.block([rich_text.bullets(lines)])]


def _mined_channels(body: DigestBody) -> list[Block]:
    """Returns which channels were mined with whose consent, so that nobody has to ask."""
    lines = []
    for channel in body.get("overheard") or ():
        since = texts.MINED_CHANNEL_SINCE.format(day=texts.day(channel["since"]))
        lines.append(
            [
                *rich_text.text(texts.MINED_CHANNEL.format(count=f"{channel['count']:,}")),
                {"type": "channel", "channel_id": channel["channel"]},
                *rich_text.text(texts.MINED_CHANNEL_BY),
                rich_text.user(channel["by"]),
                *rich_text.text(since),
            ]
        )

    return [rich_text.block([rich_text.bullets(lines)])] if lines else []


def _included_model(body: DigestBody) -> list[Block]:
    """Returns what admins can do about answers that the included model writes."""
    return [paragraph(common.INCLUDED_MODEL)] if body.get("included_model") else []


def _note(body: DigestBody) -> Block:
    text = texts.DIGEST_NOTE.format(mined=f"{body['mined']:,}")
    if body["withheld"]:
        text = f"{text} {texts.DIGEST_WITHHELD.format(withheld=body['withheld'])}"

    return {"type": "context", "elements": [{"type": "plain_text", "text": text}]}


def _summary_text(body: DigestBody, candidates: Sequence[Candidate]) -> str:
    """Returns the digest in one line, for notifications and where blocks are refused."""
    count = body["numbers"]["requests"]
    if not count and not candidates:
        mined = sum(channel["count"] for channel in body.get("overheard") or ())
        empty = texts.DIGEST_EMPTY_MINED if mined else texts.DIGEST_EMPTY
        return empty.format(week=texts.week_name(body["week"]), mined=f"{mined:,}")

    names = []
    for candidate in candidates:
        # This text is mrkdwn: escaped, so that a name cannot mention anybody.
        label = escape(rich_text.strip_invisible(candidate.label), quote=False)
        names.append(f"{label} ({texts.advice(candidate.evidence)})")

    line = texts.DIGEST_LINE.format(
        week=texts.week_name(body["week"]), count=f"{count:,}", candidates=len(candidates)
    )
    return f"{line}: {'; '.join(names)}" if names else line
