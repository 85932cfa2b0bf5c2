"""A reviewed dataset as files: chat lines for trainers everywhere, and the layout of a Hugging Face data set."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workers.dataset import Example, Split
from workers.ports import Message
from workers.trainers import Lesson

SPLITS: Sequence[Split] = ("train", "dev", "test")
NAMES = {"train": "train", "dev": "validation", "test": "test"}
"""What the wider world calls each split."""


def lessons(rows: Sequence[Example], prompt: str) -> list[Lesson]:
    """What a trainer is taught: the reviewed rows of train and dev, as the server will see them; never a test row."""
    return [
        Lesson([*before(prompt), {"role": "user", "content": row.text}], answer(row.answer), row.split)
        for row in rows
        if row.usable and row.split in ("train", "dev")
    ]  # the two splits that lessons have


def before(prompt: str) -> list[Message]:
    """All that stands before a message: one system turn, or none."""
    return [{"role": "system", "content": prompt}] if prompt.strip() else []


def answer(value: Any) -> str:
    """An answer as it is learnt: a text as it is, anything else as JSON without spaces, a third fewer tokens."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def export(folder: Path, name: str, rows: Sequence[Example], prompt: str, card: Mapping[str, Any]) -> list[Path]:
    """`folder` holds `data/<split>.jsonl` in chat format and a README.md that is the card.

    Only reviewed rows are in it, and nobody's id.
    """
    (folder / "data").mkdir(parents=True, exist_ok=True)
    made = []
    for split in SPLITS:
        path = folder / "data" / f"{NAMES[split]}.jsonl"
        lines = [
            {"messages": [*before(prompt), _user(row), {"role": "assistant", "content": answer(row.answer)}]}
            for row in rows
            if row.usable and row.split == split
        ]
        path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
        made.append(path)
    readme = folder / "README.md"
    readme.write_text(card_text(name, card), "utf-8")
    return [*made, readme]


def card_text(name: str, card: Mapping[str, Any]) -> str:
    """The data card: the front matter that hubs read, then every figure of how the rows came about."""
    files = "".join(f"  - split: {NAMES[split]}\n    path: data/{NAMES[split]}.jsonl\n" for split in SPLITS)
    figures = "".join(f"| {key} | {json.dumps(value, ensure_ascii=False)} |\n" for key, value in card.items())
    return (
        f"---\nconfigs:\n- config_name: default\n  data_files:\n{files}---\n\n# Dataset {name}\n\n"
        "Requests to a Slack bot with their reviewed answers. Secrets and personal data are masked, people who opted "
        "out are not in it, and nobody is in two splits.\n\n"
        f"| | |\n|---|---|\n{figures}"
    )


def _user(row: Example) -> Message:
    return {"role": "user", "content": row.text}
