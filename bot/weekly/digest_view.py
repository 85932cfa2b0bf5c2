"""A digest as a message: rendered from the store each time, so that it always shows what holds now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from bot.cli.mine_report import advice, day
from bot.ui import rich_text
from bot.ui import stats as figures
from bot.ui.blocks import Block, Shown, clipped, money, words
from bot.ui.texts import common as texts
from bot.weekly.candidate_view import card
from router.store.weekly.digests import Digest
from router.types import Candidate


def render(digest: Digest, candidates: Sequence[Candidate], verdicts: Mapping[str, str]) -> Shown:
    """The digest's message. `candidates` are in its order; `verdicts` say by whom each one's state came about."""
    body = digest.body
    text = _in_words(body, candidates)
    if not body["numbers"]["requests"] and not candidates:
        return Shown(text, [words(text), *_drift(body)])

    head = [
        figures.header(texts.DIGEST_TITLE.format(week=body["week"])),
        figures.fields(_numbers(body)),
    ]
    tail = [*_drift(body), *_gaps(body), *_decided(body), *_overheard(body), _note(body)]

    def cards(*, framed: bool) -> list[Block]:
        shown = [
            block
            for one in candidates
            for block in card(one, verdicts.get(one.id, ""), framed=framed)
        ]
        return shown or [words(texts.DIGEST_NOTHING)]

    plainest = Shown(text, [words(clipped(text, 3000))])
    plainer = Shown(text, [*head, *cards(framed=False), *tail], plainest)
    rich = [*head, *_chart(body), *cards(framed=True), *tail]

    return Shown(text, rich, plainer if rich != plainer.blocks else plainest)


def _numbers(body: Mapping[str, Any]) -> dict[str, str]:
    numbers = body["numbers"]
    spent = money(numbers["usd"])
    return {
        "Requests": f"{numbers['requests']:,}",
        "Answered": f"{numbers['answered']:,}",
        "Corrected": figures.share(numbers["corrected"], numbers["requests"]),
        "Asked back / out of scope": f"{numbers['asked']} / {numbers['out_of_scope']}",
        "Cost": f"{spent} (cap {money(body['cap_usd'])} a day)" if body["cap_usd"] else spent,
        "Latency p50": f"{numbers['p50_seconds']:.1f} s",
    }


def _chart(body: Mapping[str, Any]) -> list[Block]:
    """Requests by route, as bars."""
    routes = body["routes"]
    if not routes:
        return []

    labels = figures.unique([name for name, _ in routes])
    points = [
        {"label": label, "value": count} for label, (_, count) in zip(labels, routes, strict=True)
    ]
    chart = {
        "type": "bar",
        "series": [{"name": "Requests", "data": points}],
        "axis_config": {"categories": labels},
    }

    return [{"type": "data_visualization", "title": texts.DIGEST_CHART, "chart": chart}]


def _gaps(body: Mapping[str, Any]) -> list[Block]:
    gaps = [gap for gap in body["gaps"] if gap["people"] > 1 and gap["example"]]
    if not gaps:
        return []

    lines = [
        [
            *rich_text.text(clipped(gap["example"], 150)),
            *rich_text.text(f"  ({gap['asked']}x, {gap['people']} people)"),
        ]
        for gap in gaps
    ]
    return [words(texts.DIGEST_GAPS), rich_text.block([rich_text.bullets(lines)])]


def _drift(body: Mapping[str, Any]) -> list[Block]:
    """Live versions that drift, and models that end."""
    lines = [rich_text.text(clipped(line, 300)) for line in body.get("drift", ())]
    return [words(texts.DIGEST_DRIFT), rich_text.block([rich_text.bullets(lines)])] if lines else []


def _decided(body: Mapping[str, Any]) -> list[Block]:
    if not body["decided"]:
        return []

    lines = [
        [
            *rich_text.text(one["label"], bold=True),
            *rich_text.text(
                f": {texts.CANDIDATE_STATES.get(one['state'], one['state'].replace('_', ' '))}"
            ),
            *rich_text.text(texts.DECIDED_BY),
            {"type": "user", "user_id": one["by"]},
            *rich_text.text(texts.DECIDED_SINCE.format(day=day(one["at"]))),
        ]
        for one in body["decided"]
    ]
    return [words(texts.DIGEST_DECIDED), rich_text.block([rich_text.bullets(lines)])]


def _overheard(body: Mapping[str, Any]) -> list[Block]:
    """Which channels were mined by whose word: nobody should have to ask."""
    channels = body.get("overheard") or ()
    if not channels:
        return []

    lines = [
        [
            *rich_text.text(texts.OVERHEARD.format(count=f"{one['count']:,}")),
            {"type": "channel", "channel_id": one["channel"]},
            *rich_text.text(texts.OVERHEARD_BY),
            {"type": "user", "user_id": one["by"]},
            *rich_text.text(texts.OVERHEARD_SINCE.format(day=day(one["since"]))),
        ]
        for one in channels
    ]
    return [rich_text.block([rich_text.bullets(lines)])]


def _note(body: Mapping[str, Any]) -> Block:
    said = texts.DIGEST_NOTE.format(mined=f"{body['mined']:,}", withheld=body["withheld"])
    return {"type": "context", "elements": [{"type": "plain_text", "text": said}]}


def _in_words(body: Mapping[str, Any], candidates: Sequence[Candidate]) -> str:
    """The digest in one line, for notifications and where blocks are refused."""
    count = body["numbers"]["requests"]
    if not count and not candidates:
        mined = sum(one["count"] for one in body.get("overheard") or ())
        empty = texts.DIGEST_EMPTY_MINED if mined else texts.DIGEST_EMPTY
        return empty.format(week=body["week"], mined=f"{mined:,}")

    # This text is Slack's own markup: a name in it must not call anybody.
    labels = [escape(rich_text.visible(one.label), quote=False) for one in candidates]
    names = "; ".join(
        f"{label} ({advice(one.evidence)})" for label, one in zip(labels, candidates, strict=True)
    )
    said = texts.DIGEST_LINE.format(
        week=body["week"], count=f"{count:,}", candidates=len(candidates)
    )

    return said + (f": {names}" if names else "")
