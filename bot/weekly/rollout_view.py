"""A candidate on its way to a live version, as a card: what is known, what it waits for, and the buttons for that."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.ui import rich_text
from bot.ui.blocks import Block, button, clipped
from bot.ui.dialogs import dialog, option, question
from bot.weekly import drift_view as drift_blocks
from router.store.weekly.candidates import Edge
from router.store.weekly.datasets import Report, StoredDataset
from router.types import Candidate
from workers.datasets.build import BULK, LONGEST, Example
from workers.datasets.review import seen
from workers.evaluation.report_markdown import NAMES, forgetting, rows_of, under

REVIEW_VIEW = "road_review_view"
PROVED = ("shadow", "canary", "live", "drifting", "rolled_back")
"""States that a version reaches with a report only."""
AT_ONCE = 8
"""Rows in one dialog; Slack takes 100 blocks, people do not."""
WAYS = 6
"""Ways to prompt that are shown beside the live one."""
STATES: Mapping[str, str] = {
    "approved": "Approved: the prompt is optimised first.",
    "optimised": "The prompt was optimised; the dataset is made next.",
    "kept_prompt": "No training: a prompt is as good.",
    "rag": "Retrieval is what is missing, not training.",
    "dataset": "The dataset waits for your review.",
    "reviewed": "Reviewed: training.",
    "tuned": "Trained: being proved on the test rows.",
    "evaluated": "Proved.",
    "shadow": "In shadow: it runs beside the live version and nobody sees it.",
    "canary": "Answers {share:.0%} of the people.",
    "live": "Live.",
    "drifting": "Drifting: it does worse than when it was proved.",
    "rolled_back": "Taken back: the version before it answers.",
    "retired": "Retired.",
}


def card(
    one: Candidate, edge: Edge | None, dataset: StoredDataset | None, report: Report | None
) -> list[Block]:
    """The card of one candidate. Words of people stand in it as plain text only."""
    told = edge.evidence if edge is not None else {}
    said = STATES.get(one.state, one.state).format(share=float(told.get("share", 0.0)))
    head = [*rich_text.text(one.label, bold=True), *rich_text.text(f"  {said}")]
    lines = [clipped(str(told["why"]), 300)] if told.get("why") else []
    lines += tried(told)
    lines += _dataset(dataset) if one.state == "dataset" and dataset is not None else []
    lines += _report(report) if report is not None else []
    blocks: list[Block] = [rich_text.block([rich_text.section(head)])]

    if lines:
        blocks.append(
            rich_text.block([rich_text.bullets([rich_text.text(line) for line in lines])])
        )

    shown = buttons(one, offered=bool(told.get("version")), again=bool(told.get("drifts")))
    return [*blocks, {"type": "actions", "elements": shown}] if shown else blocks


def tried(told: Mapping[str, Any]) -> list[str]:
    """What making the most of the prompt gave, and what documents would: the best ways first."""
    ways = sorted(told.get("tried", {}).items(), key=lambda way: -way[1])
    shown = [way for way in ways if way[0] == "live"] + [way for way in ways if way[0] != "live"][
        :WAYS
    ]
    lines = (
        [f"Prompts on dev rows: {', '.join(f'{name} {share:.0%}' for name, share in shown)}"]
        if shown
        else []
    )

    if told.get("best") is not None and told.get("measured"):
        lines.append(f"The best one: {told['best']:.1%} on {told['measured']}")
    if told.get("spent"):
        lines.append(f"It took {told['spent']['calls']} calls and ${told['spent']['usd']:.4f}")

    return lines + [
        clipped(str(told[name]), 400) for name in ("said", "documents", "teacher") if told.get(name)
    ]


def buttons(one: Candidate, *, offered: bool = False, again: bool = False) -> list[Block]:
    """What an admin can do where the candidate stands.

    `offered`: a version was proved and answers nobody yet; `again`: one is trained anew while it
    answers.
    """
    ids = {"candidate": one.id, "version": one.version}
    if one.state in ("kept_prompt", "rag"):
        return (
            [button("Try it beside the live one", "road_try", ids, style="primary")]
            if offered
            else []
        )

    if one.state == "dataset":
        reviewing = [
            button("Review examples", "road_review", ids, style="primary"),
            button("Accept the rest", "road_accept", ids),
        ]
        return [*reviewing, drift_blocks.stop(one)] if again else reviewing

    found = (
        [button("Let it in (5 %)", "road_canary", ids, style="primary")]
        if one.state == "shadow"
        else []
    )

    if one.state == "drifting":
        found = drift_blocks.buttons(one)
    if one.state in ("shadow", "canary", "live"):
        found.append(button("Take it back", "road_back", ids, style="danger"))
    if one.state in PROVED:
        found.append(button("Report", "road_report", ids))

    return found


def review_dialog(
    one: Candidate, dataset: str, rows: Sequence[Example], places: Sequence[int]
) -> Block:
    """A dialog with some rows: each is accepted, dropped, or fixed by writing the right answer."""
    blocks: list[Block] = []
    verdicts = [option("Right", "accepted"), option("Drop it", "dropped")]

    for place in places:
        row = rows[place]
        warned = f"Look closely: it {row.suspect}. " if row.suspect else ""
        warned += "People got different answers to this. " if row.contradicted else ""
        said = [rich_text.section(rich_text.text(f"{warned}{row.text}"))]
        blocks += [
            rich_text.block(
                [*said, rich_text.section(rich_text.text(_json(row.answer), bold=True))]
            ),
            question(
                f"verdict{place}",
                "Is this answer right?",
                {"type": "radio_buttons", "options": verdicts},
            ),
            question(
                f"answer{place}",
                "If it is wrong, the right one",
                {"type": "plain_text_input", "max_length": 1000},
                optional=True,
            ),
        ]

    about = {
        "candidate": one.id,
        "version": one.version,
        "dataset": dataset,
        "places": list(places),
    }
    return dialog(REVIEW_VIEW, "Review examples", ("Save", "Cancel"), about, blocks)


def _dataset(stored: StoredDataset) -> list[str]:
    card = stored.card
    rows = [Example(**row) for row in stored.rows]
    looked = seen(
        rows, [place for place, row in enumerate(rows) if row.by and not row.by.endswith(BULK)]
    )
    low, high = looked.interval
    told = [
        f"{len(rows)} examples by {card['people']} people (dataset {stored.id}); left out: {card['nearly_the_same']} "
        f"nearly the same, {card['too_many_of_one_person']} beyond one person's share; {card['contradicted']} "
        f"contradictory and {card.get('suspect', 0)} suspect ones are looked at one by one"
    ]

    if card["origins"].get("teacher"):
        told.append(
            f"{card['origins']['teacher']} of the answers are a teacher's: a model's that people have not seen"
        )

    if looked.looked_at:
        told.append(
            f"{looked.looked_at} looked at, {looked.wrong} of them wrong ({looked.share:.0%}, {low:.0%} to {high:.0%})"
        )

    return told


def _report(report: Report) -> list[str]:
    body = report.body
    told = [f"{'Passed' if body['passed'] else 'Not passed'} on {body['rows']} {rows_of(body)}"]

    for name, one in body["figures"].items():
        low, high = one["ci95"]
        told.append(
            f"{NAMES.get(name, name)} ({body['kinds'][name]}): {one['accuracy']:.1%} ({low:.1%} to {high:.1%}), "
            f"p50 {one['p50_ms']:.0f} ms, ${one['usd']:.6f}"
        )

    return [line for line in (*told, *body["reasons"], forgetting(body), under(body)) if line]


def _json(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return clipped(text, LONGEST)
