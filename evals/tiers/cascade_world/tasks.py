"""The requests of the evaluation: messages of several intents, and the one right answer of each."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROUTE = "desk"
LABELS = ("network", "hardware", "access", "billing", "travel", "payroll")
TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "network": (
        "the wifi drops whenever I walk to the {}",
        "no vpn connection from the {} since this morning",
        "the network is slow in the {}",
        "I cannot reach the intranet from the {}",
    ),
    "hardware": (
        "the screen of the laptop in the {} stays black",
        "the printer next to the {} jams on each page",
        "my keyboard broke in the {}",
        "the docking station at the {} is dead",
    ),
    "access": (
        "please give me access rights for the {} folder",
        "I am locked out of the {} account",
        "my password for the {} portal has expired",
        "who grants permission for the {} calendar",
    ),
    "billing": (
        "the invoice for the {} was charged twice",
        "a customer wants a refund for the {}",
        "the price on the bill of the {} is wrong",
        "payment for the {} was refused by the card",
    ),
    "travel": (
        "book a train ticket for the {} trip",
        "my flight to the {} was cancelled, what now",
        "which hotel may I take for the {} visit",
        "I need a visa for the {} conference",
    ),
    "payroll": (
        "my salary slip of the {} month is missing",
        "overtime in the {} was not paid out",
        "the bonus for the {} is not on my payslip",
        "tax was deducted twice from the {} salary",
    ),
}
THINGS = (
    "north wing",
    "sales team",
    "warehouse",
    "second floor",
    "new office",
    "marketing",
    "spring fair",
    "lab",
    "partner",
    "board",
    "city branch",
    "support",
    "summer",
    "project",
    "archive",
    "workshop",
)
REPHRASED = ("sorry, once more: {}", "{} please, that was not it", "again: {}")
TRAIN = 12
"""Examples of each intent."""


@dataclass(frozen=True, slots=True)
class Task:
    """A message, its intent, and how hard it is: 0 for the easiest, 1 for the hardest.

    A model of quality q answers the easiest share q of an intent's messages: what a weak model can
    do, a stronger one nearly always can, too.
    """

    text: str
    label: str
    difficulty: float


def draw_task(rng: random.Random, label: str = "") -> Task:
    """Returns a message of an intent, which is drawn, too, unless it is given."""
    label = label or rng.choice(LABELS)
    text = rng.choice(TEMPLATES[label]).format(rng.choice(THINGS))
    # A number keeps the messages apart; people name tickets, rooms and dates.
    return Task(f"{text}, case {rng.randrange(100_000)}", label, rng.random())


def write_route(
    folder: Path, tasks: dict[str, Task], tiers: str, seed: int, rows_each: int
) -> None:
    """Writes the route folder with these `tiers`, and enters its rows into `tasks` by text.

    The dev and the test split have `rows_each` rows of each intent.
    """
    rng = random.Random(f"rows {seed}")  # noqa: S311  # a simulation, no secret
    utterances = [draw_task(rng, label).text for label in LABELS for _ in range(TRAIN)]
    rows = []
    for split, count in (("train", 1), ("dev", rows_each), ("test", rows_each)):
        for label in LABELS:
            for _ in range(count):
                task = draw_task(rng, label)
                tasks[task.text] = task
                rows.append({"text": task.text, "answer": {"queue": label}, "split": split})

    lines = "\n".join(f"  - {json.dumps(text)}" for text in utterances)
    head = f"""---
name: {ROUTE}
description: Sort a message to the help desk into its queue.
utterances:
{lines}
output: {{type: object, properties: {{queue: {{enum: [{", ".join(LABELS)}]}}}}}}
limits: {{seconds: 30, output_tokens: 60, usd: 0.05}}
{tiers}
---
Say which queue the message belongs to.
"""
    target = folder / ROUTE
    target.mkdir(parents=True)
    (target / "route.md").write_text(head, "utf-8")
    content = "".join(json.dumps(row) + "\n" for row in rows)
    (target / "examples.jsonl").write_text(content, "utf-8")
