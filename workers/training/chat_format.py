"""A reviewed dataset as files: chat lines for trainers everywhere, and the layout of a Hugging Face data set."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workers.datasets.build import BULK, Example, Split
from workers.ports import Message
from workers.training.trainers import Lesson

SPLITS: Sequence[Split] = ("train", "dev", "test")
NAMES = {"train": "train", "dev": "validation", "test": "test"}
"""What the wider world calls each split."""


def lessons(rows: Sequence[Example], prompt: str) -> list[Lesson]:
    """What a trainer is taught: the reviewed rows of train and dev, as the server will see them; never a test row."""
    return [
        Lesson(
            [*before(prompt), {"role": "user", "content": row.text}], answer(row.answer), row.split
        )
        for row in rows
        if row.usable and row.split in ("train", "dev")
    ]  # the two splits that lessons have


def before(prompt: str) -> list[Message]:
    """All that stands before a message: one system turn, or none."""
    return [{"role": "system", "content": prompt}] if prompt.strip() else []


def answer(value: Any) -> str:
    """An answer as it is learnt: a text as it is, anything else as JSON without spaces, a third fewer tokens."""
    return (
        value
        if isinstance(value, str)
        else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    )


def export(
    folder: Path, name: str, rows: Sequence[Example], prompt: str, card: Mapping[str, Any]
) -> list[Path]:
    """`folder` holds `data/<split>.jsonl` in chat format and a README.md that is the card, as hubs lay data sets out.

    Only reviewed rows are in it, and nobody's id; a split without rows has no file.
    """
    (folder / "data").mkdir(parents=True, exist_ok=True)
    made = {}

    for split in SPLITS:
        path = folder / "data" / f"{NAMES[split]}.jsonl"
        lines = [
            {
                "messages": [
                    *before(prompt),
                    _user(row),
                    {"role": "assistant", "content": answer(row.answer)},
                ]
            }
            for row in rows
            if row.usable and row.split == split
        ]

        path.unlink(missing_ok=True)
        if lines:
            path.write_text(
                "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8"
            )
            made[NAMES[split]] = path

    reviewed = dict(Counter(row.review for row in rows))
    reviewers = len({row.by.removesuffix(BULK) for row in rows if row.by})
    figures = {"hash": name, **card, "review": reviewed, "reviewers": reviewers}
    readme = folder / "README.md"
    readme.write_text(card_text(name, figures, made), "utf-8")

    return [*made.values(), readme]


def card_text(name: str, figures: Mapping[str, Any], files: Mapping[str, Path]) -> str:
    """The data card: the front matter that hubs read, then every figure of how the rows came about."""
    listed = "".join(
        f"  - split: {split}\n    path: data/{path.name}\n" for split, path in files.items()
    )
    table = "".join(
        f"| {key} | {json.dumps(value, ensure_ascii=False)} |\n" for key, value in figures.items()
    )
    sums = "".join(
        f"| data/{path.name} | SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()} |\n"
        for path in files.values()
    )

    return (
        f"---\npretty_name: {json.dumps(f'Dataset {name}')}\ntask_categories:\n- text-generation\n"
        f"configs:\n- config_name: default\n  data_files:\n{listed}---\n\n# Dataset {name}\n\n"
        "Requests to a Slack bot with their reviewed answers. Secrets and personal data are masked, people who opted "
        "out are not in it, and nobody is in two splits.\n\n"
        f"| | |\n|---|---|\n{table}{sums}"
    )


def _user(row: Example) -> Message:
    return {"role": "user", "content": row.text}
